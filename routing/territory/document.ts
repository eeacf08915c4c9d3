import { z } from 'zod'
import { Id } from '../rep.ts'

/** Where a territory sends its leads: to a rotation pool or to one rep, by id. */
export const Destination = z.union([z.strictObject({ pool: Id }), z.strictObject({ person: Id })], {
  error: 'name one destination: { "pool": "…" } or { "person": "rep id" }',
})
export type Destination = z.output<typeof Destination>

const Value = z.string().min(1, 'a value cannot be empty; give blank fields a named one, such as "unknown"')

/** More than a country has counties; a check compares them with one another. */
const mostValues = 10_000

/** One axis, `{ "name": "segment", "values": ["SMB", "unknown"] }`: what is not among its values has no destination. */
export const Dimension = z.strictObject({ name: Id, values: z.array(Value).min(1).max(mostValues) })
export type Dimension = z.output<typeof Dimension>

export const TerritoryEntry = z.strictObject({
  /** Values by dimension; a dimension that is left out may be any of its values. */
  match: z.record(z.string(), z.array(Value).min(1).max(mostValues)),
  to: Destination,
  /** Decides between entries that overlap and of which none lies within the other: 1 before 2, ranked before unranked. */
  rank: z.number().int().min(1).optional(),
})
export type TerritoryEntry = z.output<typeof TerritoryEntry>

/**
 * Who takes which part of the market, over any dimensions: live data, kept in versions. The shape alone; whether every combination has
 * one destination is told by `checkTerritory`.
 */
export const Territory = z.strictObject({
  name: Id,
  dimensions: z.array(Dimension).min(1).max(12),
  entries: z.array(TerritoryEntry).min(1).max(5_000),
})
export type Territory = z.output<typeof Territory>

/** The values an entry takes on a dimension, null for all of them. */
export function valuesOf(entry: TerritoryEntry, dimension: Dimension): readonly string[] | null {
  const values = Object.hasOwn(entry.match, dimension.name) ? entry.match[dimension.name] : undefined
  return values === undefined || dimension.values.every((each) => values.includes(each)) ? null : values
}

/** Names for a message: all of them, or the first twenty of many. */
export const someOf = (names: readonly string[]): string =>
  names.length <= 20 ? names.join(', ') : `${names.slice(0, 20).join(', ')} and ${names.length - 20} more`
