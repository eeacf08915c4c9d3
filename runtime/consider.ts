import type { CellState } from '../columns/cell.ts'
import type { Values } from '../db/journal.ts'
import type { Settle } from '../db/store.ts'
import { launch, type Start } from './attempt.ts'
import { backfillSkip } from './backfill.ts'
import { isOutThere, type Treatment, treatCell } from './choose.ts'
import { type Skip, skipOf } from './conditions.ts'
import { contextOf } from './context.ts'
import { askedFor, decide } from './decide.ts'
import type { Engine } from './engine.ts'
import { createFlight } from './flight.ts'
import { askLateness, standingBefore } from './lateness.ts'
import { declaredValues, inputHash, type PlannedColumn } from './plan.ts'
import {
  type Execution,
  recordDecision,
  recordFailure,
  recordOutcome,
  recordTooLate,
  triesOf,
} from './record.ts'
import { isOutOfDate } from './redraw.ts'
import { startAgain } from './run-again.ts'
import { cellOf, note, passOver, running, type Task } from './task.ts'
import { firstTryOf, isTooLate } from './within.ts'

/** What one pass over the cells of a row shares. */
export interface Pass {
  /** Decides a draw inside the transaction under way. */
  settle: Settle
  /** Attempts to send once the coming commit is on disk. */
  starts: Start[]
  /** Called when a cell computed in process lands later. */
  next: () => void
  /** Draws decided in this pass, by position; null for none. */
  decided: number[] | null
}

/** Settles one pending cell in process or by a draw, or prepares what it takes from outside. What its code throws is its error. */
export function consider(engine: Engine, task: Task, column: PlannedColumn, pass: Pass): void {
  const at = engine.world.now()
  const before = cellOf(task, column)
  const execution: Execution = {
    column,
    hash: '',
    intended: before?.intended ?? 1,
    startedAt: at,
    due: before?.due,
  }
  try {
    const skip =
      before?.intent === undefined
        ? (skipOf(task.plan, column, task.row) ?? backfillSkip(column, task.run))
        : null
    if (skip !== null) {
      passBy(task, column, skip, at)
      return
    }
    const values = declaredValues(task.plan, column, task.row)
    execution.values = values
    execution.hash = inputHash(column, values)
    const treatment = withNeeds(task, column, treatCell(column, before, execution.hash, task.run))
    if (treatment.do === 'unchanged' || treatment.do === 'keep') {
      leaveAsIs(task, column, treatment, at)
      return
    }
    if (treatment.do === 'run') {
      const late = askLateness(task, column, { intended: treatment.intended, at })
      if (late === 'waits') return
      if (late !== null) {
        passBy(task, column, late, at)
        return
      }
      if (isUnsent(column, before) && isOutOfDate(engine, task, column, pass)) return
      execution.intended = treatment.intended
    }
    execute(engine, task, { execution, values, treatment, pass })
  } catch (error) {
    recordFailure(engine, task, execution, error)
  }
}

/** An effect in doubt is made once more only where its conditions still hold. Else it is asked about, and stays as much in doubt as that leaves it. */
function withNeeds(task: Task, column: PlannedColumn, treatment: Treatment): Treatment {
  const before = cellOf(task, column)
  if (before?.intent === undefined || treatment.do !== 'run') return treatment
  const skip = skipOf(task.plan, column, task.row) ?? backfillSkip(column, task.run)
  if (skip === null) return treatment
  if (before.run !== task.run.ordinal) return { do: 'reconcile' }
  return { do: 'keep', reason: `${skip.reason}; nobody knows what became of what was sent`, stale: true }
}

/** The owner has not been sent yet, for certain: what may have gone out is not taken from anybody. */
const isUnsent = ({ column: { work } }: PlannedColumn, before: CellState | undefined): boolean =>
  work.effect === 'write' &&
  work.confirms.length > 0 &&
  (before?.due !== undefined || (before?.status !== 'done' && before?.intent === undefined))

function leaveAsIs(
  task: Task,
  column: PlannedColumn,
  treatment: Extract<Treatment, { do: 'unchanged' | 'keep' }>,
  at: number,
): void {
  const present: CellState = cellOf(task, column) ?? { status: 'idle', attempts: 0 }
  const { stale: _, due: __, redraw: ___, ...before } = present
  const cell: CellState = { ...before, run: task.run.ordinal }
  const isLetGo = task.run.request?.unpin === true && cell.pinned !== undefined
  if (isLetGo) delete cell.pinned
  if (treatment.do === 'keep' && treatment.stale) cell.stale = true
  else cell.definition = task.plan.definition
  const outcome = treatment.do === 'keep' ? 'kept' : 'unchanged'
  passOver(task, column, { cell, outcome, reason: treatment.reason, at })
  if (isLetGo) startAgain(task, column, at)
}

