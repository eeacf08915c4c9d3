import { holidayOn } from './holidays.ts'
import { type HolidayCalendar, type WorkingHours, weekdays } from './rep.ts'
import { clip, indexAfter, mergeSpans, type Span, spanAt } from './time/spans.ts'
import { clockSpans, dayMs, dayOf, weekdayOf } from './time/zone.ts'

/** When somebody is at work. A rep is one as well. The object must not be changed: what it says is worked out once. */
export interface BusinessCalendar {
  zone: string
  /** Null: at any hour of any day that is no holiday. */
  hours: WorkingHours | null
  holidays: HolidayCalendar | null
}

/** Openings are worked out for four weeks at once and kept as long as their calendar lives. */
const windowMs = 28 * dayMs

/** How far the calendar is looked at at most, in ms: ten years. */
const farthestMs = 3653 * dayMs

interface Known {
  windows: Map<number, Span[]>
  /** Blocks by weekday, Monday first, in ms since local midnight. */
  week: Span[][]
}

const knownOf = new WeakMap<BusinessCalendar, Known>()

/** True while the calendar is open: its clock shows a time of its hours, on a day that is no holiday. */
export const isOpen = (calendar: BusinessCalendar, at: number): boolean =>
  spanAt(windowOf(calendar, Math.floor(at / windowMs)), at) !== null

/** All open time from `from` (epoch ms) until `until`, sorted; spans neither overlap nor touch. */
export function openingsBetween(calendar: BusinessCalendar, from: number, until: number): Span[] {
  const openings: Span[] = []
  const within = { from, until }
  for (let index = Math.floor(from / windowMs); index * windowMs < until; index += 1) {
    for (const opening of windowOf(calendar, index)) openings.push(clip(opening, within))
  }
  return mergeSpans(openings)
}

/** The first open moment at `from` or later, null when there is none up to `horizonMs` after it. */
export function nextOpening(calendar: BusinessCalendar, from: number, horizonMs: number): number | null {
  const last = from + Math.min(horizonMs, farthestMs)
  for (let index = Math.floor(from / windowMs); index * windowMs <= last; index += 1) {
    const spans = windowOf(calendar, index)
    const opening = spans[indexAfter(spans, from)]
    if (opening === undefined) continue
    const at = Math.max(from, opening.from)
    return at <= last ? at : null
  }
  return null
}

/** Open time from `from` until `until` in ms, of the last ten years at most; 0 when `until` is not later. */
export function businessMs(calendar: BusinessCalendar, from: number, until: number): number {
  let total = 0
  const first = Math.max(from, until - farthestMs)
  for (let index = Math.floor(first / windowMs); index * windowMs < until; index += 1) {
    for (const opening of windowOf(calendar, index)) {
      total += Math.max(0, Math.min(opening.until, until) - Math.max(opening.from, first))
    }
  }
  return total
}

/** The first moment at which `ms` of open time have passed since `from`; null when that is not within ten years. */
export function addBusinessMs(calendar: BusinessCalendar, from: number, ms: number): number | null {
  let left = ms
  if (left <= 0) return from
  const last = from + farthestMs
  for (let index = Math.floor(from / windowMs); index * windowMs <= last; index += 1) {
    for (const opening of windowOf(calendar, index)) {
      const begin = Math.max(opening.from, from)
      const length = opening.until - begin
      if (length <= 0) continue
      if (left <= length) return begin + left
      left -= length
    }
  }
  return null
}

/** The holiday that `at` falls on in the calendar's zone, null for none. */
export const holidayAt = ({ zone, holidays }: BusinessCalendar, at: number): string | null =>
  holidays === null ? null : holidayOn(holidays, dayOf(zone, at))

function windowOf(calendar: BusinessCalendar, index: number): readonly Span[] {
  let known = knownOf.get(calendar)
  if (known === undefined) {
    known = { windows: new Map(), week: weekOf(calendar.hours) }
    knownOf.set(calendar, known)
  }
  let openings = known.windows.get(index)
  if (openings === undefined) {
    openings = readWindow(calendar, known.week, { from: index * windowMs, until: (index + 1) * windowMs })
    known.windows.set(index, openings)
  }
  return openings
}

function readWindow(calendar: BusinessCalendar, week: readonly Span[][], window: Span): Span[] {
  if (calendar.hours === null && calendar.holidays === null) return [window]
  const openings: Span[] = []
  // A clock may be up to a day ahead or behind.
  const lastDay = Math.floor(window.until / dayMs) + 1
  for (let day = Math.floor(window.from / dayMs) - 1; day <= lastDay; day += 1) {
    if (calendar.holidays !== null && holidayOn(calendar.holidays, day) !== null) continue
    for (const block of week[weekdayOf(day)] ?? []) {
      const local = { from: day * dayMs + block.from, until: day * dayMs + block.until }
      for (const span of clockSpans(calendar.zone, local)) openings.push(clip(span, window))
    }
  }
  return mergeSpans(openings)
}

const wholeDay: Span = { from: 0, until: dayMs }

const weekOf = (hours: WorkingHours | null): Span[][] =>
  weekdays.map((weekday) =>
    hours === null
      ? [wholeDay]
      : (hours[weekday] ?? []).map(({ from, until }) => ({ from: timeMs(from), until: timeMs(until) })),
  )

const timeMs = (time: string): number => (Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))) * 60_000
