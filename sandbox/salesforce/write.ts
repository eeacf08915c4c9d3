import { normalizeId } from '../../connectors/salesforce/ids.ts'
import { refuseDuplicates } from './duplicates.ts'
import { SalesforceError } from './errors.ts'
import { type Field, findField, schema, type TypeName } from './schema.ts'
import { complete, type Org, toDateTime } from './state.ts'
import type { SalesforceRecord, Value } from './store.ts'
import { befall, type Troubles } from './troubles.ts'

export interface WriteOptions {
  now: number
  /** False when the request said `Sforce-Auto-Assign: FALSE`. */
  autoAssign: boolean
  /** True when the request said `Sforce-Duplicate-Rule-Header: allowSave=true`. */
  allowDuplicates: boolean
  /** What somebody else does meanwhile. */
  troubles: Troubles
  /** The version's path, for the addresses of duplicates. */
  root: string
  /** `If-Unmodified-Since` in milliseconds, where the request says so: only of a single record. */
  unmodifiedSince?: number
}

/** A write that took place; `previous` is null for a new record. */
export interface Written {
  type: TypeName
  record: SalesforceRecord
  previous: SalesforceRecord | null
  /** The owner the caller asked for, null when it did not ask. */
  askedOwner: string | null
}

/** Creates a record under all the checks Salesforce makes. */
export function createRecord(
  org: Org,
  type: TypeName,
  body: Record<string, unknown>,
  options: WriteOptions,
): Written {
  const values = checkedValues(org, type, body, null)
  const missing = Object.entries(schema[type].fields)
    .filter(([name, field]) => field.required === true && (values[name] ?? null) === null)
    .map(([name]) => name)
  if (missing.length > 0) {
    const list = `[${missing.join(', ')}]`
    throw new SalesforceError(400, 'REQUIRED_FIELD_MISSING', `Required fields are missing: ${list}`, missing)
  }
  if (type === 'Lead' && !options.allowDuplicates) refuseDuplicates(org, values, options)
  const createdAt = toDateTime(options.now)
  const record = complete(type, values, { store: org.store, createdAt, ownerId: org.integrationUserId })
  finish(org, type, record, options)
  return { type, record, previous: null, askedOwner: ownerIn(values) }
}

/** Updates a record under all the checks Salesforce makes. */
export function updateRecord(
  org: Org,
  type: TypeName,
  id: string,
  { body, options }: { body: Record<string, unknown>; options: WriteOptions },
): Written {
  befall(org, options.troubles, { type, id, ownerId: body.OwnerId, now: options.now })
  const previous = existing(org, type, id)
  requireUnmodified(previous, options)
  const values = checkedValues(org, type, body, previous)
  for (const [name, value] of Object.entries(values)) {
    if (schema[type].fields[name]?.required === true && value === null) {
      throw new SalesforceError(400, 'REQUIRED_FIELD_MISSING', `Required fields are missing: [${name}]`, [
        name,
      ])
    }
  }
  if (previous.IsConverted === true) {
    throw new SalesforceError(400, 'CANNOT_UPDATE_CONVERTED_LEAD', 'cannot reference converted lead')
  }
  const record: SalesforceRecord = { ...previous, ...values, Id: previous.Id }
  finish(org, type, record, options)
  return { type, record, previous, askedOwner: ownerIn(values) }
}

/** Compares whole seconds, as the header has no more. */
function requireUnmodified({ LastModifiedDate }: SalesforceRecord, { unmodifiedSince }: WriteOptions): void {
  if (unmodifiedSince === undefined) return
  const modifiedAt = Math.floor(Date.parse(String(LastModifiedDate)) / 1000) * 1000
  if (modifiedAt > unmodifiedSince)
    throw new SalesforceError(412, 'PRECONDITION_FAILED', 'the record was modified since')
}

/** The record, or the error for one that was deleted or never was. */
export function existing(org: Org, type: TypeName, id: string): SalesforceRecord {
  const record = org.store.get(type, id)
  if (record !== null && record.IsDeleted !== true) return record
  if (record !== null || org.store.wasRemoved(id))
    throw new SalesforceError(404, 'ENTITY_IS_DELETED', 'entity is deleted')
  if (normalizeId(id) === null)
    throw new SalesforceError(400, 'MALFORMED_ID', `${type} ID: id value of incorrect type: ${id}`, ['Id'])
  throw new SalesforceError(404, 'NOT_FOUND', 'The requested resource does not exist')
}

