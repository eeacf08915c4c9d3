import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { CellState } from '../../columns/cell.ts'
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
  const column = { ...planned('doubled'), outdated: { column: 'doubled', ran: [1, 2], skipped: [1] } }
  const stale = (more: Partial<CellState>) => isStale(column, { status: 'done', attempts: 1, ...more })

  test('is what is marked, and what ran under a definition with another column', () => {
    expect(stale({ stale: true, hash: 'h', definition: 3 })).toBe(true)
    expect(stale({ hash: 'h', definition: 2 })).toBe(true)
    expect(stale({ status: 'error', hash: 'h', definition: 2 })).toBe(true)
    expect(stale({ hash: 'h', definition: 3 })).toBe(false)
    expect(stale({ definition: 2 })).toBe(false)
  })

  test('is what was skipped under other conditions, unless a backfill keeps it quiet', () => {
    const skipped = (definition: number, rule = 'needs n') =>
      stale({ status: 'skipped', definition, skipped: { rule, values: {} } })
    expect([skipped(1), skipped(2), skipped(1, 'backfill')]).toEqual([true, false, false])
  })

  test('is nothing that is not settled', () => {
    expect(isStale(column, undefined)).toBe(false)
    expect(stale({ status: 'waiting', stale: true, hash: 'h', definition: 1 })).toBe(false)
  })
})
