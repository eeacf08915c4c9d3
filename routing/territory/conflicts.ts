import { type Dimension, type Territory, type TerritoryEntry, valuesOf } from './document.ts'
import { firstOf, goesBefore, type ReadyEntry, readyEntries } from './precedence.ts'
import type { Problem } from './problem.ts'

/** Enough for 60 states x 40 verticals x 20 sizes that all differ; a save must not take a minute. */
const mostCombinations = 50_000
export const mostProblems = 50

/** Values of one dimension that the entries treat alike; null: any value. */
type Chosen = readonly (readonly string[] | null)[]

interface Walk {
  dimensions: readonly Dimension[]
  gaps: Problem[]
  overlaps: Map<string, Problem>
  /** By entry: those that win where it matches; an entry that wins somewhere has itself in the set. */
  winners: Map<ReadyEntry, Set<ReadyEntry>>
  visited: number
}

/**
 * Gaps, overlaps that no rank decides, and entries that are never reached. Values that all entries treat alike are visited as one, so
 * that fifty states cost as much as the entries tell them apart.
 */
export function findConflicts(territory: Territory): Problem[] {
  const { dimensions } = territory
  const entries = readyEntries(dimensions, territory.entries)
  const walk: Walk = { dimensions, gaps: [], overlaps: new Map(), winners: new Map(), visited: 0 }
  visit(walk, entries, [])
  if (walk.visited > mostCombinations) {
    const message = `the entries tell more than ${mostCombinations} combinations apart; name fewer values or split the territory`
    return [{ path: ['entries'], message, value: territory.entries.length }]
  }
  const shadowed = entries.flatMap((entry) => findShadow(walk, entry))
  return [...walk.gaps, ...walk.overlaps.values(), ...shadowed].slice(0, mostProblems)
}

function visit(walk: Walk, matching: readonly ReadyEntry[], chosen: Chosen): void {
  if (walk.visited > mostCombinations) return
  const at = chosen.length
  const dimension = walk.dimensions[at]
  if (matching.length === 0) {
    walk.visited += 1
    const combination = nameOf(walk.dimensions, chosen)
    const message = `${combination} has no destination; add an entry that takes it`
    walk.gaps.push({ path: ['entries'], message, value: combination })
    return
  }
  if (dimension === undefined) {
    settle(walk, matching, chosen)
    return
  }
  for (const { values, takers } of alike(dimension, at, matching)) {
    visit(walk, takers, [...chosen, values.length === dimension.values.length ? null : values])
  }
}

/** The values of a dimension, grouped by the entries that take them. */
function alike(dimension: Dimension, at: number, matching: readonly ReadyEntry[]) {
  const groups = new Map<string, { values: string[]; takers: ReadyEntry[] }>()
  for (const value of dimension.values) {
    const takers = matching.filter(({ takes }) => takes[at]?.has(value) ?? true)
    const key = takers.map(({ index }) => index).join()
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { values: [value], takers })
    else group.values.push(value)
  }
  return groups.values()
}

function settle(walk: Walk, matching: readonly ReadyEntry[], chosen: Chosen): void {
  walk.visited += 1
  const winner = firstOf(matching)
  const unbeaten = matching.filter(
    (one) => !matching.some((other) => other !== one && goesBefore(other, one)),
  )
  const winners = winner === null ? matching : [winner]
  for (const entry of matching) {
    const known = walk.winners.get(entry) ?? new Set()
    for (const each of winner === null ? [entry] : winners) known.add(each)
    walk.winners.set(entry, known)
  }
  if (winner !== null) return
  // Nobody is unbeaten when ranks and nesting go round in a circle; then any two of them tell the story.
  const [one, other] = unbeaten.length > 1 ? unbeaten : matching
  if (one === undefined || other === undefined) return
  const key = `${one.index} ${other.index}`
  if (walk.overlaps.has(key)) return
  const combination = nameOf(walk.dimensions, chosen)
  const pair = `${placeOf(walk, one)} and ${placeOf(walk, other)}`
  const wayOut =
    one.entry.rank === undefined && other.entry.rank === undefined
      ? 'give one of them a rank, or narrow one'
      : 'change their ranks so that one comes first'
  const message = `${combination} goes two ways: ${pair} both take it; ${wayOut}`
  walk.overlaps.set(key, { path: ['entries', other.index], message, value: combination })
}

function findShadow(walk: Walk, entry: ReadyEntry): Problem[] {
  const winners = walk.winners.get(entry)
  if (winners?.has(entry) !== false) return []
  const others = [...winners].map((each) => placeOf(walk, each))
  const message = `${placeOf(walk, entry)} is never reached: ${listed(others)} ${others.length === 1 ? 'takes' : 'take'} all of it; remove it, or rank it first`
  return [{ path: ['entries', entry.index], message, value: describeEntry(walk.dimensions, entry.entry) }]
}

const placeOf = ({ dimensions }: Walk, { index, entry }: ReadyEntry) =>
  `entries.${index} (${describeEntry(dimensions, entry)})`

/** An entry by what it takes, for people: `EMEA x any segment`. */
export const describeEntry = (dimensions: readonly Dimension[], entry: TerritoryEntry): string =>
  nameOf(
    dimensions,
    dimensions.map((dimension) => valuesOf(entry, dimension)),
  )

function nameOf(dimensions: readonly Dimension[], chosen: Chosen): string {
  return dimensions
    .map(({ name }, at) => {
      const values = chosen[at] ?? null
      return values === null ? `any ${name}` : listed(values, '/')
    })
    .join(' x ')
}

function listed(values: readonly string[], between = ', '): string {
  const shown = values.slice(0, 4).join(between)
  return values.length > 4 ? `${shown} and ${values.length - 4} more` : shown
}
