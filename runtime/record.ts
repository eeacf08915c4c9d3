import type { CellError, CellState } from '../columns/cell.ts'
import type { Outcome } from '../columns/column.ts'
import { CallFailure } from '../columns/errors.ts'
import type { Json } from '../columns/json.ts'
import type { Settled } from '../db/store.ts'
import type { Engine } from './engine.ts'
import { problemOf } from './outcome.ts'
import type { PlannedColumn } from './plan.ts'
import { afterFailure, asFailure } from './retry.ts'
import { cellOf, note, pending, settle, type Task } from './task.ts'

/** One execution of a cell, as far as it is known when it starts. */
export interface Execution {
  column: PlannedColumn
  hash: string
  intended: number
  startedAt: number
  /** The hash is that of an effect sent earlier, and the values have changed since. */
  outdated?: boolean
}

function baseOf(
  task: Task,
  { column, hash, intended, startedAt, outdated }: Execution,
  now: number,
): CellState {
  return {
    status: 'done',
    attempts: (cellOf(task, column)?.attempts ?? 0) + 1,
    hash,
    definition: task.plan.definition,
    run: task.run.ordinal,
    startedAt,
    tookMs: now - startedAt,
    ...(intended > 1 && { intended }),
    ...(outdated === true && { stale: true }),
  }
}

/** Records a result. A value that its own schema refuses is an error of the column, not a value. */
export function recordOutcome(
  engine: Engine,
  task: Task,
  execution: Execution,
  outcome: Outcome<unknown>,
): void {
  const { column } = execution
  const { work, output } = column.column
  const problem = problemOf(outcome, work.effect === 'write' ? null : output)
  if (problem !== null && work.effect !== 'write') {
    recordFailure(engine, task, execution, new CallFailure('invalid-output', problem, { retryable: false }))
    return
  }
  const cell = baseOf(task, execution, engine.world.now())
  if (outcome.reason !== undefined) cell.reason = outcome.reason
  if (problem !== null) {
    // The effect has happened, so the cell is done whatever its value is worth.
    cell.value = null
    cell.reason = problem
  } else if (outcome.status === 'done') cell.value = outcome.value as Json
  else cell.status = 'no-result'
  note(task, {
    kind: 'attempt',
    column: column.name,
    cell,
    ...(outcome.detail !== undefined && problem === null && { detail: outcome.detail }),
    ...(outcome.cost !== undefined && { cost: outcome.cost }),
  })
  if (work.effect === 'write' && outcome.status === 'done') confirmDraws(task, work.confirms)
  finish(task, column, 'ran')
}

function finish(task: Task, column: PlannedColumn, outcome: 'ran' | 'failed'): void {
  task.counts[outcome] += 1
  task.executed[column.index] = 1
  settle(task, column)
}

function confirmDraws(task: Task, columns: readonly string[]): void {
  for (const name of columns) {
    const draw = task.row.cells[name]?.draw
    if (draw !== undefined) task.confirm.push(draw)
  }
}

/** Records a failed attempt: it waits for a retry, is read back, or is an error. */
export function recordFailure(engine: Engine, task: Task, execution: Execution, thrown: unknown): void {
  const { column } = execution
  const { now, random } = engine.world
  const { retry, work } = column.column
  const failure = asFailure(thrown, work.effect)
  const cell = baseOf(task, execution, now())
  // A draw anew that failed leaves the earlier one standing; whoever draws next gives it back.
  const standing = cellOf(task, column)?.draw
  if (standing !== undefined) cell.draw = standing
  const tries = triesOf(task, column) + 1
  cell.error = { kind: failure.kind, message: String(failure.message), retryable: failure.retryable }
  const after = afterFailure({
    failure,
    attempt: tries,
    policy: retry,
    effect: work.effect,
    now: now(),
    random: random(),
  })
  const { intent } = cellOf(task, column) ?? {}
  if (failure.kind === 'crashed')
    engine.log.error({ row: task.row.id, column: column.name, error: failure.cause }, 'a column threw')
  if (after.next === 'reconcile' && intent !== undefined && work.effect === 'write') {
    wait(task, column, {
      ...cell,
      tries,
      status: 'waiting',
      waiting: { on: 'callback', until: now() + Math.max(work.horizonMs, after.pauseMs) },
      intent,
    })
  } else if (after.next === 'retry') {
    wait(task, column, { ...cell, tries, status: 'waiting', waiting: { on: after.on, until: after.at } })
  } else {
    note(task, { kind: 'attempt', column: column.name, cell: { ...cell, status: 'error' } })
    finish(task, column, 'failed')
  }
}

function wait(task: Task, column: PlannedColumn, cell: CellState): void {
  note(task, { kind: 'attempt', column: column.name, cell })
  task.states[column.index] = pending
}

/** Records what reading back found about an effect whose outcome was not known. */
export function recordReconciled(
  engine: Engine,
  task: Task,
  execution: Execution,
  found: { state: 'absent' } | { state: 'unknown'; reason: string },
): void {
  const { column } = execution
  const now = engine.world.now()
  const { intent, waiting: _, ...before }: CellState = cellOf(task, column) ?? { status: 'idle', attempts: 0 }
  if (found.state === 'unknown') {
    const cell: CellState = { ...baseOf(task, execution, now), status: 'unknown', reason: found.reason }
    note(task, { kind: 'attempt', column: column.name, cell: { ...cell, ...(intent && { intent }) } })
    finish(task, column, 'failed')
  } else if (before.error?.retryable === false || triesOf(task, column) >= column.column.retry.attempts) {
    const { kind, message, retryable }: CellError = before.error ?? {
      kind: 'timeout',
      message: 'no answer',
      retryable: true,
    }
    const error = { kind, message: `${message}; reading back shows that it took no effect`, retryable }
    const cell: CellState = { ...baseOf(task, execution, now), status: 'error', error }
    note(task, { kind: 'attempt', column: column.name, cell })
    finish(task, column, 'failed')
  } else {
    // It did not happen: the same effect may be sent again.
    wait(task, column, { ...before, status: 'queued', run: task.run.ordinal })
  }
}

/** Failed attempts of this run: an earlier run's failures do not use up the retries of this one. */
export function triesOf(task: Task, column: PlannedColumn): number {
  const cell = cellOf(task, column)
  return cell?.run === task.run.ordinal ? (cell.tries ?? 0) : 0
}

/** Records what the ladder decided. The draw and the claim are written by the same transaction. */
export function recordDecision(engine: Engine, task: Task, execution: Execution, settled: Settled): void {
  const { decision, draw } = settled
  const base = baseOf(task, execution, engine.world.now())
  const cell: CellState =
    decision.assignment === null
      ? { ...base, status: 'no-result', reason: decision.reason }
      : { ...base, value: { ...decision.assignment }, ...(draw !== null && { draw }) }
  const detail = { trace: decision.trace, account: task.row.account }
  note(task, { kind: 'attempt', column: execution.column.name, cell, detail })
  finish(task, execution.column, 'ran')
}
