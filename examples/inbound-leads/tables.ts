import { assignOwner } from '../../columns/assign-owner.ts'
import { branch } from '../../columns/branch.ts'
import { compute } from '../../columns/compute.ts'
import { crmRecord } from '../../columns/crm-record.ts'
import { crmTask } from '../../columns/crm-task.ts'
import { enrich } from '../../columns/enrich.ts'
import { enrol } from '../../columns/enrol.ts'
import { findAccount } from '../../columns/find-account.ts'
import { notify } from '../../columns/notify.ts'
import type { Connectors } from '../../columns/ports.ts'
import { prompt } from '../../columns/prompt.ts'
import { serviceLevel } from '../../columns/service-level.ts'
import { defineTable } from '../../columns/table.ts'
import { updateCrm } from '../../columns/update-crm.ts'
import { useAi } from '../../columns/use-ai.ts'
import { accountKey, companyDomain } from '../../routing/company.ts'
import {
  breachMessage,
  breachOf,
  firstTouchPolicy,
  reminderDue,
  reminderMessage,
  takenBackMessage,
  toldBefore,
} from './first-touch.ts'
import {
  accountPendingMessage,
  handoffMessage,
  ownerPendingMessage,
  recordPendingMessage,
  reownAccount,
  routingFields,
  sequenceFor,
  stampField,
} from './handoff.ts'
import { Lead } from './lead.ts'
import { ownership } from './ownership.ts'
import { Classification, classifiedWithoutModel, classifyByRule, exits, qualify } from './qualify.ts'
import { formerRep, pools, reps } from './team.ts'
import { territory } from './territory.ts'

const routed = { when: { exit: 'route' } } as const

/** How long the CRM may be away before people are told. */
const pendingAfterMs = 30_000

