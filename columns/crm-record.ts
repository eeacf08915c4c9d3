import { z } from 'zod'
import { asSeen, beforeSending, buildColumn } from './build.ts'
import { type CellContext, type Column, type ColumnOptions, done, type Values } from './column.ts'
import { CrmUserShape } from './find-account.ts'
import type { Crm, CrmRecord, RecordRequest } from './ports.ts'
import type { NameOf, Seen } from './types.ts'

export const RecordShape: z.ZodType<CrmRecord> = z.object({
  type: z.string(),
  id: z.string(),
  ownerId: z.string().nullable(),
  owner: CrmUserShape.nullable(),
  url: z.string(),
  lastActivityAt: z.string().nullable(),
  createdAt: z.string().nullable(),
})

export interface CrmRecordOptions<Row extends object, Reads extends NameOf<Row>, Needs extends NameOf<Row>>
  extends ColumnOptions {
  reads?: readonly Reads[]
  needs?: readonly Needs[]
  crm: Crm
  /** Blank values count as missing. With `accountId` a record that is created for the person stands under that account. */
  person: (row: NoInfer<Seen<Row, Reads, Needs>>) => Omit<RecordRequest, 'externalId'>
}

/**
 * The CRM record of this row: found by record id, by our row id, then by e-mail, or else created once.
 * Creating is keyed on our row id, so a repeat after a crash finds the record instead of making a second.
 */
export function crmRecord<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
>(options: CrmRecordOptions<Row, Reads, Needs>): Column<Row, CrmRecord> {
  const { crm } = options
  const requestOf = (values: Values, context: CellContext) =>
    filled(options.person(asSeen(values)), context.row)
  return buildColumn<Row, CrmRecord>({
    ...options,
    kind: 'crm-record',
    output: RecordShape,
    describe: { crm: crm.vendor },
    versionOf: [options.person],
    work: {
      effect: 'write',
      sideEffect: `creates a record in ${crm.vendor} where none is found`,
      reaches: 'records',
      target: 'keyed',
      confirms: [],
      horizonMs: 1_000,
      async send(values, context) {
        const request = beforeSending(() => requestOf(values, context))
        const found = await crm.findRecord(request, context)
        if (found !== null) return done(found, { detail: { created: false } })
        return done(await crm.createRecord(request, context), { detail: { created: true } })
      },
      async reconcile(values, context) {
        const found = await crm.findRecord(requestOf(values, context), context)
        if (found === null) return { state: 'absent' }
        return { state: 'happened', outcome: done(found, { detail: { reconciled: true } }) }
      },
    },
  })
}

const orNull = (value: string | null | undefined) => (value?.trim() ? value : null)

/** No field of a form that was left empty reaches the CRM. */
function filled(person: Omit<RecordRequest, 'externalId'>, externalId: string): RecordRequest {
  const accountId = orNull(person.accountId)
  return {
    recordId: orNull(person.recordId),
    externalId,
    email: orNull(person.email),
    firstName: orNull(person.firstName),
    lastName: orNull(person.lastName),
    company: orNull(person.company),
    website: orNull(person.website),
    ...(accountId !== null && { accountId }),
  }
}
