import type { Task } from './task.ts'

/** When the first cell of a row that comes to rest is to run again by itself, in epoch milliseconds; null for none. */
export function alarmOf(task: Task): number | null {
  // Most rows never have one, and this is asked for every row.
  if (!task.alarming) return null
  let alarmAt: number | null = null
  for (const { name } of task.plan.columns) {
    const again = task.row.cells[name]?.again
    if (again !== undefined && (alarmAt === null || again < alarmAt)) alarmAt = again
  }
  return alarmAt
}
