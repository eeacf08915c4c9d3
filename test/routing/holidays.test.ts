import { describe, expect, it } from 'vitest'
import { isOpen } from '../../routing/calendar.ts'
import { checkHolidays, holidayOn } from '../../routing/holidays.ts'
import type { HolidayCalendar } from '../../routing/rep.ts'
import { dayMs } from '../../routing/time/zone.ts'

const on = (calendar: HolidayCalendar, date: string) => holidayOn(calendar, Date.parse(date) / dayMs)

describe('public holidays', () => {
  it('are those of the country, and of the state where one is named', () => {
    expect(on({ country: 'DE' }, '2026-12-25')).toMatch(/christmas/i)
    expect(on({ country: 'DE' }, '2026-03-08')).toBeNull()
    expect(on({ country: 'DE', state: 'BE' }, '2026-03-08')).not.toBeNull()
    expect(on({ country: 'DE', state: 'BY' }, '2026-06-04')).not.toBeNull()
    expect(on({ country: 'DE', state: 'BY', region: 'A' }, '2026-08-08')).not.toBeNull()
    expect(on({ country: 'DE', state: 'BY' }, '2026-08-08')).toBeNull()
    expect(on({ country: 'US' }, '2026-11-26')).toBe('Thanksgiving Day')
  })

  it('follow the moon and Easter from year to year', () => {
    expect(on({ country: 'DE' }, '2026-04-03')).not.toBeNull()
    expect(on({ country: 'DE' }, '2027-04-03')).toBeNull()
    expect(on({ country: 'DE' }, '2027-03-26')).not.toBeNull()
  })

  it('are public ones only: a bank holiday or an observance is a working day', () => {
    expect(on({ country: 'US' }, '2026-11-27')).toBeNull()
    expect(on({ country: 'DE' }, '2026-12-24')).toBeNull()
  })

  it('that begin at sunset take the day after, and half days are working days', () => {
    expect(on({ country: 'IL' }, '2026-04-01')).toBeNull()
    expect(on({ country: 'IL' }, '2026-04-02')).not.toBeNull()
    expect(on({ country: 'TR' }, '2026-03-19')).toBeNull()
    for (const date of ['2026-03-20', '2026-03-21', '2026-03-22'])
      expect(on({ country: 'TR' }, date)).not.toBeNull()
    expect(on({ country: 'TR' }, '2026-03-23')).toBeNull()
    expect(on({ country: 'CN' }, '2026-03-08')).toBeNull()
  })

  it('are found over the turn of the year, whichever side they belong to', () => {
    // New Year of 2022 was a Saturday, and federal offices closed on the Friday before.
    expect(on({ country: 'US' }, '2021-12-31')).not.toBeNull()
    expect(on({ country: 'US' }, '2020-12-31')).toBeNull()
    // The Incwala of Eswatini lasts from 28 December to 2 January.
    expect(on({ country: 'SZ' }, '2027-01-02')).not.toBeNull()
    expect(on({ country: 'SZ' }, '2027-01-03')).toBeNull()
  })

  it('are days of the zone where the rep is, not of the country', () => {
    const remote = { zone: 'America/Los_Angeles', hours: null, holidays: { country: 'DE' } }
    expect(isOpen(remote, Date.parse('2026-12-25T07:59Z'))).toBe(true)
    expect(isOpen(remote, Date.parse('2026-12-25T08:00Z'))).toBe(false)
    expect(isOpen(remote, Date.parse('2026-12-27T07:59Z'))).toBe(false)
    expect(isOpen(remote, Date.parse('2026-12-27T08:00Z'))).toBe(true)
  })
})

describe('the check of a holiday calendar', () => {
  it.each([
    [{ country: 'DE' }],
    [{ country: 'DE', state: 'BE' }],
    [{ country: 'DE', state: 'BY', region: 'A' }],
    [{ country: 'US', state: 'CA' }],
  ])('takes %o', (calendar) => {
    expect(checkHolidays(calendar)).toBeNull()
  })

  it('names an unknown country, state or region and what there is instead', () => {
    expect(checkHolidays({ country: 'XX' })).toBe(
      'no holidays are known for country XX; leave holidays out and enter the days as leave',
    )
    expect(checkHolidays({ country: 'DE', state: 'ZZ' })).toMatch(
      /^state ZZ of DE is not .* use one of BB, BE/,
    )
    expect(checkHolidays({ country: 'DE', state: 'BY', region: 'Q' })).toMatch(
      /^region Q of DE BY .* use one of A, /,
    )
    expect(checkHolidays({ country: 'DE', state: 'BE', region: 'A' })).toMatch(
      /region A of DE BE .* leave it out$/,
    )
    expect(checkHolidays({ country: 'DE', region: 'A' })).toBe('region A needs its state')
  })

  it('is not fooled by names that every object has', () => {
    expect(checkHolidays({ country: 'DE', state: 'constructor' })).not.toBeNull()
    expect(checkHolidays({ country: 'DE', state: 'BY', region: 'toString' })).not.toBeNull()
  })
})
