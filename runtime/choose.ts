import { type CellState, isSettled } from '../columns/cell.ts'
import type { Run, RunMode, RunRequest, StoredRow } from '../db/store.ts'
import { staysQuiet } from './backfill.ts'
import { isStale } from './changed.ts'
import type { PlannedColumn, TablePlan } from './plan.ts'

/** Positions of the cells a run is about for one row. Cells that this run already settled are not among them. */
export function chooseCells(plan: TablePlan, row: StoredRow, run: Run): Set<number> {
  const { request } = run
  if (request === null && isFresh(row)) return new Set(plan.columns.keys())
  const chosen = new Set<number>()
  for (const column of plan.columns) {
    const cell = row.cells[column.name]
    const unfinished = cell !== undefined && !isSettled(cell) && cell.status !== 'idle'
    // A row comes back after a pause or a crash: what this run has been at still counts, and so does everything behind it.
    const begun = cell?.run === run.ordinal
    const wanted =
      request === null ||
      unfinished ||
      begun ||
      isOwed(cell) ||
      (isNamed(column, request.columns) &&
        isOfMode(request.mode, column, { cell, stale: isStale(column, cell) }))
    if (wanted) chosen.add(column.index)
  }
  if (request?.downstream === true) {
    for (const index of [...chosen])
      for (const behind of plan.columns[index]?.downstream ?? []) chosen.add(behind)
  }
  for (const index of chosen) {
    const column = plan.columns[index]
    if (column === undefined) continue
    const cell = row.cells[column.name]
    const isOver = cell !== undefined && cell.run === run.ordinal && isSettled(cell) && !isOwed(cell)
    if (isOver || staysQuiet(column, cell, request)) chosen.delete(index)
  }
  return chosen
}

/** To be drawn anew, or behind such a draw: whichever run comes to the row does it. */
const isOwed = (cell: CellState | undefined): boolean =>
  cell !== undefined && (cell.redraw !== undefined || cell.due !== undefined)

const isFresh = (row: StoredRow) => row.entries === 0

const isNamed = (column: PlannedColumn, names: string[] | null) =>
  names === null || names.includes(column.name)

/** A draw that found nobody is missing too, and an owner that was not written: a lead never rests without an owner unseen. */
const isUnowned = ({ column: { work } }: PlannedColumn, cell: CellState): boolean =>
  cell.status === 'no-result' &&
  (work.effect === 'draw' || (work.effect === 'write' && work.confirms.length > 0))

function isOfMode(
  mode: RunMode,
  column: PlannedColumn,
  { cell, stale }: { cell: CellState | undefined; stale: boolean },
): boolean {
  switch (mode) {
    case 'all':
      return true
    case 'stale':
      return stale
    case 'errored':
      return cell?.status === 'error' || cell?.status === 'unknown'
    case 'missing':
      return (
        cell === undefined ||
        !isSettled(cell) ||
        cell.status === 'cancelled' ||
        cell.status === 'skipped' ||
        isUnowned(column, cell)
      )
  }
}

/** An owner or an effect that stands in the outside world, whatever becomes of the conditions of its cell. */
export function isOutThere(column: PlannedColumn, cell: CellState): boolean {
  const { effect } = column.column.work
  return cell.status === 'done' && (effect === 'draw' || effect === 'write')
}

/** What a run does with a cell that is due. */
export type Treatment =
  | { do: 'run'; intended: number; release: { draw: number; reason: string; who?: string } | null }
  | { do: 'reconcile' }
  | { do: 'unchanged'; reason: string }
  | { do: 'keep'; reason: string; stale: boolean }

const unchanged: Treatment = {
  do: 'unchanged',
  reason: 'the inputs and the column are the same as for the last result',
}

/**
 * The rule of DESIGN §5: an unchanged hash is not run again unless forced, and force never repeats an effect or a draw without
 * the explicit word for it.
 */
