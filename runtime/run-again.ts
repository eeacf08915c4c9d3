import type { CellState } from '../columns/cell.ts'
import type { Outcome } from '../columns/column.ts'
import type { Cells, JournalEntry } from '../db/journal.ts'
import type { PlannedColumn, TablePlan } from './plan.ts'
import { note, type Task } from './task.ts'

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

/** The same within a run that lets go of the owner and does not draw anew. */
export function startAgain(task: Task, drawn: PlannedColumn, at: number): void {
  const reason = `${drawn.name} was let go of`
  for (const entry of clocksAgain(drawn, task.plan, task.row.cells, { at, reason })) {
    note(task, entry)
    task.alarming = true
  }
}

/** What follows for the clocks behind an owner who was let go of: they may move the lead again, so they look at once. */
export function clocksAgain(
  drawn: PlannedColumn,
  plan: TablePlan,
  cells: Cells,
  { at, reason }: { at: number; reason: string },
): Extract<JournalEntry, { kind: 'passed' }>[] {
  return drawn.downstream.flatMap((index) => {
    const column = plan.columns[index]
    const cell = column === undefined ? undefined : cells[column.name]
    if (column === undefined || column.column.clock === null || cell?.status !== 'done') return []
    return [
      { kind: 'passed', column: column.name, cell: { ...cell, again: at }, outcome: 'kept', reason, at },
    ]
  })
}

function keepClock(task: Task, column: PlannedColumn, clock: Task['clocks'][number]['clock']): void {
  const others = task.clocks.filter((each) => each.column !== column.name)
  task.clocks = [...others, { column: column.name, clock }]
}
