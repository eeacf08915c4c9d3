import { Assignment } from '../routing/decision.ts'
import { decideOwner, type Ladder } from '../routing/ladder.ts'
import type { PoolDefinition } from '../routing/pool.ts'
import { byHand } from './assign-owner.ts'
import { buildColumn } from './build.ts'
import type { Column, ColumnOptions } from './column.ts'
import { checkSeeds, poolOf, repsOf } from './routing-seeds.ts'
import type { NameOf } from './types.ts'

export interface RoundRobinOptions<Row extends object> extends ColumnOptions {
  reads?: readonly NameOf<Row>[]
  needs?: readonly NameOf<Row>[]
  /** The pool says whether turns are equal (`standard`) or follow weights (`weighted`). */
  pool: PoolDefinition
  /** Pools that this one hands over to when it has nobody. */
  nextPools?: readonly PoolDefinition[]
}

/**
 * A rotation as a column of its own: it knows neither companies nor claims. A pool is the counter: two columns on one pool share one
 * rotation.
 *
 * @throws {TableError} when the pool hands over to one that is not among `nextPools`.
 */
export function roundRobin<Row extends object>(options: RoundRobinOptions<Row>): Column<Row, Assignment> {
  const definitions = [options.pool, ...(options.nextPools ?? [])]
  const pool = poolOf(options.pool)
  const pools = definitions.map(poolOf)
  const reps = repsOf(definitions, [])
  checkSeeds({ pools, reps, territories: [] })
  const ladder: Ladder<object> = {
    rules: [{ name: 'rotation', decide: (_, by) => by.rotate(pool.name) }],
    otherwise: { pool: pool.name },
  }
  return buildColumn<Row, Assignment>({
    ...options,
    kind: 'round-robin',
    output: Assignment,
    describe: { pool: pool.name, strategy: pool.strategy },
    versionOf: [],
    work: {
      effect: 'draw',
      pools,
      reps,
      territories: [],
      ...byHand,
      decide: (values, view) => decideOwner(ladder, values, withoutCompany(view)),
      override: (given, view) => byHand.override(given, withoutCompany(view)),
    },
  })
}

const withoutCompany = <View extends { claim: unknown; account: unknown }>(view: View) => ({
  ...view,
  claim: null,
  account: null,
})