function finish(org: Org, type: TypeName, record: SalesforceRecord, options: WriteOptions): void {
  record.LastModifiedDate = toDateTime(options.now)
  record.SystemModstamp = record.LastModifiedDate
  if (type === 'Opportunity') {
    record.IsClosed = String(record.StageName).startsWith('Closed')
    record.IsWon = record.StageName === 'Closed Won'
  }
  if (type === 'Task') {
    record.IsClosed = record.Status === 'Completed'
    record.CompletedDateTime = record.IsClosed ? (record.CompletedDateTime ?? toDateTime(options.now)) : null
  }
  // The active rule takes every lead that is written without the header, new or not; the answer stays a success.
  if (type === 'Lead' && options.autoAssign && org.settings.assignLeadsTo !== null) {
    record.OwnerId = normalizeId(org.settings.assignLeadsTo)
  }
  org.store.put(type, record)
}

function ownerIn(values: Record<string, Value>): string | null {
  return typeof values.OwnerId === 'string' ? values.OwnerId : null
}

function checkedValues(
  org: Org,
  type: TypeName,
  body: Record<string, unknown>,
  previous: SalesforceRecord | null,
): Record<string, Value> {
  const values: Record<string, Value> = {}
  for (const [given, value] of Object.entries(body)) {
    if (given === 'attributes') continue
    const found = findField(type, given)
    if (found === null) {
      throw new SalesforceError(400, 'INVALID_FIELD', `No such column '${given}' on sobject of type ${type}`)
    }
    const { name, field } = found
    if (field.readOnly === true) {
      const message = `Unable to create/update fields: ${name}. Please check the security settings of this field and verify that it is read/write for your profile or permission set.`
      throw new SalesforceError(400, 'INVALID_FIELD_FOR_INSERT_UPDATE', message, [name])
    }
    values[name] = checkedValue(org, { type, name, field }, value)
    if (field.externalId === true) refuseDuplicate(org, { type, name, value: values[name] ?? null }, previous)
  }
  return values
}

function checkedValue(
  org: Org,
  { type, name, field }: { type: TypeName; name: string; field: Field },
  value: unknown,
): Value {
  if (value === null || value === '') return null
  const fits =
    field.type === 'boolean' || field.type === 'number'
      ? typeof value === field.type
      : typeof value === 'string'
  if (!fits || !(typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')) {
    const message = `Cannot deserialize instance of ${field.type} from ${JSON.stringify(value)}`
    throw new SalesforceError(400, 'JSON_PARSER_ERROR', message)
  }
  if (typeof value !== 'string') return value
  if (field.type === 'id') return checkedReference(org, { type, name, field }, value)
  if (field.type === 'email' && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value)) {
    throw new SalesforceError(400, 'INVALID_EMAIL_ADDRESS', `${name}: invalid email address: ${value}`, [
      name,
    ])
  }
  if (field.length !== undefined && value.length > field.length) {
    const message = `${name}: data value too large: ${value.slice(0, 80)} (max length=${field.length})`
    throw new SalesforceError(400, 'STRING_TOO_LONG', message, [name])
  }
  return value
}

function checkedReference(
  org: Org,
  { type, name, field }: { type: TypeName; name: string; field: Field },
  value: string,
): string {
  const id = normalizeId(value)
  const target = field.points?.to.find((each) => id?.startsWith(schema[each].prefix) === true)
  if (id === null || target === undefined) {
    throw new SalesforceError(400, 'MALFORMED_ID', `${name}: id value of incorrect type: ${value}`, [name])
  }
  const record = org.store.get(target, id)
  if (record === null || record.IsDeleted === true) {
    throw new SalesforceError(400, 'INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id')
  }
  // Accounts take an inactive owner from those who have the permission for it; the others never do.
  if (name === 'OwnerId' && record.IsActive === false && type !== 'Account') {
    const message = `operation performed with inactive user [${id}] as owner of ${type.toLowerCase()}`
    throw new SalesforceError(400, 'INACTIVE_OWNER_OR_USER', message)
  }
  return id
}

function refuseDuplicate(
  org: Org,
  { type, name, value }: { type: TypeName; name: string; value: Value },
  previous: SalesforceRecord | null,
): void {
  if (typeof value !== 'string') return
  const other = org.store.lookUp(type, name, value).find((record) => record.Id !== previous?.Id)
  if (other === undefined) return
  const message = `duplicate value found: ${name} duplicates value on record with id: ${other.Id.slice(0, 15)}`
  throw new SalesforceError(400, 'DUPLICATE_VALUE', message)
}
