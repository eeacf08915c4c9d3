import { TableError } from '../columns/errors.ts'
import type { Run, Store, StoredRow } from '../db/store.ts'
import type { TablePlan } from './plan.ts'

/** Finds what a request names, or says that it is not there. */
export interface Finder {
  /** @throws {TableError} `table-unknown` naming the tables there are. */
  planFor(table: string): TablePlan
  /** @throws {TableError} `row-unknown`. */
  findRow(table: string, id: string): Promise<StoredRow>
  /** @throws {TableError} `run-unknown`. */
  findRun(id: string): Promise<Run>
}

export function createFinder(store: Store, plans: ReadonlyMap<string, TablePlan>): Finder {
  function planFor(table: string): TablePlan {
    const plan = plans.get(table)
    if (plan !== undefined) return plan
    throw new TableError('table-unknown', `there is no table "${table}"`, {
      field: 'table',
      value: table,
      wayOut: `use one of: ${[...plans.keys()].join(', ')}`,
    })
  }

  async function findRow(table: string, id: string): Promise<StoredRow> {
    planFor(table)
    const row = await store.find(table, id)
    if (row !== null) return row
    throw new TableError('row-unknown', `table ${table} has no row ${id}`, {
      field: 'row',
      value: id,
      wayOut: 'list the rows with GET /v1/tables/{table}/rows',
    })
  }

  async function findRun(id: string): Promise<Run> {
    const run = await store.findRun(id)
    if (run !== null) return run
    throw new TableError('run-unknown', `there is no run ${id}`, {
      field: 'run',
      value: id,
      wayOut: 'use the id that POST /v1/tables/{table}/runs answered',
    })
  }

  return { planFor, findRow, findRun }
}
