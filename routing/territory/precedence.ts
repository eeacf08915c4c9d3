import { type Dimension, type TerritoryEntry, valuesOf } from './document.ts'

/** An entry made ready for comparison; `takes` has a set per dimension, null where it takes every value. */
export interface ReadyEntry {
  index: number
  entry: TerritoryEntry
  takes: readonly (ReadonlySet<string> | null)[]
}

export function readyEntries(
  dimensions: readonly Dimension[],
  entries: readonly TerritoryEntry[],
): ReadyEntry[] {
  return entries.map((entry, index) => ({
    index,
    entry,
    takes: dimensions.map((dimension) => {
      const values = valuesOf(entry, dimension)
      return values === null ? null : new Set(values)
    }),
  }))
}

/**
 * Whether an entry comes before another one where both match: it lies within the other, or neither lies within the other and its
 * rank comes first. Between equals without a rank nobody wins, and neither does anybody when ranks and nesting contradict each other.
 */
export function goesBefore(one: ReadyEntry, other: ReadyEntry): boolean {
  const [inside, around] = [liesWithin(one, other), liesWithin(other, one)]
  if (inside !== around) return inside
  return rankOf(one) < rankOf(other)
}

/** The entry that goes before every other one of these; null when there is none. */
export function firstOf(matching: readonly ReadyEntry[]): ReadyEntry | null {
  const first = matching.find((one) => matching.every((other) => other === one || goesBefore(one, other)))
  return first ?? null
}

const rankOf = ({ entry }: ReadyEntry) => entry.rank ?? Number.POSITIVE_INFINITY

function liesWithin(inner: ReadyEntry, outer: ReadyEntry): boolean {
  return outer.takes.every((values, at) => {
    const own = inner.takes[at] ?? null
    return values === null || own?.isSubsetOf(values) === true
  })
}
