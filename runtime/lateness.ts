import type { CellState } from '../columns/cell.ts'
import type { Lateness } from '../columns/column.ts'
import { isOutThere } from './choose.ts'
import type { Skip } from './conditions.ts'
import { inTimeSkip } from './in-time.ts'
import type { PlannedColumn } from './plan.ts'
import { cellOf, note, settled, type Task } from './task.ts'

/** Waits for another column to be late. */
const isAwaiting = (cell: CellState | undefined): boolean =>
  cell?.status === 'waiting' && cell.waiting?.on === 'upstream'

/** May a cell that waits for another column to be late be asked again before its time? That column has ended. */
export const isAwaitOver = (task: Task, { awaits }: PlannedColumn, cell: CellState): boolean =>
  awaits !== null && task.states[awaits] === settled && isAwaiting(cell)

/**
 * Asks whether the column that this one stands in for is late. `waits`: not yet, and until when is written down, so that neither a pause
 * nor a restart begins the time anew. Null: it is late, or has ended without a result.
 */
export function askLateness(
  task: Task,
  column: PlannedColumn,
  { intended, at }: { intended: number; at: number },
): Skip | 'waits' | null {
  const { late, awaits } = column
  if (late === null || awaits === null) return null
  if (task.states[awaits] === settled) return inTimeSkip(column, task.row.cells)
  const before = cellOf(task, column)
  if (isAwaiting(before)) return (before?.waiting?.until ?? at) > at ? 'waits' : null
  // Under way already: what it waits for now is a retry, or its own turn.
  const isBegun = before?.run === task.run.ordinal
  if (isBegun && (before?.status === 'waiting' || before?.status === 'queued')) return null
  const present: CellState = before ?? { status: 'idle', attempts: 0 }
  const { stale: _, error: __, skipped: ___, reason: ____, again: _____, ...rest } = present
  const cell: CellState = {
    ...(before !== undefined && isOutThere(column, before) ? rest : bare(present)),
    status: 'waiting',
    waiting: { on: 'upstream', until: at + late.afterMs },
    run: task.run.ordinal,
    ...(intended > 1 && { intended }),
  }
  const reason = `${late.column} is given ${late.afterMs} ms`
  note(task, { kind: 'passed', column: column.name, cell, outcome: 'waiting', reason, at })
  return 'waits'
}

const bare = ({ attempts, signals, due }: CellState) => ({
  attempts,
  ...(signals !== undefined && { signals }),
  ...(due !== undefined && { due }),
})

/** What stood in the cell before it began to wait for a repeat that is not made after all. */
export function standingBefore(cell: CellState | undefined): CellState | undefined {
  if (cell?.value === undefined || !isAwaiting(cell)) return cell
  const { waiting: _, intended = 1, ...rest } = cell
  return { ...rest, ...(intended > 2 && { intended: intended - 1 }), status: 'done' }
}

/** How the column that this one stands in for stands now, null where it stands in for none. */
export function latenessOf(task: Task, { late, awaits }: PlannedColumn): Lateness | null {
  if (late === null || awaits === null) return null
  const cell = task.row.cells[late.column]
  // What an earlier run ended with says nothing while this run is still at it.
  const ended = task.states[awaits] === settled ? endOf(cell) : null
  return { column: late.column, ended, reason: cell?.error?.message ?? cell?.reason ?? null }
}

function endOf(cell: CellState | undefined): Lateness['ended'] {
  switch (cell?.status) {
    case 'error':
    case 'unknown':
    case 'cancelled':
      return cell.status
    default:
      return null
  }
}
