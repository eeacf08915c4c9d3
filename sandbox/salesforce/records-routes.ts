import type { Context, Hono } from 'hono'
import type { SandboxEnv } from '../vendor.ts'
import { effectOf } from './effects.ts'
import { SalesforceError } from './errors.ts'
import { findField, findType, schema, type TypeName } from './schema.ts'
import { attributesOf } from './soql.ts'
import type { Org } from './state.ts'
import type { SalesforceRecord } from './store.ts'
import type { Troubles } from './troubles.ts'
import { createRecord, existing, updateRecord, type WriteOptions, type Written } from './write.ts'

export type SalesforceContext = Context<SandboxEnv>

/** What the routes work on; the org is replaced by a reset, so it is asked for each time. */
export interface OrgAccess {
  org(): Org
  now(): number
  readonly troubles: Troubles
  /** Told of every write, for rules that act later. */
  written(write: Written): void
}

/** Reading and writing single records: `/sobjects/{type}`, `/sobjects/{type}/{id}`, `/sobjects/{type}/{field}/{value}`. */
export function addRecordRoutes(app: Hono<SandboxEnv>, access: OrgAccess): void {
  const sobjects = '/services/data/:version/sobjects/:type'

  app.post(sobjects, async (c) => {
    const written = createRecord(access.org(), writableType(c), await bodyOf(c), writeOptions(c, access))
    access.written(written)
    c.set('effect', effectOf(written))
    return c.json({ id: written.record.Id, success: true, errors: [] }, 201)
  })

  app.get(`${sobjects}/:id`, (c) => {
    const type = knownType(c.req.param('type'))
    return c.json(shown(c, type, existing(access.org(), type, c.req.param('id'))))
  })
  app.patch(`${sobjects}/:id`, async (c) => {
    const type = writableType(c)
    const body = await bodyOf(c)
    const written = updateRecord(access.org(), type, c.req.param('id'), {
      body,
      options: { ...writeOptions(c, access), ...unmodifiedSince(c) },
    })
    access.written(written)
    c.set('effect', effectOf(written))
    return c.body(null, 204)
  })
  app.delete(`${sobjects}/:id`, (c) => {
    const type = writableType(c)
    const record = existing(access.org(), type, c.req.param('id'))
    access.org().store.remove(type, record.Id)
    c.set('effect', { kind: 'record-deleted', type, record: record.Id })
    return c.body(null, 204)
  })

  app.get(`${sobjects}/:field/:value`, (c) => {
    const type = knownType(c.req.param('type'))
    const found = byExternalId(access.org(), type, {
      field: c.req.param('field'),
      value: c.req.param('value'),
    })
    const [record] = found.records
    if (record === undefined)
      throw new SalesforceError(404, 'NOT_FOUND', 'The requested resource does not exist')
    if (found.records.length > 1) return severalFound(c, type, found.records)
    return c.json(shown(c, type, record))
  })
  app.patch(`${sobjects}/:field/:value`, async (c) => {
    const type = writableType(c)
    const key = { field: c.req.param('field'), value: c.req.param('value') }
    const found = byExternalId(access.org(), type, key)
    if (found.records.length > 1) return severalFound(c, type, found.records)
    const [record] = found.records
    const body = await bodyOf(c)
    if (Object.keys(body).some((name) => name.toLowerCase() === found.field.toLowerCase())) {
      const message = `The ${found.field} field should not be specified in the sobject data.`
      throw new SalesforceError(400, 'INVALID_FIELD', message, [found.field])
    }
    const options = writeOptions(c, access)
    const written =
      record === undefined
        ? createRecord(access.org(), type, { ...body, [found.field]: key.value }, options)
        : updateRecord(access.org(), type, record.Id, { body, options })
    access.written(written)
    c.set('effect', effectOf(written))
    const created = written.previous === null
    return c.json({ id: written.record.Id, success: true, errors: [], created }, created ? 201 : 200)
  })
}

/** How a request wants its writes treated. */
export function writeOptions(c: SalesforceContext, access: OrgAccess): WriteOptions {
  const duplicates = c.req.header('sforce-duplicate-rule-header') ?? ''
  return {
    now: access.now(),
    autoAssign: c.req.header('sforce-auto-assign')?.toUpperCase() !== 'FALSE',
    allowDuplicates: /allowSave\s*=\s*true/i.test(duplicates),
    troubles: access.troubles,
    root: rootOf(c),
  }
}

function unmodifiedSince(c: SalesforceContext): Pick<WriteOptions, 'unmodifiedSince'> {
  const given = c.req.header('if-unmodified-since')
  if (given === undefined) return {}
  const at = Date.parse(given)
  if (Number.isNaN(at)) throw new SalesforceError(400, 'INVALID_HEADER', `"${given}" is no time`)
  return { unmodifiedSince: at }
}

/** The JSON object in the body. */
export async function bodyOf(c: SalesforceContext): Promise<Record<string, unknown>> {
  let body: unknown
  try {
    body = await c.req.json()
  } catch {
    body = null
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new SalesforceError(400, 'JSON_PARSER_ERROR', 'The body is no JSON object')
  }
  return { ...body }
}

/** The type with this name, or the answer for an unknown one. */
export function knownType(name: string): TypeName {
  const type = findType(name)
  if (type === null) throw new SalesforceError(404, 'NOT_FOUND', 'The requested resource does not exist')
  return type
}

function writableType(c: SalesforceContext): TypeName {
  const type = knownType(c.req.param('type') ?? '')
  if (schema[type].readOnly === true) {
    throw new SalesforceError(
      405,
      'METHOD_NOT_ALLOWED',
      `the sandbox changes a ${type} only through its state`,
    )
  }
  return type
}

/** Records by an external id field. */
export function byExternalId(
  org: Org,
  type: TypeName,
  key: { field: string; value: string },
): { field: string; records: SalesforceRecord[] } {
  const known = findField(type, key.field)
  if (known?.field.externalId !== true) {
    const message = `Provided external ID field does not exist or is not accessible: ${key.field}`
    throw new SalesforceError(404, 'NOT_FOUND', message)
  }
  return { field: known.name, records: org.store.lookUp(type, known.name, key.value) }
}

function severalFound(c: SalesforceContext, type: TypeName, records: SalesforceRecord[]): Response {
  const urls = records.map((record) => attributesOf(type, record, rootOf(c)).url)
  return c.json(urls, 300)
}

function shown(c: SalesforceContext, type: TypeName, record: SalesforceRecord): Record<string, unknown> {
  const wanted = c.req.query('fields')?.split(',')
  const names = wanted?.map((name) => {
    const found = findField(type, name.trim())
    if (found === null)
      throw new SalesforceError(400, 'INVALID_FIELD', `No such column '${name}' on entity '${type}'.`)
    return found.name
  })
  const values =
    names === undefined ? record : Object.fromEntries([...names, 'Id'].map((name) => [name, record[name]]))
  return { attributes: attributesOf(type, record, rootOf(c)), ...values }
}

/** `/services/data/vNN.N` as the request wrote it. */
export function rootOf(c: SalesforceContext): string {
  return `/services/data/${c.req.param('version') ?? ''}`
}
