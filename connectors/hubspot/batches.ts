import { createGatherer, type Gatherer, type Result } from '../gather.ts'
import type { Access } from './access.ts'
import { afterRefusal, batchSize, batchWriter, type Change, type Writer } from './batch-writer.ts'
import { batchFailure } from './failure.ts'
import { type ObjectType, pathOf } from './object-types.ts'
import { openSession, orNull, readAs, type Session } from './session.ts'
import { BatchAnswer, HubspotObject, namedIds } from './wire.ts'

/** What a record is found by: its id, or a property whose values are unique. */
export type Key = 'id' | 'email' | 'rota_row_id'

interface Kind {
  access: Access
  type: ObjectType
}

/**
 * Reading and changing records, of many rows in one request. `properties` are read of each; an own answer for each record comes out of a
 * 207, which the package takes for a success.
 */
export function recordBatches(access: Access, properties: readonly string[]) {
  const readers = new Map<string, Reader>()
  const writers = new Map<ObjectType, Writer>()

  function made<Name, Made>(known: Map<Name, Made>, name: Name, make: () => Made): Made {
    const present = known.get(name) ?? make()
    known.set(name, present)
    return present
  }

  return {
    /** The record that has this value of the key; null when there is none. */
    async read(type: ObjectType, { key, value }: { key: Key; value: string }, session: Session) {
      const { gatherer, one } = made(readers, `${type} ${key}`, () =>
        reader({ access, type }, key, properties),
      )
      const found = await gatherer.ask(value, session.running)
      return found === 'unnamed' ? one(value, session) : found
    },

    /** Changes some properties of the record with this id. */
    async update(type: ObjectType, change: Change, session: Session): Promise<void> {
      const writer = made(writers, type, () => batchWriter({ access, type }))
      let part = await writer.ask(change, session.running)
      while (part !== null) part = await part.ask(change, session.running).catch(afterRefusal)
    },
  }
}

export type RecordBatches = ReturnType<typeof recordBatches>

/** Many in one request. What its answer does not name is read by itself, in a turn of its own. */
interface Reader {
  gatherer: Gatherer<string, HubspotObject | 'unnamed' | null>
  one(value: string, session: Session): Promise<HubspotObject | null>
}

function reader({ access, type }: Kind, key: Key, properties: readonly string[]): Reader {
  const path = pathOf(type)
  const wanted = [...new Set([...properties, ...(key === 'id' ? [] : [key])])]
  const one = (value: string, session: Session) => {
    const idProperty = key === 'id' ? undefined : key
    const api = session.objects()
    return orNull(
      readAs(HubspotObject, api.getById(path, value, wanted, undefined, undefined, false, idProperty)),
    )
  }

  async function many(
    values: readonly string[],
    session: Session,
  ): Promise<Result<HubspotObject | 'unnamed' | null>[]> {
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
    // It may be there under another name: a second address of the contact, or the record that took this one in.
    return values.map((value) => found.get(value.toLowerCase()) ?? { value: 'unnamed' })
  }

  const gatherer = createGatherer<string, HubspotObject | 'unnamed' | null>({
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
  return { gatherer, one }
}
