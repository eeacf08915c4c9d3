import type { EnrichmentProvider, Sequencer } from '../columns/ports.ts'
import { findFirm } from './apollo/companies.ts'
import { createMailboxes } from './apollo/mailboxes.ts'
import { enrol, findEnrolment, refusal, unenrol } from './apollo/sequences.ts'
import { type ApolloSettings, accountOf, apolloBudget } from './apollo/session.ts'
import { startCall } from './call.ts'

export type { ApolloSettings } from './apollo/session.ts'

/** Company facts from Apollo: one credit for each company that it knows. */
export function apolloEnrichment(settings: ApolloSettings): EnrichmentProvider {
  const budget = apolloBudget(settings)
  const account = accountOf(settings)
  return {
    vendor: 'apollo',
    budget,
    costUsd: settings.costUsd ?? 0,
    paidFor: 'match',
    findFirm: ({ domain }, call) => findFirm(account, domain, startCall(call, budget)),
  }
}

/**
 * Sequences of Apollo. People are known there as contacts, by their e-mail address; one who is none is not made one. It takes a master
 * key. What its answers hold beyond the documented calls (statuses of a contact in its sequences, the opt-out) is an assumption.
 */
export function apolloSequences(settings: ApolloSettings): Sequencer {
  const budget = apolloBudget(settings)
  const account = accountOf(settings)
  const mailboxes = createMailboxes(account)
  return {
    vendor: 'apollo',
    budget,
    unenrols: true,
    refusal: (request, call) => refusal(account, request, startCall(call, budget)),
    enrol: (request, call) => enrol({ account, mailboxes }, request, startCall(call, budget)),
    find: (request, call) => findEnrolment({ account, mailboxes }, request, startCall(call, budget)),
    unenrol: (enrolment, request, call) => unenrol(account, { enrolment, request }, startCall(call, budget)),
  }
}
