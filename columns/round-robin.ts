import { Assignment } from '../routing/decision.ts'
import { decideOwner } from '../routing/ladder.ts'
import type { Pool } from '../routing/pool.ts'
import { buildColumn } from './build.ts'
import type { Column, ColumnOptions } from './column.ts'
import type { NameOf } from './types.ts'

export interface RoundRobinOptions<Row extends object> extends ColumnOptions {
  reads?: readonly NameOf<Row>[]
  needs?: readonly NameOf<Row>[]
  /** The pool says whether turns are equal (`standard`) or follow weights (`weighted`). */
  pool: Pool
}

/** A rotation as a column of its own. A pool is the counter: two columns on one pool share one rotation. */
export function roundRobin<Row extends object>(options: RoundRobinOptions<Row>): Column<Row, Assignment> {
  const { pool } = options
  const rules = [
    {
      name: 'rotation',
      decide: () => ({
        kind: 'pool' as const,
        pool: pool.name,
        method: null,
        reason: `rotation of pool ${pool.name}`,
      }),
    },
  ]
  const ladder = { rules, otherwise: { pool: pool.name }, reps: new Map() }
  return buildColumn<Row, Assignment>({
    ...options,
    kind: 'round-robin',
    output: Assignment,
    describe: { pool: pool.name, strategy: pool.strategy },
    versionOf: [],
    work: {
      effect: 'draw',
      pools: [pool],
      decide: (values, view) => decideOwner(ladder, values, { ...view, claim: null, account: null }),
    },
  })
}
