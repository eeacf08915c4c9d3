import { isSettled } from '../columns/cell.ts'
import type { Engine } from './engine.ts'
import { declaredValues, inputHash } from './plan.ts'
import { cellOf, note, type Task } from './task.ts'

/** Marks the cells whose inputs a run has changed without running them. Nothing runs by itself on stale. */
export function markStale(engine: Engine, task: Task): void {
  const at = engine.world.now()
  for (const column of task.plan.columns) {
    const cell = cellOf(task, column)
    if (task.executed[column.index] === 1 || cell?.hash === undefined || !isSettled(cell) || cell.stale)
      continue
    if (cell.hash === inputHash(column, declaredValues(task.plan, column, task.row))) continue
    const reason = 'the values it was worked out from have changed'
    note(task, {
      kind: 'passed',
      column: column.name,
      cell: { ...cell, stale: true },
      outcome: 'stale',
      reason,
      at,
    })
  }
}
