import { type CellState, finishOf } from '../columns/cell.ts'
import type { Task } from './task.ts'

/** A column that asks for a time that is over runs again after this, in milliseconds: not at once, and again, without end. */
const leastPauseMs = 1_000

/** When a cell is to run again by itself, in epoch milliseconds; null for one that is not. */
export function ringsAt(cell: CellState | undefined): number | null {
  if (cell?.again === undefined) return null
  const finish = finishOf(cell)
  return finish === null || cell.again > finish ? cell.again : finish + leastPauseMs
}

/** When the first cell of a row that comes to rest is to run again by itself, in epoch milliseconds; null for none. */
export function alarmOf(task: Task): number | null {
  // Most rows never have one, and this is asked for every row.
  if (!task.alarming) return null
  let alarmAt: number | null = null
  for (const { name } of task.plan.columns) {
    const at = ringsAt(task.row.cells[name])
    if (at !== null && (alarmAt === null || at < alarmAt)) alarmAt = at
  }
  return alarmAt
}
