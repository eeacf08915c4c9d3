import { isHeld } from '../columns/cell.ts'
import type { RowStep, Settle } from '../db/store.ts'
import { alarmOf } from './alarm-of.ts'
import { launch, type Start } from './attempt.ts'
import { consider, type Pass } from './consider.ts'
import { dropPending } from './drop.ts'
import type { Engine } from './engine.ts'
import { abort, isOut } from './flight.ts'
import { isAwaitOver } from './lateness.ts'
import type { PlannedColumn } from './plan.ts'
import { markStale } from './stale.ts'
import { cellOf, type EndOfTask, hasCounted, noCounts, pending, running, settled, type Task } from './task.ts'

const refusedStep = 'the store refused a step; the row is read again and goes on from what is on disk'
const brokenOff = 'the work on a row broke off; the row is read again'

/** A longer one would overflow the timer and fire at once. */
const longestPauseMs = 2 ** 31 - 1

/** What follows once a step is on disk. */
interface After {
  starts: Start[]
  end: 'rest' | 'parked' | null
  dueAt: number | null
  alarmAt: number | null
  /** Something is left for a commit of its own. */
  more: boolean
}

const nothing: After = { starts: [], end: null, dueAt: null, alarmAt: null, more: false }

/**
 * Starts the work on a row that came from the store. All that is known of it is on disk, so what only asks outside stands on nothing
 * that is still to be written: it leaves at once, and no commit is waited for unless something else is due.
 */
export function begin(engine: Engine, task: Task): void {
  if (task.cancelled || engine.stopping) {
    advance(engine, task)
    return
  }
  const pass: Pass = { starts: [], settle: notHere, next: () => advance(engine, task), decided: null }
  let others = false
  for (const column of task.plan.columns) {
    if (!isNext(task, column)) continue
    const isRead = column.column.work.effect === 'read' && dueAt(engine, task, column) <= engine.world.now()
    if (isRead) consider(engine, task, column, pass)
    else others = true
  }
  for (const start of pass.starts) launch(engine, task, start, pass)
  if (others || task.entries.length > 0 || pass.starts.length === 0) advance(engine, task)
}

const refuse = () => {
  throw new TypeError('a draw is decided inside a transaction')
}
const notHere: Settle = Object.assign(refuse, { view: refuse })

/**
 * Moves a row on with the coming commit: everything that can be settled is settled inside it, and the attempts that stand on it leave
 * once it is on disk. Called whenever an attempt lands or a pause is over; calls before the commit count as one.
 */
export function advance(engine: Engine, task: Task): void {
  if (task.queued || task.ended !== null) return
  task.queued = true
  const { row } = task
  let after = nothing
  const build = (settle: Settle) => {
    task.queued = false
    after = { starts: [], end: null, dueAt: null, alarmAt: null, more: false }
    return move(engine, task, settle, after)
  }
  engine.store
    .step({
      row: row.seq,
      id: row.id,
      table: row.table,
      generation: row.generation,
      account: row.account,
      build,
    })
    .then(
      ({ fenced }) => {
        try {
          if (fenced) giveUp(engine, task, 'fenced')
          else proceed(engine, task, after)
        } catch (error) {
          engine.log.error({ row: row.id, error }, brokenOff)
          giveUp(engine, task, 'failed')
        }
      },
      (error: unknown) => {
        if (!engine.stopping) engine.log.error({ row: row.id, error }, refusedStep)
        giveUp(engine, task, 'failed')
      },
    )
}

function proceed(engine: Engine, task: Task, { starts, end, dueAt, alarmAt, more }: After): void {
  engine.onProgress(task)
  if (end !== null) {
    endTask(engine, task, end, dueAt)
    if (alarmAt !== null) engine.onAlarm(alarmAt)
    return
  }
  if (more) advance(engine, task)
  const next = () => advance(engine, task)
  // A cancel may have settled a cell while its intent was on its way to the disk.
  for (const start of starts) {
    if (task.states[start.column.index] === running) launch(engine, task, start, { next })
  }
  if (dueAt !== null) wake(engine, task, dueAt)
}

/** Settles what can be settled and says what to write; null when nothing became true. */
function move(engine: Engine, task: Task, settle: Settle, after: After): RowStep | null {
  const now = engine.world.now()
  const halted = task.cancelled || engine.stopping
  const wakeAt = halted
    ? null
    : considerAll(engine, task, {
        starts: after.starts,
        settle,
        next: () => advance(engine, task),
        decided: null,
      })
  // Pauses that begin from here on have a time of their own.
  task.rung = 0
  if (task.cancelled) dropPending(engine, task)
  const clock = task.clocks.shift()
  after.more = task.clocks.length > 0
  const idle = after.starts.length === 0 && task.flights.size === 0 && !after.more
  if (idle && task.open === 0) {
    if (task.run.kind === 'rerun') markStale(engine, task)
    confirmUnclaimed(task)
    after.end = 'rest'
  } else if (wakeAt !== null) {
    if (idle && wakeAt - now > engine.parkAfterMs) after.end = 'parked'
    after.dueAt = wakeAt
  }
  const { entries, confirm, row } = task
  if (entries.length === 0 && confirm.length === 0 && clock === undefined && after.end === null) return null
  task.entries = []
  task.confirm = []
  const position = row.entries
  row.entries += entries.length
  const step: RowStep = { at: now, position, entries, confirm }
  if (clock !== undefined) step.clock = clock
  if (task.release.length > 0) {
    step.release = task.release
    task.release = []
  }
  if (task.run.kind === 'rerun' && hasCounted(task)) {
    // With the entries they count: a run has the right counts whenever the process ends.
    step.count = { run: task.run.ordinal, counts: task.counts }
    task.counts = noCounts()
  }
  if (after.end !== null) {
    if (after.end === 'rest') after.alarmAt = alarmOf(task)
    step.snapshot = {
      cells: row.cells,
      atRest: after.end === 'rest',
      dueAt: after.dueAt,
      alarmAt: after.alarmAt,
    }
  }
  return step
}

