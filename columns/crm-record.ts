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
  person: (row: NoInfer<Seen<Row, Reads, Needs>>) => Person
  /**
   * A text field of the CRM in which a record that is created says which sending it was. An event of the creation that carries it is our
   * own: see `origin` of a table.
   */
  stamp?: string
}

type Person = Omit<RecordRequest, 'externalId' | 'fields'>

/**
 * The CRM record of this row: found by record id, by our row id, then by e-mail, or else created once.
 * Creating is keyed on our row id, so a repeat after a crash finds the record instead of making a second.
 */
export function crmRecord<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
>(options: CrmRecordOptions<Row, Reads, Needs>): Column<Row, CrmRecord> {
  const { crm, stamp } = options
  const requestOf = (values: Values, context: CellContext) =>
    filled(options.person(asSeen(values)), context.row)
  return buildColumn<Row, CrmRecord>({
    ...options,
    kind: 'crm-record',
    output: RecordShape,
    describe: { crm: crm.vendor, ...(stamp !== undefined && { stamp }) },
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
        const stamped = stamp === undefined ? request : { ...request, fields: { [stamp]: context.sendId } }
        return done(await crm.createRecord(stamped, context), { detail: { created: true } })
      },
      async reconcile(values, context) {
        const found = await crm.findRecord(requestOf(values, context), context)
        if (found === null) return { state: 'absent' }
        return { state: 'happened', outcome: done(found, { detail: { reconciled: true } }) }
      },
      tell: ({ type, id, url }, { detail }) =>
        `${detail !== null && 'created' in detail && detail.created === false ? 'found' : 'created'} ${type} ${id} in ${crm.vendor}: ${url}`,
    },
  })
}

const orNull = (value: string | null | undefined) => (value?.trim() ? value : null)

/** No field of a form that was left empty reaches the CRM. */
function filled(person: Person, externalId: string): RecordRequest {
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
