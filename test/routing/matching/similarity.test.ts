import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalizeCompanyName } from '../../../routing/company.ts'
import { nameSimilarity } from '../../../routing/matching/similarity.ts'

describe('the likeness of two company names', () => {
  test.each([
    ['Acme Robotics, Inc.', 'ACME Robotics GmbH', 1, 1],
    ['Müller Maschinenbau', 'Mueller Maschinenbau', 0.85, 0.99],
    ['Acme Robotics', 'Acme Robotic', 0.8, 0.95],
    ['Face Book', 'Facebook', 0.95, 0.99],
    ['Robotics Acme', 'Acme Robotics', 0.75, 0.99],
    ['Northwind Logistics', 'Northwnd Logistics', 0.85, 0.99],
    ['Acme', 'Acme Robotics', 0.3, 0.7],
    ['Phoenix Solutions', 'Phoenix Systems', 0.3, 0.7],
    ['Delta Air Lines', 'Delta Faucet', 0, 0.5],
    ['Studio 54', 'Studio 55', 0, 0.5],
    ['Apple', 'Banana', 0, 0.1],
    ['', 'Acme', 0, 0],
    ['🙂', '🙂', 0, 0],
  ])('of "%s" and "%s" lies between %d and %d', (one, other, least, most) => {
    const score = nameSimilarity(one, other)
    expect(score).toBeGreaterThanOrEqual(least)
    expect(score).toBeLessThanOrEqual(most)
  })

  test('is the same both ways, between 0 and 1, and 1 only for the same normalised name', () => {
    const name = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc
        .array(fc.constantFrom('acme', 'acmee', 'robotics', 'Robotic', '54', 'GmbH'), { maxLength: 4 })
        .map((words) => words.join(' ')),
    )
    fc.assert(
      fc.property(name, name, (one, other) => {
        const score = nameSimilarity(one, other)
        expect(score).toBe(nameSimilarity(other, one))
        expect(score).toBeGreaterThanOrEqual(0)
        const same =
          normalizeCompanyName(one) === normalizeCompanyName(other) && normalizeCompanyName(one) !== ''
        if (same) expect(score).toBe(1)
        else expect(score).toBeLessThan(1)
      }),
    )
  })
})
