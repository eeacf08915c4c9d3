import type { RunRequest, Store, StoredRow } from '../db/store.ts'
import { whyPinned } from './choose.ts'
import type { TablePlan } from './plan.ts'

/** An owner whom a person decided: a run that draws anew passes it by. */
export interface PinnedCell {
  row: string
  column: string
  /** One sentence: who decided it, why, and what to do. */
  reason: string
}

/** So many are told; the counts of the run have them all. */
export const mostPinned = 100

/** The cells of a row that a run which draws anew leaves to the person who decided them. */
export function pinnedCells(plan: TablePlan, row: StoredRow, request: RunRequest): PinnedCell[] {
  if (!request.redraw || request.unpin) return []
  return plan.columns.flatMap(({ name }) => {
    const pinned = row.cells[name]?.pinned
    const isAsked = request.columns === null || request.columns.includes(name)
    return pinned === undefined || !isAsked ? [] : [{ row: row.id, column: name, reason: whyPinned(pinned) }]
  })
}

/** The same for a run over named rows; a run over a filter says it in its counts and in the history of the cells alone. */
export async function pinnedIn(
  store: Store,
  plan: TablePlan | null,
  request: RunRequest | null,
): Promise<PinnedCell[]> {
  if (plan === null || request === null || !request.redraw || !('rows' in request.scope)) return []
  const found: PinnedCell[] = []
  for (const id of new Set(request.scope.rows)) {
    const row = await store.find(plan.table.name, id)
    if (row !== null) found.push(...pinnedCells(plan, row, request))
    if (found.length >= mostPinned) break
  }
  return found.slice(0, mostPinned)
}
