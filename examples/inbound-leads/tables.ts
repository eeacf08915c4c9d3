import { assignOwner } from '../../columns/assign-owner.ts'
import { branch } from '../../columns/branch.ts'
import { compute } from '../../columns/compute.ts'
import { crmRecord } from '../../columns/crm-record.ts'
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
} from './first-touch.ts'
import { handoffMessage, routingFields, sequenceFor } from './handoff.ts'
import { Lead } from './lead.ts'
import { ownership } from './ownership.ts'
import { Classification, classifiedWithoutModel, classifyByRule, exits, qualify } from './qualify.ts'
import { formerRep, pools, reps } from './team.ts'
import { territory } from './territory.ts'

const routed = { when: { exit: 'route' } } as const

/** How many calls each vendor gets at once, whatever the number of leads. */
const budgets = {
  crm: { key: 'crm', concurrency: 20 },
  enrichment: { key: 'enrichment', concurrency: 20 },
  model: { key: 'model', concurrency: 10 },
  messenger: { key: 'messenger', concurrency: 10 },
}

/** Inbound leads, from the form to the rep: qualified first, then routed, written to the CRM, and handed over with the reason. */
export const inboundLeads = ({ crm, messenger, sequencer, enrichment, model }: Connectors) =>
  defineTable('inbound-leads', {
    input: Lead,
    person: (lead) => lead.email?.toLowerCase() ?? null,
    account: (lead) => accountKey(lead),
  })
    .column('domain', compute({ reads: ['email', 'website'], run: (lead) => companyDomain(lead) }))
    .column(
      'firm',
      enrich({
        needs: ['domain'],
        providers: [enrichment],
        domain: ({ domain }) => domain,
        budget: budgets.enrichment,
      }),
    )
    .column(
      'account',
      findAccount({
        reads: ['domain', 'email', 'company'],
        crm,
        budget: budgets.crm,
        email: ({ email }) => email,
        domain: ({ domain }) => domain,
        name: ({ company }) => company,
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
        budget: budgets.model,
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
        reads: ['leadId', 'email', 'firstName', 'lastName', 'company', 'website'],
        crm,
        budget: budgets.crm,
        person: ({ leadId, ...person }) => ({ recordId: leadId, ...person }),
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
        budget: budgets.crm,
        change: ({ owner, record, segment }) => ({
          record,
          owner,
          expected: record.ownerId,
          fields: routingFields(crm.vendor, { owner, segment }),
        }),
        confirms: 'owner',
      }),
      routed,
    )
    .column(
      'handoff',
      notify({
        needs: ['owner', 'record', 'crmOwner', 'segment'],
        reads: ['company', 'email', 'firstName', 'lastName', 'source', 'message'],
        via: messenger,
        budget: budgets.messenger,
        message: handoffMessage,
      }),
      routed,
    )
    .column(
      'sequence',
      enrol({
        needs: ['owner', 'record', 'crmOwner', 'segment', 'email'],
        via: sequencer,
        budget: budgets.crm,
        enrolment: ({ owner, record, crmOwner, segment }) => ({
          sequence: sequenceFor(sequencer.vendor, segment),
          record,
          sender: { email: owner.email ?? '', crmUserId: crmOwner.ownerId },
        }),
      }),
      routed,
    )
    .column(
      'takenBack',
      notify({
        needs: ['owner', 'company'],
        via: messenger,
        budget: budgets.messenger,
        message: takenBackMessage,
      }),
      { when: { owner: (owner) => owner !== null && owner.previous.length > 0 } },
    )
    .column(
      'firstTouch',
      serviceLevel({
        owner: 'owner',
        milestones: { assigned: 'crmOwner', notified: 'handoff' },
        reads: ['record'],
        crm,
        budget: budgets.crm,
        record: ({ record }) => record,
        policy: firstTouchPolicy,
      }),
      routed,
    )
    // Only what a message is about, so that nothing else that happens to the clock sends it again.
    .column(
      'reminderDue',
      compute({ reads: ['firstTouch'], run: ({ firstTouch }) => reminderDue(firstTouch) }),
    )
    .column(
      'reminder',
      notify({
        needs: ['reminderDue', 'owner', 'record', 'company'],
        via: messenger,
        budget: budgets.messenger,
        message: reminderMessage,
      }),
    )
    .column('breach', compute({ reads: ['firstTouch'], run: ({ firstTouch }) => breachOf(firstTouch) }))
    .column(
      'managerTold',
      notify({
        needs: ['breach', 'record', 'company'],
        via: messenger,
        budget: budgets.messenger,
        message: breachMessage,
      }),
    )

/** What `ROTA_TABLES` points to: the tables of this module, given the connectors. */
export const tables = (connectors: Connectors) => [inboundLeads(connectors)]

export { sandboxState } from './sandbox.ts'
