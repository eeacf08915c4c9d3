import { type Destination, someOf, type Territory } from './document.ts'
import { firstOf, type ReadyEntry, readyEntries } from './precedence.ts'

export interface Found {
  destination: Destination
  /** The combination that was asked for: `EMEA x SMB`. */
  path: string
  /** Position of the entry that won. */
  entry: number
}

interface Prepared {
  dimensions: readonly { name: string; values: ReadonlySet<string> }[]
  entries: readonly ReadyEntry[]
  /** Answers by combination: there are no more of them than combinations, as other values never get here. */
  answers: Map<string, Found | null>
}

const prepared = new WeakMap<Territory, Prepared>()

/**
 * The destination of one combination; the narrowest entry wins, then the rank. Null when the key lacks a dimension or has a value that
 * the territory does not know: a blank never falls to the entry that takes the rest.
 */
export function lookUp(territory: Territory, key: object): Found | null {
  const { dimensions, entries, answers } = prepare(territory)
  const values = combinationOf(dimensions, key)
  if (values === null) return null
  const combination = values.join('\u0000')
  const known = answers.get(combination)
  if (known !== undefined) return known
  const matching = entries.filter(({ takes }) => values.every((value, at) => takes[at]?.has(value) ?? true))
  const first = firstOf(matching)
  const answer =
    first === null ? null : { destination: first.entry.to, path: values.join(' x '), entry: first.index }
  answers.set(combination, answer)
  return answer
}

/** Why a key has no destination, in one sentence for people. */
export function whyNowhere(territory: Territory, key: object): string {
  const given = new Map<string, unknown>(Object.entries(key))
  for (const { name, values } of territory.dimensions) {
    const value = given.get(name)
    if (typeof value === 'string' && values.includes(value)) continue
    const seen =
      value === undefined || value === null || value === '' ? `no ${name}` : `${name} ${quote(value)}`
    return `territory ${territory.name} has no place for ${seen}; it knows ${someOf(values)}`
  }
  const path = territory.dimensions.map(({ name }) => given.get(name)).join(' x ')
  return `territory ${territory.name} has no single entry for ${path}`
}

function prepare(territory: Territory): Prepared {
  let ready = prepared.get(territory)
  if (ready === undefined) {
    ready = {
      dimensions: territory.dimensions.map(({ name, values }) => ({ name, values: new Set(values) })),
      entries: readyEntries(territory.dimensions, territory.entries),
      answers: new Map(),
    }
    prepared.set(territory, ready)
  }
  return ready
}

function combinationOf(dimensions: Prepared['dimensions'], key: object): string[] | null {
  const values: string[] = []
  for (const dimension of dimensions) {
    const value: unknown = Object.hasOwn(key, dimension.name) ? Reflect.get(key, dimension.name) : undefined
    if (typeof value !== 'string' || !dimension.values.has(value)) return null
    values.push(value)
  }
  return values
}

const quote = (value: unknown) => JSON.stringify(value)?.slice(0, 80)
