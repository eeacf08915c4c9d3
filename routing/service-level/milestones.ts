import { addBusinessMs, type BusinessCalendar } from '../calendar.ts'
import type { ServiceLevelFacts, ServiceLevelPolicy, TouchSignal } from './policy.ts'

/** How far the clocks of two systems may differ. A submission further ahead is wrong, one further behind came late. */
const toleranceMs = 5 * 60_000

/** By whom a touch was, where the CRM does not say. */
const nobodyKnown = ''

/** The moments that a policy makes of the facts. Epoch ms. */
export interface Milestones {
  captured: number
  skewed: boolean
  deliveredLateMs: number | null
  /** By when the first touch is due. */
  deadline: number
  /** When the lead first became the present owner's: writing it again gives nobody more time. Null while it is not written. */
  assigned: number | null
  /** When the present owner got the lead. */
  since: number
  /** In order. */
  reminders: number[]
  /** When the present owner would lose it; null without a rule for that. */
  reassignAt: number | null
}

/** What was said about the present owner, and the first touch of the lead by anybody. */
export interface Heard {
  touch: { at: number; by: string | null; how: string; isNew: boolean } | null
  acceptedAt: number | null
  rejection: TouchSignal | null
}

/** Works the moments out; `captured` is put right where the submission time lies in the future. */
export function milestonesOf(policy: ServiceLevelPolicy, facts: ServiceLevelFacts): Milestones {
  const known = [facts.decided, facts.assigned, facts.notified].filter((at) => at !== null)
  const received = facts.received ?? Math.min(facts.now, ...known)
  const skewed = facts.captured > received + toleranceMs
  const captured = skewed ? received : facts.captured
  const assigned = firstAssigned(facts)
  const since = Math.max(captured, assigned ?? facts.decided ?? captured)
  const after = (from: number, minutes: number) => plus(policy.calendar, from, minutes * 60_000)
  const lateMs = received - captured
  return {
    captured,
    skewed,
    // Without the arrival a lead that was held could not be told from one that came late.
    deliveredLateMs: facts.received != null && lateMs > toleranceMs ? lateMs : null,
    deadline: after(policy.clockFrom === 'assignment' ? since : captured, policy.withinMinutes),
    assigned,
    since,
    reminders: policy.remindAfterMinutes.map((minutes) => after(since, minutes)).sort((a, b) => a - b),
    reassignAt: policy.reassign === null ? null : after(since, policy.reassign.afterMinutes),
  }
}

function firstAssigned({ owner, assigned, signals }: ServiceLevelFacts): number | null {
  if (owner === null) return null
  const known = signals.findLast(({ kind }) => kind === 'assigned')
  return known?.by === keyOf(owner) ? known.at : assigned
}

/** The deadline that passed first without a touch; null while none has. Where each owner has a deadline, an earlier one stays passed. */
export function missedDeadline(
  policy: ServiceLevelPolicy,
  { signals, now }: ServiceLevelFacts,
  { deadline }: Milestones,
  touch: Heard['touch'],
): number | null {
  const earlier = policy.clockFrom === 'assignment' ? signals.find(({ kind }) => kind === 'breached') : null
  const isOver = (at: number) => (touch === null ? now >= at : touch.at > at)
  return [earlier?.at, deadline].find((at) => at !== undefined && isOver(at)) ?? null
}

/** What this decision found out and the signals do not say yet. */
export function learntFrom(
  policy: ServiceLevelPolicy,
  facts: ServiceLevelFacts,
  { assigned, touch, missed }: { assigned: number | null; touch: Heard['touch']; missed: number | null },
): TouchSignal[] {
  const { owner, signals } = facts
  const learnt: TouchSignal[] = []
  const by = owner === null ? '' : keyOf(owner)
  const last = signals.findLast(({ kind }) => kind === 'assigned')
  if (owner !== null && assigned !== null && last?.by !== by)
    learnt.push({ kind: 'assigned', by, at: assigned })
  const isKnown = signals.some(({ kind }) => kind === 'breached')
  if (policy.clockFrom === 'assignment' && missed !== null && !isKnown)
    learnt.push({ kind: 'breached', by, at: missed })
  if (touch?.isNew === true) {
    const { at, how } = touch
    learnt.push({ kind: 'touched', by: touch.by ?? nobodyKnown, at, how })
  }
  return learnt
}

const keyOf = ({ rep, email, name }: NonNullable<ServiceLevelFacts['owner']>): string => rep ?? email ?? name

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
    .map(
      ({ at, by, how = 'touched' }): NonNullable<Heard['touch']> => ({
        at,
        by: by === nobodyKnown ? null : by,
        how,
        isNew: false,
      }),
    )
  if (activity !== null && activity.at >= since) {
    touches.push({ at: activity.at, by: activity.by ?? null, how: `CRM ${activity.kind}`, isNew: true })
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
