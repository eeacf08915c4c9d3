import type { Pool } from '../pool.ts'
import type { Leave, Rep } from '../rep.ts'
import { mergeSpans, type Span, spanAt } from './spans.ts'
import { dayMs, instantOf, localOf } from './zone.ts'

/** Time without draws around a leave; it begins earlier than the leave where the pool has a buffer. */
export interface LeaveSpan extends Span {
  /** When the leave itself begins. */
  beginsAt: number
}

type Buffer = Pool['leaveBuffer']

const noBuffer: Buffer = { stopDaysBefore: 0, resumeDaysBefore: 0 }

const knownOf = new WeakMap<Rep, Map<string, LeaveSpan[]>>()

/**
 * All leave of the rep as merged spans, with the pool's buffer. Only leave that takes at least one whole day of the rep's zone is
 * buffered: an hour at the dentist is none. Kept as long as the rep object lives, which must not be changed.
 */
export function leavesOf(rep: Rep, buffer: Buffer | null): readonly LeaveSpan[] {
  const { stopDaysBefore, resumeDaysBefore } = buffer ?? noBuffer
  const key = `${stopDaysBefore}/${resumeDaysBefore}`
  let known = knownOf.get(rep)
  if (known === undefined) {
    known = new Map()
    knownOf.set(rep, known)
  }
  let leaves = known.get(key)
  if (leaves === undefined) {
    leaves = readLeaves(rep, buffer ?? noBuffer)
    known.set(key, leaves)
  }
  return leaves
}

function readLeaves(rep: Rep, buffer: Buffer): LeaveSpan[] {
  const away = rep.leave.map((leave) => blockedBy(leave, rep.zone, buffer))
  return mergeSpans(away).map((span) => {
    const parts = away.filter((each) => each.from < each.until && spanAt([span], each.from) !== null)
    return { ...span, beginsAt: Math.min(...parts.map(({ beginsAt }) => beginsAt)) }
  })
}

function blockedBy(leave: Leave, zone: string, buffer: Buffer): LeaveSpan {
  const local = localSpan(leave, zone)
  const beginsAt = momentOf(leave.from, zone, local.from)
  const wholeDays = Math.floor(local.until / dayMs) - Math.ceil(local.from / dayMs)
  const { stopDaysBefore, resumeDaysBefore } = wholeDays > 0 ? buffer : noBuffer
  return {
    beginsAt,
    from: stopDaysBefore === 0 ? beginsAt : instantOf(zone, local.from - stopDaysBefore * dayMs),
    until:
      resumeDaysBefore === 0
        ? momentOf(leave.until, zone, local.until)
        : instantOf(zone, local.until - resumeDaysBefore * dayMs),
  }
}

/** A written time is exact, also in the hour that comes twice; a date is the midnight of the zone. */
const momentOf = (written: string, zone: string, local: number): number =>
  written.includes('T') ? Date.parse(written) : instantOf(zone, local)

function localSpan({ from, until }: Leave, zone: string): Span {
  return from.includes('T')
    ? { from: localOf(zone, Date.parse(from)), until: localOf(zone, Date.parse(until)) }
    : { from: Date.parse(from), until: Date.parse(until) + dayMs }
}
