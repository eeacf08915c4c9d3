import type { Sequencer } from '../columns/ports.ts'
import { startCall } from './call.ts'
import { enrol, findEnrolment, refusal, unenrol } from './outreach/sequences.ts'
import { createOutreach, type OutreachSettings, outreachBudget } from './outreach/session.ts'

export type { OutreachSettings } from './outreach/session.ts'

/**
 * Sequences of Outreach, over its JSON:API. Prospects and mailboxes are found by their e-mail address; a prospect that is not there is
 * not made. The body of a new sequence state follows JSON:API: Outreach's own example of it was not at hand.
 */
export function outreach(settings: OutreachSettings): Sequencer {
  const budget = outreachBudget(settings)
  const session = createOutreach(settings)
  return {
    vendor: 'outreach',
    budget,
    unenrols: true,
    refusal: (request, call) => refusal(session, request, startCall(call, budget)),
    enrol: (request, call) => enrol(session, request, startCall(call, budget)),
    find: (request, call) => findEnrolment(session, request, startCall(call, budget)),
    unenrol: (enrolment, _, call) => unenrol(session, enrolment, startCall(call, budget)),
  }
}
