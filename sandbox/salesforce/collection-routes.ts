import type { Hono } from 'hono'
import { normalizeId } from '../../connectors/salesforce/ids.ts'
import type { SandboxEnv } from '../vendor.ts'
import { type Effect, effectOf } from './effects.ts'
import { collectionError, SalesforceError } from './errors.ts'
import { bodyOf, byExternalId, knownType, type OrgAccess, writeOptions } from './records-routes.ts'
import { schema, type TypeName } from './schema.ts'
import type { Org } from './state.ts'
import { createRecord, updateRecord, type WriteOptions, type Written } from './write.ts'

const maxRecords = 200
const maxChunks = 10

interface Item {
  type: TypeName
  id: string | null
  body: Record<string, unknown>
}

type Outcome = { written: Written } | { error: SalesforceError }

/** Up to 200 records in one request: `/composite/sobjects`. It answers 200 even when every record failed. */
export function addCollectionRoutes(app: Hono<SandboxEnv>, access: OrgAccess): void {
  const path = '/services/data/:version/composite/sobjects'
  const handle = async (
    c: Parameters<typeof writeOptions>[0],
    write: (item: Item, options: WriteOptions) => Written,
  ): Promise<Response> => {
    const body = await bodyOf(c)
    const items = itemsOf(body.records)
    refuseTwice(items)
    const options = writeOptions(c, access)
    const outcomes = writeAll(access.org(), items, {
      allOrNone: body.allOrNone === true,
      write: (item) => write(item, options),
    })
    const effects: Effect[] = []
    for (const outcome of outcomes) {
      if (!('written' in outcome)) continue
      access.written(outcome.written)
      effects.push(effectOf(outcome.written))
    }
    if (effects.length > 0) c.set('effect', { kind: 'collection-written', effects })
    else if (outcomes.length > 0) c.set('accepted', false)
    return c.json(outcomes.map(answerOf))
  }
  app.post(path, (c) =>
    handle(c, (item, options) => createRecord(access.org(), item.type, item.body, options)),
  )
  app.patch(path, (c) =>
    handle(c, ({ type, id, body }, options) => {
      if (id === null)
        throw new SalesforceError(400, 'MISSING_ARGUMENT', 'Id not specified in an update call')
      return updateRecord(access.org(), type, id, { body, options })
    }),
  )
  app.patch(`${path}/:type/:field`, (c) =>
    handle(c, ({ type, body }, options) => {
      if (type !== knownType(c.req.param('type'))) {
        throw new SalesforceError(
          400,
          'INVALID_TYPE',
          `the record is a ${type}, the path says ${c.req.param('type')}`,
        )
      }
      const value = body[c.req.param('field')]
      if (typeof value !== 'string')
        throw new SalesforceError(400, 'MISSING_ARGUMENT', 'the external id is missing')
      const { records } = byExternalId(access.org(), type, { field: c.req.param('field'), value })
      const [record] = records
      if (records.length > 1)
        throw new SalesforceError(400, 'DUPLICATE_EXTERNAL_ID', 'the external id is not unique')
      return record === undefined
        ? createRecord(access.org(), type, body, options)
        : updateRecord(access.org(), type, record.Id, { body, options })
    }),
  )
}

function itemsOf(records: unknown): Item[] {
  if (!Array.isArray(records)) throw new SalesforceError(400, 'JSON_PARSER_ERROR', 'records is no list')
  if (records.length > maxRecords) {
    const message = `record limit reached. cannot submit more than ${maxRecords} records into this call`
    throw new SalesforceError(400, 'EXCEEDED_ID_LIMIT', message)
  }
  const items = records.map(itemOf)
  const chunks = items.filter((item, index) => index === 0 || items[index - 1]?.type !== item.type).length
  if (chunks > maxChunks) {
    const message = `Cannot have more than ${maxChunks} chunks in a single operation. Please rearrange the data to reduce chunking.`
    throw new SalesforceError(400, 'INVALID_INPUT', message)
  }
  return items
}

/** One record may not be changed twice in a request. */
function refuseTwice(items: readonly Item[]): void {
  const ids = items.flatMap(({ id }) => (id === null ? [] : [normalizeId(id) ?? id]))
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice !== undefined)
    throw new SalesforceError(400, 'INVALID_INPUT', `duplicate id in the list of records: ${twice}`)
}

function itemOf(record: unknown): Item {
  if (typeof record === 'object' && record !== null && 'attributes' in record) {
    const { attributes } = record
    if (typeof attributes === 'object' && attributes !== null && 'type' in attributes) {
      const type = knownType(String(attributes.type))
      const { id, Id, ...body }: Record<string, unknown> = { ...record }
      const given = id ?? Id
      return { type, id: typeof given === 'string' ? given : null, body }
    }
  }
  throw new SalesforceError(400, 'INVALID_INPUT', 'each record needs attributes with its type')
}

function writeAll(
  org: Org,
  items: Item[],
  { allOrNone, write }: { allOrNone: boolean; write: (item: Item) => Written },
): Outcome[] {
  const outcomes = items.map((item): Outcome => {
    try {
      if (schema[item.type].readOnly === true)
        throw new SalesforceError(400, 'INVALID_TYPE', `${item.type} is read only`)
      return { written: write(item) }
    } catch (error) {
      if (error instanceof SalesforceError) return { error }
      throw error
    }
  })
  if (!allOrNone || outcomes.every((outcome) => 'written' in outcome)) return outcomes
  for (const outcome of outcomes.toReversed()) {
    if (!('written' in outcome)) continue
    const { type, record, previous } = outcome.written
    if (previous === null) org.store.remove(type, record.Id)
    else org.store.put(type, previous)
  }
  const message =
    'Record rolled back because not all records were valid and the request was using AllOrNone header'
  return outcomes.map((outcome) =>
    'error' in outcome
      ? outcome
      : { error: new SalesforceError(400, 'ALL_OR_NONE_OPERATION_ROLLED_BACK', message) },
  )
}

function answerOf(outcome: Outcome) {
  if ('error' in outcome) return { success: false, errors: [collectionError(outcome.error)] }
  return { id: outcome.written.record.Id, success: true, errors: [] }
}
