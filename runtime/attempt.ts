import type { Budget } from '../columns/budget.ts'
import { type CellContext, done, type Outcome, type Reconciliation } from '../columns/column.ts'
import { CallFailure } from '../columns/errors.ts'
import type { Values } from '../db/journal.ts'
import { contextOf } from './context.ts'
import { dropCell } from './drop.ts'
import type { Engine } from './engine.ts'
import { abort, clearTimers, createFlight, type Flight, isOut, startTime } from './flight.ts'
import { recordLate } from './late.ts'
import { ownKeyOf } from './limits/own-key.ts'
import { isOutcome, isReconciliation, noOutcome } from './outcome.ts'
import {
  type Execution,
  firstAttemptAt,
  recordFailure,
  recordOutcome,
  recordReconciled,
  recordTooLate,
  recordWithdrawn,
  triesOf,
} from './record.ts'
import { asFailure, isPatient } from './retry.ts'
import { sentValues } from './sent-values.ts'
import { running, type Task } from './task.ts'
import { beginWaiting } from './within.ts'

/** An attempt that is ready to leave, once what it stands on is committed. */
export interface Start extends Execution {
  values: Values
  sendId: string
  reconcile: boolean
}

type Answer = Outcome<unknown> | Reconciliation<unknown>
/** `sent` gives what an effect left with that is to be read back. */
type Work = (start: Start, context: CellContext, sent: () => Promise<Values>) => Promise<Answer> | Answer

interface Launch {
  next: () => void
  work?: Work
  flight?: Flight
}

/**
 * Sends one attempt on its way, within its budget and with a deadline. Whatever comes back after the deadline or a cancel is not
 * applied, nor what comes when the row no longer waits: that is recorded. `next` is called when the cell has moved.
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
  // What is asked about has gone out, whenever the question does.
  if (start.reconcile) flight.begun = 1
  task.leaving.delete(column.index)
  task.flights.set(column.index, flight)

  const land = (record: () => void) => {
    clearTimers(flight)
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
  const succeed = (answer: Answer) => {
    if (flight.probe && !flight.limited) engine.limits.answered(ownKeyOf(task.plan, column))
    if (engine.late.delete(flight)) recordLate(engine, task, start, { answer })
    land(() => recordAnswer(engine, task, start, answer))
  }
  const fail = (thrown: unknown) => {
    if (flight.refused === null && flight.admitted && !flight.limited)
      engine.limits.failed(ownKeyOf(task.plan, column), thrown, flight.probe)
    const error = flight.refused ?? thrown
    start.credential = engine.limits.keyOf(error)
    if (engine.late.delete(flight)) recordLate(engine, task, start, { error })
    land(() => {
      if (!recordCalledOff(engine, task, { start, flight, error })) recordFailed(engine, task, start, error)
    })
  }
  const giveUp = () => {
    if (task.flights.get(column.index) !== flight || task.states[column.index] !== running) return
    task.flights.delete(column.index)
    const asked = isOut(flight)
    if (asked) engine.late.add(flight)
    else abort(flight, new Error('the row waits no longer'))
    recordTooLate(engine, task, start, { asked })
    next()
  }
  const depart = (late: (error: unknown) => void) => {
    flight.left = true
    if (task.lane === 'bulk') beginWaiting(engine, { start, flight }, giveUp)
    const overdue = () => {
      abort(flight, new Error('deadline'))
      late(deadlineOver(start))
    }
    startTime(flight, column.column.timeoutMs, { elapsed: engine.world.elapsed, overdue })
    const sent = () => sentValues(engine, task, start)
    return answerOf(() => work(start, contextOf(engine, { task, start, flight }), sent))
  }
  if (task.lane === 'live') beginWaiting(engine, { start, flight }, giveUp)
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
  withinBudget(engine, task, { budget, go }).then(succeed, fail)
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
  { lane, order }: Task,
  { budget, go }: { budget: Budget; go: () => Promise<Answer> },
): Promise<Answer> {
  try {
    return engine.budgets.run(budget, { lane, order }, go)
  } catch (error) {
    return Promise.reject(error)
  }
}

const deadlineOver = ({ column, reconcile }: Start) =>
  new CallFailure('timeout', `no answer within ${column.column.timeoutMs} ms`, {
    retryable: true,
    outcomeUnknown: column.column.work.effect === 'write' && !reconcile,
  })

const perform: Work = ({ column, values, reconcile, outdated }, context, sent) => {
  const { work } = column.column
  if (work.effect === 'draw') throw new TypeError('a draw is settled in the store, it is never sent')
  if (work.effect !== 'write') return work.run(values, context)
  if (!reconcile) return work.send(values, context)
  return outdated === true
    ? sent().then((then) => work.reconcile(then, context))
    : work.reconcile(values, context)
}

function recordAnswer(engine: Engine, task: Task, start: Start, answer: unknown): void {
  try {
    if (start.reconcile) recordFound(engine, task, start, answer)
    else recordOutcome(engine, task, start, answer)
  } catch (error) {
    // A schema of the definition may throw, and a column in JavaScript may answer anything.
    recordFailed(engine, task, start, error)
  }
}

/** What is none of the three answers has not read anything back. What happened has happened, whatever is said of it. */
function recordFound(engine: Engine, task: Task, start: Start, found: unknown): void {
  if (!isReconciliation(found)) {
    const message = 'the answer is none of happened, absent and unknown with a reason'
    throw new CallFailure('invalid-output', message, { retryable: false, outcomeUnknown: true })
  }
  if (found.state !== 'happened') recordReconciled(engine, task, start, found)
  else {
    const outcome = isOutcome(found.outcome) ? found.outcome : done(null, { reason: noOutcome })
    recordOutcome(engine, task, start, outcome)
  }
}

/**
 * The run was cancelled, or the runtime stops, while the attempt waited for a turn. Nothing has left, and so nothing is in doubt; what was
 * to be read back stays as it is. False where this is another failure.
 */
function recordCalledOff(
  engine: Engine,
  task: Task,
  { start, flight, error }: { start: Start; flight: Flight; error: unknown },
): boolean {
  const { column, reconcile } = start
  if (!flight.calledOff || (!reconcile && asFailure(error, 'write').outcomeUnknown)) return false
  if (task.cancelled) dropCell(engine, task, column, !reconcile)
  else if (!reconcile) recordWithdrawn(task, column)
  return true
}

/** A failed read-back tells nothing new: it is tried again, and when it never works the outcome stays unknown. */
function recordFailed(engine: Engine, task: Task, start: Start, error: unknown): void {
  if (!start.reconcile) {
    recordFailure(engine, task, start, error)
    return
  }
  const failure = asFailure(error, 'write')
  const { kind, message, retryable, retryAfterMs } = failure
  const last = triesOf(task, start.column) + 1 >= start.column.column.retry.attempts
  const waitedMs = engine.world.now() - firstAttemptAt(task, start)
  if (!isPatient(failure, waitedMs) && (last || !retryable)) {
    const reason = `the outcome could not be read back: ${message}`
    recordReconciled(engine, task, start, { state: 'unknown', reason })
    return
  }
  const again = { retryable: true, outcomeUnknown: true, ...(retryAfterMs !== null && { retryAfterMs }) }
  recordFailure(engine, task, start, new CallFailure(kind, message, again))
}
