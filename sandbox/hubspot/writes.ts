import type { LedgerEntry } from '../ledger.ts'
import { type Account, findUnique, type ObjectType, strikes, uniqueProperties } from './account.ts'
import { invalid, notFound, type Refusal } from './answers.ts'
import type { Address } from './links.ts'
import type { StoredObject } from './objects.ts'

export type Properties = Record<string, string | null>

/** A record to create, with the records it is linked with from the start, or a change of `existing`. */
export interface Write {
  existing: StoredObject | null
  properties: Properties
  links?: readonly Address[]
}

/** What a write came to: the record and the change for the ledger, or the refusal. */
export type Written =
  | { ok: true; object: StoredObject; created: boolean; effect: NonNullable<LedgerEntry['effect']> }
  | { ok: false; refusal: Refusal }

/** Creates the record, or changes `existing`, the way HubSpot does: owners must be active, unique values must stay so. */
export function write(account: Account, type: ObjectType, change: Write): Written {
  const { existing, properties, links = [] } = change
  getAhead(account, type, change)
  if (existing !== null && account.objects[type].get(existing.id) === null)
    return { ok: false, refusal: notFound }
  const refusal =
    unknownProperty(account, properties) ??
    ownerRefusal(account, properties) ??
    ruleRefusal(account, existing) ??
    conflict(account, type, change) ??
    (existing === null ? unfitToCreate(account, type, change) : null)
  if (refusal !== null) return { ok: false, refusal }
  const store = account.objects[type]
  const at = new Date(account.now()).toISOString()
  const object: StoredObject = {
    id: existing?.id ?? store.nextId(),
    properties: { createdate: at, ...existing?.properties, ...properties },
    createdAt: existing?.createdAt ?? at,
    updatedAt: at,
  }
  store.put(object)
  for (const linked of links) link(account, { type, id: object.id }, linked)
  return {
    ok: true,
    object,
    created: existing === null,
    effect: effectOf(type, { existing, object, properties }),
  }
}

/** What others do in the account between a look at it and this write. */
function getAhead(account: Account, type: ObjectType, { existing, properties }: Write): void {
  const owner = account.owners.get(properties.hubspot_owner_id ?? '')
  if (owner !== undefined && strikes(account, 'owner-archived')) {
    account.owners.set(owner.id, { ...owner, archived: true })
  }
  if (existing !== null && type === 'contacts' && strikes(account, 'contact-deleted')) {
    account.objects.contacts.delete(existing.id)
    account.links.forget({ type, id: existing.id })
  }
  if (
    existing === null &&
    type === 'contacts' &&
    properties.email &&
    strikes(account, 'conflict-on-create')
  ) {
    const { contacts } = account.objects
    const at = new Date(account.now()).toISOString()
    const theirs = { email: properties.email, createdate: at }
    contacts.put({ id: contacts.nextId(), properties: theirs, createdAt: at, updatedAt: at })
  }
}

/** Links two records; the first company of a contact becomes its primary one. */
export function link(account: Account, one: Address, other: Address): void {
  account.links.add(one, other)
  const ends = [one, other]
  const contact = ends.find(({ type }) => type === 'contacts')
  const company = ends.find(({ type }) => type === 'companies')
  const stored = contact === undefined ? null : account.objects.contacts.get(contact.id)
  if (stored === null || company === undefined || stored.properties.associatedcompanyid) return
  account.objects.contacts.put({
    ...stored,
    properties: { ...stored.properties, associatedcompanyid: company.id },
  })
}

function effectOf(
  type: ObjectType,
  change: { existing: StoredObject | null; object: StoredObject; properties: Properties },
): NonNullable<LedgerEntry['effect']> {
  const { existing, object, properties } = change
  const record = object.id
  if (existing === null) return { kind: type === 'tasks' ? 'task-created' : 'record-created', record }
  const owner = properties.hubspot_owner_id
  if (owner === undefined) return { kind: 'record-updated', record }
  return { kind: 'owner-written', record, owner, previous: existing.properties.hubspot_owner_id ?? null }
}

function unknownProperty(account: Account, properties: Properties): Refusal | null {
  const name = Object.keys(properties).find((each) => account.settings.missingProperties.includes(each))
  return name === undefined ? null : invalid(`Property "${name}" does not exist`)
}

function ownerRefusal(account: Account, properties: Properties): Refusal | null {
  const ownerId = properties.hubspot_owner_id
  if (!ownerId) return null
  const owner = account.owners.get(ownerId)
  if (owner !== undefined && !owner.archived) return null
  const problem = [
    {
      isValid: false,
      message: `Owner ${ownerId} ${owner === undefined ? 'does not exist' : 'is deactivated'}`,
      error: 'INVALID_OWNER_ID',
      name: 'hubspot_owner_id',
    },
  ]
  return invalid(`Property values were not valid: ${JSON.stringify(problem)}`)
}

function ruleRefusal(account: Account, existing: StoredObject | null): Refusal | null {
  if (existing === null) return null
  if (!account.settings.refusing.includes(existing.id) && !strikes(account, 'partial-batch')) return null
  return { ...invalid(`A rule of the account refuses changes of ${existing.id}`), ofOneRecord: true }
}

function conflict(account: Account, type: ObjectType, { existing, properties }: Write): Refusal | null {
  for (const property of uniqueProperties(account, type)) {
    const value = properties[property]
    const other = value ? findUnique(account, type, { idProperty: property, value }) : null
    if (other !== null && other.id !== existing?.id) {
      const what = type === 'contacts' ? 'Contact' : 'Object'
      return {
        status: 409,
        category: 'CONFLICT',
        message: `${what} already exists. Existing ID: ${other.id}`,
      }
    }
  }
  return null
}

/** A lead needs a name and a contact, a task the time it is due. */
function unfitToCreate(
  account: Account,
  type: ObjectType,
  { properties, links = [] }: Write,
): Refusal | null {
  const gone = links.find((each) => account.objects[each.type].get(each.id) === null)
  if (gone !== undefined) return invalid(`Object ${gone.id} of type ${gone.type} does not exist`)
  if (type === 'leads' && !properties.hs_lead_name) return invalid('hs_lead_name is required')
  if (type === 'leads' && !links.some((each) => each.type === 'contacts')) {
    return invalid('A lead must be associated with a contact')
  }
  return type === 'tasks' && !properties.hs_timestamp ? invalid('hs_timestamp is required') : null
}
