import { CallFailure } from '../../columns/errors.ts'
import type { CrmRecord, RecordRequest } from '../../columns/ports.ts'
import { batchFailure, conflictingId } from './failure.ts'
import { type ObjectType, type RecordPages, recordProperties } from './pages.ts'
import { orNull, readAs, type Session } from './session.ts'
import { BatchAnswer, HubspotObject } from './wire.ts'

/** The contact property that holds our row id. It must exist and have unique values: HubSpot refuses to upsert by any other. */
const rowIdProperty = 'rota_row_id'

interface RecordId {
  type: string
  id: string
}

/** The contact by its id, then under our row id, then by its e-mail. */
export async function findContact(
  { recordId, externalId, email }: RecordRequest,
  pages: RecordPages,
  session: Session,
): Promise<CrmRecord | null> {
  const contact =
    (recordId && isId(recordId) && (await contactBy('id', recordId, session))) ||
    (await contactByRowId(externalId, session)) ||
    (email && (await contactBy('email', email, session))) ||
    null
  return contact && pages.toRecord('contact', contact, session)
}

/** Upserts under our row id; where the e-mail belongs to another contact already, that one is the record. */
export async function createContact(
  request: RecordRequest,
  pages: RecordPages,
  session: Session,
): Promise<CrmRecord> {
  try {
    return await pages.toRecord('contact', await upsertContact(request, session), session)
  } catch (error) {
    const id = conflictingId(error)
    if (id === null) throw error
    const byId = id === '' ? null : await contactBy('id', id, session)
    const existing = byId ?? (request.email ? await contactBy('email', request.email, session) : null)
    if (existing === null) throw error
    return pages.toRecord('contact', existing, session)
  }
}

/** The record as HubSpot has it now; null when it is not there. */
export async function readObject(
  record: RecordId,
  pages: RecordPages,
  session: Session,
): Promise<CrmRecord | null> {
  const type = objectType(record.type)
  if (!isId(record.id)) return null
  const api = type === 'contact' ? session.contacts() : session.companies()
  const found = await orNull(readAs(HubspotObject, api.getById(record.id, recordProperties)))
  return found && pages.toRecord(type, found, session)
}

/** One update with the owner and the fields. HubSpot takes texts only, also for the owner. */
export async function writeOwner(
  record: RecordId,
  change: { ownerId: string; fields?: Record<string, string> },
  session: Session,
): Promise<void> {
  const type = objectType(record.type)
  if (!isId(record.id)) throw refused(`"${record.id}" is no HubSpot record id`)
  if (!isId(change.ownerId)) throw refused(`"${change.ownerId}" is no HubSpot owner id`)
  const input = { properties: { ...change.fields, hubspot_owner_id: change.ownerId } }
  const api = type === 'contact' ? session.contacts() : session.companies()
  await readAs(HubspotObject, api.update(record.id, input), { write: true })
}

async function upsertContact(request: RecordRequest, session: Session): Promise<HubspotObject> {
  const input = { id: request.externalId, idProperty: rowIdProperty, properties: contactProperties(request) }
  const answer = session.contactBatches().upsert({ inputs: [input] })
  const { results, errors } = await readAs(BatchAnswer, answer, { write: true })
  const error = errors?.[0]
  if (error !== undefined) throw batchFailure(error)
  const contact = results[0]
  if (contact === undefined) {
    const message = 'HubSpot created no contact and named no error'
    throw new CallFailure('unavailable', message, { retryable: true, outcomeUnknown: true })
  }
  // The answer holds what was sent. A contact that was there before may have an owner.
  return contact._new === false ? ((await contactBy('id', contact.id, session)) ?? contact) : contact
}

function contactBy(key: 'id' | 'email' | typeof rowIdProperty, value: string, session: Session) {
  const idProperty = key === 'id' ? undefined : key
  const answer = session.contacts().getById(value, recordProperties, undefined, undefined, false, idProperty)
  return orNull(readAs(HubspotObject, answer))
}

/** A portal without our property still has contacts that can be found by e-mail. */
async function contactByRowId(rowId: string, session: Session): Promise<HubspotObject | null> {
  try {
    return await contactBy(rowIdProperty, rowId, session)
  } catch (error) {
    if (CallFailure.isInstance(error) && error.kind === 'invalid-request') return null
    throw error
  }
}

function contactProperties(request: RecordRequest): Record<string, string> {
  const { externalId, email, firstName, lastName, company, website } = request
  const values = { email, firstname: firstName, lastname: lastName, company, website }
  const given: Record<string, string> = { [rowIdProperty]: externalId }
  for (const [name, value] of Object.entries(values)) if (value) given[name] = value
  return given
}

/** The name of the type, or a failure for types whose owner we never set. */
export function objectType(type: string): ObjectType {
  if (type === 'contact' || type === 'company') return type
  throw refused(`HubSpot records are "contact" or "company", not "${type}"`)
}

/** Ids come from rows that strangers filled in. */
export function isId(value: string): boolean {
  return /^\d{1,20}$/.test(value)
}

function refused(message: string): CallFailure {
  return new CallFailure('invalid-request', message, { retryable: false })
}
