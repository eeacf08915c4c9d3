import { CallFailure } from '../../columns/errors.ts'
import { createGatherer, type Gatherer, type Result } from '../gather.ts'
import { unreadableAnswer } from '../status.ts'
import type { Access } from './access.ts'
import { batchFailure, isUnknownProperty } from './failure.ts'
import { type ObjectType, pathOf } from './object-types.ts'
import { openSession, orNull, readAs, type Session } from './session.ts'
import { BatchAnswer, HubspotObject, namedIds } from './wire.ts'

/** HubSpot takes a hundred records in a batch. */
export const batchSize = 100

/** What a record is found by: its id, or a property whose values are unique. */
export type Key = 'id' | 'email' | 'rota_row_id'

interface Change {
  id: string
  properties: Record<string, string>
}

interface Kind {
  access: Access
  type: ObjectType
}

/**
 * Reading and changing records, of many rows in one request. `properties` are read of each; an own answer for each record comes out of a
 * 207, which the package takes for a success.
 */
export function recordBatches(access: Access, properties: readonly string[]) {
  const readers = new Map<string, Gatherer<string, HubspotObject | null>>()
  const writers = new Map<ObjectType, Gatherer<Change, null>>()

  function made<Name, Made>(known: Map<Name, Made>, name: Name, make: () => Made): Made {
    const present = known.get(name) ?? make()
    known.set(name, present)
    return present
  }

  return {
    /** The record that has this value of the key; null when there is none. */
    read(type: ObjectType, { key, value }: { key: Key; value: string }, session: Session) {
      const make = () => reader({ access, type }, key, properties)
      return made(readers, `${type} ${key}`, make).ask(value, session.running)
    },

    /** Changes some properties of the record with this id. */
    async update(type: ObjectType, change: Change, session: Session): Promise<void> {
      await made(writers, type, () => writer({ access, type })).ask(change, session.running)
    },
  }
}

export type RecordBatches = ReturnType<typeof recordBatches>

function reader({ access, type }: Kind, key: Key, properties: readonly string[]) {
  const path = pathOf(type)
  const wanted = [...new Set([...properties, ...(key === 'id' ? [] : [key])])]
  const one = (value: string, session: Session) => {
    const idProperty = key === 'id' ? undefined : key
    const api = session.objects()
    return orNull(
      readAs(HubspotObject, api.getById(path, value, wanted, undefined, undefined, false, idProperty)),
    )
  }

  async function many(values: readonly string[], session: Session): Promise<Result<HubspotObject | null>[]> {
    // HubSpot refuses a batch that names a record twice, in whatever case.
    const inputs = [...new Map(values.map((id) => [id.toLowerCase(), { id }])).values()]
    const request = {
      inputs,
      properties: wanted,
      propertiesWithHistory: [],
      ...(key !== 'id' && { idProperty: key }),
    }
    const { results, errors } = await readAs(BatchAnswer, session.batches().read(path, request))
    const keyOf = (object: HubspotObject) => (key === 'id' ? object.id : (object.properties[key] ?? ''))
    const found = new Map<string, Result<HubspotObject | null>>(
      results.map((object) => [keyOf(object).toLowerCase(), { value: object }]),
    )
    for (const error of errors ?? []) {
      const failure = batchFailure(error)
      const result = failure.kind === 'not-found' ? { value: null } : { failure }
      for (const id of namedIds(error)) found.set(id.toLowerCase(), result)
    }
    // An answer under another name than asked for: a second address of the contact, or the record that took this one in.
    for (const { id } of inputs) {
      if (!found.has(id.toLowerCase())) found.set(id.toLowerCase(), { value: await one(id, session) })
    }
    return values.map((value) => found.get(value.toLowerCase()) ?? { value: null })
  }

  return createGatherer<string, HubspotObject | null>({
    request: {
      vendor: 'HubSpot',
      method: 'POST',
      url: `${access.baseUrl}/crm/v3/objects/${path}/batch/read`,
      write: false,
    },
    max: batchSize,
    one: (value, call) => one(value, openSession(access, call)),
    many: (values, call) => many(values, openSession(access, call)),
  })
}

