import { Assignment } from '../routing/decision.ts'
import { decideOwner, type Rule } from '../routing/ladder.ts'
import type { Pool, Rep } from '../routing/pool.ts'
import { asSeen, buildColumn } from './build.ts'
import type { Column, ColumnOptions } from './column.ts'
import { TableError } from './errors.ts'
import type { NameOf, Seen } from './types.ts'

export interface AssignOwnerOptions<
  Row extends object,
  Reads extends NameOf<Row>,
  Needs extends NameOf<Row>,
  PoolName extends string,
> extends ColumnOptions {
  reads?: readonly Reads[]
  needs?: readonly Needs[]
  /** Every pool a rule may draw from. They seed the live pools on first start. */
  pools: readonly (Pool & { name: PoolName })[]
  /** Reps that a territory names by id and no pool holds. */
  reps?: readonly Rep[]
  rules: readonly Rule<NoInfer<Seen<Row, Reads, Needs>>, NoInfer<PoolName>>[]
  otherwise: { pool: NoInfer<PoolName> } | { person: Rep }
}

/**
 * The ownership ladder: ordered rules, the first that answers wins, all of it kept as the trace of the cell.
 * Draw, claim and cell commit together; a re-run keeps the draw unless it says `redraw`.
 */
export function assignOwner<
  Row extends object,
  const PoolName extends string,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
>(options: AssignOwnerOptions<Row, Reads, Needs, PoolName>): Column<Row, Assignment> {
  checkOtherwise(options.otherwise, options.pools)
  const reps = new Map<string, Rep>()
  for (const rep of options.reps ?? []) reps.set(rep.id, rep)
  for (const pool of options.pools) for (const member of pool.members) reps.set(member.rep.id, member.rep)
  const ladder = { rules: options.rules, otherwise: options.otherwise, reps }
  return buildColumn<Row, Assignment>({
    ...options,
    kind: 'assign-owner',
    output: Assignment,
    describe: {
      rules: options.rules.map((rule) => rule.name),
      otherwise: 'pool' in options.otherwise ? options.otherwise.pool : options.otherwise.person.name,
      pools: options.pools.map((pool) => pool.name),
    },
    versionOf: options.rules.map((rule) => rule.decide),
    work: {
      effect: 'draw',
      pools: options.pools,
      decide: (values, view) => decideOwner(ladder, asSeen(values), view),
    },
  })
}

function checkOtherwise(otherwise: { pool: string } | { person: Rep }, pools: readonly Pool[]): void {
  if ('person' in otherwise || pools.some((pool) => pool.name === otherwise.pool)) return
  throw new TableError(
    'definition-invalid',
    `the ladder ends in pool "${otherwise.pool}", which it does not hold`,
    {
      field: 'otherwise',
      value: otherwise.pool,
      wayOut: `add it to pools, or use one of: ${pools.map((pool) => pool.name).join(', ')}`,
    },
  )
}