interface Due {
  execution: Execution
  values: Values
  treatment: Extract<Treatment, { do: 'run' | 'reconcile' }>
  pass: Pass
}

function execute(engine: Engine, task: Task, { execution, values, treatment, pass }: Due): void {
  const { column } = execution
  const { work } = column.column
  task.states[column.index] = running
  execution.firstTryAt = firstTryOf(task, column, execution.startedAt)
  if (isTooLate(execution, execution.startedAt)) {
    recordTooLate(engine, task, execution, { asked: false })
  } else if (work.effect === 'draw') {
    const asked = askedFor(task, column, treatment.do === 'run' ? treatment.release : null)
    const settled = decide(task, pass, { column, work, values, generation: execution.intended, asked })
    recordDecision(engine, task, execution, { ...settled, asked })
  } else if (work.effect === 'none' && column.column.budget === null) {
    compute(engine, task, { ...execution, values, sendId: '', reconcile: false }, pass.next)
  } else {
    pass.starts.push(
      prepare(task, { ...execution, values, sendId: '', reconcile: treatment.do === 'reconcile' }),
    )
  }
}

/** A cell whose conditions do not hold. An owner or an effect that is already out there is kept, and marked stale. */
function passBy(task: Task, column: PlannedColumn, skip: Skip, at: number): void {
  const before = standingBefore(cellOf(task, column))
  const run = task.run.ordinal
  if (before !== undefined && isOutThere(column, before)) {
    const reason = `${skip.reason}; what was done before is kept`
    const { due: _, redraw: __, again: ___, ...rest } = before
    passOver(task, column, { cell: { ...rest, run, stale: true }, outcome: 'kept', reason, at })
    return
  }
  const cell: CellState = {
    status: 'skipped',
    attempts: before?.attempts ?? 0,
    reason: skip.reason,
    skipped: { rule: skip.rule, values: skip.values },
    definition: task.plan.definition,
    run,
    startedAt: at,
    tookMs: 0,
    ...(before?.intended !== undefined && { intended: before.intended }),
    ...(before?.signals !== undefined && { signals: before.signals }),
  }
  passOver(task, column, { cell, outcome: 'skipped', reason: skip.reason, at })
}

/** Work in process: most of it answers at once, and then the row goes on in the same pass. */
function compute(engine: Engine, task: Task, start: Start, next: () => void): void {
  const { column } = start
  const { work } = column.column
  if (work.effect !== 'none') return
  const flight = createFlight()
  const outcome = work.run(start.values, contextOf(engine, { task, start, flight }))
  if (outcome instanceof Promise) launch(engine, task, start, { next, flight, work: () => outcome })
  else recordOutcome(engine, task, start, outcome)
}

/** Writes the intent of an effect into the coming commit, so that it is on disk before the bytes leave. */
function prepare(task: Task, start: Start): Start {
  const { column, hash, intended, startedAt } = start
  if (column.column.work.effect !== 'write') return start
  const before = cellOf(task, column)
  if (start.reconcile && before?.intent !== undefined) {
    const { intent } = before
    // The values may be others by now: what happened, happened with those that were sent, and is read back with them.
    const sent = intent.hash ?? hash
    // What it has to follow since then, it follows with the next one.
    return { ...start, sendId: intent.sendId, hash: sent, outdated: sent !== hash, due: undefined }
  }
  const sendId = `${task.row.id}.${column.name}.${intended}.${hash.slice(0, 8)}`
  const present: CellState = before ?? { status: 'idle', attempts: 0 }
  const { stale: _, waiting: __, error: ___, due: ____, again: _____, ...rest } = present
  const cell: CellState = {
    ...rest,
    status: 'running',
    ...(triesOf(task, column) > 0 && { tries: triesOf(task, column) }),
    ...(intended > 1 && { intended }),
    run: task.run.ordinal,
    startedAt,
    intent: { sendId, attempt: rest.attempts + 1, at: startedAt, hash },
  }
  note(task, { kind: 'intent', column: column.name, cell })
  task.leaving.add(column.index)
  return { ...start, sendId }
}
