import { z } from 'zod'
import { asSeen, beforeSending, buildColumn } from './build.ts'
import { type Column, type ColumnOptions, done } from './column.ts'
import type { Enrolment, EnrolRequest, Sequencer } from './ports.ts'
import type { NameOf, Seen } from './types.ts'

export const EnrolmentShape: z.ZodType<Enrolment> = z.object({ id: z.string(), sequence: z.string() })

export interface EnrolOptions<Row extends object, Reads extends NameOf<Row>, Needs extends NameOf<Row>>
  extends ColumnOptions {
  reads?: readonly Reads[]
  needs?: readonly Needs[]
  via: Sequencer
  enrolment: (row: NoInfer<Seen<Row, Reads, Needs>>) => EnrolRequest
}

/** Enrols the person in a sequence once: it asks first whether they are in it already. */
export function enrol<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
>(options: EnrolOptions<Row, Reads, Needs>): Column<Row, Enrolment> {
  const { via } = options
  return buildColumn<Row, Enrolment>({
    ...options,
    kind: 'enrol',
    output: EnrolmentShape,
    describe: { via: via.vendor },
    versionOf: [options.enrolment],
    work: {
      effect: 'write',
      sideEffect: `enrols the person in a sequence of ${via.vendor}`,
      reaches: 'people',
      confirms: [],
      horizonMs: 1_000,
      async send(values, context) {
        const request = beforeSending(() => options.enrolment(asSeen(values)))
        const present = await via.find(request, context)
        if (present.state === 'found') return done(present.value, { detail: { alreadyEnrolled: true } })
        return done(await via.enrol(request, context))
      },
      async reconcile(values, context) {
        const found = await via.find(options.enrolment(asSeen(values)), context)
        if (found.state !== 'found') return found
        return { state: 'happened', outcome: done(found.value, { detail: { reconciled: true } }) }
      },
    },
  })
}
