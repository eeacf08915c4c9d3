import { TableError } from '../columns/errors.ts'
import { stableStringify } from '../columns/json.ts'
import type { TableDefinition } from '../columns/table.ts'
import type { Store } from '../db/store.ts'
import type { Pool } from '../routing/pool.ts'
import type { Rep } from '../routing/rep.ts'
import type { Territory } from '../routing/territory.ts'
import { describeTable } from './describe.ts'
import { fingerprintsOf, outdatedIn } from './outdated.ts'
import { planTable, type TablePlan } from './plan.ts'

/**
 * Makes the tables known to the store and plans them; their reps, pools and territories are added where they are not there yet.
 *
 * @throws {TableError} `definition-invalid` when two tables share a name, a column asks a table that is not served, or a rep, pool or territory is
 * defined twice, with different data.
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
      const at = `${table.name}.${name}`
      for (const rep of column.work.reps) addOnce(seeds.reps, ['rep', rep.id, rep], at)
      for (const pool of column.work.pools) addOnce(seeds.pools, ['pool', pool.name, pool], at)
      for (const territory of column.work.territories)
        addOnce(seeds.territories, ['territory', territory.name, territory], at)
    }
    const { definition } = await store.registerTable({
      name: table.name,
      version: table.version,
      document: { ...describeTable(table), fingerprints: fingerprintsOf(table) },
    })
    const earlier = (await store.definitions(table.name)).filter(({ number }) => number !== definition)
    plans.set(table.name, planTable(table, definition, outdatedIn(table, earlier)))
  }
  await store.seed({
    reps: [...seeds.reps.values()],
    pools: [...seeds.pools.values()],
    territories: [...seeds.territories.values()],
  })
  return plans
}

/** Of two that differ the last one would win, and one table would route by the definition of the other. */
function addOnce<Seed>(
  seeds: Map<string, Seed>,
  [kind, name, seed]: [kind: 'rep' | 'pool' | 'territory', name: string, seed: Seed],
  column: string,
): void {
  const known = seeds.get(name)
  if (known !== undefined && stableStringify(known) !== stableStringify(seed)) {
    const message = `${kind} "${name}" is defined twice, with different data`
    throw new TableError('definition-invalid', message, {
      field: column,
      value: name,
      wayOut: `define the ${kind} once and use that value everywhere, or give one of the two another name`,
    })
  }
  seeds.set(name, seed)
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
