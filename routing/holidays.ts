import Holidays from 'date-holidays'
import type { HolidayCalendar } from './rep.ts'
import { dayMs } from './time/zone.ts'

const hourMs = 3_600_000

/** Holidays of one calendar by day (days since 1970-01-01), year by year as they are asked for. */
interface Known {
  calendar: Holidays
  names: Map<number, string>
  years: Set<number>
}

// By name, so that reps of one country share it, and by object, because a name is put together for every look-up otherwise.
const knownByName = new Map<string, Known>()
const knownByObject = new WeakMap<HolidayCalendar, Known>()

/**
 * Name of the public holiday on a local date (days since 1970-01-01), null for none. Source: the data of `date-holidays`, type
 * `public` only. A holiday counts for a day when it covers 10:00 to 14:00: those that begin at sunset take the day after, and half
 * days are working days.
 */
export function holidayOn(calendar: HolidayCalendar, day: number): string | null {
  const known = knownOf(calendar)
  learn(known, yearOf(day))
  // A festival that begins in the last days of December belongs to the old year, and lasts into the new one.
  learn(known, yearOf(day - 7))
  return known.names.get(day) ?? null
}

/** Why the calendar cannot be used, null when it can: its country, state or region is not one of `date-holidays`. */
export function checkHolidays({ country, state, region }: HolidayCalendar): string | null {
  const all = new Holidays()
  if (!Object.hasOwn(all.getCountries(), country)) {
    return `no holidays are known for country ${country}; leave holidays out and enter the days as leave`
  }
  const states = Object.keys(all.getStates(country) ?? {})
  if (state === undefined) return region === undefined ? null : `region ${region} needs its state`
  if (!states.includes(state)) return unknown(`state ${state} of ${country}`, states)
  const regions = Object.keys(all.getRegions(country, state) ?? {})
  return region === undefined || regions.includes(region)
    ? null
    : unknown(`region ${region} of ${country} ${state}`, regions)
}

const unknown = (what: string, known: readonly string[]): string =>
  `${what} is not in the holiday calendar; ${known.length === 0 ? 'leave it out' : `use one of ${known.join(', ')}`}`

function knownOf(holidays: HolidayCalendar): Known {
  let known = knownByObject.get(holidays)
  if (known === undefined) {
    const name = [holidays.country, holidays.state, holidays.region].join('/')
    known = knownByName.get(name) ?? open(holidays)
    knownByName.set(name, known)
    knownByObject.set(holidays, known)
  }
  return known
}

function open({ country, state, region }: HolidayCalendar): Known {
  const place = { country, ...(state !== undefined && { state }), ...(region !== undefined && { region }) }
  // In UTC the times that come out are those of the clock on the wall, wherever the rep is.
  const calendar = new Holidays(place, { timezone: 'UTC', languages: 'en' })
  return { calendar, names: new Map(), years: new Set() }
}

const yearOf = (day: number): number => new Date(day * dayMs).getUTCFullYear()

function learn({ calendar, names, years }: Known, year: number): void {
  if (years.has(year)) return
  years.add(year)
  for (const { type, name, start, end } of calendar.getHolidays(year)) {
    if (type !== 'public') continue
    const first = Math.ceil((start.getTime() - 10 * hourMs) / dayMs)
    for (let day = first; day * dayMs + 14 * hourMs <= end.getTime(); day += 1) {
      if (!names.has(day)) names.set(day, name)
    }
  }
}
