import type { CellState } from '../columns/cell.ts'
import { advance } from './advance.ts'
import type { Engine } from './engine.ts'
import { cellOf, passOver, running, settled, type Task } from './task.ts'

/** Stops a row: nothing new starts, reads are aborted and their late answers ignored; an effect under way is waited for. */
export function cancelTask(engine: Engine, task: Task): void {
  if (task.cancelled || task.ended) return
  task.cancelled = true
  const at = engine.world.now()
  for (const column of task.plan.columns) {
    const state = task.states[column.index]
    const inDoubt = task.flights.has(column.index) && column.column.work.effect === 'write'
    if (state === settled || inDoubt || (state === running && column.column.work.effect === 'draw')) continue
    task.flights.get(column.index)?.abort(new Error('cancelled'))
    task.flights.delete(column.index)
    const { waiting: _, ...before }: CellState = cellOf(task, column) ?? { status: 'idle', attempts: 0 }
    const cell: CellState = {
      ...before,
      status: before.intent === undefined ? 'cancelled' : 'unknown',
      run: task.run.ordinal,
    }
    passOver(task, column, { cell, outcome: 'cancelled', reason: 'the run was cancelled', at })
  }
  advance(engine, task)
}
