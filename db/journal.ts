import type { CellState } from '../columns/cell.ts'
import type { Cost, Signal } from '../columns/column.ts'
import type { Json } from '../columns/json.ts'

export type Values = Record<string, Json>

/**
 * One thing that happened to a row. The journal is the truth; a row's document of cells is the snapshot taken when the row comes
 * to rest. Entries that carry `cell` set that cell, so replaying them over the snapshot gives the present state, and replaying them
 * up to an attempt gives the inputs that the attempt saw: they need no copy of their own.
 */
export type JournalEntry =
  | {
      kind: 'attempt'
      column: string
      cell: CellState
      /** Trace, raw answers, provider reports: whatever explains the value. */
      detail?: object
      cost?: Cost
    }
  /** Written before the bytes of an effect leave. Without a later attempt entry its outcome is unknown. */
  | { kind: 'intent'; column: string; cell: CellState }
  /** A run reached the cell and did not execute it. */
  | {
      kind: 'passed'
      column: string
      cell: CellState
      /** `waiting`: for another column to be late. */
      outcome: 'unchanged' | 'kept' | 'skipped' | 'cancelled' | 'stale' | 'waiting'
      reason: string
      at: number
    }
  /** Somebody told the cell something. */
  | { kind: 'signal'; column: string; cell: CellState; signal: Signal }
  | LateEntry
  /** The same person came again. */
  | { kind: 'touch'; at: number; occurredAt: number; input: Values }
  | { kind: 'edit'; at: number; before: Values; after: Values }

/** What became of a question when the row no longer waited for it. It sets no cell. `run` and `startedAt` are those of its attempt. */
export interface LateEntry {
  kind: 'late'
  column: string
  run: number
  startedAt: number
  at: number
  status: 'done' | 'no-result' | 'error'
  value?: Json
  reason?: string
  detail?: object
  cost?: Cost
}

export type Cells = Record<string, CellState>

/** The cells after the entries, in order. Changes `cells` in place: it belongs to the caller. */
export function applyEntries(cells: Cells, entries: readonly JournalEntry[]): Cells {
  for (const entry of entries) {
    if ('cell' in entry) cells[entry.column] = entry.cell
  }
  return cells
}
