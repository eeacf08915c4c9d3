import { z } from 'zod'
import type { Owner } from '../routing/decision.ts'
import { asSeen, beforeSending, buildColumn } from './build.ts'
import {
  type CellContext,
  type Column,
  type ColumnOptions,
  done,
  type Outcome,
  type Reconciliation,
  type Values,
} from './column.ts'
import { isSameId, isSameOwner, ownerIdIn } from './crm-owner.ts'
import { CallFailure, type FailureKind } from './errors.ts'
import type { Crm, CrmRecord } from './ports.ts'
import type { NameOf, Seen } from './types.ts'

export const OwnerWritten = z.object({
  record: z.string(),
  /** Null only where none is known while the owner is decided anew. */
  ownerId: z.string().nullable(),
  /** The owner the record had before, null for none, and where no owner was expected: then nobody has looked. */
  previous: z.string().nullable(),
  /** False when the record already had this owner and nothing was sent. */
  changed: z.boolean(),
  /** The owner is decided anew, and nothing was written: a colleague has taken the record, or the chosen owner is inactive in the CRM. */
  ceded: z.literal(true).optional(),
})
export type OwnerWritten = z.output<typeof OwnerWritten>

export interface OwnerChange {
  record: { type: string; id: string }
  /** An assignment's earlier owners are ours: finding one of them at the record is no change by somebody else. */
  owner: Owner & { previous?: readonly Owner[] }
  /**
   * Id of the owner the record had when the decision was taken, null for none. When it has another one now that is not
   * replaceable, nothing is written; see `expectedFrom`. Left out: whoever owns it is replaced, and the record is not read before, which
   * saves a call. Only after a lost answer it is read, and a person found there who is neither ours nor replaceable keeps it.
   */
  expected?: string | null
  /** Further fields written in the same update. A blank value is left out: it never overwrites what the CRM has. */
  fields?: Record<string, string | null>
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
   * The column that `expected` comes from, which the draw must stand on. When the record has an owner who was not expected, that column runs again and the draw that
   * this write confirms is made anew, once; the second time, and without this option, the cell fails.
   */
  expectedFrom?: NoInfer<Needs | Reads>
  /**
   * Owners that may be replaced although they are not the expected one: kinds, or ids and e-mail addresses of the CRM's default
   * owners. Queues, integration users and inactive people unless told otherwise.
   */
  replaceable?: readonly (ReplaceableKind | (string & {}))[]
  /**
   * A text field of the CRM that is written together with the owner and says which sending it was. A change event that carries it is
   * our own: see `origin` of a table.
   */
  stamp?: string
}

/** Owners who work no lead. */
export type ReplaceableKind = 'queue' | 'integration' | 'inactive'
const replaceableKinds: readonly ReplaceableKind[] = ['queue', 'integration', 'inactive']

/**
 * Writes the owner, keyed on the record id, and reads it back before the cell is done: a success answer alone proves nothing.
 * With `expected` it compares first, and leaves a record alone that somebody gave to another person meanwhile. Writing the same owner
 * again gives the same state, so an outcome that is not known is read back and written again where it differs.
 */
