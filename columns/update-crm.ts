import { z } from 'zod'
import type { Owner } from '../routing/decision.ts'
import { asSeen, beforeSending, buildColumn } from './build.ts'
import { type CellContext, type Column, type ColumnOptions, done, type Values } from './column.ts'
import { CallFailure } from './errors.ts'
import type { Crm, CrmRecord, CrmUser } from './ports.ts'
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
  /** An assignment's earlier owners are ours: finding one of them at the record is no change by somebody else. */
  owner: Owner & { previous?: readonly Owner[] }
  /**
   * Id of the owner the record had when the decision was taken, null for none. When it has another one now that is not
   * replaceable, nothing is written. Left out: whoever owns it is replaced.
   */
  expected?: string | null
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
  /**
   * Owners that may be replaced although they are not the expected one: kinds, or ids and e-mail addresses of the CRM's default
   * owners. Queues, integration users and inactive people unless told otherwise.
   */
  replaceable?: readonly (ReplaceableKind | (string & {}))[]
}

/** Owners who work no lead. */
export type ReplaceableKind = 'queue' | 'integration' | 'inactive'
const replaceableKinds: readonly ReplaceableKind[] = ['queue', 'integration', 'inactive']

/**
 * Writes the owner, keyed on the record id, and reads it back before the cell is done: a success answer alone proves nothing.
 * With `expected` it compares first, and leaves a record alone that somebody gave to another person meanwhile.
 */
export function updateCrm<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
>(options: UpdateCrmOptions<Row, Reads, Needs>): Column<Row, OwnerWritten> {
  const { crm } = options
  const changeOf = (values: Values) => options.change(asSeen(values))
  const replaceable = options.replaceable ?? replaceableKinds
  return buildColumn<Row, OwnerWritten>({
    ...options,
    kind: 'update-crm',
    output: OwnerWritten,
    describe: { crm: crm.vendor, replaceable: [...replaceable] },
    versionOf: [options.change],
    work: {
      effect: 'write',
      sideEffect: `writes the owner to ${crm.vendor}`,
      reaches: 'records',
      confirms: options.confirms === undefined ? [] : [options.confirms],
      horizonMs: 1_000,
      async send(values, context) {
        const change = beforeSending(() => changeOf(values))
        const { record, owner } = change
        const ownerId = await ownerIdIn(crm, owner, context)
        const present = await presentRecord(crm, record, context)
        const before = present.ownerId
        const fields = filled(change.fields)
        const hasFields = Object.keys(fields).length > 0
        if (before === ownerId && !hasFields) return written(record.id, ownerId, before, false)
        if (before !== ownerId) refuseForeignOwner(present, { change, crm, replaceable })
        await crm.writeOwner(record, { ownerId, fields }, context)
        const after = (await presentRecord(crm, record, context)).ownerId
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
        const { record, owner, fields, expected } = changeOf(values)
        const ownerId = await ownerIdIn(crm, owner, context)
        // Owner and fields are one update, so a new owner proves both. One that was ours before proves nothing about the fields, and
        // writing them again gives the same state.
        const provesAll =
          Object.keys(filled(fields)).length === 0 || (expected !== undefined && expected !== ownerId)
        if (!provesAll) return { state: 'absent' }
        const current = await presentRecord(crm, record, context)
        return current.ownerId === ownerId
          ? { state: 'happened', outcome: written(record.id, ownerId, null, true) }
          : { state: 'absent' }
      },
    },
  })
}

const written = (record: string, ownerId: string, previous: string | null, changed: boolean) =>
  done({ record, ownerId, previous, changed })

const filled = (fields: Record<string, string> = {}) =>
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

/** Throws when somebody else gave the record away since the decision. The new owner is left alone; a run decides anew. */
function refuseForeignOwner(
  { ownerId, owner }: CrmRecord,
  { change, crm, replaceable }: { change: OwnerChange; crm: Crm; replaceable: readonly string[] },
): void {
  const { expected, record } = change
  if (expected === undefined || ownerId === null || ownerId === expected) return
  if (
    (change.owner.previous ?? []).some((earlier) => isSame(earlier, { vendor: crm.vendor, ownerId, owner }))
  )
    return
  const email = owner?.email?.toLowerCase()
  const wordsFor = [ownerId, email, owner?.kind, owner?.active === false ? 'inactive' : undefined]
  if (
    replaceable.some(
      (each) => wordsFor.includes(each) || (email !== undefined && each.toLowerCase() === email),
    )
  )
    return
  const present = owner === null ? ownerId : `${owner.name} (${ownerId})`
  throw new CallFailure(
    'invalid-request',
    `${record.id} in ${crm.vendor} now belongs to ${present}, not to ${expected ?? 'nobody'} as when ${change.owner.name} was chosen: ` +
      'it is left with the new owner; run the record and owner columns again to decide anew',
    { retryable: false },
  )
}

function isSame(earlier: Owner, at: { vendor: string; ownerId: string; owner: CrmUser | null }): boolean {
  const email = at.owner?.email?.toLowerCase()
  return (
    earlier.ids[at.vendor] === at.ownerId || (email !== undefined && earlier.email?.toLowerCase() === email)
  )
}

async function presentRecord(
  crm: Crm,
  record: { type: string; id: string },
  context: CellContext,
): Promise<CrmRecord> {
  const found = await crm.readRecord(record, context)
  if (found === null) {
    throw new CallFailure(
      'not-found',
      `${crm.vendor} has no ${record.type} ${record.id}: it was deleted or merged`,
      { retryable: false },
    )
  }
  return found
}
