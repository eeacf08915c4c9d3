import { Assignment } from '../routing/decision.ts'
import type { ClaimPolicy } from '../routing/ladder/deciding.ts'
import { overrideOwner, recheckOwner, whyNotGiven } from '../routing/ladder/override.ts'
import { findShadowed } from '../routing/ladder/shadow.ts'
import { decideOwner, type Ladder, type Rule } from '../routing/ladder.ts'
import type { Pool, PoolDefinition, Queue } from '../routing/pool.ts'
import type { RepInput } from '../routing/rep.ts'
import type { Territory } from '../routing/territory.ts'
import { asSeen, buildColumn } from './build.ts'
import type { Column, ColumnOptions, Override, Work } from './column.ts'
import { TableError } from './errors.ts'
import { checkSeeds, poolOf, repsOf } from './routing-seeds.ts'
import type { NameOf, Seen } from './types.ts'

export interface AssignOwnerOptions<
  Row extends object,
  Reads extends NameOf<Row>,
  Needs extends NameOf<Row>,
  PoolName extends string,
> extends ColumnOptions {
  reads?: readonly Reads[]
  needs?: readonly Needs[]
  /** Every pool a rule may draw from. They seed the live pools on first start, and their members the live reps. */
  pools: readonly PoolDefinition<PoolName>[]
  /** Reps that are in no pool: named by a rule or a territory, successors, managers, backups. */
  reps?: readonly RepInput[]
  /** Territories that rules look up. They seed the live ones on first start. */
  territories?: readonly Territory[]
  rules: readonly Rule<NoInfer<Seen<Row, Reads, Needs>>, NoInfer<PoolName>>[]
  /** Where a lead goes when no rule answers. */
  otherwise: { pool: NoInfer<PoolName> } | { person: RepInput } | { queue: Queue }
  /** Who shares a company's claim; what becomes of its rep who is on leave, and of an old claim. */
  claims?: ClaimPolicy
}

/**
 * The ownership ladder: ordered rules, the first that answers wins, all of it kept as the trace of the cell.
 * Draw, claim and cell commit together; a re-run keeps the draw unless it says `redraw`.
 *
 * @throws {TableError} on a rule that is never reached, two rules of one name, and a pool, rep or territory that names what is not there.
 */
export function assignOwner<
  Row extends object,
  const PoolName extends string,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
>(options: AssignOwnerOptions<Row, Reads, Needs, PoolName>): Column<Row, Assignment> {
  const { rules, otherwise, claims = {}, territories = [] } = options
  checkRules(rules)
  if (claims.scope !== undefined) checkScope(claims.scope)
  const pools = options.pools.map(poolOf)
  const reps = repsOf(options.pools, [
    ...(options.reps ?? []),
    ...('person' in otherwise ? [otherwise.person] : []),
  ])
  checkSeeds({ pools, reps, territories })
  if ('pool' in otherwise) checkPool('otherwise', otherwise.pool, pools)
  for (const [index, { counts }] of rules.entries()) {
    if (counts !== undefined) checkPool(`rules.${index}.counts`, counts, pools)
  }
  const end: Ladder<Row>['otherwise'] = 'person' in otherwise ? { person: otherwise.person.id } : otherwise
  const ladder = { rules, otherwise: end, claims }
  return buildColumn<Row, Assignment>({
    ...options,
    kind: 'assign-owner',
    output: Assignment,
    describe: {
      rules: rules.map((rule) => rule.name),
      otherwise: 'pool' in end ? end.pool : 'queue' in end ? end.queue.name : end.person,
      pools: pools.map((pool) => pool.name),
      territories: territories.map((territory) => territory.name),
      claims: { ...claims },
    },
    versionOf: rules.map(({ when, decide, counts }) => [when, decide, counts]),
    work: {
      effect: 'draw',
      pools,
      reps,
      territories,
      ...(claims.scope !== undefined && { claimScope: claims.scope }),
      decide: (values, view) => decideOwner(ladder, asSeen(values), view),
      ...byHand,
    },
  })
}

/** What every drawing column does with a rep named from outside, and with an answer that stood for a while. */
export const byHand: Pick<Extract<Work<Assignment>, { effect: 'draw' }>, 'override' | 'recheck'> = {
  override(given: Override, view) {
    const refused = whyNotGiven(given, view)
    if (refused !== null) {
      throw new TableError('request-invalid', `rep ${given.rep} cannot get this lead: ${refused}`, {
        field: 'rep',
        value: given.rep,
        wayOut: 'name an active rep of GET /v1/reps',
      })
    }
    return overrideOwner(given, view)
  },
  recheck: recheckOwner,
}

/** What the trace calls the end of the ladder, and a company's claim that did not hold. */
const reserved = ['otherwise', 'claim']

interface NamedRule {
  name: string
  when?: object
  always?: boolean
}

function checkRules(rules: readonly NamedRule[]): void {
  const names = rules.map(({ name }) => name)
  const twice = names.findIndex((name, index) => names.indexOf(name) < index || reserved.includes(name))
  const name = names[twice]
  if (name !== undefined) {
    const what = reserved.includes(name)
      ? `a rule cannot be called "${name}"`
      : `two rules are called "${name}"`
    throw new TableError('definition-invalid', `${what}: claims and traces tell rules apart by name`, {
      field: `rules.${twice}.name`,
      value: name,
      wayOut: `give each rule a name of its own, other than ${reserved.join(' and ')}`,
    })
  }
  const shadowed = findShadowed(rules)
  if (shadowed === null) return
  throw new TableError(
    'definition-invalid',
    `rule "${shadowed.rule.name}" is never reached: "${shadowed.by.name}" before it always answers where it would be asked`,
    {
      field: `rules.${rules.indexOf(shadowed.rule)}`,
      value: shadowed.rule.name,
      wayOut: 'move it up, narrow the rule before it, or remove it',
    },
  )
}

/** A shared name is never taken for that of a column, which has a dot in it. */
function checkScope(scope: string): void {
  if (/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(scope)) return
  throw new TableError(
    'definition-invalid',
    `"${scope}" is no name that columns can share their claims under`,
    {
      field: 'claims.scope',
      value: scope,
      wayOut: 'use letters, digits, - and _, or leave it out to keep the claims to this column',
    },
  )
}

function checkPool(field: string, name: string, pools: readonly Pool[]): void {
  if (pools.some((pool) => pool.name === name)) return
  const does = field === 'otherwise' ? 'ends in' : 'counts in'
  throw new TableError('definition-invalid', `the ladder ${does} pool "${name}", which it does not hold`, {
    field,
    value: name,
    wayOut: `add it to pools, or use one of: ${pools.map((pool) => pool.name).join(', ')}`,
  })
}
