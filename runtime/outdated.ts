import { z } from 'zod'
import { versionOf } from '../columns/build.ts'
import type { PlacedColumn, TableDefinition } from '../columns/table.ts'
import type { Outdated } from '../db/filter.ts'
import type { StoredDefinition } from '../db/store.ts'

/** A version whose document does not say it is taken for another one. */
const Fingerprints = z
  .object({ fingerprints: z.record(z.string(), z.object({ ran: z.string(), skipped: z.string() })) })
  .catch({ fingerprints: {} })
type Fingerprints = z.output<typeof Fingerprints>['fingerprints']

/** What makes up each column, as hashes: of everything, for cells that ran, and of its conditions alone, for those that were skipped. */
export function fingerprintsOf({ columns }: TableDefinition): Fingerprints {
  return Object.fromEntries(columns.map((each) => [each.name, fingerprintOf(each)]))
}

function fingerprintOf({ column, when, late, dependsOn }: PlacedColumn): Fingerprints[string] {
  const conditions = [when, column.needs, late, dependsOn]
  return { ran: versionOf([column.version, column.reads, ...conditions]), skipped: versionOf(conditions) }
}

/** The definitions, of those that were served before, in which a column was another than it is today. */
export function outdatedIn(table: TableDefinition, earlier: readonly StoredDefinition[]): Outdated[] {
  const known = earlier.map(({ number, document }) => ({ number, ...Fingerprints.parse(document) }))
  return Object.entries(fingerprintsOf(table)).map(([column, today]) => {
    const differing = (of: 'ran' | 'skipped') =>
      known.filter(({ fingerprints }) => fingerprints[column]?.[of] !== today[of]).map(({ number }) => number)
    return { column, ran: differing('ran'), skipped: differing('skipped') }
  })
}
