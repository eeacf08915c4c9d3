import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readHeadcount, segmentOfHeadcount } from '../../../routing/segment/headcount.ts'

function segmentOf(text: string): string {
  const count = readHeadcount(text)
  return count === null ? 'missing' : segmentOfHeadcount(count)
}

describe('the borders between the segments', () => {
  test.each([
    ['1', 'SMB'],
    ['199', 'SMB'],
    ['199.5', 'SMB'],
    ['200', 'Mid-Market'],
    ['200.5', 'Mid-Market'],
    ['1000', 'Mid-Market'],
    ['1001', 'Enterprise'],
  ])('%s employees are %s', (text, segment) => {
    expect(segmentOf(text)).toBe(segment)
  })

  test('hold for every whole number in every usual spelling', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400_000 }), (count) => {
        const expected = count < 200 ? 'SMB' : count > 1000 ? 'Enterprise' : 'Mid-Market'
        const grouped = (mark: string) => String(count).replace(/\B(?=(\d{3})+$)/g, mark)
        const spellings = [
          String(count),
          grouped(','),
          grouped('.'),
          grouped("'"),
          grouped('\u202f'),
          grouped(' '),
        ]
        for (const spelling of spellings) {
          for (const text of [
            spelling,
            `~${spelling}`,
            `${spelling}+`,
            `${spelling} employees`,
            `rund ${spelling} Mitarbeiter`,
          ]) {
            expect([text, segmentOf(text)]).toEqual([text, expected])
          }
        }
      }),
    )
  })
})

