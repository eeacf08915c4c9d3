import { type CellState, isQuiet, isSettled } from '../columns/cell.ts'
import type { Engine } from './engine.ts'
import type { PlannedColumn } from './plan.ts'
import { cellOf, note, passOver, pending, reopen, settle, type Task } from './task.ts'

/** The cells of a cancelled row that came back unfinished after all: a retry or a read-back that nobody waits for now. */
export function dropPending(engine: Engine, task: Task): void {
  for (const column of task.plan.columns) {
    if (task.states[column.index] === pending) dropCell(engine, task, column, false)
  }
}

/** Settles a cell that will not be executed; `withdrawn` says that its attempt was ready and never left. */
export function dropCell(engine: Engine, task: Task, column: PlannedColumn, withdrawn: boolean): void {
  const before: CellState = cellOf(task, column) ?? { status: 'idle', attempts: 0 }
  const cell = { ...droppedCell(before, withdrawn), run: task.run.ordinal }
  passOver(task, column, {
    cell,
    outcome: 'cancelled',
    reason: 'the run was cancelled',
    at: engine.world.now(),
  })
}

/** A result that was there before stays; an effect in doubt stays in doubt; everything else is cancelled. */
function droppedCell(before: CellState, withdrawn: boolean): CellState {
  if (isSettled(before)) return standing(before)
  const { waiting: _, redraw: ___, due: ____, ...rest } = before
  if (before.intent === undefined) return { ...rest, status: 'cancelled' }
  if (!withdrawn) return { ...rest, status: 'unknown' }
  const { intent: __, intended = 1, ...clean } = rest
  // A value can only be the one of an earlier effect, which still stands: this one was to repeat it.
  if (clean.value === undefined) return { ...clean, ...(intended > 1 && { intended }), status: 'cancelled' }
  return { ...clean, ...(intended > 2 && { intended: intended - 1 }), status: 'done' }
}

/** What was to be made anew and is not: nothing does it later unasked. */
function standing(before: CellState): CellState {
  const { redraw, due, ...rest } = before
  return redraw === undefined && due === undefined ? before : { ...rest, stale: true }
}

/**
 * Settles what an earlier definition left unfinished in columns that are no longer there: nobody will ever run them. What they owed the
 * row, the columns that came in their place do. A turn that nothing can confirm any more goes back to the rotation.
 */
export function dropRemoved(engine: Engine, task: Task): void {
  const { plan, row } = task
  const dropped: CellState[] = []
  const inDoubt = Object.values(row.cells).some(({ intent }) => intent !== undefined)
  for (const [column, before] of Object.entries(row.cells)) {
    if (plan.byName.has(column)) continue
    const { draw } = before
    // What is in doubt may confirm it yet; it is asked again when the row is taken up next.
    if (draw !== undefined && !inDoubt)
      task.release.push({ draw, reason: 'column_removed', ifReserved: true })
    if (isSettled(before)) continue
    const cell = { ...droppedCell(before, false), run: task.run.ordinal }
    const reason = 'the column is no longer defined'
    note(task, {
      kind: 'passed',
      column,
      cell: { ...cell, reason },
      outcome: 'cancelled',
      reason,
      at: engine.world.now(),
    })
    dropped.push(before)
  }
  // The run of an insert comes to every column by itself.
  if (task.run.request !== null) inherit(task, dropped)
  else if (standsForAnother(task)) {
    for (const column of plan.columns)
      if (isFelt(column) && cellOf(task, column) === undefined) settle(task, column)
  }
}

/** Somebody outside may have felt already, under a name that is gone, what a column without a cell would do. */
const standsForAnother = ({ plan, row }: Task): boolean =>
  Object.entries(row.cells).some(
    ([name, { status }]) => !plan.byName.has(name) && (status === 'done' || status === 'unknown'),
  )

const isFelt = ({ column: { work, clock } }: PlannedColumn): boolean =>
  work.effect === 'write' || clock !== null

/**
 * A renamed column is one without a cell, which a run by hand need not be about: without this a lead would rest without an owner. No effect
 * is made so, and no clock started, where another name may stand for it already, or a backfill kept one quiet.
 */
function inherit(task: Task, dropped: readonly CellState[]): void {
  const { plan, row } = task
  const owed = dropped.filter(({ status, intent }) => status !== 'idle' && intent === undefined)
  if (owed.length === 0) return
  const isBarred = standsForAnother(task) || Object.values(row.cells).some(isQuiet)
  const reason = 'a column that is no longer defined left its row unfinished'
  for (const column of plan.columns) {
    const { work } = column.column
    if (row.cells[column.name] !== undefined || (isBarred && isFelt(column))) continue
    const cell: CellState = { status: 'queued', attempts: 0, reason }
    if (work.effect === 'draw' && owed.some(({ backfill }) => backfill === true)) cell.backfill = true
    note(task, { kind: 'attempt', column: column.name, cell })
    reopen(task, column)
  }
}
