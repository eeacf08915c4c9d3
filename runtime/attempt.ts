import type { Budget, CellContext, Outcome, Reconciliation } from '../columns/column.ts'
import { CallFailure } from '../columns/errors.ts'
import type { Json } from '../columns/json.ts'
import type { Values } from '../db/journal.ts'
import type { Engine, World } from './engine.ts'
import { abort, createFlight, type Flight, signalOf } from './flight.ts'
import { type PlannedColumn, resultOf } from './plan.ts'
import { type Execution, recordFailure, recordOutcome, recordReconciled, triesOf } from './record.ts'
import { asFailure } from './retry.ts'
import { cellOf, running, type Task } from './task.ts'

/** An attempt that is ready to leave, once what it stands on is committed. */
export interface Start extends Execution {
  values: Values
  sendId: string
  reconcile: boolean
}

/** What the column may use. The signal is made when it is first asked for: most work in process never does. */
export function contextOf(
  engine: Engine,
  task: Task,
  start: Pick<Start, 'column' | 'sendId'>,
  flight: Flight,
): CellContext {
  return new AttemptContext(engine, task, start, flight)
}

/** A class for its prototype alone: one is made for every attempt, and a literal would make each accessor anew. */
class AttemptContext implements CellContext {
  readonly #engine: Engine
  readonly #task: Task
  readonly #column: PlannedColumn
  readonly #flight: Flight
  readonly fetch: World['fetch']
  readonly sendId: string
  readonly attempt: number

  constructor(engine: Engine, task: Task, start: Pick<Start, 'column' | 'sendId'>, flight: Flight) {
    this.#engine = engine
    this.#task = task
    this.#column = start.column
    this.#flight = flight
    this.fetch = engine.world.fetch
    this.sendId = start.sendId
    this.attempt = (cellOf(task, start.column)?.attempts ?? 0) + 1
  }

