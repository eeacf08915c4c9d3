import type { z } from 'zod'
import { asAnswered, asSeen, buildColumn } from './build.ts'
import { type Column, type ColumnOptions, done, type LookedUpRow, noResult } from './column.ts'
import type { Answered, NameOf, Seen } from './types.ts'

export interface LookupOptions<Row extends object, Reads extends NameOf<Row>, Needs extends NameOf<Row>, Out>
  extends ColumnOptions {
  reads?: readonly Reads[]
  needs?: readonly Needs[]
  /** Name of the other table. */
  table: string
  /** The other table's own keys are indexed: its person or its account. */
  by: 'person' | 'account'
  key: (row: NoInfer<Seen<Row, Reads, Needs>>) => string | null
  output: z.ZodType<Out>
  /** What to take from the row that was found; null means no result. */
  take: (found: LookedUpRow) => Answered<Out> | null
}

/** A value from another table of this runtime, found by that table's person or account key. */
export function lookup<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
  const Out = unknown,
>(options: LookupOptions<Row, Reads, Needs, Out>): Column<Row, Out> {
  return buildColumn<Row, Out>({
    ...options,
    kind: 'lookup',
    tables: [options.table],
    describe: { table: options.table, by: options.by },
    versionOf: [options.key, options.take],
    work: {
      effect: 'read',
      async run(values, context) {
        const key = options.key(asSeen(values))
        if (key === null || key === '') return noResult('there is no key to look up')
        const found = await context.lookup(options.table, options.by, key)
        if (found === null) return noResult(`table ${options.table} has no row with ${options.by} ${key}`)
        const taken = options.take(found)
        if (taken === null) return noResult(`row ${found.id} of ${options.table} has no such value`)
        return done(asAnswered<Out>(taken), { detail: { found: found.id } })
      },
    },
  })
}
