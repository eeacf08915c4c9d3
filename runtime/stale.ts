import { isSettled, isStandIn } from '../columns/cell.ts'
import type { Cells, JournalEntry, Values } from '../db/journal.ts'
import { hasChanged } from './changed.ts'
import type { Engine } from './engine.ts'
import type { TablePlan } from './plan.ts'
import { note, type Task } from './task.ts'

type StaleEntry = Extract<JournalEntry, { kind: 'passed' }>

/** Marks the cells whose inputs a run has changed without running them. Nothing runs by itself on stale. */
export function markStale(engine: Engine, task: Task): void {
  for (const entry of staleCells(task.plan, task.row, engine.world.now())) {
    const column = task.plan.byName.get(entry.column)
    if (column !== undefined && task.executed[column.index] !== 1) note(task, entry)
  }
}

/** The settled cells that would turn out otherwise now, as entries that say so. */
export function staleCells(plan: TablePlan, row: { input: Values; cells: Cells }, at: number): StaleEntry[] {
  return plan.columns.flatMap((column): StaleEntry[] => {
    const cell = row.cells[column.name]
    if (cell === undefined || cell.stale === true || !hasChanged(plan, column, row)) return []
    const reason = 'what it was worked out from has changed'
    return [
      { kind: 'passed', column: column.name, cell: { ...cell, stale: true }, outcome: 'stale', reason, at },
    ]
  })
}

/** After an edit: cells that are stale now, and cells that would again turn out as they are. */
export function editedCells(plan: TablePlan, row: { input: Values; cells: Cells }, at: number): StaleEntry[] {
  const fresh = plan.columns.flatMap((column): StaleEntry[] => {
    const cell = row.cells[column.name]
    if (cell?.stale !== true || !isSettled(cell) || isStandIn(cell)) return []
    if (hasChanged(plan, column, row)) return []
    const { stale: _, ...rest } = cell
    const reason = 'the values are again those it was worked out from'
    return [{ kind: 'passed', column: column.name, cell: rest, outcome: 'unchanged', reason, at }]
  })
  return [...fresh, ...staleCells(plan, row, at)]
}
