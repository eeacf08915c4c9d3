import type { Engine } from './engine.ts'
import type { Flight } from './flight.ts'
import type { PlannedColumn } from './plan.ts'
import type { Execution } from './record.ts'
import { cellOf, type Task } from './task.ts'

/** A longer one would overflow the timer and fire at once. */
const longestMs = 2 ** 31 - 1

/**
 * When the time of `withinMs` began: with the first attempt of this run. A live lead also waits while its call waits for a budget; a
 * bulk row keeps nobody waiting, so for it the time begins when the call leaves.
 */
export function firstTryOf(task: Task, column: PlannedColumn, startedAt: number): number | undefined {
  if (column.column.withinMs === null) return undefined
  const cell = cellOf(task, column)
  if (cell?.run === task.run.ordinal && cell.firstTryAt !== undefined) return cell.firstTryAt
  return task.lane === 'live' ? startedAt : undefined
}

/** Would the row not wait any more at this time (epoch ms)? */
export function isTooLate({ column, firstTryAt }: Execution, at: number): boolean {
  const { withinMs } = column.column
  return withinMs !== null && firstTryAt !== undefined && at >= firstTryAt + withinMs
}

/** Calls `giveUp` when the row stops waiting for this attempt; never for a column without `withinMs`. */
export function beginWaiting(
  engine: Engine,
  { start, flight }: { start: Execution; flight: Flight },
  giveUp: () => void,
): void {
  const { withinMs } = start.column.column
  if (withinMs === null) return
  const now = engine.world.now()
  start.firstTryAt ??= now
  const leftMs = Math.min(Math.max(0, start.firstTryAt + withinMs - now), longestMs)
  flight.giveUp = giveUp
  flight.patience = setTimeout(giveUp, leftMs)
}

/** A bulk row waits for the turn of its call as long as that takes: the time goes on when the returned function is called. */
export function pauseWaiting(
  engine: Engine,
  { start, flight }: { start: Execution; flight: Flight },
): () => void {
  const { patience, giveUp } = flight
  if (patience === null || giveUp === null || start.firstTryAt === undefined) return () => {}
  clearTimeout(patience)
  flight.patience = null
  const { firstTryAt } = start
  const from = engine.world.now()
  return () => {
    start.firstTryAt = firstTryAt + Math.max(0, engine.world.now() - from)
    if (flight.giveUp !== null) beginWaiting(engine, { start, flight }, giveUp)
  }
}
