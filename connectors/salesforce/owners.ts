import { z } from 'zod'
import type { Call, CrmRecord } from '../../columns/ports.ts'
import type { RunningCall } from '../call.ts'
import { createGatherer, type Gatherer, type Result } from '../gather.ts'
import { recordFailure } from './failures.ts'
import { requireId } from './ids.ts'
import { query } from './query.ts'
import { fieldsOf, Owned, type OwnedType, ownedTypes, refuse, requireType, toRecord } from './record-shape.ts'
import type { Session } from './session.ts'
import { literal } from './soql.ts'

/** Most records of one collection. */
const maxWrites = 200
/** Ids that fit into the address of a query, which ends at 16 kB with its headers. */
const maxReads = 500

/** Active assignment rules would give the record to somebody else and still answer success. */
export const asWritten = { 'Sforce-Auto-Assign': 'FALSE' }
/** Duplicate rules may refuse a record that is edited, too; this saves it nevertheless. */
export const despiteDuplicates = { 'Sforce-Duplicate-Rule-Header': 'allowSave=true' }

interface OwnerWrite {
  id: string
  ownerId: string
  fields: Record<string, string>
  /** When the record was last changed, as whoever writes has read it; null when they did not look. */
  unchangedSince: string | null
}

interface Read {
  record: CrmRecord
  modifiedAt: string
}

/** Reading a record with its owner, and writing that owner, many rows at a time where they ask together. */
export interface Owners {
  /** The record as it is now; null when it does not exist or is deleted. */
  read(record: { type: string; id: string }, call: RunningCall): Promise<CrmRecord | null>
  /**
   * Writes the owner and the given fields in one update. One that leaves alone, after a read in the same attempt, is refused when somebody
   * has changed the record since, with `unavailable`: it is to be looked at again.
   */
  write(
    record: { type: string; id: string },
    change: { ownerId: string; fields?: Record<string, string> },
    call: RunningCall,
  ): Promise<void>
}

/** Each type is gathered by itself: a collection of mixed types is cut into chunks, of which Salesforce takes ten. */
export function createOwners(session: Session): Owners {
  const readers = new Map(ownedTypes.map((type) => [type, readerOf(session, type)]))
  const writers = new Map(ownedTypes.map((type) => [type, writerOf(session, type)]))
  /** What each attempt has read: by its call, then by record. */
  const seen = new WeakMap<Call, Map<string, string>>()
  return {
    async read(record, call) {
      const type = requireType(record.type)
      const id = requireId(record.id, [type])
      const found = (await readers.get(type)?.ask(id, call)) ?? null
      if (found === null) return null
      const ofCall = seen.get(call.caller) ?? new Map<string, string>()
      seen.set(call.caller, ofCall.set(id, found.modifiedAt))
      return found.record
    },
    async write(record, { ownerId, fields = {} }, call) {
      const type = requireType(record.type)
      const id = requireId(record.id, [type])
      const known = seen.get(call.caller)
      const unchangedSince = known?.get(id) ?? null
      const change = { id, ownerId: requireId(ownerId, ['User', 'Group']), fields, unchangedSince }
      for (const field of Object.keys(fields)) {
        if (!/^[A-Za-z]\w*$/.test(field) || /^(?:Id|OwnerId|attributes)$/i.test(field))
          refuse(`"${field}" is no field to write`)
      }
      await writers.get(type)?.ask(change, call)
      known?.delete(id)
    },
  }
}

function readerOf(session: Session, type: OwnedType): Gatherer<string, Read | null> {
  const readMany = async (ids: readonly string[], call: RunningCall) => {
    const where = ids.length === 1 ? `Id = ${literal(ids[0] ?? '')}` : `Id IN (${ids.map(literal).join(',')})`
    const soql = `SELECT ${fieldsOf(type)} FROM ${type} WHERE ${where} LIMIT ${ids.length}`
    const found = await query(session, soql, { record: Owned, call })
    const byId = new Map(found.map((record) => [record.Id, record]))
    return Promise.all(
      ids.map(async (id) => {
        const record = byId.get(id)
        if (record === undefined) return null
        return {
          record: await toRecord(session, { type, record }, call),
          modifiedAt: record.LastModifiedDate,
        }
      }),
    )
  }
  return createGatherer<string, Read | null>({
    request: { vendor: 'salesforce', method: 'GET', url: `${session.settings.loginUrl}/query`, write: false },
    max: maxReads,
    one: async (id, call) => (await readMany([id], call))[0] ?? null,
    many: async (ids, call) => (await readMany(ids, call)).map((value) => ({ value })),
  })
}

const Saved = z.array(
  z.object({
    id: z.string().nullish(),
    success: z.boolean(),
    // Not `errorCode` as everywhere else.
    errors: z.array(z.object({ statusCode: z.string(), message: z.string() })).nullish(),
  }),
)

function writerOf(session: Session, type: OwnedType): Gatherer<OwnerWrite, void> {
  // The record is there already: only who wants duplicates refused wants its owner refused for their sake.
  const isRefused = (session.settings.duplicates ?? 'refuse') === 'refuse'
  const headers = { ...asWritten, ...(!isRefused && despiteDuplicates) }
  return createGatherer<OwnerWrite, void>({
    request: {
      vendor: 'salesforce',
      method: 'PATCH',
      url: `${session.settings.loginUrl}/composite/sobjects`,
      write: true,
    },
    max: maxWrites,
    // Two changes of one record would meet in one collection, which refuses both.
    keyOf: ({ id }) => id,
    one: async ({ id, ownerId, fields, unchangedSince }, call) => {
      await session.request(
        {
          method: 'PATCH',
          path: `/sobjects/${type}/${id}`,
          headers: { ...headers, ...ifUnchanged(unchangedSince) },
          body: { ...fields, OwnerId: ownerId },
          // 204 without a body. A page with status 200 is a proxy talking, not Salesforce.
          answer: z.null(),
          write: true,
        },
        call,
      )
    },
    many: async (writes, call) => {
      const records = writes.map(({ id, ownerId, fields }) => ({
        attributes: { type },
        id,
        ...fields,
        OwnerId: ownerId,
      }))
      const saved = await session.request(
        {
          method: 'PATCH',
          path: '/composite/sobjects',
          headers,
          body: { allOrNone: false, records },
          // Only an answer for every record, in their order, says which was written.
          answer: Saved.length(writes.length),
          write: true,
        },
        call,
      )
      return saved.map(
        ({ success, errors }, index): Result<void> =>
          success
            ? { value: undefined }
            : { failure: recordFailure(codesOf(errors), `${type} ${writes[index]?.id}`) },
      )
    },
  })
}

/** A time of HTTP counts whole seconds: a change within the second of the one before it goes unnoticed. */
function ifUnchanged(since: string | null): Record<string, string> {
  const at = new Date(since ?? Number.NaN)
  return Number.isNaN(at.getTime()) ? {} : { 'If-Unmodified-Since': at.toUTCString() }
}

function codesOf(errors: z.output<typeof Saved>[number]['errors']) {
  return (errors ?? []).map(({ statusCode, message }) => ({ code: statusCode, message }))
}
