import type { CrmRecord, RecordRequest } from '../../columns/ports.ts'
import { associatedIds, associationTypes, linkTo } from './associations.ts'
import type { Hub } from './hub.ts'
import { isId } from './object-types.ts'
import { contactObject, createOnce, newContact, objectBy, objectByRowId, rowIdProperty } from './records.ts'
import type { Session } from './session.ts'
import { type HubspotObject, isoTime } from './wire.ts'

/** The lead by its id, then under our row id, then the latest of the contact with this e-mail. */
export async function findLead(
  request: RecordRequest,
  hub: Hub,
  session: Session,
): Promise<CrmRecord | null> {
  const { recordId, externalId, email } = request
  const reading = { hub, session }
  const lead =
    (recordId && isId(recordId) && (await objectBy('lead', ['id', recordId], reading))) ||
    (await objectByRowId('lead', externalId, reading)) ||
    (email && (await latestLeadOf(email, hub, session))) ||
    null
  return lead && hub.pages.toRecord('lead', lead, session)
}

/** Creates a lead with its contact, which is found or created first: HubSpot has no lead without one. */
export async function createLead(request: RecordRequest, hub: Hub, session: Session): Promise<CrmRecord> {
  const asContact = { ...request, recordId: null }
  const contact =
    (await contactObject(asContact, hub, session)) ?? (await newContact(asContact, hub, session))
  const properties = {
    ...request.fields,
    [rowIdProperty]: request.externalId,
    hs_lead_name: nameOf(request),
  }
  const associations = [linkTo(contact.id, associationTypes.leadToPrimaryContact)]
  const lead = await createOnce('lead', { properties, associations }, { request, hub, session, email: null })
  return hub.pages.toRecord('lead', lead, session)
}

async function latestLeadOf(email: string, hub: Hub, session: Session): Promise<HubspotObject | null> {
  const contact = await objectBy('contact', ['email', email], { hub, session })
  if (contact === null) return null
  const ids = await associatedIds({ path: 'contacts', id: contact.id }, 'leads', session)
  const leads = await Promise.all(ids.map((id) => objectBy('lead', ['id', id], { hub, session })))
  const createdAt = ({ properties, createdAt: at }: HubspotObject) =>
    isoTime(properties.createdate ?? at) ?? ''
  const latestFirst = leads.filter((lead) => lead !== null)
  return latestFirst.sort((a, b) => createdAt(b).localeCompare(createdAt(a)))[0] ?? null
}

function nameOf({ firstName, lastName, company, email, externalId }: RecordRequest): string {
  const person = [firstName, lastName].filter((part) => part?.trim()).join(' ')
  return person || company?.trim() || email || externalId
}
