import { z } from 'zod'
import { normalizeId } from '../../connectors/salesforce/ids.ts'
import { type Field, schema, type TypeName } from './schema.ts'
import { createStore, type SalesforceRecord, type Store, type Value } from './store.ts'

const Id = z
  .string()
  .refine((id) => normalizeId(id) !== null, 'is no 15- or 18-character id with a valid checksum')

/** Records by the API names of their fields; `Id`, dates and defaults may be left out. */
function recordsOf(type: TypeName) {
  const shape = Object.entries(schema[type].fields).map(
    ([name, field]): [string, z.ZodType<Value | undefined>] => [name, fieldShape(name, field)],
  )
  return z.array(z.strictObject(Object.fromEntries(shape))).default([])
}

function fieldShape(name: string, field: Field): z.ZodType<Value | undefined> {
  if (name === 'Id') return Id.optional()
  if (field.type === 'boolean') return z.boolean().optional()
  if (field.type === 'number') return z.number().nullish()
  if (field.type === 'id') return Id.nullish()
  return field.required === true ? z.string().min(1) : z.string().nullish()
}

/** What `PUT /state/salesforce` takes and `GET /state/salesforce` gives. Everything may be left out. */
export const SalesforceState = z.strictObject({
  users: recordsOf('User'),
  queues: recordsOf('Group'),
  accounts: recordsOf('Account'),
  contacts: recordsOf('Contact'),
  leads: recordsOf('Lead'),
  opportunities: recordsOf('Opportunity'),
  tasks: recordsOf('Task'),
  events: recordsOf('Event'),
  cadences: recordsOf('ActionCadence'),
  trackers: recordsOf('ActionCadenceTracker'),
  settings: z
    .strictObject({
      /** The credentials it accepts; null accepts any that are not empty. */
      client: z.strictObject({ id: z.string(), secret: z.string() }).nullable().default(null),
      /** For the JWT flow: the key that the app trusts, in PEM, and the user it may act for; null takes any assertion of the right form. */
      certificate: z.strictObject({ publicKey: z.string(), username: z.string() }).nullable().default(null),
      /** The active lead assignment rule: who gets a lead written without `Sforce-Auto-Assign: FALSE`. */
      assignLeadsTo: Id.nullable().default(null),
      /** A duplicate rule: a lead whose e-mail another lead or contact has is refused, unless the request allows it. */
      blockDuplicateLeads: z.boolean().default(false),
      /** A rule of the org that takes each written lead to another owner later, whatever the header says. */
      overwriteOwner: z
        .strictObject({ with: Id, afterMs: z.number().int().min(0) })
        .nullable()
        .default(null),
      /** Records per page of a query. */
      pageSize: z.number().int().min(1).max(2000).default(2000),
      dailyApiRequests: z.number().int().min(0).default(1_000_000),
    })
    .prefault({}),
})
export type SalesforceState = z.output<typeof SalesforceState>
export type SalesforceStateInput = z.input<typeof SalesforceState>
export type OrgSettings = SalesforceState['settings']

const lists = [
  ['users', 'User'],
  ['queues', 'Group'],
  ['accounts', 'Account'],
  ['contacts', 'Contact'],
  ['leads', 'Lead'],
  ['opportunities', 'Opportunity'],
  ['tasks', 'Task'],
  ['events', 'Event'],
  ['cadences', 'ActionCadence'],
  ['trackers', 'ActionCadenceTracker'],
] as const satisfies readonly (readonly [Exclude<keyof SalesforceState, 'settings'>, TypeName])[]

/** The user that the API acts as; owns what is created without an owner. */
export const integrationUserName = 'Rota Integration'

export interface Org {
  store: Store
  settings: OrgSettings
  /** Owner of records that name none. */
  integrationUserId: string
}

/** Builds an org from a state. Records that name no owner belong to the integration user, which is added when missing. */
export function buildOrg(state: SalesforceState, now: number): Org {
  const store = createStore()
  const createdAt = toDateTime(now)
  for (const user of state.users)
    store.put('User', complete('User', user, { store, createdAt, ownerId: null }))
  const known = [...store.all('User')].find((user) => user.Name === integrationUserName)
  const integrationUser =
    known ??
    complete(
      'User',
      { Name: integrationUserName, Email: 'integration@rota.example' },
      { store, createdAt, ownerId: null },
    )
  store.put('User', integrationUser)
  for (const [list, type] of lists) {
    if (type === 'User') continue
    for (const record of state[list]) {
      store.put(type, complete(type, record, { store, createdAt, ownerId: integrationUser.Id }))
    }
  }
  return { store, settings: state.settings, integrationUserId: integrationUser.Id }
}

/** The org as a state that `buildOrg` would build again. */
export function describeOrg({ store, settings }: Org): Record<string, unknown> {
  return { ...Object.fromEntries(lists.map(([list, type]) => [list, [...store.all(type)]])), settings }
}

/** A record with every field of its type, ids in their 18-character form. */
export function complete(
  type: TypeName,
  given: Record<string, Value | undefined>,
  around: { store: Store; createdAt: string; ownerId: string | null },
): SalesforceRecord {
  const record: SalesforceRecord = { Id: normalizeId(String(given.Id ?? '')) ?? around.store.nextId(type) }
  for (const [name, field] of Object.entries(schema[type].fields)) {
    if (name === 'Id') continue
    const value = given[name] ?? field.default ?? (field.type === 'boolean' ? false : null)
    record[name] = field.type === 'id' && typeof value === 'string' ? normalizeId(value) : value
  }
  if (record.OwnerId === null) record.OwnerId = around.ownerId
  if (record.CreatedById === null) record.CreatedById = around.ownerId
  record.CreatedDate ??= around.createdAt
  record.LastModifiedDate ??= record.CreatedDate
  record.SystemModstamp ??= record.LastModifiedDate
  return record
}

/** Salesforce's form of a time: `2026-01-31T09:30:00.000+0000`. */
export function toDateTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '+0000')
}
