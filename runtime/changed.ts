import { type CellState, isQuiet, isSettled, standsOn } from '../columns/cell.ts'
import type { Cells, Values } from '../db/journal.ts'
import { skipOf } from './conditions.ts'
import { inTimeSkip, wasInTime } from './in-time.ts'
import { declaredValues, inputHash, type PlannedColumn, type TablePlan } from './plan.ts'

type Row = { input: Values; cells: Cells }

/**
 * Would the cell turn out otherwise today? Its values or its column are no longer those that gave the result, or its conditions now say
 * the opposite of what they said then.
 */
export function hasChanged(plan: TablePlan, column: PlannedColumn, row: Row): boolean {
  const cell = row.cells[column.name]
  if (cell === undefined || !isSettled(cell)) return false
  if (isQuiet(cell)) return false
  const skipped = isSkippedNow(plan, column, row)
  if (wasInTime(column, cell) && inTimeSkip(column, row.cells) !== null) return false
  if (cell.status === 'skipped') return skipped === false
  if (cell.hash === undefined) return false
  return skipped === true || cell.hash !== inputHash(column, declaredValues(plan, column, row))
}

/** Null when a condition of the definition throws: then nothing can be said. */
function isSkippedNow(plan: TablePlan, column: PlannedColumn, row: Row): boolean | null {
  try {
    return skipOf(plan, column, row) !== null
  } catch {
    return null
  }
}

/**
 * Stale: marked so by an edit or a run, or given by a definition in which the column was another. The latter is worked out when it is
 * asked for, so a new version marks a million rows without touching one; filters and counts ask the same, see `Outdated`.
 */
export function isStale({ outdated }: PlannedColumn, cell: CellState | undefined): boolean {
  if (cell === undefined || !isSettled(cell)) return false
  if (cell.stale === true) return true
  const definition = standsOn(cell)
  if (definition === null) return false
  return (cell.status === 'skipped' ? outdated.skipped : outdated.ran).includes(definition)
}
