import { Temporal } from 'temporal-polyfill'
import { clip, indexAfter, mergeSpans, type Span } from './spans.ts'

/**
 * Clock time is kept as "local ms": what a clock in the zone shows, read as if it were UTC. Local ms of midnight are whole days since
 * 1970-01-01, so dates and weekdays are plain arithmetic, and all knowledge about a zone is the offsets of its spans.
 */
export const dayMs = 86_400_000

/** No zone is further from UTC than this, and no clock is ever set by more. */
const reachMs = 26 * 3_600_000

interface OffsetSpan extends Span {
  offsetMs: number
}

// Asking the polyfill for a change of offset takes milliseconds, and the answer never changes: per zone, sorted, with holes.
const offsetsOfZone = new Map<string, OffsetSpan[]>()

function offsetSpanAt(zone: string, at: number): OffsetSpan {
  let known = offsetsOfZone.get(zone)
  if (known === undefined) {
    known = []
    offsetsOfZone.set(zone, known)
  }
  const index = indexAfter(known, at)
  const found = known[index]
  if (found !== undefined && found.from <= at) return found
  const span = readOffsetSpan(zone, at)
  known.splice(index, 0, span)
  return span
}

function readOffsetSpan(zone: string, at: number): OffsetSpan {
  const instant = Temporal.Instant.fromEpochMilliseconds(at)
  const here = instant.toZonedDateTimeISO(zone)
  const next = here.getTimeZoneTransition('next')
  // "previous" is strictly before, and a change at this very moment is the one that counts.
  const previous = here.add({ nanoseconds: 1 }).getTimeZoneTransition('previous')
  return {
    from: previous?.epochMilliseconds ?? Number.NEGATIVE_INFINITY,
    until: next?.epochMilliseconds ?? Number.POSITIVE_INFINITY,
    offsetMs: here.offsetNanoseconds / 1e6,
  }
}

/** What a clock in the zone shows, as local ms. */
export const localOf = (zone: string, at: number): number => at + offsetSpanAt(zone, at).offsetMs

/** The first moment at which a clock in the zone shows this local time or a later one: past a gap, and the earlier of two. */
export function instantOf(zone: string, local: number): number {
  let span = offsetSpanAt(zone, local - reachMs)
  while (local - span.offsetMs >= span.until) span = offsetSpanAt(zone, span.until)
  return Math.max(span.from, local - span.offsetMs)
}

/**
 * All moments at which a clock in the zone shows a time of this local span. A time that is skipped in spring is nowhere in it, one
 * that comes twice in autumn is in it twice: two blocks of that day never overlap, whatever the clock does.
 */
export function clockSpans(zone: string, local: Span): Span[] {
  const spans: Span[] = []
  let at = local.from - reachMs
  while (at < local.until + reachMs) {
    const span = offsetSpanAt(zone, at)
    spans.push(clip({ from: local.from - span.offsetMs, until: local.until - span.offsetMs }, span))
    at = span.until
  }
  return mergeSpans(spans)
}

/** The local date as days since 1970-01-01. */
export const dayOf = (zone: string, at: number): number => Math.floor(localOf(zone, at) / dayMs)

/** The weekday of such a date, 0 for Monday. */
export const weekdayOf = (day: number): number => (((day + 3) % 7) + 7) % 7

/** The first moment of the local day, `days` later where given; midnight may be missing in the zone. */
export const startOfDay = (zone: string, at: number, days = 0): number =>
  instantOf(zone, (dayOf(zone, at) + days) * dayMs)

/** The first moment of the Monday before or at `at`, `weeks` later where given. */
export function startOfWeek(zone: string, at: number, weeks = 0): number {
  const day = dayOf(zone, at)
  return instantOf(zone, (day - weekdayOf(day) + weeks * 7) * dayMs)
}
