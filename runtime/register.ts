import { TableError } from '../columns/errors.ts'
import type { TableDefinition } from '../columns/table.ts'
import type { Store } from '../db/store.ts'
import type { Pool } from '../routing/pool.ts'
import type { Rep } from '../routing/rep.ts'
import type { Territory } from '../routing/territory.ts'
import { describeTable } from './describe.ts'
import { planTable, type TablePlan } from './plan.ts'

/**
 * Makes the tables known to the store and plans them; their reps, pools and territories are added where they are not there yet.
 *
 * @throws {TableError} `definition-invalid` when two tables share a name, or a column asks a table that is not served.
 */
export async function registerTables(
  store: Store,
  tables: readonly TableDefinition[],
): Promise<Map<string, TablePlan>> {
  const plans = new Map<string, TablePlan>()
  const seeds = {
    reps: new Map<string, Rep>(),
    pools: new Map<string, Pool>(),
    territories: new Map<string, Territory>(),
  }
  for (const table of tables) {
    if (plans.has(table.name)) {
      throw new TableError('definition-invalid', `two tables are called "${table.name}"`, {
        field: 'tables',
        value: table.name,
        wayOut: 'rename one of them',
      })
    }
    for (const { name, column } of table.columns) {
      refuseUnknownTables(tables, `${table.name}.${name}`, column.tables)
      if (column.work.effect !== 'draw') continue
      for (const rep of column.work.reps) seeds.reps.set(rep.id, rep)
      for (const pool of column.work.pools) seeds.pools.set(pool.name, pool)
      for (const territory of column.work.territories) seeds.territories.set(territory.name, territory)
    }
    const { definition } = await store.registerTable({
      name: table.name,
      version: table.version,
      document: describeTable(table),
    })
    plans.set(table.name, planTable(table, definition))
  }
  await store.seed({
    reps: [...seeds.reps.values()],
    pools: [...seeds.pools.values()],
    territories: [...seeds.territories.values()],
  })
  return plans
}

function refuseUnknownTables(
  tables: readonly TableDefinition[],
  column: string,
  asked: readonly string[],
): void {
  const unknown = asked.find((name) => !tables.some((table) => table.name === name))
  if (unknown === undefined) return
  throw new TableError(
    'definition-invalid',
    `column ${column} asks table "${unknown}", which is not served`,
    {
      field: column,
      value: unknown,
      wayOut: `serve it too, or ask one of: ${tables.map((table) => table.name).join(', ')}`,
    },
  )
}
