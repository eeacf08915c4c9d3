import { businessMs } from './calendar.ts'
import {
  type Heard,
  hear,
  learntFrom,
  type Milestones,
  milestonesOf,
  missedDeadline,
} from './service-level/milestones.ts'
import type {
  ServiceLevelDecision,
  ServiceLevelFacts,
  ServiceLevelPolicy,
  ServiceLevelValue,
} from './service-level/policy.ts'
import { localText } from './time/words.ts'

/** Activity is looked for this long after the submission. */
const checkedForMs = 30 * 86_400_000

interface Situation {
  policy: ServiceLevelPolicy
  facts: ServiceLevelFacts
  milestones: Milestones
  heard: Heard
  reminders: number
  /** Null: the lead stays with its owner, for this reason. */
  stays: string | null
}

/**
 * Where a lead stands against its service level, and what follows: when to look again, and whether the owner loses the lead. Pure, and
 * the same for the same facts. Only a person's touch meets it; acceptance is recorded; a refusal moves the lead on at once.
 */
export function decideServiceLevel(
  policy: ServiceLevelPolicy,
  facts: ServiceLevelFacts,
): ServiceLevelDecision {
  const milestones = milestonesOf(policy, facts)
  const heard = hear(facts, milestones)
  const until = heard.touch?.at ?? facts.now
  const reminders = milestones.reminders.filter((at) => at <= until).length
  const situation = { policy, facts, milestones, heard, reminders, stays: whyStays(policy, facts) }
  const state = stateOf(situation)
  const redraw = redrawOf(situation)
  const waits = state !== 'met' && state !== 'ended'
  const { assigned } = milestones
  const missed = missedDeadline(policy, facts, milestones, heard.touch)
  return {
    value: cellOf(situation, state, redraw?.reason ?? null),
    again: waits && redraw === null ? nextLook(situation) : null,
    redraw,
    clock: {
      captured: milestones.captured,
      decided: facts.decided,
      assigned,
      notified: facts.notified,
      accepted: heard.acceptedAt,
      touched: heard.touch?.at ?? null,
      state: waits ? 'open' : state,
      breached: missed !== null,
      rep: facts.owner?.rep ?? null,
      hops: facts.owner?.previous.length ?? 0,
      businessMs: businessOf(situation),
    },
    learnt: learntFrom(policy, facts, { assigned, touch: heard.touch, missed }),
  }
}

function whyStays({ reassign }: ServiceLevelPolicy, { owner, pinned }: ServiceLevelFacts): string | null {
  if (owner === null) return 'nobody owns it'
  if (pinned) return 'a person chose the owner'
  if (reassign === null) return null
  // Behind the last hop a lead never moves again, even when somebody else than the last person has it.
  const last = owner.rep === reassign.finally || owner.previous.length > reassign.maxHops
  return last ? 'the owner is the last in line' : null
}

function stateOf({ facts, milestones, heard, reminders, stays }: Situation): ServiceLevelValue['state'] {
  if (heard.touch !== null) return 'met'
  if (facts.owner === null) return 'ended'
  if (heard.rejection !== null && stays !== null) return 'ended'
  if (facts.now >= milestones.deadline) return 'breached'
  return reminders > 0 ? 'reminded' : 'open'
}

function redrawOf({ policy, facts, milestones, heard, stays }: Situation): ServiceLevelDecision['redraw'] {
  const { owner, now } = facts
  if (heard.touch !== null || owner === null || stays !== null) return null
  const { rejection } = heard
  const silent = milestones.reassignAt !== null && now >= milestones.reassignAt
  if (rejection === null && !silent) return null
  const reason =
    rejection === null
      ? `not touched by ${owner.name} within ${amount(policy.reassign?.afterMinutes ?? 0)}`
      : `rejected by ${rejection.by}${rejection.note === undefined ? '' : `: ${rejection.note}`}`
  const { reassign } = policy
  return reassign !== null && owner.previous.length >= reassign.maxHops
    ? { reason, to: reassign.finally }
    : { reason }
}

function nextLook({ policy, facts, milestones, stays }: Situation): number | null {
  const { now } = facts
  const { captured, reminders, deadline, reassignAt } = milestones
  const moments = [...reminders, deadline]
  if (reassignAt !== null && stays === null) moments.push(reassignAt)
  if (policy.checkEveryMinutes !== null) {
    const check = now + policy.checkEveryMinutes * 60_000
    if (check <= captured + checkedForMs) moments.push(check)
  }
  const ahead = moments.filter((at) => at > now)
  return ahead.length === 0 ? null : Math.min(...ahead)
}

function cellOf(
  situation: Situation,
  state: ServiceLevelValue['state'],
  taken: string | null,
): ServiceLevelValue {
  const { facts, milestones, heard, reminders, stays } = situation
  const { owner } = facts
  const touched = heard.touch?.at ?? null
  const business = businessOf(situation)
  const moves = state !== 'met' && state !== 'ended' && stays === null
  return {
    state,
    deadline: iso(milestones.deadline),
    owner: owner === null ? null : { rep: owner.rep, name: owner.name },
    hops: owner?.previous.length ?? 0,
    capturedAt: iso(milestones.captured),
    skewed: milestones.skewed,
    deliveredLateMs: milestones.deliveredLateMs,
    assignedAt: isoOrNull(milestones.assigned),
    notifiedAt: isoOrNull(facts.notified),
    acceptedAt: isoOrNull(heard.acceptedAt),
    touchedAt: isoOrNull(touched),
    touchedBy: heard.touch?.by ?? null,
    wallMinutes: touched === null ? null : minutesOf(touched - milestones.captured),
    businessMinutes: business === null ? null : minutesOf(business),
    reminders,
    reassignAt: isoOrNull(moves ? milestones.reassignAt : null),
    reason: taken === null ? reasonOf(situation, state) : `taken back: ${taken}`,
  }
}

function reasonOf(situation: Situation, state: ServiceLevelValue['state']): string {
  const { policy, facts, milestones, heard, reminders, stays } = situation
  const due = localText(milestones.deadline, policy.calendar?.zone ?? 'UTC')
  if (heard.touch !== null) {
    const by = heard.touch.by === null ? '' : ` by ${heard.touch.by}`
    const business = businessOf(situation)
    const wall = amount((heard.touch.at - milestones.captured) / 60_000)
    const took = business === null ? wall : `${wall} (${amount(business / 60_000)} of business time)`
    const late = heard.touch.at > milestones.deadline ? `too late, it was due ${due}` : 'in time'
    return `first touch (${heard.touch.how})${by} after ${took}, ${late}`
  }
  if (facts.owner === null) return 'nobody owns the lead'
  if (heard.rejection !== null) return `rejected by ${heard.rejection.by}; it stays because ${stays}`
  if (state === 'breached') return `not touched by ${facts.owner.name}; it was due ${due}`
  const sent = reminders === 0 ? '' : `, ${reminders} ${reminders === 1 ? 'reminder' : 'reminders'} so far`
  return `waits for ${facts.owner.name} to touch it by ${due}${sent}`
}

function businessOf({ policy, milestones, heard }: Situation): number | null {
  if (policy.calendar === null || heard.touch === null) return null
  return businessMs(policy.calendar, milestones.captured, heard.touch.at)
}

function amount(minutes: number): string {
  const rounded = Math.round(minutes * 10) / 10
  return `${rounded} ${rounded === 1 ? 'minute' : 'minutes'}`
}

const minutesOf = (ms: number): number => Math.round(ms / 6000) / 10

const iso = (at: number): string => new Date(at).toISOString()

const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at))
