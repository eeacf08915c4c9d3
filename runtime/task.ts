import type { CellState } from '../columns/cell.ts'
import type { CallFailure } from '../columns/errors.ts'
import type { JournalEntry } from '../db/journal.ts'
import type { GivenBack, Run, RunCounts, StoredRow } from '../db/store.ts'
import type { ServiceLevelClock } from '../routing/service-level/policy.ts'
import { chooseCells } from './choose.ts'
import type { Flight } from './flight.ts'
import type { PlannedColumn, TablePlan } from './plan.ts'

/** Where a cell stands within this run of its row. */
export const pending = 0
export const running = 1
export const settled = 2

/** At rest, parked until later, taken over by a later generation, or refused by the store. */
export type EndOfTask = 'rest' | 'parked' | 'fenced' | 'failed'

/** One row while a run works on it. Plain data; the functions of this folder move it on. */
export interface Task {
  plan: TablePlan
  row: StoredRow
  run: Run
  lane: 'live' | 'bulk'
  /** Its place among all rows taken up: where rows wait for a turn, the earlier one goes first. */
  order: number
  /** By column position: pending, running or settled. Cells the run is not about count as settled. */
  states: Uint8Array
  /** Cells not settled yet. */
  open: number
  /** Columns executed in this run, by position. */
  executed: Uint8Array
  /** Attempts under way. */
  flights: Map<number, Flight>
  /** Effects, by column position, whose intent is on its way to the disk for the first time: nothing of them has left. */
  leaving: Set<number>
  /** What became true and is not committed yet. */
  entries: JournalEntry[]
  confirm: number[]
  /** Draws to give back with the next commit. */
  release: GivenBack[]
  /** Service-level clocks to write, one with each commit. */
  clocks: { column: string; clock: ServiceLevelClock }[]
  /** Columns whose hold was decided since the row came into memory, by position; null for none. The others are asked at once. */
  asked: Set<number> | null
  /** Cells before the present one were opened anew: one more pass. */
  reopened: boolean
  /** Draws made anew since the row came into memory. */
  redraws: number
  /** Draw columns with the rep of an answer found out of date before it was written: once for each is enough. */
  rechecked: Set<string> | null
  /** The last failure of each column since the row came into memory, by position: it knows more than what the cell keeps of it. */
  failures: Map<number, CallFailure> | null
  /** Some cell may be to run again by itself. */
  alarming: boolean
  /** The row is part of the coming commit already. */
  queued: boolean
  cancelled: boolean
  /** How the work on the row ended; null while it goes on. */
  ended: EndOfTask | null
  timer: NodeJS.Timeout | null
  /** The time the timer is set for, in epoch ms. */
  wakesAt: number
  /** The time of a timer that has run, until the row has moved on; 0 otherwise. */
  rung: number
  /** What the entries that are not committed yet add to the counts of a run by hand. */
  counts: RunCounts
}

export const noCounts = (): RunCounts => ({
  ran: 0,
  unchanged: 0,
  kept: 0,
  skipped: 0,
  failed: 0,
  cancelled: 0,
})

/** Has a cell of the run been counted since the last commit? */
export const hasCounted = ({ counts }: Task): boolean =>
  counts.ran + counts.unchanged + counts.kept + counts.skipped + counts.failed + counts.cancelled > 0

export function createTask(
  plan: TablePlan,
  row: StoredRow,
  { run, order }: { run: Run; order: number },
): Task {
  const chosen = chooseCells(plan, row, run)
  const states = new Uint8Array(plan.columns.length).fill(settled)
  for (const index of chosen) states[index] = pending
  return {
    plan,
    row,
    run,
    lane: run.lane,
    order,
    states,
    open: chosen.size,
    executed: new Uint8Array(plan.columns.length),
    flights: new Map(),
    leaving: new Set(),
    entries: [],
    confirm: [],
    release: [],
    clocks: [],
    asked: null,
    reopened: false,
    redraws: 0,
    rechecked: null,
    failures: null,
    alarming: row.entries > 0,
    queued: false,
    cancelled: false,
    ended: null,
    timer: null,
    wakesAt: 0,
    rung: 0,
    counts: noCounts(),
  }
}

/** Puts an entry into the next commit and makes it true in memory. */
export function note(task: Task, entry: JournalEntry): void {
  task.entries.push(entry)
  if ('cell' in entry) task.row.cells[entry.column] = entry.cell
}

export function settle(task: Task, column: PlannedColumn): void {
  if (task.states[column.index] === settled) return
  task.states[column.index] = settled
  task.open -= 1
}

/** Takes a settled cell up again. One that is under way is taken up when it lands: see `due` of its cell. */
export function reopen(task: Task, column: PlannedColumn): void {
  task.reopened = true
  if (task.states[column.index] !== settled) return
  task.states[column.index] = pending
  task.open += 1
}

export const cellOf = (task: Task, column: PlannedColumn): CellState | undefined =>
  task.row.cells[column.name]

/** Marks a cell that the run reached without executing it. */
export function passOver(
  task: Task,
  column: PlannedColumn,
  pass: {
    cell: CellState
    outcome: 'unchanged' | 'kept' | 'skipped' | 'cancelled'
    reason: string
    at: number
  },
): void {
  note(task, { kind: 'passed', column: column.name, ...pass })
  task.counts[pass.outcome] += 1
  settle(task, column)
}
