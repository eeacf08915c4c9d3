import { z } from 'zod'

/** Where a territory sends its leads: to a rotation pool or to one named person. */
export const Destination = z.union([
  z.strictObject({ pool: z.string().min(1) }),
  z.strictObject({ person: z.string().min(1) }),
])
export type Destination = z.output<typeof Destination>

/** A value on one axis of a matrix, as a zod enum, so that the same list types the matrix and checks the data. */
type Axis<Value extends string> = z.ZodEnum<{ [Each in Value]: Each }>

/** The two axes of a matrix: `{ region: z.enum([…]), segment: z.enum([…]) }`. */
export interface Axes<Region extends string, Segment extends string> {
  region: Axis<Region>
  segment: Axis<Segment>
}

/** A destination for every region x segment combination, `unknown` included where the axis has it. */
export interface Territory<
  Region extends string,
  Segment extends string,
  To extends Destination = Destination,
> {
  readonly axes: Axes<Region, Segment>
  readonly destinations: Readonly<Record<Region, Readonly<Record<Segment, To>>>>
}

/**
 * Declares the ownership matrix. A missing combination does not compile; for callers without types it throws a `RangeError` that
 * names every missing, unknown and malformed combination.
 *
 * @example
 * const territory = defineTerritory(
 *   { region: z.enum(['EMEA', 'unknown']), segment: z.enum(['SMB', 'unknown']) },
 *   {
 *     EMEA: { SMB: { pool: 'emea-smb' }, unknown: { person: 'ana' } },
 *     unknown: { SMB: { pool: 'triage' }, unknown: { pool: 'triage' } },
 *   },
 * )
 */
export function defineTerritory<
  Region extends string,
  Segment extends string,
  const To extends Destination = Destination,
>(
  axes: Axes<Region, Segment>,
  destinations: { readonly [R in NoInfer<Region>]: { readonly [S in NoInfer<Segment>]: To } },
): Territory<Region, Segment, To> {
  const problems = [...findProblems(axes, destinations)]
  if (problems.length > 0)
    throw new RangeError(`the territory matrix is not complete: ${problems.join('; ')}`)
  return { axes, destinations: structuredClone(destinations) }
}

/** The destination of one combination, with the path to it for the trace: `EMEA x SMB`. Throws `RangeError` on a value off the axes. */
export function lookUp<Region extends string, Segment extends string, To extends Destination>(
  territory: Territory<Region, Segment, To>,
  at: { region: NoInfer<Region>; segment: NoInfer<Segment> },
): { destination: To; path: string } {
  const path = `${at.region} x ${at.segment}`
  const row = Object.hasOwn(territory.destinations, at.region) ? territory.destinations[at.region] : null
  if (row === null || !Object.hasOwn(row, at.segment)) {
    const known = `regions ${territory.axes.region.options.join(', ')}; segments ${territory.axes.segment.options.join(', ')}`
    throw new RangeError(`the territory matrix has no combination ${path} (${known})`)
  }
  return { destination: row[at.segment], path }
}

function* findProblems(axes: Axes<string, string>, destinations: unknown): Generator<string> {
  const rows = recordOf(destinations)
  for (const region of axes.region.options) {
    const row = recordOf(rows[region])
    for (const segment of axes.segment.options) {
      const path = `${region} x ${segment}`
      if (!Object.hasOwn(rows, region) || !Object.hasOwn(row, segment)) yield `${path} is missing`
      else if (!Destination.safeParse(row[segment]).success) {
        yield `${path} must be { pool } or { person }, not ${JSON.stringify(row[segment])}`
      }
    }
    for (const segment of Object.keys(row)) {
      if (!axes.segment.options.includes(segment)) yield `${region} x ${segment} names an unknown segment`
    }
  }
  for (const region of Object.keys(rows)) {
    if (!axes.region.options.includes(region)) yield `'${region}' is an unknown region`
  }
}

function recordOf(value: unknown): Record<string, unknown> {
  const record = z.record(z.string(), z.unknown()).safeParse(value)
  return record.success ? record.data : {}
}
