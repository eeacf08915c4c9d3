import fc from 'fast-check'
import type { BusinessCalendar } from '../../../routing/calendar.ts'
import { type WorkingHours, weekdays } from '../../../routing/rep.ts'

/** Zones with every habit: summer time in both halves of the year, half hours, three quarters, no changes, half-hour changes. */
export const anyZone = fc.constantFrom(
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Pacific/Auckland',
  'America/Santiago',
  'Pacific/Apia',
  'Asia/Beirut',
  'UTC',
)

/** Times at which a clock somewhere is set, in the years in question. */
const changes = [
  '2026-03-08T07:00Z',
  '2026-03-29T01:00Z',
  '2026-04-04T15:00Z',
  '2026-04-05T04:00Z',
  '2026-09-06T04:00Z',
  '2026-10-03T15:30Z',
  '2026-10-24T21:00Z',
  '2026-10-25T01:00Z',
  '2026-11-01T06:00Z',
].map((time) => Date.parse(time))

/** A whole second of the years 2024 to 2029, often within two days of a change of clocks. */
export const anyMoment = fc.oneof(
  fc.integer({ min: Date.UTC(2024, 0) / 1000, max: Date.UTC(2030, 0) / 1000 }).map((second) => second * 1000),
  fc
    .tuple(fc.constantFrom(...changes), fc.integer({ min: -2880, max: 2880 }))
    .map(([change, minutes]) => change + minutes * 60_000),
)

const clock = (minute: number) =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`

/** Up to three blocks of a day that do not overlap; they may touch. */
const anyBlocks = fc
  .uniqueArray(fc.integer({ min: 0, max: 1440 }), { maxLength: 6 })
  .map((minutes) => minutes.sort((a, b) => a - b))
  .map((minutes) =>
    minutes.flatMap((from, index) => {
      const until = minutes[index + 1]
      return index % 2 === 0 && until !== undefined ? [{ from: clock(from), until: clock(until) }] : []
    }),
  )

/** Working hours with at least one block in the week. */
export const anyHours: fc.Arbitrary<WorkingHours> = fc
  .tuple(fc.array(anyBlocks, { minLength: 7, maxLength: 7 }), fc.constantFrom(...weekdays))
  .map(([days, sure]) => ({
    ...Object.fromEntries(days.map((blocks, index) => [weekdays[index], blocks])),
    [sure]: [{ from: '09:00', until: '17:00' }],
  }))

/** A calendar of any zone, with and without hours and holidays. */
export const anyCalendar: fc.Arbitrary<BusinessCalendar> = fc.record({
  zone: anyZone,
  hours: fc.option(anyHours, { freq: 6 }),
  holidays: fc.option(fc.constantFrom({ country: 'DE', state: 'BE' }, { country: 'US' })),
})
