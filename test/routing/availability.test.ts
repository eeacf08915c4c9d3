import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Candidate, exclusionOf, openingOf } from '../../routing/availability.ts'
import { isOpen } from '../../routing/calendar.ts'
import type { Exclusion, RepLoad } from '../../routing/decision.ts'
import { Rep, type RepInput } from '../../routing/rep.ts'
import { dayMs } from '../../routing/time/zone.ts'
import { anyHours, anyMoment, anyZone } from './time/moments.ts'

const at = Date.parse
const office = [{ from: '09:00', until: '17:00' }]
const officeWeek = { monday: office, tuesday: office, wednesday: office, thursday: office, friday: office }

const repWith = (fields: Partial<RepInput> = {}): Rep =>
  Rep.parse({ id: 'ada', name: 'Ada Fox', email: 'ada@acme.test', zone: 'Europe/Berlin', ...fields })

const idle: RepLoad = { drawnSince: () => 0, open: () => 0 }

/** Load of a rep who drew leads at these times. */
const drawnAt = (...times: string[]): RepLoad => ({
  drawnSince: (since) => times.filter((time) => at(time) >= since).length,
  open: () => 0,
})

function candidate(rep: Rep, now: string, more: Partial<Candidate> = {}): Candidate {
  return { rep, weight: 1, pool: null, load: idle, now: at(now), ...more }
}

const away = (
  rep: Rep,
  now: string,
  more: Partial<Candidate> = {},
): [string, string, string | null] | null => {
  const exclusion = exclusionOf(candidate(rep, now, more))
  if (exclusion === null) return null
  const { code, reason, until } = exclusion
  return [code, reason, until === null ? null : new Date(until).toISOString()]
}

describe('availability', () => {
  it('asks in order: active, weight, leave, holiday, hours, caps', () => {
    // Christmas Day 2026 is a Friday; 20:00 is outside the hours.
    const now = '2026-12-25T19:00Z'
    const everything: Partial<RepInput> = {
      active: false,
      leave: [{ from: '2026-12-21', until: '2026-12-31' }],
      holidays: { country: 'DE' },
      hours: officeWeek,
      caps: { perDay: 1 },
    }
    const load = drawnAt('2026-12-25T08:00Z')
    const codes: (string | undefined)[] = []
    const ask = (weight = 1) => {
      codes.push(exclusionOf(candidate(repWith(everything), now, { weight, load }))?.code)
    }
    ask(0)
    everything.active = true
    ask(0)
    ask()
    everything.leave = []
    ask()
    everything.holidays = null
    ask()
    everything.hours = null
    ask()
    everything.caps = {}
    ask()
    expect(codes).toEqual(['inactive', 'paused', 'leave', 'holiday', 'hours', 'cap', undefined])
  })

  it('says in one sentence why, and until when in the clock of the rep', () => {
    const rep = repWith({ hours: officeWeek, holidays: { country: 'DE' }, caps: { perDay: 2 } })
    expect(away(repWith({ active: false }), '2026-11-20T10:00Z')).toEqual(['inactive', 'is not active', null])
    expect(away(rep, '2026-11-20T10:00Z', { weight: 0 })).toEqual(['paused', 'is paused: weight 0', null])
    expect(away(rep, '2026-11-20T17:30Z')).toEqual([
      'hours',
      'outside working hours until Monday 09:00 Europe/Berlin',
      '2026-11-23T08:00:00.000Z',
    ])
    expect(away(rep, '2026-11-20T06:30Z')?.[1]).toBe('outside working hours until 09:00 Europe/Berlin')
    expect(away(rep, '2026-12-25T10:00Z')?.[1]).toMatch(
      /^on public holiday \(.*christmas.*\) until Monday 09:00 Europe\/Berlin$/i,
    )
    const load = drawnAt('2026-11-20T08:30Z', '2026-11-20T09:00Z', '2026-11-19T09:00Z')
    expect(away(rep, '2026-11-20T10:00Z', { load })).toEqual([
      'cap',
      'has 2 of 2 leads today',
      '2026-11-23T08:00:00.000Z',
    ])
  })

  it('knows no end where no clock brings one', () => {
    expect(away({ ...repWith(), hours: {} }, '2026-11-20T10:00Z')).toEqual([
      'hours',
      'outside working hours',
      null,
    ])
    const load = { drawnSince: () => 9, open: () => 5 }
    const full = repWith({ caps: { open: 5, perDay: 3, perWeek: 9 } })
    expect(away(full, '2026-11-20T10:00Z', { load })).toEqual(['cap', 'has 5 of 5 leads open', null])
    expect(away(repWith({ caps: { perDay: 0 } }), '2026-11-20T10:00Z')).toEqual([
      'cap',
      'has 0 of 0 leads today',
      null,
    ])
    expect(openingOf({ ...candidate(full, '2026-11-20T10:00Z', { load }), horizonMs: dayMs })).toBeNull()
  })

  it('leaves the caps out for somebody who is asked without a load', () => {
    expect(away(repWith({ caps: { perDay: 0 } }), '2026-11-20T10:00Z', { load: null })).toBeNull()
  })
})

