import type { CellState } from '../columns/cell.ts'
import type { Outcome } from '../columns/column.ts'
import type { PlannedColumn } from './plan.ts'
import type { Task } from './task.ts'

/** What a result says beside its value: when the cell runs again by itself, and the service-level clock it stands for. */
export function runAgain(
  task: Task,
  column: PlannedColumn,
  outcome: Extract<Outcome<unknown>, { status: 'done' }>,
  cell: CellState,
): void {
  if (outcome.again !== undefined) {
    cell.again = outcome.again
    task.alarming = true
  }
  const { clock } = column.column
  if (clock !== null) keepClock(task, column, clock(outcome.value))
}

/** A lead whose owner is held is on the clock all the same: nobody has been assigned yet. */
export function startClocks(task: Task, drawn: PlannedColumn): void {
  if (task.run.backfill?.startClocks === false) return
  for (const index of drawn.downstream) {
    const column = task.plan.columns[index]
    if (column === undefined || column.column.clock === null) continue
    if (task.row.cells[column.name] !== undefined) continue
    keepClock(task, column, {
      captured: task.row.occurredAt,
      decided: null,
      assigned: null,
      notified: null,
      accepted: null,
      touched: null,
      state: 'open',
      breached: false,
      rep: null,
      hops: 0,
      businessMs: null,
    })
  }
}

function keepClock(task: Task, column: PlannedColumn, clock: Task['clocks'][number]['clock']): void {
  const others = task.clocks.filter((each) => each.column !== column.name)
  task.clocks = [...others, { column: column.name, clock }]
}
