import { backfillRule, type CellState, isQuiet } from '../columns/cell.ts'
import type { Run, RunRequest } from '../db/store.ts'
import type { Skip } from './conditions.ts'
import type { PlannedColumn } from './plan.ts'

/** Why a cell of a backlog does not run: it would tell somebody, or start a clock, and the backfill said that it must not. */
export function backfillSkip({ column }: PlannedColumn, { backfill }: Run): Skip | null {
  if (backfill === null) return null
  const { work, clock } = column
  const rule = backfillRule
  if (!backfill.notify && work.effect === 'write' && work.reaches === 'people')
    return { rule, values: {}, reason: 'the row came with a backfill that tells nobody' }
  if (!backfill.startClocks && clock !== null)
    return { rule, values: {}, reason: 'the row came with a backfill that starts no clocks' }
  return null
}

/** A cell that a backfill kept quiet stays so until a run names its column, or asks for effects. */
export function staysQuiet(
  column: PlannedColumn,
  cell: CellState | undefined,
  request: RunRequest | null,
): boolean {
  if (cell === undefined || !isQuiet(cell) || cell.due !== undefined) return false
  return request?.includeEffects !== true && request?.columns?.includes(column.name) !== true
}
