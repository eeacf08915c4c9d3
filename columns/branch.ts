import { z } from 'zod'
import { asSeen, buildColumn } from './build.ts'
import { type Column, type ColumnOptions, done } from './column.ts'
import { TableError } from './errors.ts'
import type { NameOf, Seen } from './types.ts'

/** What an exit means for the lead: it goes on, or it ends somewhere with a name. */
export type ExitHandling = 'continue' | { ends: string }

/** The exit a row took, or an exit with the reason for it. */
export type BranchAnswer<Exit extends string> = Exit | { exit: Exit; reason: string }

export interface BranchOptions<
  Row extends object,
  Exit extends string,
  Reads extends NameOf<Row>,
  Needs extends NameOf<Row>,
> extends ColumnOptions {
  reads?: readonly Reads[]
  needs?: readonly Needs[]
  exits: readonly Exit[]
  /** Every exit is handled, or the definition does not compile. */
  handle: { readonly [Each in NoInfer<Exit>]: ExitHandling }
  decide: (row: NoInfer<Seen<Row, Reads, Needs>>) => BranchAnswer<NoInfer<Exit>>
}

/**
 * A decision between named exits. Later columns run on one of them with `{ when: { exit: 'route' } }`.
 *
 * @example
 * .column('exit', branch({ needs: ['segment'], exits: ['route', 'nurture'], decide: ({ segment }) => …,
 *   handle: { route: 'continue', nurture: { ends: 'nurture programme' } } }))
 */
export function branch<
  Row extends object,
  const Exit extends string,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
>(options: BranchOptions<Row, Exit, Reads, Needs>): Column<Row, Exit> {
  const handling: Readonly<Record<string, ExitHandling>> = options.handle
  const unhandled = options.exits.find((exit) => !Object.hasOwn(handling, exit))
  if (unhandled !== undefined) {
    throw new TableError('definition-invalid', `exit "${unhandled}" is not handled`, {
      field: 'handle',
      value: unhandled,
      wayOut: `add '${unhandled}' to handle: 'continue', or { ends: 'where the lead ends' }`,
    })
  }
  return buildColumn<Row, Exit>({
    ...options,
    kind: 'branch',
    output: z.enum(options.exits),
    describe: { exits: Object.fromEntries(Object.entries(handling)) },
    versionOf: [options.decide],
    work: {
      effect: 'none',
      run(values) {
        const answer = options.decide(asSeen(values))
        const exit = typeof answer === 'string' ? answer : answer.exit
        const handled = handling[exit]
        const goesOn = handled === undefined || handled === 'continue'
        const reason = typeof answer === 'string' ? null : answer.reason
        return done(exit, {
          ...(reason !== null && { reason }),
          ...(!goesOn && { detail: { ends: handled.ends } }),
        })
      },
    },
  })
}
