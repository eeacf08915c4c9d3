import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, it } from 'vitest'
import {
  addBusinessMs,
  type BusinessCalendar,
  businessMs,
  isOpen,
  nextOpening,
  openingsBetween,
} from '../../routing/calendar.ts'
import { holidayOn } from '../../routing/holidays.ts'
import type { WorkingHours } from '../../routing/rep.ts'
import { dayMs } from '../../routing/time/zone.ts'
import { anyCalendar, anyMoment } from './time/moments.ts'

const at = Date.parse
const hourMs = 3_600_000
const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const

/** The words of the calendar taken one by one, with Temporal for the clock: open when the clock shows a time of a block. */
function isOpenByTheBook({ zone, hours, holidays }: BusinessCalendar, moment: number): boolean {
  const there = Temporal.Instant.fromEpochMilliseconds(moment).toZonedDateTimeISO(zone)
  const day = at(there.toPlainDate().toString()) / dayMs
  if (holidays !== null && holidayOn(holidays, day) !== null) return false
  if (hours === null) return true
  const time = there.toPlainTime().toString().slice(0, 5)
  const blocks = hours[weekdays[there.dayOfWeek - 1] ?? 'monday'] ?? []
  return blocks.some(({ from, until }) => from <= time && time < until)
}

const everyDay = (from: string, until: string): WorkingHours =>
  Object.fromEntries(weekdays.map((weekday) => [weekday, [{ from, until }]]))

const weekdaysOnly = (...blocks: { from: string; until: string }[]): WorkingHours =>
  Object.fromEntries(weekdays.slice(0, 5).map((weekday) => [weekday, blocks]))

const times = (zone: string, hours: WorkingHours | null): BusinessCalendar => ({
  zone,
  hours,
  holidays: null,
})

const written = (calendar: BusinessCalendar, from: string, until: string) =>
  openingsBetween(calendar, at(from), at(until)).map((span) =>
    [span.from, span.until].map((each) => `${new Date(each).toISOString().slice(0, 16)}Z`).join(' to '),
  )

describe('a business calendar', () => {
  it('is open exactly while the clock of its zone shows its hours', () => {
    fc.assert(
      fc.property(anyCalendar, anyMoment, (calendar, moment) => {
        expect(isOpen(calendar, moment)).toBe(isOpenByTheBook(calendar, moment))
      }),
      { numRuns: 1000 },
    )
  })

  it('has openings that are sorted, never overlap or touch, and are open from the first to the last moment', () => {
    const span = fc.tuple(
      anyMoment,
      fc.integer({ min: 0, max: 60 * 24 }).map((hours) => hours * hourMs),
    )
    fc.assert(
      fc.property(anyCalendar, span, (calendar, [from, length]) => {
        let last = Number.NEGATIVE_INFINITY
        for (const opening of openingsBetween(calendar, from, from + length)) {
          expect(opening.from).toBeGreaterThan(last)
          expect(opening.until).toBeGreaterThan(opening.from)
          expect(opening.from).toBeGreaterThanOrEqual(from)
          expect(opening.until).toBeLessThanOrEqual(from + length)
          expect(isOpen(calendar, opening.from)).toBe(true)
          expect(isOpen(calendar, opening.until - 1)).toBe(true)
          if (opening.until < from + length) expect(isOpen(calendar, opening.until)).toBe(false)
          last = opening.until
        }
      }),
    )
  })

  it('finds an opening that is open, with nothing open before it', () => {
    fc.assert(
      fc.property(anyCalendar, anyMoment, fc.integer({ min: 0, max: 400 }), (calendar, from, hours) => {
        const horizonMs = hours * hourMs
        const next = nextOpening(calendar, from, horizonMs)
        expect(openingsBetween(calendar, from, next ?? from + horizonMs)).toEqual([])
        expect(next === null || (next >= from && next <= from + horizonMs && isOpen(calendar, next))).toBe(
          true,
        )
      }),
      { numRuns: 500 },
    )
  })

  it('counts business time that adds up over any cut', () => {
    const lengths = fc.tuple(fc.nat(40 * dayMs), fc.nat(40 * dayMs))
    fc.assert(
      fc.property(anyCalendar, anyMoment, lengths, (calendar, from, [first, second]) => {
        const [middle, until] = [from + first, from + first + second]
        const whole = businessMs(calendar, from, until)
        expect(whole).toBe(businessMs(calendar, from, middle) + businessMs(calendar, middle, until))
        const openings = openingsBetween(calendar, from, until)
        expect(whole).toBe(openings.reduce((sum, each) => sum + each.until - each.from, 0))
        expect(businessMs(calendar, until, from)).toBe(first + second === 0 ? whole : 0)
      }),
      { numRuns: 300 },
    )
  })

  it('counts of a time that is wrong by centuries only the last ten years', () => {
    const calendar = times('Europe/Berlin', weekdaysOnly({ from: '09:00', until: '17:00' }))
    const until = at('2026-03-04T12:00:00Z')
    expect(businessMs(calendar, at('0001-01-01T00:00:00Z'), until)).toBe(
      businessMs(calendar, until - 3653 * dayMs, until),
    )
  })

  it('adds business time so that counting it gives the same, at the first such moment', () => {
    fc.assert(
      fc.property(anyCalendar, anyMoment, fc.integer({ min: 1, max: 200 * hourMs }), (calendar, from, ms) => {
        const until = addBusinessMs(calendar, from, ms)
        if (until === null) throw new Error('a calendar with a block in the week never opened')
        expect(businessMs(calendar, from, until)).toBe(ms)
        expect(businessMs(calendar, from, until - 1)).toBe(ms - 1)
      }),
      { numRuns: 300 },
    )
  })

  it('never opens when no weekday has hours, and says so instead of searching for ever', () => {
    const never = times('Europe/Berlin', {})
    expect(nextOpening(never, at('2026-11-22T00:00Z'), Number.POSITIVE_INFINITY)).toBeNull()
    expect(addBusinessMs(never, at('2026-11-22T00:00Z'), 1)).toBeNull()
    expect(addBusinessMs(never, at('2026-11-22T00:00Z'), 0)).toBe(at('2026-11-22T00:00Z'))
  })
})

