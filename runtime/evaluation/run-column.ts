import type { CellState } from '../../columns/cell.ts'
import type { CellContext, Cost, Outcome } from '../../columns/column.ts'
import { CallFailure, TableError } from '../../columns/errors.ts'
import type { Json } from '../../columns/json.ts'
import type { Cells, Values } from '../../db/journal.ts'
import { createBudgets } from '../budgets.ts'
import { skipOf } from '../conditions.ts'
import type { Log, World } from '../engine.ts'
import { createLimits } from '../limits/limits.ts'
import { problemOf } from '../outcome.ts'
import { declaredValues, type PlannedColumn, resultOf, type TablePlan } from '../plan.ts'
import { afterFailure, asFailure } from '../retry.ts'
import { type Bench, createBench } from './bench.ts'
import type { Answer, LabelledRow } from './labelled-row.ts'

export interface RunOptions {
  world: Omit<World, 'id'>
  /** Rows under way at once; the column's own budget may allow fewer. */
  concurrency: number
  /** A longer pause before the next attempt ends the row as an error, in milliseconds. */
  longestPauseMs: number
  onAnswer?: (done: number, all: number) => void
}

/**
 * Runs one column over rows with its retries, deadline and budget, and keeps nothing: no store, no other cell, no effect. Conditions of
 * the table (`when`) do not count, because a row in the file is there to be answered. Answers come in the order of the rows.
 *
 * @throws {TableError} `settings-invalid` when a row asks for a connector that is not configured.
 */
export async function runColumn(
  plan: TablePlan,
  column: PlannedColumn,
  rows: readonly LabelledRow[],
  options: RunOptions,
): Promise<Answer[]> {
  const bench = createBench({
    ...options,
    table: plan.table.name,
    budgets: createBudgets(options.world.elapsed),
    limits: createLimits({ world: options.world, log: silent, onCredentials: () => {} }),
  })
  const answers: Answer[] = new Array(rows.length)
  const queue = rows.entries()
  let finished = 0
  let broken = false
  const work = async () => {
    for (const [index, row] of queue) {
      // What no row can mend ends the evaluation: no further row is paid for.
      if (broken) return
      try {
        answers[index] = await answerRow(bench, { plan, column, row })
      } catch (error) {
        broken = true
        throw error
      }
      finished += 1
      options.onAnswer?.(finished, rows.length)
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(options.concurrency, rows.length)) }, work))
  return answers
}

/** Whether a file can try the column out: it draws nothing and changes nothing outside. */
export const isTryable = ({ column: { work } }: PlannedColumn): boolean =>
  work.effect === 'none' || work.effect === 'read'

/** @throws {TableError} `request-invalid` for a column that draws or writes, naming those that can be tried out. */
export function checkTryable(plan: TablePlan, asked: PlannedColumn): void {
  if (isTryable(asked)) return
  const { name, column } = asked
  const does = column.work.effect === 'draw' ? 'takes turns of a rotation' : 'changes the outside world'
  const able = plan.columns.filter(isTryable)
  throw new TableError('request-invalid', `column "${name}" ${does}: it cannot be tried out on a file`, {
    field: 'column',
    value: name,
    wayOut: `evaluate one of: ${able.map((each) => each.name).join(', ')}`,
  })
}

/** What becomes of each row is in its answer. */
const silent: Log = { info() {}, warn() {}, error() {} }

interface Case {
  plan: TablePlan
  column: PlannedColumn
  row: LabelledRow
}

async function answerRow(bench: Bench, { plan, column, row }: Case): Promise<Answer> {
  const cells: Cells = {}
  const seen = { input: { ...row.given }, cells }
  for (const [name, value] of Object.entries(row.given))
    if (plan.byName.has(name) && value !== null) cells[name] = doneWith(value)
  const place = { bench, plan, row }
  for (const earlier of workedOut({ plan, column, row })) {
    const answer = await answerCell(place, earlier, seen)
    if (answer.status === 'error')
      return { ...answer, reason: `${earlier.name}, which it stands on: ${answer.reason}` }
    if (answer.status === 'done') cells[earlier.name] = doneWith(answer.value)
  }
  return answerCell(place, column, seen)
}

const doneWith = (value: Json): CellState => ({ status: 'done', value, attempts: 1 })

