import { z } from 'zod'
import type { Owner } from '../routing/decision.ts'
import { asSeen, beforeSending, buildColumn } from './build.ts'
import { type CellContext, type Column, type ColumnOptions, done, type Values } from './column.ts'
import { CallFailure } from './errors.ts'
import type { Crm } from './ports.ts'
import type { NameOf, Seen } from './types.ts'

export const OwnerWritten = z.object({
  record: z.string(),
  ownerId: z.string(),
  /** The owner the record had before, null for none. */
  previous: z.string().nullable(),
  /** False when the record already had this owner and nothing was sent. */
  changed: z.boolean(),
})
export type OwnerWritten = z.output<typeof OwnerWritten>

export interface OwnerChange {
  record: { type: string; id: string }
  owner: Owner
  /** Further fields written in the same update; blank values are left out. */
  fields?: Record<string, string>
}

export interface UpdateCrmOptions<Row extends object, Reads extends NameOf<Row>, Needs extends NameOf<Row>>
  extends ColumnOptions {
  reads?: readonly Reads[]
  needs?: readonly Needs[]
  crm: Crm
  change: (row: NoInfer<Seen<Row, Reads, Needs>>) => OwnerChange
  /** The column whose draw this write confirms. */
  confirms?: NoInfer<Needs | Reads>
}

/** Writes the owner, keyed on the record id, and reads it back before the cell is done: a success answer alone proves nothing. */
export function updateCrm<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
>(options: UpdateCrmOptions<Row, Reads, Needs>): Column<Row, OwnerWritten> {
  const { crm } = options
  const changeOf = (values: Values) => options.change(asSeen(values))
  return buildColumn<Row, OwnerWritten>({
    ...options,
    kind: 'update-crm',
    output: OwnerWritten,
    describe: { crm: crm.vendor },
    versionOf: [options.change],
    work: {
      effect: 'write',
      sideEffect: `writes the owner to ${crm.vendor}`,
      confirms: options.confirms === undefined ? [] : [options.confirms],
      horizonMs: 1_000,
      async send(values, context) {
        const { record, owner, fields } = beforeSending(() => changeOf(values))
        const ownerId = await ownerIdIn(crm, owner, context)
        const before = await currentOwner(crm, record, context)
        const further = present(fields)
        const hasFields = Object.keys(further).length > 0
        if (before === ownerId && !hasFields) return written(record.id, ownerId, before, false)
        await crm.writeOwner(record, { ownerId, fields: further }, context)
        const after = await currentOwner(crm, record, context)
        if (after !== ownerId) {
          throw new CallFailure(
            'invalid-request',
            `${crm.vendor} accepted owner ${ownerId} but ${record.id} is now owned by ${after}: an assignment rule or another automation overwrote it`,
            { retryable: true },
          )
        }
        return written(record.id, ownerId, before, true)
      },
      async reconcile(values, context) {
        const { record, owner, fields } = changeOf(values)
        // The owner alone does not tell whether the other fields arrived; writing them again gives the same state.
        if (Object.keys(present(fields)).length > 0) return { state: 'absent' }
        const ownerId = await ownerIdIn(crm, owner, context)
        const current = await currentOwner(crm, record, context)
        return current === ownerId
          ? { state: 'happened', outcome: written(record.id, ownerId, null, true) }
          : { state: 'absent' }
      },
    },
  })
}

const written = (record: string, ownerId: string, previous: string | null, changed: boolean) =>
  done({ record, ownerId, previous, changed })

const present = (fields: Record<string, string> = {}) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value.trim() !== ''))

async function ownerIdIn(crm: Crm, owner: Owner, context: CellContext): Promise<string> {
  const known = owner.ids[crm.vendor]
  if (known !== undefined) return known
  const user = owner.email === null ? null : await crm.findUserByEmail(owner.email, context)
  if (user === null) {
    throw new CallFailure(
      'not-found',
      `${crm.vendor} has no user with the e-mail ${owner.email} of ${owner.name}; create the user or set ids.${crm.vendor} of the rep`,
      { retryable: false },
    )
  }
  if (!user.active) {
    throw new CallFailure('inactive-owner', `${owner.name} is inactive in ${crm.vendor}`, {
      retryable: false,
    })
  }
  return user.id
}

async function currentOwner(crm: Crm, record: { type: string; id: string }, context: CellContext) {
  const found = await crm.readRecord(record, context)
  if (found === null) {
    throw new CallFailure(
      'not-found',
      `${crm.vendor} has no ${record.type} ${record.id}: it was deleted or merged`,
      {
        retryable: false,
      },
    )
  }
  return found.ownerId
}
