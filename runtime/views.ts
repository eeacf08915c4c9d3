import { type CellError, type CellState, type CellStatus, finishOf, type Waiting } from '../columns/cell.ts'
import type { Cost } from '../columns/column.ts'
import type { Json } from '../columns/json.ts'
import type { JournalEntry, LateEntry, Values } from '../db/journal.ts'
import type { StoredRow } from '../db/store.ts'
import { isStale } from './changed.ts'
import { skipNow } from './conditions.ts'
import { deedOf, effectEvidence, lastAttempt } from './effect-told.ts'
import { evidenceOf, staleEvidence } from './evidence.ts'
import { type HistoryEntry, historyOf } from './history.ts'
import type { PlannedColumn, TablePlan } from './plan.ts'
import { running, settled, type Task } from './task.ts'

/** A cell as people and programs read it. Times are ISO. */
export interface CellView {
  status: CellStatus
  value: Json
  error: CellError | null
  reason: string | null
  skipped: NonNullable<CellState['skipped']> | null
  /** `since`: when a hold began. */
  waiting: { on: Waiting['on']; until: string | null; since: string | null } | null
  /** A person decided this value: no run changes it until it is let go. */
  pinned: { who: string; reason: string; at: string } | null
  /** When the cell runs again by itself. */
  again: string | null
  attempts: number
  stale: boolean
  definition: number | null
  startedAt: string | null
  finishedAt: string | null
}

export interface RowView {
  id: string
  table: string
  input: Values
  occurredAt: string
  createdAt: string
  /** How often the same person came again. */
  touchCount: number
  atRest: boolean
  cells: Record<string, CellView>
}