describe('leave', () => {
  const rep = repWith({ hours: officeWeek, leave: [{ from: '2026-11-24', until: '2026-11-30' }] })

  it('in dates is whole days of the zone, the last one included', () => {
    const always = repWith({ leave: rep.leave })
    expect(away(always, '2026-11-23T22:59Z')).toBeNull()
    expect(away(always, '2026-11-23T23:00Z')?.[1]).toBe('on leave until 2026-12-01 00:00 Europe/Berlin')
    expect(away(always, '2026-11-30T22:59Z')?.[0]).toBe('leave')
    expect(away(always, '2026-11-30T23:00Z')).toBeNull()
  })

  it('ends for people when the rep is at work again', () => {
    expect(away(rep, '2026-11-25T10:00Z')).toEqual([
      'leave',
      'on leave until 2026-12-01 09:00 Europe/Berlin',
      '2026-12-01T08:00:00.000Z',
    ])
  })

  it('in times is exact', () => {
    const dentist = repWith({
      leave: [{ from: '2026-11-24T10:00:00+01:00', until: '2026-11-24T11:30:00+01:00' }],
    })
    expect(away(dentist, '2026-11-24T08:59Z')).toBeNull()
    expect(away(dentist, '2026-11-24T09:00Z')?.[0]).toBe('leave')
    expect(away(dentist, '2026-11-24T10:29Z')?.[0]).toBe('leave')
    expect(away(dentist, '2026-11-24T10:30Z')).toBeNull()
  })

  it('that follows upon leave is one absence', () => {
    const twice = repWith({
      leave: [
        { from: '2026-11-27', until: '2026-11-30' },
        { from: '2026-11-24', until: '2026-11-26' },
      ],
    })
    expect(away(twice, '2026-11-24T10:00Z')?.[1]).toBe('on leave until 2026-12-01 00:00 Europe/Berlin')
  })

  it('stops draws days before and lets them go on days before its end, as the pool says', () => {
    const pool = { leaveBuffer: { stopDaysBefore: 2, resumeDaysBefore: 1 } }
    const always = repWith({ leave: rep.leave })
    expect(away(always, '2026-11-21T22:59Z', { pool })).toBeNull()
    expect(away(always, '2026-11-21T23:00Z', { pool })?.[1]).toBe(
      'will be on leave from 2026-11-24 00:00 Europe/Berlin, draws stop before it until 2026-11-30 00:00 Europe/Berlin',
    )
    expect(away(always, '2026-11-29T22:59Z', { pool })?.[0]).toBe('leave')
    expect(away(always, '2026-11-29T23:00Z', { pool })).toBeNull()
    // The same rep in a pool without a buffer.
    expect(away(always, '2026-11-22T10:00Z')).toBeNull()
  })

  it('of part of a day has no buffer, leave in times over whole days has one', () => {
    const pool = { leaveBuffer: { stopDaysBefore: 3, resumeDaysBefore: 0 } }
    const hours = { from: '2026-11-26T13:00:00Z', until: '2026-11-27T09:00:00Z' }
    expect(away(repWith({ leave: [hours] }), '2026-11-26T10:00Z', { pool })).toBeNull()
    const days = { from: '2026-11-26T13:00:00Z', until: '2026-12-02T09:00:00Z' }
    expect(away(repWith({ leave: [days] }), '2026-11-24T10:00Z', { pool })?.[0]).toBe('leave')
  })

  it('begins and ends at the midnights of a day of 23 or 25 hours (trap 77)', () => {
    const short = repWith({ leave: [{ from: '2026-03-29', until: '2026-03-29' }] })
    expect(away(short, '2026-03-29T21:59Z')?.[2]).toBe('2026-03-29T22:00:00.000Z')
    expect(away(short, '2026-03-28T22:59Z')).toBeNull()
    const long = repWith({ leave: [{ from: '2026-10-25', until: '2026-10-25' }] })
    expect(away(long, '2026-10-24T22:00Z')?.[2]).toBe('2026-10-25T23:00:00.000Z')
  })
})

