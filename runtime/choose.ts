import { type CellState, isSettled } from '../columns/cell.ts'
import type { Run, RunMode, StoredRow } from '../db/store.ts'
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
      (isNamed(column, request.columns) && isOfMode(request.mode, cell, isStale(plan, column, row)))
    if (wanted) chosen.add(column.index)
  }
  if (request?.downstream === true) {
    for (const index of [...chosen])
      for (const behind of plan.columns[index]?.downstream ?? []) chosen.add(behind)
  }
  for (const index of chosen) {
    const cell = row.cells[plan.columns[index]?.name ?? '']
    if (cell !== undefined && cell.run === run.ordinal && isSettled(cell)) chosen.delete(index)
  }
  return chosen
}

const isFresh = (row: StoredRow) => row.entries === 0

const isNamed = (column: PlannedColumn, names: string[] | null) =>
  names === null || names.includes(column.name)

function isOfMode(mode: RunMode, cell: CellState | undefined, stale: boolean): boolean {
  switch (mode) {
    case 'all':
      return true
    case 'stale':
      return stale
    case 'errored':
      return cell?.status === 'error' || cell?.status === 'unknown'
    case 'missing':
      return (
        cell === undefined || !isSettled(cell) || cell.status === 'cancelled' || cell.status === 'skipped'
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
  | { do: 'run'; intended: number; release: number | null }
  | { do: 'reconcile' }
  | { do: 'unchanged'; reason: string }
  | { do: 'keep'; reason: string; stale: boolean }

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
  const flags = run.request
  // Absent for one, see CellState.
  const intended = cell?.intended ?? 1
  if (cell?.intent !== undefined) {
    const insists = cell.status === 'unknown' && flags?.includeEffects === true
    return insists ? { do: 'run', intended: intended + 1, release: null } : { do: 'reconcile' }
  }
  if (cell === undefined || cell.status !== 'done') {
    const settledBefore = cell?.status === 'no-result' && effect !== 'draw'
    if (settledBefore && cell?.hash === hash && flags?.force !== true) {
      return { do: 'unchanged', reason: 'the inputs and the column are the same as for the last result' }
    }
    if (
      cell?.status === 'cancelled' &&
      effect === 'write' &&
      intended > 1 &&
      flags?.includeEffects !== true
    ) {
      return { do: 'keep', reason: 'a repeat was cancelled; the effect before it stands', stale: false }
    }
    // A draw can only be left over from before a draw anew that failed.
    return { do: 'run', intended, release: cell?.draw ?? null }
  }
  const same = cell.hash === hash
  if (effect === 'draw' && flags?.redraw === true)
    return { do: 'run', intended: intended + 1, release: cell.draw ?? null }
  if (same && flags?.force !== true) {
    return { do: 'unchanged', reason: 'the inputs and the column are the same as for the last result' }
  }
  if (effect === 'draw') {
    return { do: 'keep', reason: 'the draw is kept; say "redraw" to draw again', stale: !same }
  }
  if (effect === 'write' && flags?.includeEffects !== true) {
    return {
      do: 'keep',
      reason: 'the effect is not repeated; say "includeEffects" to repeat it',
      stale: !same,
    }
  }
  return { do: 'run', intended: intended + 1, release: null }
}
