import type { LedgerEntry } from '../ledger.ts'
import { type Account, findUnique, type ObjectType } from './account.ts'
import { invalid, type Refusal } from './answers.ts'
import type { StoredObject } from './objects.ts'

export type Properties = Record<string, string | null>

/** What a write came to: the record and the change for the ledger, or the refusal. */
export type Written =
  | { ok: true; object: StoredObject; created: boolean; effect: NonNullable<LedgerEntry['effect']> }
  | { ok: false; refusal: Refusal }

/** Creates the record, or changes `existing`, the way HubSpot does: owners must be active, unique values must stay so. */
export function write(
  account: Account,
  type: ObjectType,
  { existing, properties }: { existing: StoredObject | null; properties: Properties },
): Written {
  const refusal = ownerRefusal(account, properties) ?? conflict(account, type, { existing, properties })
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
  return { ok: true, object, created: existing === null, effect: effectOf({ existing, object, properties }) }
}

function effectOf(change: {
  existing: StoredObject | null
  object: StoredObject
  properties: Properties
}): NonNullable<LedgerEntry['effect']> {
  const { existing, object, properties } = change
  const record = object.id
  if (existing === null) return { kind: 'record-created', record }
  const owner = properties.hubspot_owner_id
  if (owner === undefined) return { kind: 'record-updated', record }
  return { kind: 'owner-written', record, owner, previous: existing.properties.hubspot_owner_id ?? null }
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

function conflict(
  account: Account,
  type: ObjectType,
  { existing, properties }: { existing: StoredObject | null; properties: Properties },
): Refusal | null {
  if (type !== 'contacts') return null
  for (const property of ['email', ...account.settings.uniqueProperties]) {
    const value = properties[property]
    const other = value ? findUnique(account, type, { idProperty: property, value }) : null
    if (other !== null && other.id !== existing?.id) {
      const message = `Contact already exists. Existing ID: ${other.id}`
      return { status: 409, category: 'CONFLICT', message }
    }
  }
  return null
}
