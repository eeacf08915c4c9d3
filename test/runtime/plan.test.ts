import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { compute } from '../../columns/compute.ts'
import { defineTable } from '../../columns/table.ts'
import { isStale } from '../../runtime/changed.ts'
import { declaredValues, inputHash, planTable, valueFor } from '../../runtime/plan.ts'
import { plan, planned, row } from './plain-table.ts'

describe('a plan', () => {
  test('knows what each column waits for and what stands behind it', () => {
    expect(plan.columns.map(({ name, upstream, downstream }) => [name, upstream, downstream])).toEqual([
      ['doubled', [], [1, 2]],
      ['owner', [0], [2]],
      ['told', [1], []],
      ['alone', [], []],
    ])
  })

  test('counts a condition as something to wait for, and not as a value the cell sees', () => {
    const table = defineTable('t', { input: z.object({ n: z.number() }) })
      .column('a', compute({ reads: ['n'], run: ({ n }) => n }))
      .column('b', compute({ reads: ['n'], run: ({ n }) => n }), { when: { a: 1 } })
    const [, b] = planTable(table, 1).columns
    expect(b).toMatchObject({ upstream: [0], uses: ['n'] })
  })

  test('confirms at rest the draws that no effect confirms', () => {
    expect(plan.drawnFor.map((each) => each.name)).toEqual(['owner'])
  })
})

describe('a value', () => {
  test('is that of a done cell only, and null where an input is missing', () => {
    for (const status of ['error', 'cancelled', 'unknown', 'skipped'] as const) {
      expect(valueFor(plan, 'doubled', row({ doubled: { status, attempts: 1, value: 4 } }))).toBeNull()
    }
    expect(valueFor(plan, 'doubled', row({ doubled: { status: 'done', attempts: 1, value: 4 } }))).toBe(4)
    expect(valueFor(plan, 'word', row())).toBeNull()
  })

  test('reaches a cell only when it is declared', () => {
    expect(declaredValues(plan, planned('alone'), row({}, { input: { n: 2, word: 'w', other: 1 } }))).toEqual(
      { word: 'w' },
    )
  })
})

describe('the input hash', () => {
  test('changes with a value and with the column, and with nothing else', () => {
    const column = planned('doubled')
    const hash = inputHash(column, { n: 2 })
    expect(inputHash(column, { n: 2 })).toBe(hash)
    expect(inputHash(column, { n: 3 })).not.toBe(hash)
    expect(inputHash({ ...column, column: { ...column.column, version: 'other' } }, { n: 2 })).not.toBe(hash)
    expect(inputHash({ ...column, index: 9, when: { n: 1 } }, { n: 2 })).toBe(hash)
  })

  test('tells null, empty text and zero apart', () => {
    const column = planned('doubled')
    expect(new Set([null, '', 0, '0', false].map((n) => inputHash(column, { n }))).size).toBe(5)
  })
})

describe('stale', () => {
  const column = planned('doubled')
  const hash = inputHash(column, { n: 2 })
  const stale = (more: object) =>
    isStale(plan, column, row({ doubled: { status: 'done', attempts: 1, ...more } }))

  test('is what is marked, and what an earlier definition gave from other values or other code', () => {
    expect(stale({ stale: true, hash, definition: 3 })).toBe(true)
    expect(stale({ hash: 'another', definition: 2 })).toBe(true)
    expect(stale({ hash, definition: 2 })).toBe(false)
    expect(stale({ hash, definition: 3 })).toBe(false)
  })

  test('is nothing that is not settled', () => {
    expect(isStale(plan, column, row())).toBe(false)
    expect(isStale(plan, column, row({ doubled: { status: 'waiting', attempts: 1, stale: true } }))).toBe(
      false,
    )
  })
})