/**
 * One pass in definition order, and another one when an answer before the present cell was taken back. Returns when the next waiting cell
 * is due, null when none waits.
 */
function considerAll(engine: Engine, task: Task, pass: Pass): number | null {
  let wakeAt: number | null = null
  do {
    task.reopened = false
    wakeAt = null
    for (const column of task.plan.columns) {
      if (!isNext(task, column)) continue
      if (dueAt(engine, task, column) <= engine.world.now()) {
        consider(engine, task, column, pass)
        // Held, or to be tried again: it stays with the row.
        if (task.states[column.index] !== pending || cellOf(task, column)?.status !== 'waiting') continue
      }
      const due = dueAt(engine, task, column)
      wakeAt = Math.min(wakeAt ?? due, due)
    }
  } while (task.reopened)
  return wakeAt
}

/** A pending cell that no other one holds up. */
function isNext({ states }: Task, { index, waitsFor }: PlannedColumn): boolean {
  if (states[index] !== pending) return false
  for (const source of waitsFor) if (states[source] !== settled) return false
  return true
}

/**
 * When a pending cell may go on. A hold is asked at once when the row is taken up: live data may have changed. An open intent is not read
 * back before the other side's horizon is over.
 */
function dueAt(engine: Engine, task: Task, column: PlannedColumn): number {
  const cell = cellOf(task, column)
  if (cell === undefined) return 0
  if (isHeld(cell) && task.asked?.has(column.index) !== true) return 0
  if (isAwaitOver(task, column, cell)) return 0
  const { work } = column.column
  const horizon = cell.intent !== undefined && work.effect === 'write' ? cell.intent.at + work.horizonMs : 0
  // A key that is not known to be dead may be another one by now.
  const { credential } = cell.waiting ?? {}
  const until = cell.waiting?.until ?? 0
  // The timer that was set for it has run, though the clock may have been put back meanwhile.
  const isOver = (credential !== undefined && !engine.limits.rests(credential)) || until <= task.rung
  return Math.max(cell.status === 'waiting' && !isOver ? until : 0, horizon)
}

/** A timer that is set for this time goes on: the pause is not measured anew by a clock that may have been put back since. */
function wake(engine: Engine, task: Task, at: number): void {
  if (task.timer !== null && task.wakesAt === at) return
  if (task.timer !== null) clearTimeout(task.timer)
  const pause = Math.min(Math.max(1, at - engine.world.now()), longestPauseMs)
  task.wakesAt = at
  task.timer = setTimeout(() => {
    task.timer = null
    if (pause < longestPauseMs) task.rung = at
    advance(engine, task)
  }, pause)
}

/** A draw that no effect confirms is confirmed when its row comes to rest. */
function confirmUnclaimed(task: Task): void {
  for (const column of task.plan.drawnFor) {
    const cell = cellOf(task, column)
    if (cell?.draw !== undefined && cell.run === task.run.ordinal) task.confirm.push(cell.draw)
  }
}

function endTask(engine: Engine, task: Task, how: EndOfTask, dueAt: number | null = null): void {
  if (task.ended !== null) return
  task.ended = how
  if (task.timer !== null) clearTimeout(task.timer)
  engine.onEnd(task, how, dueAt)
}

/**
 * Ends the work on a row that is to be read again. What has not left is withdrawn. An effect in the air keeps the row here until it has
 * landed or its deadline is over, and then for the other side's horizon: read back any earlier it would look as if it had not happened.
 */
function giveUp(engine: Engine, task: Task, how: 'fenced' | 'failed'): void {
  if (task.ended !== null) return
  task.ended = how
  if (task.timer !== null) clearTimeout(task.timer)
  let horizonMs = overdueMs(engine, task)
  for (const [index, flight] of task.flights) {
    const work = task.plan.columns[index]?.column.work
    if (work?.effect === 'write' && isOut(flight)) {
      horizonMs = Math.max(horizonMs, work.horizonMs)
      flight.landed = () => {
        if (task.flights.size === 0) endAfter(engine, task, { how, pauseMs: horizonMs })
      }
    } else {
      task.flights.delete(index)
      abort(flight, new Error('the row is read again'))
    }
  }
  if (task.flights.size === 0) endAfter(engine, task, { how, pauseMs: horizonMs })
}

function endAfter(
  engine: Engine,
  task: Task,
  { how, pauseMs }: { how: 'fenced' | 'failed'; pauseMs: number },
): void {
  if (pauseMs <= 0) engine.onEnd(task, how, null)
  else if (!engine.stopping)
    task.timer = setTimeout(() => engine.onEnd(task, how, null), Math.min(pauseMs, longestPauseMs))
}

/** How long effects in doubt are still to wait, in milliseconds: what says so may be in the step that did not reach the disk. */
function overdueMs(engine: Engine, task: Task): number {
  const now = engine.world.now()
  let longest = 0
  for (const column of task.plan.columns) {
    const cell = cellOf(task, column)
    const { work } = column.column
    if (work.effect !== 'write' || cell?.intent === undefined || cell.status !== 'waiting') continue
    longest = Math.max(longest, Math.min(work.horizonMs, (cell.waiting?.until ?? 0) - now))
  }
  return longest
}