/** Earlier columns, in order, that the column stands on, that the file does not hold and that ask nobody. */
function workedOut({ plan, column, row }: Case): PlannedColumn[] {
  const wanted = new Set(column.uses)
  const found: PlannedColumn[] = []
  for (const earlier of plan.columns.slice(0, column.index).reverse()) {
    const isGiven = Object.hasOwn(row.given, earlier.name)
    if (!wanted.has(earlier.name) || isGiven || earlier.column.work.effect !== 'none') continue
    found.push(earlier)
    for (const each of earlier.uses) wanted.add(each)
  }
  return found.reverse()
}

interface Place {
  bench: Bench
  plan: TablePlan
  row: LabelledRow
}

async function answerCell(
  { bench, plan, row }: Place,
  column: PlannedColumn,
  seen: { input: Values; cells: Cells },
): Promise<Answer> {
  const { now } = bench.world
  const startedAt = now()
  const count = { calls: 0, paidUsd: 0 }
  let attempts = 0
  // What failed attempts were charged counts as well; what the last one cost, the column says itself where it can.
  let failedUsd = 0
  const end = ({ cost, ...part }: Part): Answer => ({
    ...part,
    calls: count.calls,
    attempts,
    cost: { ...cost, usd: failedUsd + (cost?.usd ?? Math.max(0, count.paidUsd - failedUsd)) },
    tookMs: now() - startedAt,
  })
  const skip = skipOf(plan, { ...column, when: {} }, seen)
  if (skip !== null) return end(without('skipped', skip.reason))
  const values = declaredValues(plan, column, seen)
  const { withinMs } = column.column
  // A run would let the call go on and record what comes late without applying it: here it ends, and the same answer stands.
  const leftMs = () => (withinMs === null ? Number.POSITIVE_INFINITY : startedAt + withinMs - now())
  for (;;) {
    attempts += 1
    const timeoutMs = Math.min(column.column.timeoutMs, Math.max(0, leftMs()))
    const cell = { row, column, attempt: attempts, timeoutMs }
    try {
      return end(partOf(await bench.attempt(cell, count, (context) => perform(column, values, context))))
    } catch (error) {
      // Nothing that a row could mend: a connector that is not configured, a table that cannot be asked here.
      if (TableError.isInstance(error)) throw error
      failedUsd = Math.max(0, count.paidUsd)
      const failure = asFailure(error, 'read')
      const pauseMs = pauseAfter(failure, { column, attempt: attempts, bench })
      if (pauseMs === null || pauseMs >= leftMs()) return end(otherwise(column, values, failure))
      await bench.pause(pauseMs)
    }
  }
}

type Part = Pick<Answer, 'status' | 'reason' | 'value' | 'detail' | 'standIn'> & { cost: Cost | null }

function partOf(outcome: Outcome<unknown>): Part {
  const { status, reason = null, detail = null, cost = null } = outcome
  const value = resultOf({ status, attempts: 1, ...(status === 'done' && { value: outcome.value as Json }) })
  return { status, reason, detail, cost, value }
}

const without = (status: 'skipped' | 'error', reason: string): Part => ({
  status,
  reason,
  value: null,
  detail: null,
  cost: null,
})

/** What the column says without the other side, else the failure. */
function otherwise({ column }: PlannedColumn, values: Values, failure: CallFailure): Part {
  const { work, output } = column
  const error = without('error', `${failure.kind}: ${failure.message}`)
  if (work.effect !== 'none' && work.effect !== 'read') return error
  const outcome = work.otherwise?.(values, failure) ?? null
  if (outcome === null) return error
  const problem = problemOf(outcome, output)
  return problem === null ? { ...partOf(outcome), standIn: true } : without('error', problem)
}

async function perform(
  { column: { work, output } }: PlannedColumn,
  values: Values,
  context: CellContext,
): Promise<Outcome<unknown>> {
  if (work.effect !== 'none' && work.effect !== 'read') throw new TypeError('only answers are tried out')
  const outcome = await work.run(values, context)
  const problem = problemOf(outcome, output)
  if (problem !== null) throw new CallFailure('invalid-output', problem, { retryable: false })
  return outcome
}

/** Milliseconds until the next attempt, by the retry policy of the column; null when there is none. */
function pauseAfter(
  failure: CallFailure,
  { column, attempt, bench }: { column: PlannedColumn; attempt: number; bench: Bench },
): number | null {
  const { now, random } = bench.world
  const at = now()
  const { retry: policy, work } = column.column
  const after = afterFailure({ failure, attempt, policy, effect: work.effect, now: at, random: random() })
  if (after.next !== 'retry' || after.at - at > bench.longestPauseMs) return null
  return after.at - at
}
