import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, it } from 'vitest'
import { localText, nearText } from '../../../routing/time/words.ts'
import { clockSpans, dayMs, instantOf, localOf, startOfDay, startOfWeek } from '../../../routing/time/zone.ts'
import { anyMoment, anyZone } from './moments.ts'

const at = Date.parse

describe('clocks of zones', () => {
  it('show the same as Temporal at any moment of any zone', () => {
    fc.assert(
      fc.property(anyZone, anyMoment, (zone, moment) => {
        const there = Temporal.Instant.fromEpochMilliseconds(moment).toZonedDateTimeISO(zone)
        expect(localText(moment, zone)).toBe(
          `${there.toPlainDateTime().toString({ smallestUnit: 'minute' }).replace('T', ' ')} ${zone}`,
        )
      }),
    )
  })

  it('begin a day and a week where Temporal begins them (trap 77)', () => {
    fc.assert(
      fc.property(anyZone, anyMoment, (zone, moment) => {
        const there = Temporal.Instant.fromEpochMilliseconds(moment).toZonedDateTimeISO(zone)
        expect(startOfDay(zone, moment)).toBe(there.startOfDay().epochMilliseconds)
        expect(startOfDay(zone, moment, 1)).toBe(
          there.startOfDay().add({ days: 1 }).startOfDay().epochMilliseconds,
        )
        const monday = there.subtract({ days: there.dayOfWeek - 1 }).startOfDay()
        expect(startOfWeek(zone, moment)).toBe(monday.epochMilliseconds)
        expect(startOfWeek(zone, moment, 1)).toBe(monday.add({ days: 7 }).startOfDay().epochMilliseconds)
      }),
    )
  })

  it.each([
    ['Europe/Berlin', '2026-03-29', 23],
    ['Europe/Berlin', '2026-10-25', 25],
    ['America/New_York', '2026-03-08', 23],
    ['America/New_York', '2026-11-01', 25],
    ['Australia/Lord_Howe', '2026-04-05', 24.5],
    ['Australia/Lord_Howe', '2026-10-04', 23.5],
    ['Asia/Kolkata', '2026-03-29', 24],
    // The island skipped this date when it changed sides of the date line.
    ['Pacific/Apia', '2011-12-30', 0],
  ])('give %s %s its %d hours (trap 77)', (zone, date, hours) => {
    const local = at(date)
    const spans = clockSpans(zone, { from: local, until: local + dayMs })
    expect(spans.reduce((sum, { from, until }) => sum + until - from, 0)).toBe(hours * 3_600_000)
    expect(instantOf(zone, local + dayMs) - instantOf(zone, local)).toBe(hours * 3_600_000)
  })

  it('take the first moment behind a time that is skipped, and the earlier of two', () => {
    expect(instantOf('Europe/Berlin', at('2026-03-29T02:30Z'))).toBe(at('2026-03-29T01:00Z'))
    expect(instantOf('Europe/Berlin', at('2026-10-25T02:30Z'))).toBe(at('2026-10-25T00:30Z'))
    expect(localOf('Australia/Lord_Howe', at('2026-10-03T15:30Z'))).toBe(at('2026-10-04T02:30Z'))
  })

  it('find a span exactly where the clock shows its times, doubled hours included', () => {
    fc.assert(
      fc.property(
        anyZone,
        anyMoment,
        fc.integer({ min: 1, max: 1440 }),
        fc.integer({ min: -40, max: 40 }),
        (zone, moment, minutes, quarters) => {
          const from = Math.floor(localOf(zone, moment) / 60_000) * 60_000
          const probe = moment + quarters * 900_000
          const spans = clockSpans(zone, { from, until: from + minutes * 60_000 })
          const local = localOf(zone, probe)
          expect(spans.some((span) => span.from <= probe && probe < span.until)).toBe(
            local >= from && local < from + minutes * 60_000,
          )
        },
      ),
    )
  })

  it('write a near time short and a far one in full', () => {
    const friday = at('2026-11-20T15:00Z')
    expect(nearText(at('2026-11-20T16:30Z'), 'Europe/Berlin', friday)).toBe('17:30 Europe/Berlin')
    expect(nearText(at('2026-11-23T08:00Z'), 'Europe/Berlin', friday)).toBe('Monday 09:00 Europe/Berlin')
    expect(nearText(at('2026-11-27T08:00Z'), 'Europe/Berlin', friday)).toBe('2026-11-27 09:00 Europe/Berlin')
    expect(nearText(at('2026-11-19T08:00Z'), 'Asia/Kolkata', friday)).toBe('2026-11-19 13:30 Asia/Kolkata')
  })
})