describe('hours on days when the clock is set (trap 77)', () => {
  it.each([
    ['Europe/Berlin', '2026-03-29', 23],
    ['Europe/Berlin', '2026-10-25', 25],
    ['America/New_York', '2026-03-08', 23],
    ['America/New_York', '2026-11-01', 25],
    ['Australia/Lord_Howe', '2026-10-04', 23.5],
    ['Australia/Lord_Howe', '2026-04-05', 24.5],
    ['Asia/Kolkata', '2026-10-25', 24],
  ])('a round-the-clock day in %s on %s has %d hours', (zone, date, hours) => {
    const sunday = times(zone, { sunday: [{ from: '00:00', until: '24:00' }] })
    expect(businessMs(sunday, at(date) - 2 * dayMs, at(date) + 3 * dayMs)).toBe(hours * hourMs)
  })

  it('a block that begins in the skipped hour begins behind it', () => {
    const berlin = times('Europe/Berlin', everyDay('02:30', '04:00'))
    expect(written(berlin, '2026-03-28T22:00Z', '2026-03-29T22:00Z')).toEqual([
      '2026-03-29T01:00Z to 2026-03-29T02:00Z',
    ])
  })

  it('a block that lies in the skipped hour is not there that day', () => {
    const newYork = times('America/New_York', everyDay('02:15', '02:45'))
    expect(written(newYork, '2026-03-08T05:00Z', '2026-03-09T04:00Z')).toEqual([])
  })

  it('a block in the hour that comes twice is there twice, and a longer one through both', () => {
    const inIt = times('Europe/Berlin', everyDay('02:00', '02:30'))
    expect(written(inIt, '2026-10-24T22:00Z', '2026-10-25T23:00Z')).toEqual([
      '2026-10-25T00:00Z to 2026-10-25T00:30Z',
      '2026-10-25T01:00Z to 2026-10-25T01:30Z',
    ])
    const through = times('Europe/Berlin', everyDay('01:00', '03:00'))
    expect(written(through, '2026-10-24T22:00Z', '2026-10-25T23:00Z')).toEqual([
      '2026-10-24T23:00Z to 2026-10-25T02:00Z',
    ])
  })

  it('a half-hour change moves the opening by half an hour', () => {
    const lordHowe = times('Australia/Lord_Howe', everyDay('09:00', '17:00'))
    expect(nextOpening(lordHowe, at('2026-10-02T12:00Z'), dayMs)).toBe(at('2026-10-02T22:30Z'))
    expect(nextOpening(lordHowe, at('2026-10-03T12:00Z'), dayMs)).toBe(at('2026-10-03T22:00Z'))
  })

  it('evenings behind UTC and mornings ahead of it are open every day of the year', () => {
    const evenings = times('America/Los_Angeles', everyDay('20:00', '22:00'))
    const mornings = times('Pacific/Auckland', everyDay('06:00', '08:00'))
    for (let day = at('2026-01-01T18:30Z'); day < at('2027-01-01'); day += dayMs) {
      expect(isOpen(mornings, day)).toBe(true)
      expect(isOpen(evenings, day + 10 * hourMs)).toBe(true)
    }
  })

  it('a half-hour zone opens at its own half hour', () => {
    const kolkata = times('Asia/Kolkata', weekdaysOnly({ from: '09:00', until: '18:00' }))
    expect(nextOpening(kolkata, at('2026-11-21T00:00Z'), 7 * dayMs)).toBe(at('2026-11-23T03:30Z'))
  })
})

describe('hours of several blocks', () => {
  it('close over lunch, and a night shift of two blocks is one opening', () => {
    const lunch = times(
      'UTC',
      weekdaysOnly({ from: '13:00', until: '17:00' }, { from: '09:00', until: '12:00' }),
    )
    expect(written(lunch, '2026-11-20T00:00Z', '2026-11-24T00:00Z')).toEqual([
      '2026-11-20T09:00Z to 2026-11-20T12:00Z',
      '2026-11-20T13:00Z to 2026-11-20T17:00Z',
      '2026-11-23T09:00Z to 2026-11-23T12:00Z',
      '2026-11-23T13:00Z to 2026-11-23T17:00Z',
    ])
    const night = times('UTC', {
      sunday: [{ from: '22:00', until: '24:00' }],
      monday: [{ from: '00:00', until: '06:00' }],
    })
    expect(written(night, '2026-11-22T00:00Z', '2026-11-24T00:00Z')).toEqual([
      '2026-11-22T22:00Z to 2026-11-23T06:00Z',
    ])
  })

  it('give a lead of Friday 16:58 two minutes that day and the rest on Monday (trap 104)', () => {
    const office = times('Europe/Berlin', weekdaysOnly({ from: '09:00', until: '17:00' }))
    expect(addBusinessMs(office, at('2026-11-20T15:58Z'), 5 * 60_000)).toBe(at('2026-11-23T08:03Z'))
    expect(addBusinessMs(office, at('2026-11-20T15:58Z'), 2 * 60_000)).toBe(at('2026-11-20T16:00Z'))
  })
})
