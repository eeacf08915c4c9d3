import { setTimeout as sleep } from 'node:timers/promises'
import { abort, clearTimers } from './flight.ts'
import type { Task } from './task.ts'

const pollMs = 5
const longestMs = 10_000

/**
 * Ends the work under way: reads are aborted and start anew at the next start, effects that have left are waited for, so that their
 * outcome is known and written. What takes longer than ten seconds is read back at the next start.
 */
export async function drain(tasks: Iterable<Task>): Promise<void> {
  const open = [...tasks]
  for (const task of open) ground(task)
  for (let waitedMs = 0; waitedMs < longestMs; waitedMs += pollMs) {
    if (open.every((task) => task.flights.size === 0 && (task.ended !== null || !task.queued))) return
    await sleep(pollMs)
  }
}

function ground(task: Task): void {
  for (const [index, flight] of task.flights) {
    const isEffect = task.plan.columns[index]?.column.work.effect === 'write'
    if (isEffect && flight.left) continue
    task.flights.delete(index)
    clearTimers(flight)
    abort(flight, new Error('the runtime stops'))
  }
}