export function updateCrm<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
>(options: UpdateCrmOptions<Row, Reads, Needs>): Column<Row, OwnerWritten> {
  const { crm, stamp } = options
  const replaceable = options.replaceable ?? replaceableKinds
  const changeOf = (values: Values) => filled(options.change(asSeen(values)))
  return buildColumn<Row, OwnerWritten>({
    ...options,
    kind: 'update-crm',
    output: OwnerWritten,
    describe: { crm: crm.vendor, replaceable: [...replaceable], ...(stamp !== undefined && { stamp }) },
    versionOf: [options.change],
    work: {
      effect: 'write',
      sideEffect: `writes the owner to ${crm.vendor}`,
      reaches: 'records',
      target: 'same-state',
      confirms: options.confirms === undefined ? [] : [options.confirms],
      ...(options.expectedFrom !== undefined && { rereads: [options.expectedFrom] }),
      horizonMs: 1_000,
      async send(values, context) {
        const change = beforeSending(() => changeOf(values))
        const { record, fields, expected } = change
        const inactive = (error: unknown) => passOn(error, { change, options, context })
        const ownerId = await ownerIdIn(crm, change.owner, context).catch(inactive)
        if (typeof ownerId !== 'string') return ownerId
        const before = expected === undefined ? null : await presentRecord(crm, record, context)
        if (before !== null) {
          const isThere = isSameId(before.ownerId, ownerId)
          if (isThere && Object.keys(fields).length === 0)
            return written(record.id, { ownerId, previous: before.ownerId, changed: false })
          const foreign = isThere ? null : foreignOwner(before, { change, crm, replaceable })
          if (foreign !== null) return cede(before, foreign, { options, context })
        }
        const stamped = stamp === undefined ? fields : { ...fields, [stamp]: context.sendId }
        const refused = await crm.writeOwner(record, { ownerId, fields: stamped }, context).catch(inactive)
        if (refused !== undefined) return refused
        await checkOwner(crm, { record, ownerId }, context)
        return written(record.id, { ownerId, previous: before?.ownerId ?? null, changed: true })
      },
      reconcile: async (values, context) => readBack(crm, { change: changeOf(values), replaceable }, context),
      tell: (value, { values }) => toldOf(crm.vendor, value, values === null ? null : changeOf(values).owner),
    },
  })
}

function toldOf(
  vendor: string,
  { record, ownerId, previous, changed }: OwnerWritten,
  owner: Owner | null,
): string {
  const at = `${record} in ${vendor}`
  const whose = owner === null ? ownerId : `${owner.name} (${ownerId})`
  if (!changed) return `${at} belonged to ${whose} already, and nothing was sent`
  return `${at} belongs to ${whose}${previous === null ? '' : `, before to ${previous}`}`
}

const written = (record: string, of: Omit<OwnerWritten, 'record'>) => done({ record, ...of })

interface FilledChange extends OwnerChange {
  fields: Record<string, string>
}

function filled(change: OwnerChange): FilledChange {
  const fields: Record<string, string> = {}
  for (const [name, value] of Object.entries(change.fields ?? {}))
    if (value !== null && value.trim() !== '') fields[name] = value
  return { ...change, fields }
}

/** A record or an owner that is gone by now is no answer: whoever writes next says so. */
async function readBack(
  crm: Crm,
  { change, replaceable }: { change: FilledChange; replaceable: readonly string[] },
  context: CellContext,
): Promise<Reconciliation<OwnerWritten>> {
  const { record, owner, fields, expected } = change
  try {
    const ownerId = await ownerIdIn(crm, owner, context)
    const current = await presentRecord(crm, record, context)
    if (!isSameId(current.ownerId, ownerId)) {
      // Where an owner is expected, sending looks before it writes.
      const foreign = expected === undefined ? foreignOwner(current, { change, crm, replaceable }) : null
      return foreign === null ? { state: 'absent' } : { state: 'unknown', reason: foreign }
    }
    // Owner and fields are one update, so a new owner proves both. One that was ours before proves nothing about the fields, and
    // writing them again gives the same state.
    const provesAll =
      Object.keys(fields).length === 0 || (expected !== undefined && !isSameId(expected, ownerId))
    if (!provesAll) return { state: 'absent' }
    const outcome = written(record.id, { ownerId, previous: expected ?? null, changed: true })
    return { state: 'happened', outcome }
  } catch (error) {
    if (CallFailure.isInstance(error) && isGone.has(error.kind)) return { state: 'absent' }
    throw error
  }
}

const isGone: ReadonlySet<FailureKind> = new Set(['not-found', 'inactive-owner'])

