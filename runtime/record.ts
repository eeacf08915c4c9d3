import type { CellError, CellState } from '../columns/cell.ts'
import type { Cost, Work } from '../columns/column.ts'
import { CallFailure } from '../columns/errors.ts'
import type { Json } from '../columns/json.ts'
import type { JournalEntry, Values } from '../db/journal.ts'
import type { Settled } from '../db/store.ts'
import type { Engine } from './engine.ts'
import { followDraw } from './follow-draw.ts'
import { isOutcome, noOutcome, problemOf, problemOfCost } from './outcome.ts'
import {
  type Asked,
  detailOf,
  holdCell,
  isAnotherOwner,
  keepFirst,
  keepStanding,
  keepWord,
} from './owner-cell.ts'
import type { PlannedColumn } from './plan.ts'
import { problemOfRedraw, redrawFor } from './redraw.ts'
import { afterFailure, asFailure } from './retry.ts'
import { runAgain } from './run-again.ts'
import { standInFor } from './stand-in.ts'
import { cellOf, note, pending, settle, type Task } from './task.ts'
import { isTooLate } from './within.ts'

/** One execution of a cell, as far as it is known when it starts. */
export interface Execution {
  column: PlannedColumn
  hash: string
  intended: number
  startedAt: number
  /** The hash is that of an effect sent earlier, and the values have changed since. */
  outdated?: boolean
  /** What the cell had to follow when this execution began. */
  due?: number | undefined
  /** What the column was given, where that is known. */
  values?: Values
  /** When the time of `withinMs` began, epoch ms. */
  firstTryAt?: number | undefined
  /** US dollars that this attempt has taken and not given back. */
  paidUsd?: number
  /** Key of the kept answer it stands on. */
  memo?: string
  /** Key of the credential whose call failed, or was not made. */
  credential?: string | null
}

/** What an attempt cost: as the column says, else what it has taken for its calls. */
export function costOf({ paidUsd }: Execution, cost: Cost | undefined): { cost?: Cost } {
  if (cost !== undefined) return { cost }
  return paidUsd === undefined ? {} : { cost: { usd: Math.max(0, paidUsd) } }
}

function baseOf(
  task: Task,
  { column, hash, intended, startedAt, outdated, due }: Execution,
  now: number,
): CellState {
  const before = cellOf(task, column)
  const cell: CellState = {
    status: 'done',
    attempts: (before?.attempts ?? 0) + 1,
    hash,
    definition: task.plan.definition,
    run: task.run.ordinal,
    startedAt,
    tookMs: now - startedAt,
  }
  if (intended > 1) cell.intended = intended
  if (outdated === true) cell.stale = true
  if (before?.signals !== undefined) cell.signals = before.signals
  // The owner was drawn anew while this was under way.
  if (before?.due !== undefined && before.due !== due) cell.due = before.due
  return cell
}

/** What an effect put out there before the present one, while that one is on its way or has failed. */
export const earlierIn = (cell: CellState | undefined): Json | undefined => cell?.earlier ?? cell?.value

/** What an effect that gave no value leaves in its cell for the next one to know. */
function leaveEarlier(cell: CellState, before: CellState | undefined): void {
  const earlier = earlierIn(before)
  if (earlier !== undefined && earlier !== null) cell.earlier = earlier
}

/** A write that was left for another owner: without a hash it is done by whichever run comes, whatever becomes of the draw. */
function leaveOpen(cell: CellState, found: Json): void {
  delete cell.hash
  cell.status = 'no-result'
  cell.earlier = found
}

/** When the first attempt of this run began, epoch ms. */
export function firstAttemptAt(task: Task, { column, firstTryAt, startedAt }: Execution): number {
  const cell = cellOf(task, column)
  const known = cell?.run === task.run.ordinal ? cell.firstTryAt : undefined
  return known ?? firstTryAt ?? startedAt
}

/**
 * Records a result. A value that its own schema refuses is an error of the column, not a value.
 *
 * @throws {CallFailure} `invalid-output` for what is no outcome: whether an effect happened is not known then.
 */
