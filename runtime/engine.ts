import type { Store } from '../db/store.ts'
import type { Budgets } from './budgets.ts'
import type { Flight } from './flight.ts'
import type { Limits } from './limits/limits.ts'
import type { Memos } from './memo.ts'
import type { EndOfTask, Task } from './task.ts'

/** Clock, chance, ids and network: handed in from above, so that a test can hold each of them. */
export interface World {
  now(): number
  /** Milliseconds on a clock that never leaps, for spans. */
  elapsed(): number
  random(): number
  /** A new id with this prefix: `row_…`. */
  id(prefix: string): string
  fetch: typeof fetch
}

export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What the work on one row needs from the runtime around it. */
export interface Engine {
  store: Store
  world: World
  log: Log
  budgets: Budgets
  limits: Limits
  memos: Memos
  /** Questions under way whose rows no longer wait for them. */
  late: Set<Flight>
  /** A row whose next step is further away than this leaves memory until then, in milliseconds. */
  parkAfterMs: number
  /** Nothing new starts any more; what has left is waited for. */
  stopping: boolean
  /** Called behind every commit of the row. */
  onProgress(task: Task): void
  /** Called when a row leaves memory; `dueAt` is when a parked one goes on. */
  onEnd(task: Task, how: EndOfTask, dueAt: number | null): void
  /** Called when a row at rest has a cell that is to run again by itself at this time. */
  onAlarm(at: number): void
}