describe('caps', () => {
  it('count from midnight and from Monday of the zone where the rep is (trap 77)', () => {
    const kolkata = repWith({ zone: 'Asia/Kolkata', caps: { perDay: 1 } })
    const load = drawnAt('2026-11-20T18:00Z')
    expect(away(kolkata, '2026-11-20T18:29Z', { load })?.[2]).toBe('2026-11-20T18:30:00.000Z')
    expect(away(kolkata, '2026-11-20T18:30Z', { load })).toBeNull()

    const weekly = repWith({ zone: 'America/New_York', caps: { perWeek: 1 } })
    const sunday = drawnAt('2026-11-23T04:59Z')
    expect(away(weekly, '2026-11-23T04:59Z', { load: sunday })).toEqual([
      'cap',
      'has 1 of 1 leads this week',
      '2026-11-23T05:00:00.000Z',
    ])
    expect(away(weekly, '2026-11-23T05:00Z', { load: sunday })).toBeNull()
  })

  it('last 25 hours on the day the clock goes back (trap 77)', () => {
    const rep = repWith({ zone: 'America/New_York', caps: { perDay: 1 } })
    const load = drawnAt('2026-11-01T04:00Z')
    expect(away(rep, '2026-11-02T04:59Z', { load })?.[0]).toBe('cap')
    expect(away(rep, '2026-11-02T05:00Z', { load })).toBeNull()
  })

  it('name the one that lasts longest', () => {
    const rep = repWith({ caps: { perDay: 1, perWeek: 1 } })
    const load = drawnAt('2026-11-18T10:00Z')
    expect(away(rep, '2026-11-18T11:00Z', { load })?.[1]).toBe('has 1 of 1 leads this week')
  })
})

describe('the next opening of a rep', () => {
  const rep = repWith({
    hours: officeWeek,
    holidays: { country: 'DE' },
    leave: [{ from: '2026-12-28', until: '2026-12-31' }],
    caps: { perDay: 1 },
  })
  const next = (now: string, horizonDays: number, load: RepLoad = idle) => {
    const opening = openingOf({ ...candidate(rep, now, { load }), horizonMs: horizonDays * dayMs })
    return opening === null ? null : new Date(opening).toISOString()
  }

  it('is now for somebody who is at work', () => {
    expect(next('2026-12-21T10:00Z', 1)).toBe('2026-12-21T10:00:00.000Z')
  })

  it('goes over week-ends, holidays and leave (trap 78)', () => {
    // Christmas Eve after hours; two holidays, a week-end, leave, New Year, a week-end.
    expect(next('2026-12-24T17:00Z', 30)).toBe('2027-01-04T08:00:00.000Z')
    expect(next('2026-12-24T17:00Z', 10)).toBeNull()
  })

  it('waits for the day after a reached cap', () => {
    expect(next('2026-12-21T10:00Z', 3, drawnAt('2026-12-21T08:30Z'))).toBe('2026-12-22T08:00:00.000Z')
    expect(next('2026-12-21T10:00Z', 0.5, drawnAt('2026-12-21T08:30Z'))).toBeNull()
  })

  it('is never for the inactive and the paused', () => {
    const off = repWith({ active: false })
    expect(openingOf({ ...candidate(off, '2026-12-21T10:00Z'), horizonMs: dayMs })).toBeNull()
    expect(openingOf({ ...candidate(rep, '2026-12-21T10:00Z', { weight: 0 }), horizonMs: dayMs })).toBeNull()
  })
})

