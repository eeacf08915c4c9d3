import { TableError } from '../columns/errors.ts'
import { type Filter, parseFilter } from '../db/filter.ts'
import type { RunRequest, Store, StoredRow } from '../db/store.ts'
import type { TablePlan } from './plan.ts'

/** Rows read at once. */
export const windowRows = 100

/** The rows of a run in order. Rows that came after the run began are not its own: it would never end on a busy table. */
export async function* windows(
  store: Store,
  plan: TablePlan,
  {
    request,
    cursor,
    lastRow = Number.MAX_SAFE_INTEGER,
  }: { request: RunRequest; cursor: number; lastRow?: number },
): AsyncGenerator<StoredRow[]> {
  const { scope } = request
  const table = plan.table.name
  if ('rows' in scope) {
    const rows = await rowsByIds(store, { table, ids: scope.rows }, 'passed by')
    yield rows.filter((row) => row.seq > cursor)
    return
  }
  const filter = 'filter' in scope ? readFilter(plan, scope.filter, 'scope.filter') : null
  let after = cursor
  for (;;) {
    const rows = await store.scan({ table, after, limit: windowRows, filter })
    const last = rows.at(-1)
    if (last === undefined) return
    after = last.seq
    yield rows.filter((row) => row.seq <= lastRow)
    if (last.seq >= lastRow) return
  }
}

/** The newest row of a table by its place, 0 without any: clocks go back, places do not. */
export async function lastRowOf(store: Store, table: string): Promise<number> {
  const [newest] = await store.scan({ table, limit: 1, newestFirst: true })
  return newest?.seq ?? 0
}

/** A row may be erased while the run is on its way; it must be there when the run is asked for. */
export async function rowsByIds(
  store: Store,
  { table, ids }: { table: string; ids: readonly string[] },
  absent: 'refused' | 'passed by',
): Promise<StoredRow[]> {
  const rows: StoredRow[] = []
  for (const id of new Set(ids)) {
    const row = await store.find(table, id)
    if (row === null && absent === 'passed by') continue
    if (row === null) {
      throw new TableError('row-unknown', `table ${table} has no row ${id}`, {
        field: 'scope.rows',
        value: id,
        wayOut: 'list the rows with GET /v1/tables/{table}/rows',
      })
    }
    rows.push(row)
  }
  return rows.sort((a, b) => a.seq - b.seq)
}

/** How many rows the scope of a request holds now. */
export async function countRows(store: Store, plan: TablePlan, { scope }: RunRequest): Promise<number> {
  const table = plan.table.name
  if ('rows' in scope) return (await rowsByIds(store, { table, ids: scope.rows }, 'refused')).length
  return store.count(table, 'filter' in scope ? readFilter(plan, scope.filter, 'scope.filter') : [])
}

/** @throws {TableError} `request-invalid` naming the term that is not understood. */
export function readFilter(plan: TablePlan, text: string, field = 'filter'): Filter {
  return parseFilter(text, {
    field,
    columns: plan.columns.map(({ name }) => name),
    inputs: plan.inputs,
    outdated: plan.columns.map(({ outdated }) => outdated),
  })
}

/** @throws {TableError} `column-unknown` naming the column that the table does not have. */
export function checkColumns(plan: TablePlan, request: RunRequest): void {
  const unknown = request.columns?.find((name) => !plan.byName.has(name))
  if (unknown === undefined) return
  throw new TableError('column-unknown', `table ${plan.table.name} has no column "${unknown}"`, {
    field: 'columns',
    value: unknown,
    wayOut: `use one of: ${plan.columns.map(({ name }) => name).join(', ')}`,
  })
}
