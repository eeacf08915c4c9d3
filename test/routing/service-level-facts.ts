import type { Assignment, Owner } from '../../routing/decision.ts'
import {
  type ServiceLevelFacts,
  ServiceLevelPolicy,
  type ServiceLevelPolicyInput,
  ServiceLevelValue,
  type TouchSignal,
} from '../../routing/service-level/policy.ts'
import { decideServiceLevel } from '../../routing/service-level.ts'

export const at = Date.parse
export const minute = 60_000
/** A Wednesday morning in Berlin. */
export const start = at('2026-11-18T09:00:00Z')
export const plus = (minutes: number) => start + minutes * minute

const owner = (rep: string | null, name = rep ?? 'Triage'): Owner => ({ rep, name, email: null, ids: {} })

export const assignment = (
  rep: string | null,
  previous: string[] = [],
  fields: Partial<Assignment> = {},
): Assignment => ({
  ...owner(rep),
  method: 'weighted_round_robin',
  rule: 'rotation',
  reason: 'next in rotation',
  pool: 'emea',
  alsoTell: null,
  previous: previous.map((each) => owner(each)),
  ...fields,
})

export const facts = (now: number, fields: Partial<ServiceLevelFacts> = {}): ServiceLevelFacts => ({
  captured: start,
  received: start,
  decided: start,
  assigned: start,
  notified: start,
  signals: [],
  owner: assignment('ada'),
  pinned: false,
  activity: null,
  now,
  ...fields,
})

export const standard: ServiceLevelPolicyInput = {
  withinMinutes: 15,
  remindAfterMinutes: [5, 10],
  reassign: { afterMinutes: 30, maxHops: 2, finally: 'mia' },
}

export const decide = (policy: ServiceLevelPolicyInput, given: ServiceLevelFacts) => {
  const decision = decideServiceLevel(ServiceLevelPolicy.parse(policy), given)
  ServiceLevelValue.parse(decision.value)
  return decision
}

export const signal = (kind: string, minutes: number, fields: Partial<TouchSignal> = {}): TouchSignal => ({
  kind,
  by: 'ada',
  at: plus(minutes),
  ...fields,
})

/** Where a lead stands, short. */
export const standing = (policy: ServiceLevelPolicyInput, given: ServiceLevelFacts) => {
  const { value, again, redraw, clock } = decide(policy, given)
  return {
    state: value.state,
    reminders: value.reminders,
    again: again === null ? null : (again - start) / minute,
    redraw,
    clock: clock.state,
    breached: clock.breached,
  }
}
