import type { z } from 'zod'
import { asSeen, buildColumn } from './build.ts'
import { type CellContext, type Column, type ColumnOptions, done, noResult } from './column.ts'
import type { Answered, NameOf, Seen } from './types.ts'

export interface ComputeOptions<Row extends object, Reads extends NameOf<Row>, Needs extends NameOf<Row>, Out>
  extends ColumnOptions {
  reads?: readonly Reads[]
  needs?: readonly Needs[]
  output?: z.ZodType<Out>
  /** What a null says, in one sentence: `nothing to do`. */
  nothing?: string
  /** Null means no result. */
  run: (
    row: NoInfer<Seen<Row, Reads, Needs>>,
    context: CellContext,
  ) => Answered<Out> | null | Promise<Answered<Out> | null>
}

/**
 * A value worked out in process from other values, nothing asked outside.
 *
 * @example
 * .column('domain', compute({ reads: ['email', 'website'], run: (row) => companyDomain(row) }))
 */
export function compute<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
  const Out = unknown,
>(options: ComputeOptions<Row, Reads, Needs, Out>): Column<Row, NonNullable<Out>> {
  const outcome = (value: Answered<Out> | null) =>
    value === null || value === undefined
      ? noResult(options.nothing ?? 'the function answered null')
      : done(value as NonNullable<Out>)
  return buildColumn<Row, NonNullable<Out>>({
    ...options,
    kind: 'compute',
    output: options.output as z.ZodType<NonNullable<Out>> | undefined,
    versionOf: [options.run],
    work: {
      effect: 'none',
      run(values, context) {
        const value = options.run(asSeen(values), context)
        return value instanceof Promise ? value.then(outcome) : outcome(value)
      },
    },
  })
}
