import { describe, expect, test } from 'vitest'
import { skipOf } from '../../runtime/conditions.ts'
import { plan, planned, row } from './plain-table.ts'

const when = (wish: Record<string, unknown>) => ({ ...planned('alone'), when: wish })

describe('a condition', () => {
  const given = row({ doubled: { status: 'done', attempts: 1, value: 4 } })

  test('holds for the value, for one of several, and for what a function says', () => {
    for (const wish of [4, [3, 4], (value: unknown) => value === 4]) {
      expect(skipOf(plan, when({ doubled: wish }), given)).toBeNull()
    }
    expect(skipOf(plan, when({ word: null }), given)).toBeNull()
  })

  test('names itself, the value it saw and what it wished for', () => {
    expect(skipOf(plan, when({ doubled: [1, 'two'] }), given)).toEqual({
      rule: 'when doubled one of 1, two',
      values: { doubled: 4 },
      reason: 'doubled is 4, not one of 1, two',
    })
    expect(skipOf(plan, when({ doubled: () => false }), given)?.reason).toBe(
      'doubled is 4, not as its condition wants',
    )
  })

  test('on an object names what it is on, not the whole object', () => {
    const owner = row({ doubled: { status: 'done', attempts: 1, value: { rep: 'ana', previous: [] } } })
    const skip = skipOf(plan, when({ doubled: () => false }), owner)
    expect(skip).toMatchObject({
      reason: 'the condition on doubled is not met',
      values: { doubled: { rep: 'ana' } },
    })
    expect(skipOf(plan, when({ doubled: 'x' }), owner)?.reason).toBe('doubled is not x')
  })

  test('does not see a value that is not done', () => {
    const failed = row({ doubled: { status: 'error', attempts: 1, value: 4 } })
    expect(skipOf(plan, when({ doubled: 4 }), failed)).toMatchObject({ values: { doubled: null } })
  })

  test('shortens a long value', () => {
    const long = row({ doubled: { status: 'done', attempts: 1, value: 'x'.repeat(500) } })
    expect(skipOf(plan, when({ doubled: 1 }), long)?.reason.length).toBeLessThan(100)
  })
})

describe('a need', () => {
  test('is met by any value but null, also by false, zero and empty text', () => {
    for (const value of [0, '', false, []]) {
      expect(
        skipOf(plan, planned('owner'), row({ doubled: { status: 'done', attempts: 1, value } })),
      ).toBeNull()
    }
  })

  test('that is not met says why there is no value', () => {
    const reasonFor = (cell?: 'error' | 'skipped' | 'cancelled' | 'no-result') =>
      skipOf(
        plan,
        planned('owner'),
        row(cell === undefined ? {} : { doubled: { status: cell, attempts: 1 } }),
      )
    expect(reasonFor()).toEqual({
      rule: 'needs doubled',
      values: { doubled: null },
      reason: 'doubled is empty',
    })
    expect(reasonFor('error')?.reason).toBe('doubled has no value (error)')
    expect(reasonFor('skipped')?.reason).toBe('doubled has no value (skipped)')
  })
})
