import { TableError } from '../columns/errors.ts'
import type { RunRequest } from '../db/store.ts'
import type { TablePlan } from './plan.ts'
import { checkColumns } from './run-rows.ts'

/** @throws {TableError} for a column that is not there, and for a draw anew or an override that gives no reason. */
export function checkRequest(plan: TablePlan, request: RunRequest): void {
  checkColumns(plan, request)
  const { redraw, override, reason } = request
  if (!(redraw || override !== null) || (reason ?? '').trim() !== '') return
  throw new TableError('request-invalid', `${redraw ? 'a redraw' : 'an override'} needs a reason`, {
    field: 'reason',
    value: reason,
    wayOut: 'say why the owner is taken from the lead: the reason stands in the ledger for everybody to read',
  })
}