export function recordOutcome(engine: Engine, task: Task, execution: Execution, outcome: unknown): void {
  const { column } = execution
  const { work, output } = column.column
  const isDoubtful = work.effect === 'write'
  if (!isOutcome(outcome))
    throw new CallFailure('invalid-output', noOutcome, { retryable: false, outcomeUnknown: isDoubtful })
  const problem =
    problemOf(outcome, work.effect === 'write' ? null : output) ?? problemOfRedraw(task, column, outcome)
  const anew = outcome.status === 'done' ? outcome.redraw : undefined
  // What asks for another owner has written nothing.
  const isLeft = work.effect === 'write' && anew !== undefined
  if (problem !== null && (work.effect !== 'write' || isLeft)) {
    recordFailure(engine, task, execution, new CallFailure('invalid-output', problem, { retryable: false }))
    return
  }
  const cell = baseOf(task, execution, engine.world.now())
  if (problem === null && outcome.status === 'done') {
    runAgain(task, column, outcome, cell)
    const { learnt = [] } = outcome
    if (learnt.length > 0) cell.signals = [...(cell.signals ?? []), ...learnt]
  }
  if (outcome.reason !== undefined) cell.reason = outcome.reason
  if (problem !== null) cell.reason = problem
  if (outcome.status === 'no-result') {
    cell.status = 'no-result'
    if (work.effect === 'write') leaveEarlier(cell, cellOf(task, column))
  } else if (isLeft) leaveOpen(cell, outcome.value as Json)
  // The effect has happened, so the cell is done whatever its value is worth.
  else cell.value = problem === null ? (outcome.value as Json) : null
  const detail = detailWith(problem === null ? outcome.detail : undefined, cellOf(task, column))
  if (execution.memo !== undefined) cell.memo = execution.memo
  const entry: JournalEntry = { kind: 'attempt', column: column.name, cell }
  if (detail !== undefined) entry.detail = detail
  const cost = problemOfCost(outcome.cost) === null ? outcome.cost : undefined
  if (cost !== undefined || execution.paidUsd !== undefined) Object.assign(entry, costOf(execution, cost))
  note(task, entry)
  // Somebody else has been drawn since it left: that draw is for the next one to confirm.
  if (work.effect === 'write' && cell.status === 'done' && cell.due === undefined)
    confirmDraws(task, work.confirms)
  finish(task, column, 'ran')
  if (anew !== undefined && problem === null) redrawFor(engine, task, anew)
}

/** A blind effect that was made again says so. */
const detailWith = (detail: object | undefined, before: CellState | undefined): object | undefined =>
  before?.mayRepeat === true ? { ...detail, mayRepeat: true } : detail

function finish(task: Task, column: PlannedColumn, outcome: 'ran' | 'failed'): void {
  const runsAgain = cellOf(task, column)?.due !== undefined
  // What failed and runs again in this run has not failed in it yet.
  if (outcome === 'ran' || !runsAgain) task.counts[outcome] += 1
  task.executed[column.index] = 1
  if (!runsAgain) settle(task, column)
  else task.states[column.index] = pending
}

