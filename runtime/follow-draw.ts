import type { CellState } from '../columns/cell.ts'
import { staysQuiet } from './backfill.ts'
import type { PlannedColumn } from './plan.ts'
import { cellOf, note, pending, reopen, type Task } from './task.ts'

/**
 * Everything behind a draw that is made anew runs again, effects included, also when the process ends in between. What a backfill kept
 * quiet stays so.
 */
export function followDraw(
  task: Task,
  drawn: PlannedColumn,
  { generation, at }: { generation: number; at: number },
): void {
  const reason = `${drawn.name} is drawn anew`
  for (const index of drawn.downstream) {
    const column = task.plan.columns[index]
    if (column === undefined) continue
    const cell = cellOf(task, column)
    // It is about to run for the first time.
    if (cell === undefined && task.states[index] === pending) continue
    if (staysQuiet(column, cell, task.run.request)) continue
    // Told before, when the draw was asked to be made anew.
    if (cell?.due === generation) continue
    const before: CellState = cell ?? { status: 'idle', attempts: 0 }
    const due = { ...before, due: generation }
    note(task, { kind: 'passed', column: column.name, cell: due, outcome: 'stale', reason, at })
    reopen(task, column)
  }
}
