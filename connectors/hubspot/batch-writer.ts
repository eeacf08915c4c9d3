import { CallFailure } from '../../columns/errors.ts'
import { createGatherer, type Gatherer, type Result } from '../gather.ts'
import { unreadableAnswer } from '../status.ts'
import type { Access } from './access.ts'
import { batchFailure, isUnknownProperty } from './failure.ts'
import { type ObjectType, pathOf } from './object-types.ts'
import { openSession, readAs, type Session } from './session.ts'
import { BatchAnswer, HubspotObject, namedIds } from './wire.ts'

/** HubSpot takes a hundred records in a batch. */
export const batchSize = 100

/** Some properties of the record with this id, and what they are to be. */
export interface Change {
  id: string
  properties: Record<string, string>
}

/** Changes records of many rows in one request. Answers with null, or with the part of a refused batch in which to ask again. */
export type Writer = Gatherer<Change, Writer | null>

/** A part of a refused batch. */
interface Part {
  /** How often the batch was parted before it. */
  depth: number
  /** By their reasons, at which depths parts of the batch were refused. */
  refusals: Map<string, number[]>
}

/**
 * A batch that is refused for the sake of a record is asked again in parts: those with one owner where an owner is refused, else halves. Once
 * two parts of a depth were refused for the same reason, what is refused for it is asked record by record: it may be the matter of each, and no
 * record may fail for another. Every part waits for its own turn, so that the limits hear of what befalls it.
 */
export function batchWriter({ access, type }: { access: Access; type: ObjectType }): Writer {
  const path = pathOf(type)
  const url = `${access.baseUrl}/crm/v3/objects/${path}/batch/update`

  const writerOf = (max: number, part: Part | null): Writer =>
    createGatherer<Change, Writer | null>({
      request: { vendor: 'HubSpot', method: 'POST', url, write: true },
      max,
      // HubSpot refuses a batch that names a record twice.
      keyOf: ({ id }) => id,
      async one({ id, properties }, call) {
        const answer = openSession(access, call).objects().update(path, id, { properties })
        await readAs(HubspotObject, answer, { write: true })
        return null
      },
      async many(changes, call) {
        const here = part ?? { depth: 0, refusals: new Map() }
        const { outcomes, refusal } = await changeMany(changes, path, openSession(access, call))
        // Nothing is known of the others but that they may not be written. The same values twice are the same state.
        const left = changes.filter(({ id }) => !outcomes.has(id))
        for (const each of left.length < changes.length ? [left] : parted(left, refusal, here)) {
          const again = { value: writerOf(each.length, { ...here, depth: here.depth + 1 }) }
          for (const { id } of each) outcomes.set(id, again)
        }
        const unanswered = { failure: unreadableAnswer({ vendor: 'HubSpot', write: true }, null) }
        return changes.map(({ id }) => outcomes.get(id) ?? unanswered)
      },
    })
  return writerOf(batchSize, null)
}

/** One request: what became of the records that its answer names, or why HubSpot refused all. Throws what else befell it. */
async function changeMany(changes: readonly Change[], path: string, session: Session) {
  // The id comes back as the trace id of an input that failed.
  const inputs = changes.map((change) => ({ ...change, objectWriteTraceId: change.id }))
  const outcomes = new Map<string, Result<Writer | null>>()
  try {
    const answer = session.batches().update(path, { inputs })
    const { results, errors } = await readAs(BatchAnswer, answer, { write: true })
    for (const { id } of results) outcomes.set(id, { value: null })
    for (const error of errors ?? []) {
      for (const id of namedIds(error)) outcomes.set(id, { failure: batchFailure(error) })
    }
    return { outcomes, refusal: null }
  } catch (error) {
    if (!isRefusal(error)) throw error
    return { outcomes, refusal: error }
  }
}

/** The parts to ask again in. Throws what is the fault of every record. */
function parted(
  changes: readonly Change[],
  refusal: CallFailure | null,
  { depth, refusals }: Part,
): (readonly Change[])[] {
  if (refusal?.kind === 'inactive-owner') {
    const parts = [...Map.groupBy(changes, ({ properties }) => properties.hubspot_owner_id).values()]
    if (parts.length === 1) throw refusal
    return parts
  }
  const reason = refusal?.message ?? ''
  const depths = [...(refusals.get(reason) ?? []), depth]
  refusals.set(reason, depths)
  if (new Set(depths).size < depths.length) return changes.map((change) => [change])
  const middle = Math.ceil(changes.length / 2)
  return [changes.slice(0, middle), changes.slice(middle)]
}

/** HubSpot does not promise that a batch it refused has changed nothing: a record of it that was not asked again may be written. */
export function afterRefusal(error: unknown): never {
  const isLeftOpen =
    CallFailure.isInstance(error) && (error.kind === 'timeout' || error.kind === 'unavailable')
  if (!isLeftOpen || error.outcomeUnknown) throw error
  const { kind, message, retryable } = error
  throw new CallFailure(kind, message, { retryable, outcomeUnknown: true, cause: error })
}

/** Does the answer mean one of the records, rather than the account or the moment? */
function isRefusal(error: unknown): error is CallFailure {
  if (!CallFailure.isInstance(error) || error.outcomeUnknown || isUnknownProperty(error)) return false
  return error.kind === 'invalid-request' || error.kind === 'inactive-owner' || error.kind === 'not-found'
}