/** A write that failed for good leaves the lead unowned: the turn is given back, and taken again should the write succeed later. */
function giveBackDraws(task: Task, columns: readonly string[]): void {
  for (const name of columns) {
    const draw = task.row.cells[name]?.draw
    if (draw !== undefined) task.release.push({ draw, reason: 'write_failed' })
  }
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
  task.failures ??= new Map()
  task.failures.set(column.index, failure)
  const cell = baseOf(task, execution, now())
  // A draw anew that failed leaves the earlier one standing; whoever draws next gives it back.
  if (work.effect === 'draw') keepStanding(cell, cellOf(task, column))
  cell.error = { kind: failure.kind, message: String(failure.message), retryable: failure.retryable }
  const before = cellOf(task, column)
  const firstAt = firstAttemptAt(task, execution)
  const attempt = triesOf(task, column) + 1
  const after = afterFailure({
    failure,
    attempt,
    policy: retry,
    effect: work.effect,
    now: now(),
    random: random(),
    firstAt,
    ...withoutAnswer(work),
  })
  if (work.effect === 'write') {
    leaveEarlier(cell, before)
    if (before?.mayRepeat === true) cell.mayRepeat = true
  }
  if (failure.kind === 'crashed')
    engine.log.error({ row: task.row.id, column: column.name, error: failure.cause }, 'a column threw')
  const tries = after.next === 'error' || after.counts ? attempt : attempt - 1
  if (tries > 0) cell.tries = tries
  const { credential = null } = execution
  const waits = (waiting: NonNullable<CellState['waiting']>): CellState => ({
    ...cell,
    firstTryAt: firstAt,
    status: 'waiting',
    waiting: { ...waiting, ...(waiting.on === 'credentials' && credential !== null && { credential }) },
  })
  if (after.next === 'reconcile' && before?.intent !== undefined && work.effect === 'write') {
    const until = now() + Math.max(work.horizonMs, after.pauseMs)
    wait(task, execution, { ...waits({ on: after.on, until }), intent: before.intent })
  } else if (after.next === 'retry' && !isTooLate(execution, after.at)) {
    wait(task, execution, waits({ on: after.on, until: after.at }))
  } else {
    recordEnd(engine, task, execution, { failure, cell, paid: costOf(execution, undefined) })
  }
}

/** A question may have something to say without an answer; where nobody has, the row can wait for the other side. */
function withoutAnswer(work: Work<unknown>): { without?: 'stand-in' | 'wait' } {
  if (work.effect === 'write') return { without: 'wait' }
  if (work.effect !== 'read') return {}
  return { without: work.otherwise === undefined ? 'wait' : 'stand-in' }
}

/** The attempt never left, and this is known: it is made later as if it had not been asked for. */
export function recordWithdrawn(task: Task, column: PlannedColumn): void {
  const {
    intent: _,
    waiting: __,
    ...before
  }: CellState = cellOf(task, column) ?? {
    status: 'idle',
    attempts: 0,
  }
  const cell: CellState = { ...before, status: 'queued', run: task.run.ordinal }
  note(task, { kind: 'attempt', column: column.name, cell })
  task.states[column.index] = pending
}

function wait(task: Task, execution: Execution, cell: CellState): void {
  const { column } = execution
  note(task, { kind: 'attempt', column: column.name, cell, ...costOf(execution, undefined) })
  task.states[column.index] = pending
}

/**
 * Records that the row waits no longer for this cell. `asked`: a call is under way, and what comes of it is recorded by itself, with what
 * it cost.
 */
export function recordTooLate(
  engine: Engine,
  task: Task,
  execution: Execution,
  { asked }: { asked: boolean },
): void {
  const { column } = execution
  const before = cellOf(task, column)
  const within = `within ${column.column.withinMs} ms`
  const last = before?.run === task.run.ordinal ? before.error : undefined
  const [kind, message] =
    asked || last === undefined
      ? (['timeout', asked ? `no answer ${within}` : `its turn did not come ${within}`] as const)
      : ([last.kind, `${last.message}; no other attempt fits ${within}`] as const)
  const known = asked ? undefined : task.failures?.get(column.index)
  const failure = known ?? new CallFailure(kind, message, { retryable: true })
  const cell = baseOf(task, execution, engine.world.now())
  if (!asked) cell.attempts = before?.attempts ?? 0
  cell.error = { kind, message, retryable: true }
  recordEnd(engine, task, execution, { failure, cell, paid: {} })
}

