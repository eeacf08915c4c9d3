import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import type { Enrolment, EnrolRequest, Finding } from '../../columns/ports.ts'
import { enrolments } from './addresses.ts'
import { associatedIds } from './associations.ts'
import type { Hub } from './hub.ts'
import { isId, objectType, refused } from './object-types.ts'
import { orNull, readAs, type Session } from './session.ts'
import { EnrolmentAnswer, HubspotObject } from './wire.ts'

/** One contact's enrolments; HubSpot answers with the one it is in, and we accept a list. */
const EnrolmentList = z.union([z.object({ results: z.array(EnrolmentAnswer) }), EnrolmentAnswer])

/** What HubSpot keeps of a person who must not get e-mails. */
const refusals = [
  { property: 'hs_email_optout', reason: 'has opted out of e-mails' },
  { property: 'hs_email_quarantined', reason: 'is quarantined by HubSpot: no e-mail reaches this address' },
] as const

/** Why the contact must not be written to; null when nothing is known against it. */
export async function enrolmentRefusal(request: EnrolRequest, session: Session): Promise<string | null> {
  const contactId = await contactOf(request, session)
  const names = ['email', ...refusals.map(({ property }) => property)]
  const contact = await readAs(HubspotObject, session.objects().getById('contacts', contactId, names))
  const held = refusals.find(({ property }) => contact.properties[property] === 'true')
  if (held !== undefined) return `${contact.properties.email ?? `contact ${contactId}`} ${held.reason}`
  return contact.properties.email ? null : `contact ${contactId} has no e-mail address`
}

/** Enrols a contact in the rep's name. HubSpot wants the rep's user id there, which is not the owner id. */
export async function enrolContact(request: EnrolRequest, hub: Hub, session: Session): Promise<Enrolment> {
  const contactId = await contactOf(request, session)
  const { email, crmUserId } = request.sender
  const owner =
    crmUserId === null
      ? await hub.owners.findByEmail(email, session)
      : await hub.owners.findById(crmUserId, session)
  if (owner === null || owner.archived || typeof owner.userId !== 'number') {
    throw new CallFailure('inactive-owner', `HubSpot has no active user for the sender ${email}`, {
      retryable: false,
    })
  }
  const answer = session.json('POST', `${enrolments}?userId=${owner.userId}`, {
    sequenceId: request.sequence,
    contactId,
    senderEmail: email,
  })
  const { id } = await readAs(EnrolmentAnswer, answer, { write: true })
  return { id, sequence: request.sequence, sender: email }
}

/** Is the contact in this sequence? */
export async function findEnrolment(request: EnrolRequest, session: Session): Promise<Finding<Enrolment>> {
  const contactId = await contactOf(request, session)
  const answer = await orNull(
    readAs(EnrolmentList, session.json('GET', `${enrolments}/contact/${contactId}`)),
  )
  if (answer === null) return { state: 'absent' }
  const list = 'results' in answer ? answer.results : [answer]
  const found = list.find((each) => each.sequenceId === request.sequence)
  if (found !== undefined) {
    const sender = found.enrolledByEmail ?? null
    return { state: 'found', value: { id: found.id, sequence: request.sequence, sender } }
  }
  if (list.some((each) => !each.sequenceId)) {
    return {
      state: 'unknown',
      reason: 'HubSpot says that the contact is enrolled, but not in which sequence',
    }
  }
  return { state: 'absent' }
}

/** HubSpot has no call that takes a contact out of a sequence. */
export function cannotUnenrol({ id, sequence }: Enrolment): CallFailure {
  return refused(
    `HubSpot takes nobody out of a sequence over its interface: end enrolment ${id} in sequence ${sequence} by hand`,
  )
}

/** Sequences are sent to contacts; a lead stands for its contact. */
async function contactOf({ record }: EnrolRequest, session: Session): Promise<string> {
  const type = isId(record.id) ? objectType(record.type) : null
  if (type === 'contact') return record.id
  const [contact] =
    type === 'lead' ? await associatedIds({ path: 'leads', id: record.id }, 'contacts', session) : []
  if (contact === undefined) throw refused(`HubSpot enrols contacts, not ${record.type} "${record.id}"`)
  return contact
}