function writer({ access, type }: Kind) {
  const path = pathOf(type)
  const url = `${access.baseUrl}/crm/v3/objects/${path}/batch/update`

  async function one({ id, properties }: Change, session: Session): Promise<null> {
    await readAs(HubspotObject, session.objects().update(path, id, { properties }), { write: true })
    return null
  }

  return createGatherer<Change, null>({
    request: { vendor: 'HubSpot', method: 'POST', url, write: true },
    max: batchSize,
    // HubSpot refuses a batch that names a record twice.
    keyOf: ({ id }) => id,
    one: (change, call) => one(change, openSession(access, call)),
    many: (changes, call) => changeMany(changes, { path, one, session: openSession(access, call) }),
  })
}

interface Writing {
  path: string
  session: Session
  one(change: Change, session: Session): Promise<null>
}

/** Throws what befell the whole batch; a batch refused for the sake of a record is asked again in parts. */
async function changeMany(changes: readonly Change[], writing: Writing): Promise<Result<null>[]> {
  const { path, session } = writing
  // The id comes back as the trace id of an input that failed.
  const inputs = changes.map((change) => ({ ...change, objectWriteTraceId: change.id }))
  const outcomes = new Map<string, Result<null>>()
  let refusal: CallFailure | null = null
  try {
    const answer = session.batches().update(path, { inputs })
    const { results, errors } = await readAs(BatchAnswer, answer, { write: true })
    for (const { id } of results) outcomes.set(id, { value: null })
    for (const error of errors ?? []) {
      for (const id of namedIds(error)) outcomes.set(id, { failure: batchFailure(error) })
    }
  } catch (error) {
    if (!isRefusal(error)) throw error
    refusal = error
  }
  // Nothing is known of the others but that they may not be written. The same values twice are the same state.
  const left = changes.filter(({ id }) => !outcomes.has(id))
  for (const part of left.length < changes.length ? [left] : parted(left, refusal)) {
    const again = await settled(part, writing)
    part.forEach(({ id }, index) => {
      const outcome = again[index]
      if (outcome !== undefined) outcomes.set(id, outcome)
    })
  }
  const unanswered = { failure: unreadableAnswer({ vendor: 'HubSpot', write: true }, null) }
  return changes.map(({ id }) => outcomes.get(id) ?? unanswered)
}

/** A part of a batch by itself: what befalls it is no matter of the rest. */
async function settled(changes: readonly Change[], writing: Writing): Promise<Result<null>[]> {
  const [first, second] = changes
  if (first === undefined) return []
  try {
    if (second !== undefined) return await changeMany(changes, writing)
    return [{ value: await writing.one(first, writing.session) }]
  } catch (error) {
    if (!CallFailure.isInstance(error)) throw error
    return changes.map(() => ({ failure: error }))
  }
}

/** Where an owner is refused the parts have one owner each, otherwise they are halves. Throws what is the fault of every record. */
function parted(changes: readonly Change[], refusal: CallFailure | null): (readonly Change[])[] {
  if (refusal?.kind !== 'inactive-owner') {
    const middle = Math.ceil(changes.length / 2)
    return [changes.slice(0, middle), changes.slice(middle)]
  }
  const parts = [...Map.groupBy(changes, ({ properties }) => properties.hubspot_owner_id).values()]
  if (parts.length === 1) throw refusal
  return parts
}

/** Does the answer mean one of the records, rather than the account or the moment? */
function isRefusal(error: unknown): error is CallFailure {
  if (!CallFailure.isInstance(error) || error.outcomeUnknown || isUnknownProperty(error)) return false
  return error.kind === 'invalid-request' || error.kind === 'inactive-owner' || error.kind === 'not-found'
}
