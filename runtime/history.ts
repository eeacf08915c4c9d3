import type { Cells, JournalEntry, Values } from '../db/journal.ts'
import type { StoredRow } from '../db/store.ts'
import { declaredValues, type TablePlan } from './plan.ts'

/** A journal entry of a cell, with the inputs the cell saw. */
export interface HistoryEntry {
  entry: Extract<JournalEntry, { cell: unknown }>
  /** Null when the column is no longer defined, so that its inputs are not known. */
  inputs: Values | null
}

/** Replays a row's journal: each entry of a cell together with the inputs as they were at that point. */
export function historyOf(plan: TablePlan, row: StoredRow, entries: readonly JournalEntry[]): HistoryEntry[] {
  const firstEdit = entries.find((entry) => entry.kind === 'edit')
  let input = firstEdit?.kind === 'edit' ? firstEdit.before : row.input
  const cells: Cells = {}
  const history: HistoryEntry[] = []
  for (const entry of entries) {
    if (entry.kind === 'edit') input = entry.after
    if (!('cell' in entry)) continue
    const column = plan.byName.get(entry.column)
    history.push({
      entry,
      inputs: column === undefined ? null : declaredValues(plan, column, { input, cells }),
    })
    cells[entry.column] = entry.cell
  }
  return history
}
