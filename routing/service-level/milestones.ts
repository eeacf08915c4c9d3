import { addBusinessMs, type BusinessCalendar } from '../calendar.ts'
import type { ServiceLevelFacts, ServiceLevelPolicy, TouchSignal } from './policy.ts'

/** How far the clocks of two systems may differ. A submission further ahead is wrong, one further behind came late. */
const toleranceMs = 5 * 60_000

/** The moments that a policy makes of the facts. Epoch ms. */
export interface Milestones {
  captured: number
  skewed: boolean
  deliveredLateMs: number | null
  /** By when the first touch is due. */
  deadline: number
  /** When the present owner got the lead. */
  since: number
  /** In order. */
  reminders: number[]
  /** When the present owner would lose it; null without a rule for that. */
  reassignAt: number | null
}

/** What was said about the present owner, and the first touch of the lead by anybody. */
export interface Heard {
  touch: { at: number; by: string | null; how: string } | null
  acceptedAt: number | null
  rejection: TouchSignal | null
}

/** Works the moments out; `captured` is put right where the submission time lies in the future. */
export function milestonesOf(policy: ServiceLevelPolicy, facts: ServiceLevelFacts): Milestones {
  const known = [facts.decided, facts.assigned, facts.notified].filter((at) => at !== null)
  const received = facts.received ?? Math.min(facts.now, ...known)
  const skewed = facts.captured > received + toleranceMs
  const captured = skewed ? received : facts.captured
  const since = Math.max(captured, facts.assigned ?? facts.decided ?? captured)
  const after = (from: number, minutes: number) => plus(policy.calendar, from, minutes * 60_000)
  const lateMs = received - captured
  return {
    captured,
    skewed,
    // Without the arrival a lead that was held could not be told from one that came late.
    deliveredLateMs: facts.received != null && lateMs > toleranceMs ? lateMs : null,
    deadline: after(policy.clockFrom === 'assignment' ? since : captured, policy.withinMinutes),
    since,
    reminders: policy.remindAfterMinutes.map((minutes) => after(since, minutes)).sort((a, b) => a - b),
    reassignAt: policy.reassign === null ? null : after(since, policy.reassign.afterMinutes),
  }
}

/**
 * Reads signals and CRM activity. What a machine did is no touch. A touch counts for the lead whoever made it; acceptance and refusal
 * count for the present owner only, so those of earlier owners are left out.
 */
export function hear(facts: ServiceLevelFacts, { captured, since }: Milestones): Heard {
  const { signals, owner, activity, now } = facts
  const touches = signals
    .filter(
      ({ kind, automated, at }) => kind === 'touched' && automated !== true && at >= captured - toleranceMs,
    )
    .map(({ at, by }): NonNullable<Heard['touch']> => ({ at, by, how: 'touched' }))
  if (activity !== null && activity.at >= since) {
    touches.push({ at: activity.at, by: activity.by ?? null, how: `CRM ${activity.kind}` })
  }
  // An owner may answer as soon as the decision is there, before the CRM has it.
  const begin = facts.decided ?? since
  const previous = owner?.previous ?? []
  const earlier = new Set(previous.map(({ rep }) => rep).filter((rep) => rep !== owner?.rep))
  const ofOwner = signals.filter(
    ({ at, by }) => (previous.length === 0 ? at >= captured - toleranceMs : at > begin) && !earlier.has(by),
  )
  const first = touches.reduce<Heard['touch']>(
    (best, each) => (best && best.at <= each.at ? best : each),
    null,
  )
  return {
    touch: first && { ...first, at: Math.min(Math.max(first.at, captured), now) },
    acceptedAt: ofOwner.find(({ kind }) => kind === 'accepted')?.at ?? null,
    rejection: ofOwner.find(({ kind }) => kind === 'rejected') ?? null,
  }
}

// A calendar that does not open for ten years would hold a deadline off for ever.
const plus = (calendar: BusinessCalendar | null, from: number, ms: number): number =>
  (calendar === null ? null : addBusinessMs(calendar, from, ms)) ?? from + ms
