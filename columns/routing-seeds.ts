import { circleFrom, circleText } from '../routing/hand-over-circle.ts'
import { handOversOf, Pool, type PoolDefinition } from '../routing/pool.ts'
import { Rep, type RepInput } from '../routing/rep.ts'
import { findSameEmail } from '../routing/same-email.ts'
import { checkTerritory, type Territory } from '../routing/territory.ts'
import { TableError } from './errors.ts'
import { stableStringify } from './json.ts'

/** The document of a pool, without the reps its definition carries. */
export function poolOf({ reps: _, ...pool }: PoolDefinition): Pool {
  return Pool.parse(pool)
}

/** Every rep of a definition once. The same id with other data is an error: which one holds would depend on the order. */
export function repsOf(pools: readonly PoolDefinition[], others: readonly RepInput[]): Rep[] {
  const reps = new Map<string, Rep>()
  for (const given of [...pools.flatMap((pool) => pool.reps), ...others]) {
    const rep = Rep.parse(given)
    const known = reps.get(rep.id)
    if (known !== undefined && stableStringify(known) !== stableStringify(rep)) {
      throw new TableError('definition-invalid', `rep "${rep.id}" is defined twice, with different data`, {
        field: 'reps',
        value: rep.id,
        wayOut: 'define the rep once and use that value everywhere; two people need two ids',
      })
    }
    reps.set(rep.id, rep)
  }
  return [...reps.values()]
}

/** What the seeds name must be among them: a start with a hole in the roster would find out at night. */
export function checkSeeds({
  pools,
  reps,
  territories,
}: {
  pools: readonly Pool[]
  reps: readonly Rep[]
  territories: readonly Territory[]
}): void {
  const ids = new Set(reps.map(({ id }) => id))
  for (const rep of reps) {
    const other = findSameEmail(rep, reps)
    if (other !== null) {
      refuse(`reps.${rep.id}.email`, rep.email, {
        message: `reps "${other.id}" and "${rep.id}" have the same e-mail, so a CRM cannot tell them apart`,
        wayOut: 'give each an address of their own, or make who left inactive',
      })
    }
    for (const field of ['successor', 'manager', 'backup'] as const) {
      const id = rep[field]
      if (id === null || ids.has(id)) continue
      refuse(`reps.${rep.id}.${field}`, id, {
        message: `the ${field} of rep "${rep.id}" is "${id}", who is not in the roster`,
        wayOut: 'add the rep to reps',
      })
    }
  }
  const names = pools.map(({ name }) => name)
  for (const pool of pools) {
    for (const [to, path] of handOversOf(pool.whenNobody)) {
      if (typeof to !== 'object' || !('pool' in to) || names.includes(to.pool)) continue
      refuse(`pools.${pool.name}.${path.join('.')}`, to.pool, {
        message: `pool "${pool.name}" hands over to pool "${to.pool}", which is not there`,
        wayOut: `add it to pools, or use one of: ${names.join(', ')}`,
      })
    }
  }
  for (const pool of pools) {
    const circle = circleFrom(pool, (name) => pools.find((each) => each.name === name))
    if (circle !== null) refuse(`pools.${pool.name}.whenNobody`, circle.join(' -> '), circleText(circle))
  }
  for (const territory of territories) {
    const [problem] = checkTerritory(territory, { pools, reps })
    if (problem === undefined) continue
    refuse(`territories.${territory.name}.${problem.path.join('.')}`, problem.value, {
      message: `territory "${territory.name}": ${problem.message}`,
      wayOut: 'change the territory, or add what it names to pools and reps',
    })
  }
}

function refuse(
  field: string,
  value: unknown,
  { message, wayOut }: { message: string; wayOut: string },
): never {
  throw new TableError('definition-invalid', message, { field, value, wayOut })
}
