import type { Sequencer } from '../columns/ports.ts'
import { startCall } from './call.ts'
import { enrol, findEnrolment, refusal, unenrol } from './salesloft/cadences.ts'
import { createUsers } from './salesloft/people.ts'
import { accountOf, type SalesloftSettings, salesloftBudget } from './salesloft/session.ts'

export type { SalesloftSettings } from './salesloft/session.ts'

/** Cadences of Salesloft. People and users are found by their e-mail address; a person who is not there is not made. */
export function salesloft(settings: SalesloftSettings): Sequencer {
  const budget = salesloftBudget(settings)
  const account = accountOf(settings)
  const users = createUsers(account)
  return {
    vendor: 'salesloft',
    budget,
    unenrols: true,
    refusal: (request, call) => refusal(account, request, startCall(call, budget)),
    enrol: (request, call) => enrol({ account, users }, request, startCall(call, budget)),
    find: (request, call) => findEnrolment({ account, users }, request, startCall(call, budget)),
    unenrol: (enrolment, _, call) => unenrol(account, enrolment, startCall(call, budget)),
  }
}