  get table() {
    return this.#task.row.table
  }
  get row() {
    return this.#task.row.id
  }
  get column() {
    return this.#column.name
  }
  get occurredAt() {
    return new Date(this.#task.row.occurredAt).toISOString()
  }
  get receivedAt() {
    return new Date(this.#task.row.createdAt).toISOString()
  }
  get signal() {
    return signalOf(this.#flight)
  }
  get timeoutMs() {
    return this.#column.column.timeoutMs
  }
  get signals() {
    return cellOf(this.#task, this.#column)?.signals ?? []
  }
  finishedAt(column: string, which?: 'first'): number | null {
    const cell = this.#task.row.cells[column]
    if (which === 'first' && cell?.firstAt !== undefined) return cell.firstAt
    if (cell?.status !== 'done' || cell.startedAt === undefined) return null
    return cell.startedAt + (cell.tookMs ?? 0)
  }
  isPinned(column: string): boolean {
    return this.#task.row.cells[column]?.pinned !== undefined
  }
  get now() {
    return this.#engine.world.now
  }
  get random() {
    return this.#engine.world.random
  }
  get lookup(): CellContext['lookup'] {
    return (table, by, key) => lookUp(this.#engine, { table, by, key })
  }
}

async function lookUp(
  engine: Engine,
  { table, by, key }: { table: string; by: 'person' | 'account'; key: string },
) {
  const found = await engine.store.lookUp(table, by, key)
  if (found === null) return null
  const values: Record<string, Json> = {}
  for (const [name, cell] of Object.entries(found.cells)) values[name] = resultOf(cell)
  return { id: found.id, input: found.input, values }
}

type Answer = Outcome<unknown> | Reconciliation<unknown>
type Work = (start: Start, context: CellContext) => Promise<Answer> | Answer

interface Launch {
  next: () => void
  work?: Work
  flight?: Flight
}

/**
 * Sends one attempt on its way, within its budget and with a deadline. Whatever comes back after the deadline or a cancel is not
 * applied. `next` is called when the cell has moved.
 */
export function launch(
  engine: Engine,
  task: Task,
  start: Start,
  { next, work = perform, flight = createFlight() }: Launch,
): void {
  const { column } = start
  const { budget } = column.column
  flight.left = start.reconcile
  task.flights.set(column.index, flight)

  const land = (record: () => void) => {
    if (flight.timer !== null) clearTimeout(flight.timer)
    if (task.flights.get(column.index) !== flight) return
    task.flights.delete(column.index)
    if (flight.landed !== null) {
      flight.landed()
      return
    }
    if (task.states[column.index] !== running) return
    record()
    next()
  }
  const succeed = (answer: Answer) => land(() => recordAnswer(engine, task, start, answer))
  const fail = (error: unknown) => land(() => recordFailed(engine, task, start, error))
  const depart = (late: (error: unknown) => void) => {
    flight.left = true
    flight.timer = setTimeout(() => {
      abort(flight, new Error('deadline'))
      late(deadlineOver(start))
    }, column.column.timeoutMs)
    return answerOf(() => work(start, contextOf(engine, task, start, flight)))
  }
  if (budget === null) {
    depart(fail).then(succeed, fail)
    return
  }
  // The deadline ends this promise too, whatever the work does, so that a call that hangs gives its place in the budget back.
  const go = () =>
    new Promise<Answer>((resolve, reject) => {
      // The run was cancelled, or the runtime stopped, while this waited for its budget.
      if (task.flights.get(column.index) !== flight) resolve({ status: 'no-result', reason: 'withdrawn' })
      else depart(reject).then(resolve, reject)
    })
  withinBudget(engine, budget, { lane: task.lane, go }).then(succeed, fail)
}

/** Rejects where the work throws. */
function answerOf(work: () => Promise<Answer> | Answer): Promise<Answer> {
  try {
    return Promise.resolve(work())
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Rejects, rather than throws, when the budget itself cannot be kept: a concurrency of zero, say. */
function withinBudget(
  engine: Engine,
  budget: Budget,
  { lane, go }: { lane: Task['lane']; go: () => Promise<Answer> },
): Promise<Answer> {
  try {
    return engine.budgets.run(budget, lane, go)
  } catch (error) {
    return Promise.reject(error)
  }
}

const deadlineOver = ({ column, reconcile }: Start) =>
  new CallFailure('timeout', `no answer within ${column.column.timeoutMs} ms`, {
    retryable: true,
    outcomeUnknown: column.column.work.effect === 'write' && !reconcile,
  })

const perform: Work = ({ column, values, reconcile }, context) => {
  const { work } = column.column
  if (work.effect === 'draw') throw new TypeError('a draw is settled in the store, it is never sent')
  if (work.effect !== 'write') return work.run(values, context)
  return reconcile ? work.reconcile(values, context) : work.send(values, context)
}

function recordAnswer(
  engine: Engine,
  task: Task,
  start: Start,
  answer: Outcome<unknown> | Reconciliation<unknown>,
): void {
  try {
    if ('status' in answer) recordOutcome(engine, task, start, answer)
    else if (answer.state === 'happened') recordOutcome(engine, task, start, answer.outcome)
    else recordReconciled(engine, task, start, answer)
  } catch (error) {
    // A schema of the definition may throw, and a column in JavaScript may answer anything.
    recordFailed(engine, task, start, error)
  }
}

/** A failed read-back tells nothing new: it is tried again, and when it never works the outcome stays unknown. */
function recordFailed(engine: Engine, task: Task, start: Start, error: unknown): void {
  if (!start.reconcile) {
    recordFailure(engine, task, start, error)
    return
  }
  const { kind, message, retryable, retryAfterMs } = asFailure(error, 'write')
  const last = triesOf(task, start.column) + 1 >= start.column.column.retry.attempts
  if (last || !retryable) {
    const reason = `the outcome could not be read back: ${message}`
    recordReconciled(engine, task, start, { state: 'unknown', reason })
    return
  }
  const again = { retryable: true, outcomeUnknown: true, ...(retryAfterMs !== null && { retryAfterMs }) }
  recordFailure(engine, task, start, new CallFailure(kind, message, again))
}