const dates = anyMoment.map((moment) => new Date(moment).toISOString().slice(0, 10))
const anyLeave = fc.tuple(dates, fc.integer({ min: 0, max: 12 })).map(([from, days]) => ({
  from,
  until: new Date(at(from) + days * dayMs).toISOString().slice(0, 10),
}))

const anyRep = fc
  .record({
    zone: anyZone,
    hours: fc.option(anyHours, { freq: 6 }),
    holidays: fc.option(fc.constantFrom({ country: 'DE' }, { country: 'US' })),
    leave: fc.array(anyLeave, { maxLength: 4 }),
    caps: fc.record(
      { perDay: fc.constantFrom(0, 1, 2), perWeek: fc.constantFrom(2, 4) },
      { requiredKeys: [] },
    ),
  })
  .map((fields) => repWith(fields))

/** Draws over the two weeks before a moment. */
const anyDraws = fc.array(fc.integer({ min: 0, max: 14 * 24 }), { maxLength: 4 })

const anyCandidate = fc
  .record({ rep: anyRep, now: anyMoment, draws: anyDraws, stop: fc.nat(3), resume: fc.nat(2) })
  .map(({ rep, now, draws, stop, resume }): Candidate => {
    const times = draws.map((hours) => now - hours * 3_600_000)
    return {
      rep,
      weight: 1,
      pool: { leaveBuffer: { stopDaysBefore: stop, resumeDaysBefore: resume } },
      load: { drawnSince: (since) => times.filter((time) => time >= since).length, open: () => 0 },
      now,
    }
  })

describe('for any rep at any time', () => {
  it('nothing excludes at the opening, and something does at every moment before it', () => {
    const horizonMs = 20 * dayMs
    fc.assert(
      fc.property(anyCandidate, fc.double({ min: 0, max: 1, noNaN: true }), (given, share) => {
        const opening = openingOf({ ...given, horizonMs })
        const end = opening ?? given.now + horizonMs
        const before = Math.min(end - 1, given.now + Math.floor(share * (end - given.now)))
        if (before >= given.now) expect(exclusionOf({ ...given, now: before })).not.toBeNull()
        if (opening !== null) expect(exclusionOf({ ...given, now: opening })).toBeNull()
      }),
      { numRuns: 1000 },
    )
  })

  it('an exclusion holds until its end, and at its end the rep is at work', () => {
    fc.assert(
      fc.property(anyCandidate, fc.double({ min: 0, max: 1, noNaN: true }), (given, share) => {
        const exclusion: Exclusion | null = exclusionOf(given)
        if (exclusion === null || exclusion.until === null) return
        const { until } = exclusion
        expect(until).toBeGreaterThan(given.now)
        const between = Math.min(until - 1, given.now + Math.floor(share * (until - given.now)))
        expect(exclusionOf({ ...given, now: between })).not.toBeNull()
        expect(isOpen(given.rep, until)).toBe(true)
        const then = exclusionOf({ ...given, now: until })
        expect(['leave', 'holiday', 'hours']).not.toContain(then?.code)
      }),
      { numRuns: 1000 },
    )
  })
})