/** No further attempt is made: what stands in for the answer is written, else the error. */
function recordEnd(
  engine: Engine,
  task: Task,
  execution: Execution,
  { failure, cell, paid }: { failure: CallFailure; cell: CellState; paid: { cost?: Cost } },
): void {
  const { column } = execution
  const { work } = column.column
  const instead = standInFor(engine, task, execution, failure)
  if (instead === null) {
    note(task, { kind: 'attempt', column: column.name, cell: { ...cell, status: 'error' }, ...paid })
    if (work.effect === 'write') giveBackDraws(task, work.confirms)
    finish(task, column, 'failed')
    return
  }
  // Without a hash and marked stale: the question is still open, and a run of what is stale asks it again.
  const { error, hash: _, ...base } = cell
  const { status, detail, cost, reason = `${failure.kind}: ${failure.message}` } = instead
  const standing: CellState = { ...base, status, reason, stale: true }
  if (instead.status === 'done') {
    runAgain(task, column, instead, standing)
    standing.value = instead.value as Json
  }
  note(task, {
    kind: 'attempt',
    column: column.name,
    cell: standing,
    detail: { failure: error ?? null, ...detail },
    ...(cost === undefined ? paid : { cost }),
  })
  // The question is still open: a run that tells of it as done would hide that.
  finish(task, column, 'failed')
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
    if (isRepeated(column, before)) {
      // At least once, by the column's word; what goes out now says that it may have gone out before.
      wait(task, execution, { ...before, status: 'queued', run: task.run.ordinal, mayRepeat: true })
      return
    }
    const cell: CellState = { ...baseOf(task, execution, now), status: 'unknown', reason: found.reason }
    leaveEarlier(cell, before)
    if (before.mayRepeat === true) cell.mayRepeat = true
    note(task, { kind: 'attempt', column: column.name, cell: { ...cell, ...(intent && { intent }) } })
    finish(task, column, 'failed')
  } else if (execution.outdated !== true && isOver(task, column, before)) {
    const { kind, message, retryable }: CellError = before.error ?? {
      kind: 'timeout',
      message: 'no answer',
      retryable: true,
    }
    const error = { kind, message: `${message}; reading back shows that it took no effect`, retryable }
    const cell: CellState = { ...baseOf(task, execution, now), status: 'error', error }
    leaveEarlier(cell, before)
    note(task, { kind: 'attempt', column: column.name, cell })
    const { work } = column.column
    if (work.effect === 'write') giveBackDraws(task, work.confirms)
    finish(task, column, 'failed')
  } else {
    // It did not happen: the effect may be sent again, or the one that the values now ask for in its place.
    wait(task, execution, { ...before, status: 'queued', run: task.run.ordinal })
  }
}

/** No further attempt is made of what did not happen. */
const isOver = (task: Task, column: PlannedColumn, { error }: CellState): boolean =>
  error?.retryable === false || triesOf(task, column) >= column.column.retry.attempts

/** Nobody can tell whether it happened, and the column would rather do it twice than not at all. Once: then a person has to look. */
const isRepeated = ({ column: { work } }: PlannedColumn, before: CellState): boolean =>
  work.effect === 'write' && work.whenUnknown === 'repeat' && before.mayRepeat !== true

/** Failed attempts of this run: an earlier run's failures do not use up the retries of this one. */
export function triesOf(task: Task, column: PlannedColumn): number {
  const cell = cellOf(task, column)
  return cell?.run === task.run.ordinal ? (cell.tries ?? 0) : 0
}

/** Records what the ladder decided. The draw and the claim are written by the same transaction. */
export function recordDecision(
  engine: Engine,
  task: Task,
  execution: Execution,
  { decision, draw, asked }: Settled & { asked: Asked },
): void {
  const now = engine.world.now()
  const base = baseOf(task, execution, now)
  const { column } = execution
  const before = cellOf(task, column)
  keepFirst(base, before)
  if (decision.hold !== null) {
    holdCell(task, column, { base, decision, hold: decision.hold, asked })
    return
  }
  const cell: CellState =
    decision.assignment === null
      ? { ...base, status: 'no-result', reason: decision.reason }
      : { ...base, value: { ...decision.assignment }, ...(draw !== null && { draw }) }
  keepWord(cell, asked, now)
  note(task, { kind: 'attempt', column: column.name, cell, detail: detailOf(task, decision, asked) })
  finish(task, column, 'ran')
  if (isAnotherOwner(before, decision.assignment, asked))
    followDraw(task, column, { generation: execution.intended, at: now })
}
