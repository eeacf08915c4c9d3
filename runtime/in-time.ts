import type { CellState } from '../columns/cell.ts'
import type { Cells } from '../db/journal.ts'
import type { Skip } from './conditions.ts'
import type { PlannedColumn } from './plan.ts'

const ruleOf = (column: string) => `late ${column}`

/** Nothing is late that has come, found nothing, or does not apply to the row. */
const isThere = (cell: CellState | undefined): boolean =>
  cell?.status === 'done' || cell?.status === 'no-result' || cell?.status === 'skipped'

/** Why a column that stands in for a late one does not run: what it stands in for was there. Null for every other column and case. */
export function inTimeSkip({ late }: PlannedColumn, cells: Cells): Skip | null {
  if (late === null) return null
  const awaited = cells[late.column]
  if (!isThere(awaited)) return null
  const reason = awaited?.status === 'skipped' ? 'was skipped' : 'was there in time'
  return { rule: ruleOf(late.column), values: {}, reason: `${late.column} ${reason}` }
}

/** Skipped because nothing was late. */
export const wasInTime = ({ late }: PlannedColumn, cell: CellState): boolean =>
  late !== null && cell.status === 'skipped' && cell.skipped?.rule === ruleOf(late.column)
