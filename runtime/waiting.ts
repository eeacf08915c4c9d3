import { isHeld } from '../columns/cell.ts'
import type { Cells } from '../db/journal.ts'
import type { TablePlan } from './plan.ts'
import type { Task } from './task.ts'
import { settled } from './task.ts'

/** Callers that wait for a row or for one of its cells. */
export interface Waiters {
  /** Resolves with true when `isThere` holds after a change of the row, with false after `timeoutMs`. */
  wait(row: number, isThere: () => boolean, timeoutMs: number): Promise<boolean>
  changed(row: number): void
}

export function createWaiters(): Waiters {
  const waiting = new Map<number, Set<() => void>>()
  return {
    wait(row, isThere, timeoutMs) {
      if (isThere()) return Promise.resolve(true)
      return new Promise((resolve) => {
        const callbacks = waiting.get(row) ?? new Set()
        waiting.set(row, callbacks)
        const stop = (answer: boolean) => {
          clearTimeout(timer)
          callbacks.delete(check)
          if (callbacks.size === 0) waiting.delete(row)
          resolve(answer)
        }
        const check = () => {
          if (isThere()) stop(true)
        }
        const timer = setTimeout(() => stop(false), timeoutMs)
        callbacks.add(check)
      })
    },
    changed(row) {
      for (const check of waiting.get(row) ?? []) check()
    },
  }
}

/** Is this cell settled, and on disk with everything else that became true of the row? */
export function hasSettled(task: Task, column: number | null): boolean {
  return column !== null && task.states[column] === settled && !task.queued && task.entries.length === 0
}

/** Is the row held, so that nothing of it goes on before somebody can be drawn or a person decides? On disk as well. */
export function isAllHeld({ plan, row, states, flights, queued, entries }: Task): boolean {
  if (queued || entries.length > 0 || flights.size > 0) return false
  return isOnlyHeld(plan, row.cells, (index) => states[index] !== settled)
}

/** The same for the open cells of a row, by position: each of them is held, or waits for one that is. */
export function isOnlyHeld(plan: TablePlan, cells: Cells, isOpen: (index: number) => boolean): boolean {
  let some = false
  for (const { name, index, waitsFor } of plan.columns) {
    if (!isOpen(index)) continue
    if (!waitsFor.some(isOpen) && !isHeld(cells[name])) return false
    some = true
  }
  return some
}