/** Inbound leads, from the form to the rep: qualified first, then routed, written to the CRM, and handed over with the reason. */
export const inboundLeads = ({ crm, messenger, sequencer, enrichments, model }: Connectors) =>
  defineTable('inbound-leads', {
    input: Lead,
    person: (lead) => lead.email?.toLowerCase() ?? null,
    account: (lead) => accountKey(lead),
    origin: ({ stamp, changedAt }) => (stamp === null ? null : { sendId: stamp, at: changedAt }),
  })
    .column('domain', compute({ reads: ['email', 'website'], run: (lead) => companyDomain(lead) }))
    .column(
      'firm',
      enrich({
        needs: ['domain'],
        providers: enrichments,
        domain: ({ domain }) => domain,
        // A provider that is away holds no lead up.
        withinMs: 10_000,
      }),
    )
    .column(
      'account',
      findAccount({
        reads: ['domain', 'email', 'company'],
        crm,
        email: ({ email }) => email,
        domain: ({ domain }) => domain,
        name: ({ company }) => company,
        // Routed without it the lead of a customer goes to a stranger: an outage is waited for as long as a write would.
        retry: { attempts: 24, maxMs: 600_000 },
      }),
    )
    .column(
      'segment',
      useAi({
        reads: [
          'company',
          'domain',
          'country',
          'headquarters',
          'employees',
          'industry',
          'description',
          'firm',
        ],
        model,
        output: Classification,
        cites: { field: 'decidingFields' },
        decide: classifyByRule,
        unknown: classifiedWithoutModel,
        prompt: prompt`Classify the company {{company}} for sales routing.
          Where it is: country {{country}}, headquarters {{headquarters}}, domain {{domain}}; a data provider says {{firm.country}}.
          How large it is: {{employees}} employees; a data provider says {{firm.employees}}.
          Context: industry {{industry}}, description {{description}}.`,
        price: { input: 0.4, output: 1.6 },
        spend: { perRow: 0.1, perDay: 50 },
        // A lead is worth more in the hands of a rep than classified to the last field.
        withinMs: 10_000,
      }),
    )
    // While the CRM cannot be asked everything behind it waits, and the team hears of the lead.
    .column(
      'accountPending',
      notify({
        needs: ['company'],
        reads: ['segment', 'email', 'firstName', 'lastName', 'source', 'message'],
        via: messenger,
        message: accountPendingMessage,
      }),
      { late: { column: 'account', afterMs: pendingAfterMs } },
    )
    .column(
      'exit',
      branch({
        needs: ['segment'],
        reads: ['account', 'source', 'message', 'email', 'domain'],
        exits,
        handle: {
          route: 'continue',
          nurture: { ends: 'the nurture programme' },
          'self-serve': { ends: 'the free trial' },
          disqualified: { ends: 'nobody is bothered' },
        },
        decide: qualify,
      }),
    )
    // Before the owner is decided, so that a lead somebody works already stays where it is.
    .column(
      'record',
      crmRecord({
        reads: ['leadId', 'email', 'firstName', 'lastName', 'company', 'website', 'account'],
        crm,
        person: ({ leadId, account, ...person }) => ({
          recordId: leadId,
          ...person,
          // A choice that is left to a person is not made by the way.
          accountId: account === null || account.match.review !== null ? null : account.id,
        }),
        stamp: stampField(crm.vendor),
      }),
      routed,
    )
    .column(
      'owner',
      assignOwner({
        needs: ['segment'],
        reads: ['account', 'domain', 'record'],
        pools,
        reps: [...Object.values(reps), formerRep],
        territories: [territory],
        rules: ownership(crm.vendor),
        otherwise: { pool: 'triage' },
      }),
      routed,
    )
    .column(
      'crmOwner',
      updateCrm({
        needs: ['owner', 'record', 'segment'],
        crm,
        change: ({ owner, record, segment }) => ({
          record,
          owner,
          expected: record.ownerId,
          fields: routingFields(crm.vendor, { owner, segment }),
        }),
        confirms: 'owner',
        expectedFrom: 'record',
        stamp: stampField(crm.vendor),
      }),
      routed,
    )
    // While the CRM is away nobody stays silent: the team hears of a lead without a record, the rep of one whose owner is not written.
    .column(
      'recordPending',
      notify({
        needs: ['segment', 'company'],
        reads: ['email'],
        via: messenger,
        message: recordPendingMessage,
      }),
      { ...routed, late: { column: 'record', afterMs: pendingAfterMs } },
    )
    .column(
      'ownerPending',
      notify({
        needs: ['owner', 'segment', 'company'],
        reads: ['email'],
        via: messenger,
        message: ownerPendingMessage,
      }),
      { ...routed, late: { column: 'crmOwner', afterMs: pendingAfterMs } },
    )
    .column(
      'handoff',
      notify({
        needs: ['owner', 'record', 'crmOwner', 'segment'],
        reads: ['company', 'email', 'firstName', 'lastName', 'source', 'message'],
        via: messenger,
        message: handoffMessage,
      }),
      routed,
    )
    .column(
      'sequence',
      enrol({
        needs: ['owner', 'record', 'crmOwner', 'segment', 'email'],
        via: sequencer,
        enrolment: ({ owner, record, crmOwner, segment, email }) => ({
          sequence: sequenceFor(sequencer.vendor, segment),
          record,
          email,
          sender: { email: owner.email ?? '', crmUserId: crmOwner.ownerId },
        }),
      }),
      routed,
    )
    .column('toldBefore', compute({ needs: ['owner'], reads: ['handoff', 'ownerPending'], run: toldBefore }))
    .column(
      'takenBack',
      notify({ needs: ['owner', 'company', 'toldBefore'], via: messenger, message: takenBackMessage }),
    )
    .column(
      'reownTask',
      crmTask({
        needs: ['account'],
        crm,
        task: ({ account }) => reownAccount(crm.vendor, account),
        // One task for the account, however many of its leads come in.
        once: ({ account }) => `reown:${account.id}:${account.owner?.id ?? ''}`,
      }),
      { when: { exit: 'route', account: (account) => account?.owner?.active === false } },
    )
    .column(
      'firstTouch',
      serviceLevel({
        owner: 'owner',
        milestones: { assigned: 'crmOwner', notified: 'handoff' },
        reads: ['record'],
        crm,
        record: ({ record }) => record,
        policy: firstTouchPolicy,
      }),
      routed,
    )
    // Only what a message is about, so that nothing else that happens to the clock sends it again.
    .column(
      'reminderDue',
      compute({
        reads: ['firstTouch'],
        nothing: 'nothing to do',
        run: ({ firstTouch }) => reminderDue(firstTouch),
      }),
    )
    .column(
      'reminder',
      notify({
        needs: ['reminderDue', 'owner', 'record', 'company'],
        via: messenger,
        message: reminderMessage,
      }),
    )
    .column(
      'breach',
      compute({
        reads: ['firstTouch'],
        nothing: 'nothing to do',
        run: ({ firstTouch }) => breachOf(firstTouch),
      }),
    )
    .column(
      'managerTold',
      notify({
        needs: ['breach', 'record', 'company'],
        via: messenger,
        message: breachMessage,
      }),
    )

/** What `ROTA_TABLES` points to: the tables of this module, given the connectors. */
export const tables = (connectors: Connectors) => [inboundLeads(connectors)]

export { sandboxState } from './sandbox.ts'