export function treatCell(
  column: PlannedColumn,
  cell: CellState | undefined,
  hash: string,
  run: Run,
): Treatment {
  const { effect } = column.column.work
  if (effect === 'draw') return treatDraw(column, cell, hash, run)
  const flags = run.request
  const isNamedNow = flags?.alarm === true && isNamed(column, flags.columns)
  const includeEffects = flags?.includeEffects === true || cell?.due !== undefined
  // Absent for one, see CellState.
  const intended = cell?.intended ?? 1
  if (cell?.intent !== undefined) {
    // What is due has another owner in it, so it is not the effect that is in doubt; that one is asked about once more before.
    const isAnother = cell.due !== undefined && cell.intent.hash !== hash && cell.run === run.ordinal
    const insists = cell.status === 'unknown' && (flags?.includeEffects === true || isAnother)
    return insists ? { do: 'run', intended: intended + 1, release: null } : { do: 'reconcile' }
  }
  if (cell === undefined || cell.status !== 'done') {
    const settledBefore = cell?.status === 'no-result' && !isNamedNow
    if (settledBefore && cell?.hash === hash && flags?.force !== true) {
      return unchanged
    }
    if (cell?.status === 'cancelled' && effect === 'write' && intended > 1 && !includeEffects) {
      return { do: 'keep', reason: 'a repeat was cancelled; the effect before it stands', stale: false }
    }
    return { do: 'run', intended, release: null }
  }
  const same = cell.hash === hash
  if (same && flags?.force !== true && !isNamedNow) return unchanged
  if (effect === 'write' && !includeEffects) {
    return {
      do: 'keep',
      reason: 'the effect is not repeated; say "includeEffects" to repeat it',
      stale: !same,
    }
  }
  return { do: 'run', intended: intended + 1, release: null }
}

/**
 * A draw is made anew for a person's word, for a reason that a column gave, or for a run that says so. What a person decided gives way
 * to another word of a person alone.
 */
function treatDraw(
  column: PlannedColumn,
  cell: CellState | undefined,
  hash: string,
  { request }: Run,
): Treatment {
  const intended = cell?.intended ?? 1
  const isTold = request !== null && request.override !== null && isNamed(column, request.columns)
  const release = cell?.draw === undefined ? null : { draw: cell.draw, ...whyReleased(cell, request, isTold) }
  // A draw can only be left over from before a draw anew that failed.
  if (cell === undefined || cell.status !== 'done') return { do: 'run', intended, release }
  const anew: Treatment = { do: 'run', intended: intended + 1, release }
  if (isTold) return anew
  const same = cell.hash === hash
  const { pinned } = cell
  if (pinned !== undefined) {
    if (request?.unpin === true && isNamed(column, request.columns)) {
      if (request.redraw) return anew
      return { do: 'keep', reason: `let go by ${request.who}`, stale: !same }
    }
    return { do: 'keep', reason: whyPinned(pinned), stale: !same }
  }
  if (cell.redraw !== undefined || request?.redraw === true) return anew
  if (same && request?.force !== true) return unchanged
  return { do: 'keep', reason: 'the draw is kept; say "redraw" to draw again', stale: !same }
}

/** Why an owner is taken from the lead: a person or a column gave the reason, or whoever asked for the run. */
export function whyAnew(
  cell: CellState | undefined,
  request: RunRequest | null,
  override: { reason: string; who: string } | null,
): { reason: string; who?: string } {
  if (override !== null) return { reason: override.reason, who: override.who }
  if (cell?.redraw !== undefined) return { reason: cell.redraw.reason }
  return { reason: request?.reason ?? 'redraw', who: request?.who ?? 'rota' }
}

function whyReleased(cell: CellState, request: RunRequest | null, isTold: boolean) {
  const told =
    isTold && request !== null ? { reason: `reassigned_from: ${request.reason}`, who: request.who } : null
  return whyAnew(cell, request, told)
}

/** A person's word against which no run decides. */
export const whyPinned = ({ who, reason }: NonNullable<CellState['pinned']>): string =>
  `${who} decided this: ${reason}; let it go before the rules decide again`
