import { Destination, type Dimension, Territory, type TerritoryEntry } from './document.ts'

/** One dimension of a definition: its name, and a zod enum, so that the same list types the territory and checks the data. */
export type Axis = readonly [name: string, values: { readonly options: readonly string[] }]

type ValueOf<Each extends Axis> = Each[1]['options'][number]

/** What a territory is asked with: one value for each of its dimensions. */
export type KeyOf<Axes extends readonly Axis[]> = {
  readonly [Each in Axes[number] as Each[0]]: ValueOf<Each>
}

/** Every value of the first dimension, then of the next one; a destination may stand for everything below it. */
export type Destinations<Axes extends readonly Axis[]> = Axes extends readonly [
  infer First extends Axis,
  ...infer Rest extends readonly Axis[],
]
  ? {
      readonly [Value in ValueOf<First>]: Rest extends readonly []
        ? Destination
        : Destination | Destinations<Rest>
    }
  : never

declare const keyed: unique symbol

/** A territory as a definition holds it: the document that seeds live data; its type knows what it may be asked with. */
export type TerritoryDefinition<Key extends object = never> = Territory & {
  readonly [keyed]?: (key: Key) => void
}

export interface TerritoryOptions<Axes extends readonly Axis[]> {
  /** In the order in which the destinations are nested. */
  dimensions: Axes
  destinations: Destinations<NoInfer<Axes>>
}

/**
 * Declares who takes which part of the market. A missing combination does not compile; for callers without types it throws a
 * `RangeError` that names every missing, unknown and malformed combination. The definition seeds the territory; from then on it is live
 * data, edited over HTTP.
 *
 * @example
 * const territory = defineTerritory('market', {
 *   dimensions: [['region', z.enum(['EMEA', 'unknown'])], ['segment', z.enum(['SMB', 'unknown'])]],
 *   destinations: {
 *     EMEA: { SMB: { pool: 'emea-smb' }, unknown: { person: 'ana' } },
 *     unknown: { pool: 'triage' },
 *   },
 * })
 */
export function defineTerritory<const Axes extends readonly [Axis, ...Axis[]]>(
  name: string,
  options: TerritoryOptions<Axes>,
): TerritoryDefinition<KeyOf<Axes>> {
  const dimensions = options.dimensions.map(([each, values]) => ({ name: each, values: [...values.options] }))
  const problems: string[] = []
  const entries = [...entriesOf(dimensions, options.destinations, [], problems)]
  if (problems.length > 0) {
    throw new RangeError(`territory ${name} is not complete: ${problems.join('; ')}`)
  }
  return Territory.parse({ name, dimensions, entries })
}

/** Entries of a nested definition, neighbours with the same destination as one, so that the document is short to read and to edit. */
function* entriesOf(
  dimensions: readonly Dimension[],
  nested: unknown,
  path: readonly string[],
  problems: string[],
): Generator<TerritoryEntry> {
  const [dimension, ...rest] = dimensions
  if (dimension === undefined) return
  const given = recordOf(nested)
  for (const key of Object.keys(given)) {
    if (!dimension.values.includes(key)) {
      problems.push(
        `${[...path, key].join(' x ')} is not a ${dimension.name} (${dimension.values.join(', ')})`,
      )
    }
  }
  const same = new Map<string, { to: Destination; values: string[] }>()
  const below: TerritoryEntry[] = []
  for (const value of dimension.values) {
    const at = [...path, value]
    const each = Object.hasOwn(given, value) ? given[value] : undefined
    const to = Destination.safeParse(each)
    if (each === undefined) problems.push(`${at.join(' x ')} is missing`)
    else if (to.success) {
      const group = same.get(JSON.stringify(to.data)) ?? { to: to.data, values: [] }
      same.set(JSON.stringify(to.data), { to: group.to, values: [...group.values, value] })
    } else if (rest.length === 0 || !isRecord(each)) {
      problems.push(`${at.join(' x ')} must be { pool } or { person }, not ${JSON.stringify(each)}`)
    } else {
      for (const entry of entriesOf(rest, each, at, problems)) {
        below.push({ ...entry, match: { [dimension.name]: [value], ...entry.match } })
      }
    }
  }
  for (const { to, values } of same.values()) {
    yield { match: values.length === dimension.values.length ? {} : { [dimension.name]: values }, to }
  }
  yield* below
}

const isRecord = (value: unknown): value is object => typeof value === 'object' && value !== null

const recordOf = (value: unknown): Record<string, unknown> =>
  isRecord(value) ? Object.fromEntries(Object.entries(value)) : {}
