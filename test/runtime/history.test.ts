import { describe, expect, test } from 'vitest'
import type { JournalEntry } from '../../db/journal.ts'
import { historyOf } from '../../runtime/history.ts'
import { plan, row } from './plain-table.ts'

const attempt = (column: string, value: number, status: 'done' | 'error' = 'done'): JournalEntry => ({
  kind: 'attempt',
  column,
  cell: { status, attempts: 1, value },
})

describe('the history of a row', () => {
  test('shows each attempt with the inputs as they were', () => {
    const entries: JournalEntry[] = [
      attempt('doubled', 4),
      attempt('owner', 1),
      { kind: 'edit', at: 1, before: { n: 2 }, after: { n: 5 } },
      { kind: 'touch', at: 2, occurredAt: 2, input: { n: 9 } },
      attempt('doubled', 10),
      attempt('owner', 2),
    ]
    const history = historyOf(plan, row({}, { input: { n: 5 } }), entries)
    expect(history.map(({ entry, inputs }) => [entry.column, inputs])).toEqual([
      ['doubled', { n: 2 }],
      ['owner', { doubled: 4 }],
      ['doubled', { n: 5 }],
      ['owner', { doubled: 10 }],
    ])
  })

  test('does not show a value of a cell that had failed by then', () => {
    const entries = [attempt('doubled', 4), attempt('doubled', 4, 'error'), attempt('owner', 1)]
    expect(historyOf(plan, row(), entries).at(-1)?.inputs).toEqual({ doubled: null })
  })

  test('keeps what a removed column did, without its inputs', () => {
    expect(historyOf(plan, row(), [attempt('gone', 1)])).toMatchObject([{ inputs: null }])
  })
})
