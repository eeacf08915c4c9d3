import { advance } from './advance.ts'
import { dropCell } from './drop.ts'
import type { Engine } from './engine.ts'
import { abort, callOff, isOut, onlyWaits } from './flight.ts'
import { settled, type Task } from './task.ts'

/**
 * Stops a row: nothing new starts, reads are aborted and their late answers ignored, an effect that still waits for its turn is
 * withdrawn. An effect that has left is waited for, so that its outcome is known; between two of its requests it goes no further.
 */
export function cancelTask(engine: Engine, task: Task): void {
  if (task.cancelled || task.ended !== null) return
  task.cancelled = true
  for (const column of task.plan.columns) {
    if (task.states[column.index] === settled) continue
    const flight = task.flights.get(column.index)
    if (flight !== undefined && isOut(flight) && column.column.work.effect === 'write') {
      if (onlyWaits(flight)) callOff(flight, new Error('cancelled'))
      continue
    }
    if (flight !== undefined) abort(flight, new Error('cancelled'))
    task.flights.delete(column.index)
    const isUnsent = task.leaving.delete(column.index)
    dropCell(engine, task, column, flight !== undefined || isUnsent)
  }
  advance(engine, task)
}