/** Null also for a time that no calendar holds: one odd cell must not keep its whole table from being read. */
function iso(at: number | null | undefined): string | null {
  if (at === null || at === undefined) return null
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

/** A row as it is now; `task` is the row in memory, which is ahead of the store while it is worked on. */
export function rowView(plan: TablePlan, row: StoredRow, task: Task | undefined): RowView {
  const live = task?.row ?? row
  const cells: Record<string, CellView> = {}
  for (const column of plan.columns) cells[column.name] = cellView(column, live, task)
  return {
    id: row.id,
    table: row.table,
    input: row.input,
    occurredAt: new Date(row.occurredAt).toISOString(),
    createdAt: new Date(row.createdAt).toISOString(),
    touchCount: row.touches,
    atRest: row.active === null && task === undefined,
    cells,
  }
}

function cellView(column: PlannedColumn, row: StoredRow, task: Task | undefined): CellView {
  const cell = row.cells[column.name]
  const { status, waiting } = statusOf(column, cell, row, task)
  return {
    status,
    value: cell?.value ?? null,
    error: cell?.error ?? null,
    reason: isUnderWay(cell) ? null : (cell?.reason ?? null),
    skipped: cell?.skipped ?? null,
    waiting:
      waiting === undefined ? null : { on: waiting.on, until: iso(waiting.until), since: iso(waiting.since) },
    pinned:
      cell?.pinned === undefined ? null : { ...cell.pinned, at: new Date(cell.pinned.at).toISOString() },
    again: iso(cell?.again),
    attempts: cell?.attempts ?? 0,
    stale: isStale(column, cell),
    definition: cell?.definition ?? null,
    startedAt: iso(cell?.startedAt),
    finishedAt: iso(finishOf(cell)),
  }
}

function statusOf(
  column: PlannedColumn,
  cell: CellState | undefined,
  row: StoredRow,
  task: Task | undefined,
): { status: CellStatus; waiting?: Waiting | undefined } {
  const state = task?.states[column.index]
  if (task === undefined || state === settled || state === undefined) {
    // Parked: it runs again behind a draw that is held.
    if (cell?.due !== undefined && row.active !== null) return { status: 'queued' }
    if (cell !== undefined) return { status: cell.status, waiting: cell.waiting }
    return { status: row.active === null ? 'idle' : 'queued' }
  }
  if (state === running) return { status: 'running' }
  if (cell?.status === 'waiting') return { status: 'waiting', waiting: cell.waiting }
  const blocked = column.waitsFor.some((index) => task.states[index] !== settled)
  return blocked ? { status: 'waiting', waiting: { on: 'upstream', until: null } } : { status: 'queued' }
}

/** What is left of why it came to be queued belongs to its history. */
const isUnderWay = (cell: CellState | undefined): boolean =>
  cell?.status === 'queued' || cell?.status === 'running'

/** One execution of a cell, a run that passed it by, or an answer that came when the row no longer waited for it. */
export interface AttemptView {
  kind: 'attempt' | 'intent' | 'passed' | 'late'
  /** For a cell that was passed by: unchanged, kept, skipped, cancelled, stale; `signal` when it was told something. */
  outcome: string | null
  status: CellStatus
  value: Json
  error: CellError | null
  reason: string | null
  inputs: Values | null
  detail: object | null
  cost: Cost | null
  run: number | null
  startedAt: string | null
  finishedAt: string | null
}

export function attemptViews(
  plan: TablePlan,
  row: StoredRow,
  entries: readonly JournalEntry[],
  column: string,
): AttemptView[] {
  const views = historyOf(plan, row, entries)
    .filter(({ entry }) => entry.column === column)
    .map(attemptView)
  for (const entry of entries) {
    if (entry.kind === 'late' && entry.column === column) insertLate(views, lateView(entry))
  }
  return views
}

function attemptView({ entry, inputs }: HistoryEntry): AttemptView {
  return {
    kind: entry.kind === 'signal' ? 'passed' : entry.kind,
    outcome: entry.kind === 'signal' ? 'signal' : entry.kind === 'passed' ? entry.outcome : null,
    status: entry.cell.status,
    value: entry.cell.value ?? null,
    error: entry.cell.error ?? null,
    reason: reasonIn(entry),
    inputs,
    detail: entry.kind === 'attempt' ? (entry.detail ?? null) : null,
    cost: entry.kind === 'attempt' ? (entry.cost ?? null) : null,
    run: entry.cell.run ?? null,
    startedAt: iso(entry.cell.startedAt),
    finishedAt: iso(
      entry.kind === 'passed' ? entry.at : entry.kind === 'signal' ? entry.signal.at : finishOf(entry.cell),
    ),
  }
}

function lateView(entry: LateEntry): AttemptView {
  const { status, value = null, reason = null, detail = null, cost = null, run } = entry
  return {
    kind: 'late',
    outcome: null,
    status,
    value,
    error: null,
    reason,
    inputs: null,
    detail,
    cost,
    run,
    startedAt: iso(entry.startedAt),
    finishedAt: iso(entry.at),
  }
}

/** Behind what had happened by then, with the inputs of the attempt it belongs to. */
function insertLate(views: AttemptView[], late: AttemptView): void {
  const asked = views.find(
    ({ kind, run, startedAt }) => kind === 'attempt' && run === late.run && startedAt === late.startedAt,
  )
  const before = views.findLastIndex(
    ({ finishedAt }) => finishedAt !== null && late.finishedAt !== null && finishedAt <= late.finishedAt,
  )
  views.splice(before + 1, 0, { ...late, inputs: asked?.inputs ?? null })
}

/** What a cell cost over all its attempts and late answers, in US dollars. */
export const costOfAll = (views: readonly AttemptView[]): number =>
  views.reduce((sum, { cost }) => sum + (cost?.usd ?? 0), 0)

function reasonIn(entry: HistoryEntry['entry']): string | null {
  if (entry.kind === 'passed') return entry.reason
  if (entry.kind === 'attempt') return joined([entry.cell.reason, anewIn(entry.detail)]) || null
  if (entry.kind !== 'signal') return entry.cell.reason ?? null
  const { kind, by, note, automated } = entry.signal
  return `${kind} by ${by}${automated === true ? ', automated' : ''}${note === undefined ? '' : `: ${note}`}`
}

/** One step on the way to a cell: itself, or a column it stands on. */
export interface WhyStep {
  column: string
  kind: string
  status: CellStatus
  value: Json
  /** One sentence. */
  reason: string
  /** As in the view of the cell. */
  stale: boolean
  inputs: Values | null
  detail: object | null
  /**
   * What a stale cell needs, how an answer of a rule or a model came about, how an effect went, and whether a draw is written outside: one sentence a line, empty
   * for other cells.
   */
  evidence: string[]
  /** Of the last attempt. */
  cost: Cost | null
  /** An answer to the last attempt that came when the row no longer waited: it was not applied. */
  late: { value: Json; reason: string | null; at: string | null } | null
  ms: number | null
}

/** Why a cell is what it is: the columns it stands on in the order they ran, then the cell itself. */
export function whyOf(
  plan: TablePlan,
  row: StoredRow,
  entries: readonly JournalEntry[],
  column: PlannedColumn,
): WhyStep[] {
  const history = historyOf(plan, row, entries)
  return plan.columns
    .filter((each) => each === column || each.downstream.includes(column.index))
    .map((each) => {
      const cell = row.cells[each.name]
      const last = lastAttempt(history, each.name)
      const attempt = last?.entry.kind === 'attempt' ? last.entry : undefined
      const stale = isStale(each, cell)
      return {
        column: each.name,
        kind: each.column.kind,
        status: cell?.status ?? 'idle',
        value: cell?.value ?? null,
        reason: joined([reasonOf(cell, attempt?.detail, deedOf(each, cell, last)), anewIn(attempt?.detail)]),
        stale,
        inputs: last?.inputs ?? null,
        detail: attempt?.detail ?? null,
        evidence: [
          ...(stale && cell !== undefined
            ? staleEvidence(each, cell, { row: row.id, skip: skipNow(plan, each, row) })
            : []),
          ...evidenceOf(attempt?.detail, attempt?.cost),
          ...effectEvidence({ plan, row, history }, each),
        ],
        cost: attempt?.cost ?? null,
        late: lateTo(attempt?.cell, each.name, entries),
        ms: cell?.tookMs ?? null,
      }
    })
}

function lateTo(
  asked: CellState | undefined,
  column: string,
  entries: readonly JournalEntry[],
): WhyStep['late'] {
  const found = entries.findLast(
    (entry) =>
      entry.kind === 'late' &&
      entry.column === column &&
      entry.run === asked?.run &&
      entry.startedAt === asked.startedAt,
  )
  if (found?.kind !== 'late') return null
  return { value: found.value ?? null, reason: found.reason ?? null, at: iso(found.at) }
}

function reasonOf(cell: CellState | undefined, detail: object | undefined, deed: string | null): string {
  if (cell === undefined) return 'it has not run'
  if (cell.error !== undefined) return `${cell.error.kind}: ${cell.error.message}`
  if (deed !== null) return cell.reason === undefined ? deed : `${deed}; ${cell.reason}`
  if (isUnderWay(cell)) return cell.status
  if (cell.reason !== undefined) return cell.reason
  for (const source of [detail, cell.value]) {
    if (
      typeof source === 'object' &&
      source !== null &&
      'reason' in source &&
      typeof source.reason === 'string'
    )
      return source.reason
  }
  return cell.status
}

/** Why the lead was taken from its owner before, and by whom; null where it was not. */
function anewIn(detail: object | undefined): string | null {
  const anew = detail === undefined || !('anew' in detail) ? null : detail.anew
  if (typeof anew !== 'object' || anew === null || !('reason' in anew)) return null
  const who = 'who' in anew ? ` by ${anew.who}` : ''
  return `drawn anew${who}: ${anew.reason}`
}

const joined = (parts: readonly (string | null | undefined)[]): string =>
  parts.filter((part) => part !== null && part !== undefined).join('; ')