async function checkOwner(
  crm: Crm,
  { record, ownerId }: { record: { type: string; id: string }; ownerId: string },
  context: CellContext,
): Promise<void> {
  const { ownerId: after } = await presentRecord(crm, record, context).catch((error: unknown) => {
    throw afterWriting(error)
  })
  if (isSameId(after, ownerId)) return
  throw new CallFailure(
    'invalid-request',
    `${crm.vendor} accepted owner ${ownerId} but ${record.id} is now owned by ${after}: an assignment rule or another automation overwrote it`,
    { retryable: true },
  )
}

/** The write went through and only the look at it failed: it is looked at again before anything is written again. */
function afterWriting(error: unknown): unknown {
  if (!CallFailure.isInstance(error) || !error.retryable || error.outcomeUnknown) return error
  const { kind, message, retryAfterMs } = error
  return new CallFailure(kind, message, {
    retryable: true,
    outcomeUnknown: true,
    ...(retryAfterMs !== null && { retryAfterMs }),
    cause: error,
  })
}

/** Leaves the record with whoever took it. What that makes of the decision is asked once; a person's word is not asked about. */
function cede(
  { id, ownerId }: CrmRecord,
  foreign: string,
  { options, context }: { options: { confirms?: string; expectedFrom?: string }; context: CellContext },
): Outcome<OwnerWritten> {
  const { confirms, expectedFrom } = options
  const wasCeded = OwnerWritten.safeParse(context.earlier).data?.ceded === true
  const mayAsk = confirms !== undefined && !context.isPinned(confirms) && !wasCeded
  if (!mayAsk || expectedFrom === undefined || ownerId === null) {
    const wayOut = 'run the record and owner columns again to decide anew'
    throw new CallFailure('invalid-request', `${foreign}; ${wayOut}`, { retryable: false })
  }
  const value = { record: id, ownerId, previous: ownerId, changed: false, ceded: true } as const
  return {
    status: 'done',
    value,
    reason: foreign,
    redraw: { column: confirms, reason: foreign, rereads: [expectedFrom] },
  }
}

/** The CRM takes no record for somebody who is inactive there: whoever comes next gets the lead. A person's word is not asked about. */
function passOn(
  error: unknown,
  { change, options, context }: { change: OwnerChange; options: { confirms?: string }; context: CellContext },
): Outcome<OwnerWritten> {
  const { confirms } = options
  const isInactive = CallFailure.isInstance(error) && error.kind === 'inactive-owner'
  if (!isInactive || confirms === undefined || context.isPinned(confirms)) throw error
  const { record, owner, expected } = change
  const present = expected ?? null
  const value = {
    record: record.id,
    ownerId: present,
    previous: present,
    changed: false,
    ceded: true,
  } as const
  const reason = `${owner.name} cannot own it: ${error.message}`
  return { status: 'done', value, reason, redraw: { column: confirms, reason } }
}

/** Who has the record when somebody gave it away since the decision, in words; null when it may be written. For a record that was read. */
function foreignOwner(
  { ownerId, owner }: CrmRecord,
  { change, crm, replaceable }: { change: OwnerChange; crm: Crm; replaceable: readonly string[] },
): string | null {
  const { expected, record } = change
  if (ownerId === null || isSameId(ownerId, expected ?? null)) return null
  const at = { vendor: crm.vendor, ownerId, user: owner }
  if ((change.owner.previous ?? []).some((earlier) => isSameOwner(earlier, at))) return null
  const email = owner?.email?.toLowerCase()
  const wordsFor = [ownerId, email, owner?.kind, owner?.active === false ? 'inactive' : undefined]
  const isReplaceable = replaceable.some(
    (each) => wordsFor.includes(each) || (email !== undefined && each.toLowerCase() === email),
  )
  if (isReplaceable) return null
  const present = owner === null ? ownerId : `${owner.name} (${ownerId})`
  const instead =
    expected === undefined
      ? `and nobody knows whether ${change.owner.name} was written before`
      : `not to ${expected ?? 'nobody'} as when ${change.owner.name} was chosen`
  return `${record.id} in ${crm.vendor} now belongs to ${present}, ${instead}: it is left with the new owner`
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
