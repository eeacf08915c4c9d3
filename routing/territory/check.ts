import type { Pool } from '../pool.ts'
import type { Rep } from '../rep.ts'
import { findConflicts, mostProblems } from './conflicts.ts'
import { someOf, type Territory, type TerritoryEntry } from './document.ts'
import type { Problem } from './problem.ts'

/** Live data that a territory refers to. */
export interface Known {
  pools: readonly Pool[]
  reps: readonly Rep[]
}

/**
 * Everything that is wrong with a territory: unknown names, a destination that has nobody, a combination without an entry or with two
 * that contradict each other, and an entry that is never reached. Empty for a territory that may be saved.
 */
export function checkTerritory(territory: Territory, known: Known): Problem[] {
  const names = findNameProblems(territory).take(mostProblems).toArray()
  const destinations = territory.entries.flatMap((entry, index) =>
    findDestinationProblem(entry, index, known),
  )
  // Gaps of a document with misspelt values would only repeat them.
  return names.length > 0 ? [...names, ...destinations] : [...destinations, ...findConflicts(territory)]
}

function* findNameProblems({ dimensions, entries }: Territory): Generator<Problem> {
  const names = dimensions.map(({ name }) => name)
  const valuesByName = new Map(dimensions.map(({ name, values }) => [name, new Set(values)]))
  for (const [index, { name, values }] of dimensions.entries()) {
    if (names.indexOf(name) < index) {
      yield problem(['dimensions', index, 'name'], `dimension ${name} is there twice; remove one`, name)
    }
    if (new Set(values).size === values.length) continue
    for (const [at, value] of values.entries()) {
      if (values.indexOf(value) === at) continue
      yield problem(['dimensions', index, 'values', at], `${name} has ${value} twice; remove one`, value)
    }
  }
  for (const [index, { match }] of entries.entries()) {
    for (const [name, values] of Object.entries(match)) {
      const dimension = dimensions.find((each) => each.name === name)
      if (dimension === undefined) {
        const message = `${name} is not a dimension of this territory; use one of: ${someOf(names)}`
        yield problem(['entries', index, 'match', name], message, name)
        continue
      }
      for (const [at, value] of values.entries()) {
        if (valuesByName.get(name)?.has(value)) continue
        const message = `${value} is not a value of ${name}; use one of: ${someOf(dimension.values)}`
        yield problem(['entries', index, 'match', name, at], message, value)
      }
    }
  }
}

function findDestinationProblem({ to }: TerritoryEntry, index: number, known: Known): Problem[] {
  const path = ['entries', index, 'to']
  if ('person' in to) {
    const rep = known.reps.find(({ id }) => id === to.person)
    if (rep?.active === true) return []
    const message =
      rep === undefined
        ? `there is no rep ${to.person}; add the rep first, or name another one`
        : `rep ${rep.name} is inactive; name ${rep.successor ?? 'somebody else'}`
    return [problem([...path, 'person'], message, to.person)]
  }
  const pool = known.pools.find(({ name }) => name === to.pool)
  if (pool === undefined) {
    const message = `there is no pool ${to.pool}; use one of: ${known.pools.map(({ name }) => name).join(', ')}`
    return [problem([...path, 'pool'], message, to.pool)]
  }
  const active = new Set(known.reps.flatMap((rep) => (rep.active ? [rep.id] : [])))
  if (pool.members.some(({ rep, weight }) => weight > 0 && active.has(rep))) return []
  const message = `pool ${pool.name} has no active member with a weight; add one, or send the leads elsewhere`
  return [problem([...path, 'pool'], message, to.pool)]
}

const problem = (path: Problem['path'], message: string, value: unknown): Problem => ({
  path,
  message,
  value,
})