describe('a head-count', () => {
  test.each([
    ['1,000+', 1000, 1000],
    ['200+', 200, 200],
    ['more than 200', 201, 201],
    ['über 1.000 Mitarbeitende', 1001, 1001],
    ['at least 200', 200, 200],
    ['nearly 200', 199, 199],
    ['<30 (as of February 2021)', 1, 29],
    ['Less than 50', 1, 49],
    ['up to 10 people', 1, 10],
    ['1K', 1000, 1000],
    ['1,5k', 1500, 1500],
    ['10k-50k', 10_000, 50_000],
    ['1-5k', 1000, 5000],
    ['501 – 1000', 501, 1000],
    ['1‐10', 1, 10],
    ['between 1,001 and 5,000 employees', 1001, 5000],
    ['zwischen 50 und 100', 50, 100],
    ['200ish', 200, 200],
    ['１，０００人', 1000, 1000],
    ['1,00,000', 100_000, 100_000],
    ['10000++ employees', 10_000, 10_000],
    ['200 or fewer', 1, 200],
    ['200 or less employees', 1, 200],
    ['200 oder weniger Mitarbeiter', 1, 200],
    ['200 ou moins', 1, 200],
    ['200 max', 1, 200],
    ['200 (max.)', 1, 200],
    ['201..500', 201, 500],
    ['201...500', 201, 500],
    ['201…500', 201, 500],
    ['50 up to 150', 50, 150],
    ['250 or 300', 250, 300],
    ['200/250', 200, 250],
    // Nobody knows which of the two counts people.
    ['250, 40 of them in Berlin', 40, 250],
    ['5,000; 120', 120, 5000],
    ['150 (120 in 2019)', 150, 150],
    ['250 and 300', 250, 300],
  ])('is read from %s', (text, low, high) => {
    expect(readHeadcount(text)).toMatchObject({ low, high })
  })

  test.each([
    ['~150 (2019)', 150],
    ['~150 currently (10/11/2023)', 150],
    ['As of October 2021, the company has around 65 employees.', 65],
    ['Founded in 2015, 40 people', 40],
    ['2 founders and 30 people', 30],
    ['We are 2 founders, 7 permanent employees and 300 freelancing teachers.', 7],
    ['50 people in 25 countries', 50],
    ['a team of 27 across 8 different time zones', 27],
    ['9,000+ colleagues, 28 Fortune 1000 clients', 9000],
    ['[28](https://example.com/about-14-people)', 28],
    ['| Year | Employees | | 2023 | 85 |', 85],
    ['$5M revenue, 30 employees', 30],
    ['120 customers, 12 employees', 12],
  ])('is told from the other numbers in %s', (text, count) => {
    expect(readHeadcount(text)).toMatchObject({ low: count, high: count })
  })

  test.each([
    '',
    '0',
    '0-0',
    '-5',
    '-',
    'unknown',
    'a few',
    'n/a',
    '5000 to 100',
    '1e3',
    '#12',
    '40 customers',
    '100% remote',
    'nearly 1',
    'almost 0.5',
  ])('is missing in "%s"', (text) => {
    expect(readHeadcount(text)).toBeNull()
  })

  test('has the two ends of any range, in any usual spelling', () => {
    const grouped = (count: number, mark: string) => String(count).replace(/\B(?=(\d{3})+$)/g, mark)
    const number = fc.integer({ min: 1, max: 400_000 })
    const mark = fc.constantFrom('', ',', '.', "'", ' ', '\u202f')
    const dash = fc.constantFrom('-', ' - ', '–', ' — ', '..', ' to ', ' bis ', '~')
    const unit = fc.constantFrom('', ' people', ' employees', ' Mitarbeiter', ' salariés', '人')
    fc.assert(
      fc.property(number, number, mark, dash, unit, (one, other, group, between, people) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)]
        const text = `${grouped(low, group)}${between}${grouped(high, group)}${people}`
        expect([text, readHeadcount(text)]).toEqual([text, expect.objectContaining({ low, high })])
      }),
    )
  })

  test('goes from a low to a high end above nothing, for any parts of head-counts', () => {
    const part = fc.oneof(
      fc.nat({ max: 3_000 }).map(String),
      fc.constantFrom(',', '.', '-', '–', ' ', ' ', '+', '/', '~', '(', ')', '%', '$'),
      fc.constantFrom(
        'k',
        ' people',
        ' employees',
        ' founders',
        ' customers',
        ' up to ',
        'more than ',
        '<',
        '>=',
      ),
    )
    let [found, missing] = [0, 0]
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (parts) => {
        const count = readHeadcount(parts.join(''))
        if (count === null) missing += 1
        else {
          found += 1
          expect(count.low).toBeGreaterThanOrEqual(0)
          expect(count.low).toBeLessThanOrEqual(count.high)
          expect(count.high).toBeGreaterThan(0)
          expect(count.text).toMatch(/\d/)
        }
      }),
      { numRuns: 500 },
    )
    expect(found).toBeGreaterThan(0)
    expect(missing).toBeGreaterThan(0)
  })

  test('is looked for in any text at all without an error', () => {
    const point = fc.oneof(fc.nat({ max: 0x7f }), fc.nat({ max: 0x10ffff }))
    const unit = point.map((code) => String.fromCodePoint(code))
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 200 }), (text) => {
        expect(() => readHeadcount(text)).not.toThrow()
      }),
    )
  })
})

describe('a bucket that touches two segments', () => {
  test('is unknown unless the declared policy takes one of its ends', () => {
    for (const [low, high, floor, ceil] of [
      [51, 200, 'SMB', 'Mid-Market'],
      [1000, 5000, 'Mid-Market', 'Enterprise'],
      [1, Number.POSITIVE_INFINITY, 'SMB', 'Enterprise'],
    ] as const) {
      expect(segmentOfHeadcount({ low, high })).toBe('unknown')
      expect(segmentOfHeadcount({ low, high }, 'floor')).toBe(floor)
      expect(segmentOfHeadcount({ low, high }, 'ceil')).toBe(ceil)
    }
  })

  test('is no matter when the whole bucket lies in one segment', () => {
    for (const [text, segment] of [
      ['1-199', 'SMB'],
      ['201-500', 'Mid-Market'],
      ['200-1000', 'Mid-Market'],
      ['1001-5000', 'Enterprise'],
    ] as const) {
      expect([text, segmentOf(text)]).toEqual([text, segment])
    }
  })
})
