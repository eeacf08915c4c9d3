import { TableError } from '../columns/errors.ts'
import type { RunRequest } from '../db/store.ts'
import type { TablePlan } from './plan.ts'
import { checkColumns, readFilter } from './run-rows.ts'

/**
 * @throws {TableError} for a column that is not there, for a filter that is not understood or says nothing, and for a draw anew or an
 *   override that gives no reason.
 */
export function checkRequest(plan: TablePlan, request: RunRequest): void {
  checkColumns(plan, request)
  const { scope } = request
  // It would hold for every row: what was meant to narrow a run must not widen it.
  if ('filter' in scope && readFilter(plan, scope.filter).length === 0) {
    throw new TableError('request-invalid', 'filter: it has no terms', {
      field: 'scope.filter',
      value: scope.filter,
      wayOut: 'write a term like status:error, or say { "all": true } as the scope for all rows',
    })
  }
  const { redraw, override, reason } = request
  if (!(redraw || override !== null) || (reason ?? '').trim() !== '') return
  throw new TableError('request-invalid', `${redraw ? 'a redraw' : 'an override'} needs a reason`, {
    field: 'reason',
    value: reason,
    wayOut: 'say why the owner is taken from the lead: the reason stands in the ledger for everybody to read',
  })
}
