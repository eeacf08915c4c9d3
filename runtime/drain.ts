import { setTimeout as sleep } from 'node:timers/promises'
import { advance } from './advance.ts'
import type { Engine } from './engine.ts'
import { abort, callOff, clearTimers, onlyWaits } from './flight.ts'
import { recordWithdrawn } from './record.ts'
import type { Task } from './task.ts'

const pollMs = 5
const longestMs = 10_000

/**
 * Ends the work under way: reads are aborted and start anew at the next start, and so do effects that have not left, which is written
 * down. Those that have left are waited for, so that their outcome is known and written. What takes longer than ten seconds is read back
 * at the next start.
 */
export async function drain(engine: Engine, tasks: Iterable<Task>): Promise<void> {
  const open = [...tasks]
  for (const task of open) ground(engine, task)
  for (let waitedMs = 0; waitedMs < longestMs; waitedMs += pollMs) {
    if (open.every((task) => task.flights.size === 0 && (task.ended !== null || !task.queued))) return
    await sleep(pollMs)
  }
}

function ground(engine: Engine, task: Task): void {
  const reason = new Error('the runtime stops')
  for (const [index, flight] of task.flights) {
    const column = task.plan.columns[index]
    const isEffect = column?.column.work.effect === 'write'
    if (isEffect && flight.left) {
      if (onlyWaits(flight)) callOff(flight, reason)
      continue
    }
    task.flights.delete(index)
    clearTimers(flight)
    abort(flight, reason)
    if (!isEffect) continue
    recordWithdrawn(task, column)
    advance(engine, task)
  }
}
