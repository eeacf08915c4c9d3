import { CallFailure } from '../../columns/errors.ts'
import type { CrmRecord, RecordRequest } from '../../columns/ports.ts'
import { associationTypes, linkTo } from './associations.ts'
import type { Key } from './batches.ts'
import { conflictingId } from './failure.ts'
import type { Hub } from './hub.ts'
import { isId, type ObjectType, objectType, pathOf, refused } from './object-types.ts'
import { type NewObject, readAs, type Session } from './session.ts'
import { HubspotObject } from './wire.ts'

/** The property that holds our row id. It must exist and have unique values: HubSpot finds records by no other. */
export const rowIdProperty = 'rota_row_id'

interface RecordId {
  type: string
  id: string
}

/** The contact by its id, then under our row id, then by its e-mail. */
export async function findContact(
  request: RecordRequest,
  hub: Hub,
  session: Session,
): Promise<CrmRecord | null> {
  const contact = await contactObject(request, hub, session)
  return contact && hub.pages.toRecord('contact', contact, session)
}

/** `findContact` as HubSpot has it. None of this uses the search, whose index is behind. */
export async function contactObject(
  { recordId, externalId, email }: RecordRequest,
  hub: Hub,
  session: Session,
): Promise<HubspotObject | null> {
  return (
    (recordId && isId(recordId) && (await objectBy('contact', ['id', recordId], { hub, session }))) ||
    (await objectByRowId('contact', externalId, { hub, session })) ||
    (email && (await objectBy('contact', ['email', email], { hub, session }))) ||
    null
  )
}

/**
 * Creates the contact, with its company, under our row id. Both that and the e-mail are unique in HubSpot, so a contact that has one of them
 * already, from an earlier try of ours too, is the record.
 */
export async function createContact(request: RecordRequest, hub: Hub, session: Session): Promise<CrmRecord> {
  return hub.pages.toRecord('contact', await newContact(request, hub, session), session)
}

/** `createContact` as HubSpot has it. */
export async function newContact(request: RecordRequest, hub: Hub, session: Session): Promise<HubspotObject> {
  const { accountId, email } = request
  if (accountId && !isId(accountId)) throw refused(`"${accountId}" is no HubSpot record id`)
  const associations = accountId ? [linkTo(accountId, associationTypes.contactToCompany)] : []
  const input = { properties: contactProperties(request), associations }
  return createOnce('contact', input, { request, hub, session, email })
}

interface Creation {
  request: RecordRequest
  hub: Hub
  session: Session
  /** What besides our row id is unique of the record. */
  email: string | null
}

/** Creates the record, or takes the one that HubSpot says is there already. */
export async function createOnce(
  type: ObjectType,
  input: NewObject,
  { request, hub, session, email }: Creation,
): Promise<HubspotObject> {
  try {
    return await readAs(HubspotObject, session.create(pathOf(type), input), { write: true })
  } catch (error) {
    const id = conflictingId(error)
    if (id === null) throw error
    const reading = { hub, session }
    const existing =
      (id === '' ? null : await objectBy(type, ['id', id], reading)) ??
      (await objectByRowId(type, request.externalId, reading)) ??
      (email ? await objectBy(type, ['email', email], reading) : null)
    if (existing === null) throw error
    return existing
  }
}

/** The record as HubSpot has it now, by its id or a contact's e-mail; null when it is not there. */
export async function readRecord(record: RecordId, hub: Hub, session: Session): Promise<CrmRecord | null> {
  const type = objectType(record.type)
  const key = keyOf(type, record.id)
  if (key === null) return null
  const found = await objectBy(type, [key, record.id], { hub, session })
  return found && hub.pages.toRecord(type, found, session)
}

/**
 * One update with the owner and the fields, of which blank ones are left out. HubSpot takes texts only, also for the owner. Of a contact that is
 * named by its e-mail the update goes alone: batches are by record id.
 */
export async function writeOwner(
  record: RecordId,
  change: { ownerId: string; fields?: Record<string, string> },
  { hub, session }: { hub: Hub; session: Session },
): Promise<void> {
  const type = objectType(record.type)
  const key = keyOf(type, record.id)
  if (key === null) throw refused(`"${record.id}" is no HubSpot record id`)
  if (!isId(change.ownerId)) throw refused(`"${change.ownerId}" is no HubSpot owner id`)
  const fields = Object.entries(change.fields ?? {}).filter(([, value]) => value.trim() !== '')
  const properties = { ...Object.fromEntries(fields), hubspot_owner_id: change.ownerId }
  if (key === 'id') return hub.batches.update(type, { id: record.id, properties }, session)
  const answer = session.objects().update(pathOf(type), record.id, { properties }, key)
  await readAs(HubspotObject, answer, { write: true })
}

function keyOf(type: ObjectType, id: string): 'id' | 'email' | null {
  if (isId(id)) return 'id'
  return type === 'contact' && /^[^\s/]+@[^\s/]+$/.test(id) ? 'email' : null
}

/** The record with this value of a unique property. */
export function objectBy(
  type: ObjectType,
  [key, value]: readonly [Key, string],
  { hub, session }: { hub: Hub; session: Session },
): Promise<HubspotObject | null> {
  return hub.batches.read(type, { key, value }, session)
}

/** An account without our property still has records that can be found otherwise. */
export async function objectByRowId(
  type: ObjectType,
  rowId: string,
  reading: { hub: Hub; session: Session },
): Promise<HubspotObject | null> {
  try {
    return await objectBy(type, [rowIdProperty, rowId], reading)
  } catch (error) {
    if (CallFailure.isInstance(error) && error.kind === 'invalid-request') return null
    throw error
  }
}

function contactProperties(request: RecordRequest): Record<string, string> {
  const { externalId, email, firstName, lastName, company, website } = request
  const values = { email, firstname: firstName, lastname: lastName, company, website }
  const given: Record<string, string> = { ...request.fields, [rowIdProperty]: externalId }
  for (const [name, value] of Object.entries(values)) if (value?.trim()) given[name] = value
  return given
}
