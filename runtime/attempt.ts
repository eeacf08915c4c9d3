import type { CellContext, Outcome, Reconciliation } from '../columns/column.ts'
import { CallFailure } from '../columns/errors.ts'
import type { Json } from '../columns/json.ts'
import type { Values } from '../db/journal.ts'
import type { Engine } from './engine.ts'
import { resultOf } from './plan.ts'
import { type Execution, recordFailure, recordOutcome, recordReconciled } from './record.ts'
import { cellOf, running, type Task } from './task.ts'

/** An attempt that is ready to leave, once what it stands on is committed. */
export interface Start extends Execution {
  values: Values
  sendId: string
  reconcile: boolean
}

export function contextOf(
  engine: Engine,
  task: Task,
  start: Omit<Start, 'reconcile' | 'values'>,
  signal: AbortSignal,
): CellContext {
  const { column } = start
  return {
    table: task.row.table,
    row: task.row.id,
    column: column.name,
    attempt: (cellOf(task, column)?.attempts ?? 0) + 1,
    get occurredAt() {
      return new Date(task.row.occurredAt).toISOString()
    },
    sendId: start.sendId,
    signal,
    timeoutMs: column.column.timeoutMs,
    fetch: engine.world.fetch,
    now: engine.world.now,
    random: engine.world.random,
    lookup: (table, by, key) => lookUp(engine, table, by, key),
  }
}

async function lookUp(engine: Engine, table: string, by: 'person' | 'account', key: string) {
  const row = await engine.store.findByKey(table, by, key)
  if (row === null) return null
  const values: Record<string, Json> = {}
  for (const [name, cell] of Object.entries(row.cells)) values[name] = resultOf(cell)
  return { id: row.id, input: row.input, values }
}

/**
 * Sends one attempt on its way, within its budget and with a deadline. Whatever comes back after the deadline or a cancel is not
 * applied. `next` is called when the cell has moved.
 */
export function launch(
  engine: Engine,
  task: Task,
  start: Start,
  next: () => void,
  work: Work = perform,
): void {
  const { column } = start
  const controller = new AbortController()
  const { timeoutMs, budget } = column.column
  let timer: NodeJS.Timeout | undefined
  task.flights.set(column.index, controller)

  const land = (record: () => void) => {
    if (timer !== undefined) clearTimeout(timer)
    if (task.flights.get(column.index) !== controller) return
    task.flights.delete(column.index)
    if (task.states[column.index] !== running) return
    record()
    next()
  }
  const fail = (error: unknown) => land(() => recordFailed(engine, task, start, error))
  const go = async () => {
    timer = setTimeout(() => {
      controller.abort(new Error('deadline'))
      fail(
        new CallFailure('timeout', `no answer within ${timeoutMs} ms`, {
          retryable: true,
          outcomeUnknown: column.column.work.effect === 'write' && !start.reconcile,
        }),
      )
    }, timeoutMs)
    return work(start, contextOf(engine, task, start, controller.signal))
  }
  engine.budgets.run(budget, task.lane, go).then(
    (answer) => land(() => recordAnswer(engine, task, start, answer)),
    (error: unknown) => fail(error),
  )
}

type Work = (
  start: Start,
  context: CellContext,
) => Promise<Outcome<unknown> | Reconciliation<unknown>> | Outcome<unknown>

const perform: Work = (start, context) => {
  const { work } = start.column.column
  if (work.effect === 'draw') throw new TypeError('a draw is settled in the store, it is never sent')
  if (work.effect !== 'write') return work.run(start.values, context)
  return start.reconcile ? work.reconcile(start.values, context) : work.send(start.values, context)
}

function recordAnswer(
  engine: Engine,
  task: Task,
  start: Start,
  answer: Outcome<unknown> | Reconciliation<unknown>,
): void {
  if ('status' in answer) recordOutcome(engine, task, start, answer)
  else if (answer.state === 'happened') recordOutcome(engine, task, start, answer.outcome)
  else recordReconciled(engine, task, start, answer)
}

/** A failed read-back tells nothing new: it is tried again, and when it never works the outcome stays unknown. */
function recordFailed(engine: Engine, task: Task, start: Start, error: unknown): void {
  if (!start.reconcile) {
    recordFailure(engine, task, start, error)
    return
  }
  const message = error instanceof Error ? error.message : String(error)
  const last = (cellOf(task, start.column)?.attempts ?? 0) + 1 >= start.column.column.retry.attempts
  const retryable = CallFailure.isInstance(error) && error.retryable
  if (last || !retryable) {
    recordReconciled(engine, task, start, {
      state: 'unknown',
      reason: `the outcome could not be read back: ${message}`,
    })
    return
  }
  recordFailure(
    engine,
    task,
    start,
    new CallFailure('unavailable', message, { retryable: true, outcomeUnknown: true }),
  )
}
