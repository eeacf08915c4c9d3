import { TableError } from '../columns/errors.ts'
import type { RunRequest } from '../db/store.ts'
import type { PlannedColumn, TablePlan } from './plan.ts'
import { checkColumns, readFilter } from './run-rows.ts'

/**
 * @throws {TableError} for a column that is not there, for a filter that is not understood or says nothing, for a redraw of columns that
 *   draw nothing, and for a redraw or an override that gives no reason.
 */
export function checkRequest(plan: TablePlan, request: RunRequest): void {
  checkColumns(plan, request)
  const { scope } = request
  // It would hold for every row: what was meant to narrow a run must not widen it.
  if ('filter' in scope && readFilter(plan, scope.filter, 'scope.filter').length === 0) {
    throw new TableError('request-invalid', 'filter: it has no terms', {
      field: 'scope.filter',
      value: scope.filter,
      wayOut: 'write a term like status:error, or say { "all": true } as the scope for all rows',
    })
  }
  const { redraw, override, reason } = request
  if (redraw) refuseNoDraw(plan, request)
  if (!(redraw || override !== null) || (reason ?? '').trim() !== '') return
  throw new TableError('request-invalid', `${redraw ? 'a redraw' : 'an override'} needs a reason`, {
    field: 'reason',
    value: reason,
    wayOut: 'say why the owner is taken from the lead: the reason stands in the ledger for everybody to read',
  })
}

/** The columns of a redraw hold one that draws, named or behind a named one that takes those along. */
function refuseNoDraw(plan: TablePlan, { columns, downstream }: RunRequest): void {
  const drawing = plan.columns.filter(({ column }) => column.work.effect === 'draw')
  const asked = plan.columns.filter(({ name }) => columns === null || columns.includes(name))
  const isReached = (draw: PlannedColumn) =>
    asked.includes(draw) || (downstream && asked.some((each) => each.downstream.includes(draw.index)))
  if (drawing.some(isReached)) return
  const names = drawing.map(({ name }) => name).join(', ')
  throw new TableError('request-invalid', 'none of the columns asked for draws an owner', {
    field: 'redraw',
    value: true,
    wayOut:
      names === ''
        ? 'leave redraw out: this table draws no owner'
        : `ask for one of: ${names}; or leave redraw out`,
  })
}
