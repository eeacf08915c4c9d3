import { holidayAt, isOpen, nextOpening } from './calendar.ts'
import type { DecisionView, Exclusion, RepLoad } from './decision.ts'
import type { Pool, PoolMember } from './pool.ts'
import type { Rep } from './rep.ts'
import { type LeaveSpan, leavesOf } from './time/leave.ts'
import { spanAt } from './time/spans.ts'
import { localText, nearText } from './time/words.ts'
import { dayMs, startOfDay, startOfWeek } from './time/zone.ts'

/** A rep who may be drawn, or not. */
export interface Candidate {
  rep: Rep
  /** Weight in the pool; 0 pauses. For somebody named outside a pool, 1. */
  weight: number
  /** Its leave buffer counts; null outside a pool. */
  pool: Pick<Pool, 'leaveBuffer'> | null
  /** Null asks without the caps. */
  load: RepLoad | null
  /** Epoch ms. */
  now: number
}

/** How far ahead the end of an exclusion is looked for. */
const farMs = 366 * dayMs

/**
 * Why the rep may not be drawn now, null when they may: inactive, then paused, leave, public holiday, working hours, caps. `until` is
 * the first moment at which the rep is at work again with this exclusion over; null when no clock ends it.
 */
export function exclusionOf(candidate: Candidate): Exclusion | null {
  const { rep, weight, pool, load, now } = candidate
  if (!rep.active) return { code: 'inactive', reason: 'is not active', until: null }
  if (weight === 0) return { code: 'paused', reason: 'is paused: weight 0', until: null }
  const leaves = leavesOf(rep, pool?.leaveBuffer ?? null)
  const leave = spanAt(leaves, now)
  if (leave !== null) {
    const until = nextAtWork(rep, leaves, { from: leave.until, horizonMs: farMs })
    return { code: 'leave', reason: leaveReason(leave, { rep, now, until }), until }
  }
  if (!isOpen(rep, now)) {
    const until = nextAtWork(rep, leaves, { from: now, horizonMs: farMs })
    const back = until === null ? '' : ` until ${nearText(until, rep.zone, now)}`
    const holiday = holidayAt(rep, now)
    return holiday === null
      ? { code: 'hours', reason: `outside working hours${back}`, until }
      : { code: 'holiday', reason: `on public holiday (${holiday})${back}`, until }
  }
  const cap = load === null ? null : reachedCap(rep, load, now)
  if (cap === null) return null
  const until = cap.over === null ? null : nextAtWork(rep, leaves, { from: cap.over, horizonMs: farMs })
  return { code: 'cap', reason: cap.reason, until }
}

/**
 * Why a member of a pool may not be drawn now, also one whom the roster does not know; without a pool no leave buffer counts. A decision's
 * view is such a roster.
 */
export function memberExclusion(
  roster: Pick<DecisionView, 'rep' | 'load' | 'now'>,
  pool: Candidate['pool'],
  { rep: id, weight }: PoolMember,
): Exclusion | null {
  const rep = roster.rep(id)
  if (rep === null) return { code: 'unknown-rep', reason: `no rep has the id ${id}`, until: null }
  return exclusionOf({ rep, weight, pool, load: roster.load(id), now: roster.now })
}

/**
 * The first moment from now on at which nothing excludes the rep, as far as clocks know: a cap per day or week ends, open leads do not
 * count down by themselves. Null when that is not within the horizon.
 */
export function openingOf(candidate: Candidate & { horizonMs: number }): number | null {
  const { rep, weight, pool, load, now, horizonMs } = candidate
  if (!rep.active || weight === 0) return null
  const cap = load === null ? null : reachedCap(rep, load, now)
  if (cap?.over === null) return null
  const from = cap?.over ?? now
  return nextAtWork(rep, leavesOf(rep, pool?.leaveBuffer ?? null), {
    from,
    horizonMs: now + horizonMs - from,
  })
}

function nextAtWork(
  rep: Rep,
  leaves: readonly LeaveSpan[],
  { from, horizonMs }: { from: number; horizonMs: number },
): number | null {
  let at = from
  while (at <= from + horizonMs) {
    const opening = nextOpening(rep, at, from + horizonMs - at)
    if (opening === null) return null
    const leave = spanAt(leaves, opening)
    if (leave === null) return opening
    at = leave.until
  }
  return null
}

function leaveReason(leave: LeaveSpan, { rep, now, until }: { rep: Rep; now: number; until: number | null }) {
  const back = until === null ? '' : ` until ${localText(until, rep.zone)}`
  return leave.beginsAt > now
    ? `will be on leave from ${localText(leave.beginsAt, rep.zone)}, draws stop before it${back}`
    : `on leave${back}`
}

interface ReachedCap {
  reason: string
  /** When its count begins anew; null: no clock brings that. */
  over: number | null
}

/** The reached cap that lasts longest. */
function reachedCap(rep: Rep, load: RepLoad, now: number): ReachedCap | null {
  const { caps, zone } = rep
  // Most reps have none, and a decision asks of every member of its pool.
  if (caps.open === undefined && caps.perWeek === undefined && caps.perDay === undefined) return null
  const reached: ReachedCap[] = []
  const check = (
    cap: number | undefined,
    leads: () => number,
    rest: { words: string; over(): number | null },
  ) => {
    const has = cap === undefined ? 0 : leads()
    if (cap === undefined || has < cap) return
    // A cap of 0 is as good as no membership: no new day helps.
    reached.push({ reason: `has ${has} of ${cap} leads ${rest.words}`, over: cap === 0 ? null : rest.over() })
  }
  check(caps.open, () => load.open(), { words: 'open', over: () => null })
  check(caps.perWeek, () => load.drawnSince(startOfWeek(zone, now)), {
    words: 'this week',
    over: () => startOfWeek(zone, now, 1),
  })
  check(caps.perDay, () => load.drawnSince(startOfDay(zone, now)), {
    words: 'today',
    over: () => startOfDay(zone, now, 1),
  })
  const endless = reached.find(({ over }) => over === null)
  return endless ?? reached.reduce<ReachedCap | null>(longer, null)
}

const longer = (one: ReachedCap | null, other: ReachedCap): ReachedCap =>
  one !== null && (one.over ?? 0) >= (other.over ?? 0) ? one : other
