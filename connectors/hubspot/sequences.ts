import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import type { Enrolment, EnrolRequest, Finding } from '../../columns/ports.ts'
import type { OwnerDirectory } from './owners.ts'
import { orNull, readAs, type Session } from './session.ts'
import { EnrolmentAnswer } from './wire.ts'

/** Dated addresses exist as well (`/automation/sequences/2026-03/…`); this is the one the client's generation belongs to. */
const enrolments = '/automation/v4/sequences/enrollments'

/** One contact's enrolments; HubSpot answers with the one it is in, and we accept a list. */
const EnrolmentList = z.union([z.object({ results: z.array(EnrolmentAnswer) }), EnrolmentAnswer])

/** Enrols a contact in the rep's name. HubSpot wants the rep's user id there, which is not the owner id. */
export async function enrolContact(
  request: EnrolRequest,
  owners: OwnerDirectory,
  session: Session,
): Promise<Enrolment> {
  const contactId = contactOf(request)
  const { email, crmUserId } = request.sender
  const owner =
    crmUserId === null ? await owners.findByEmail(email, session) : await owners.findById(crmUserId, session)
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
  return { id, sequence: request.sequence }
}

/** Is the contact in this sequence? */
export async function findEnrolment(request: EnrolRequest, session: Session): Promise<Finding<Enrolment>> {
  const contactId = contactOf(request)
  const answer = await orNull(
    readAs(EnrolmentList, session.json('GET', `${enrolments}/contact/${contactId}`)),
  )
  if (answer === null) return { state: 'absent' }
  const list = 'results' in answer ? answer.results : [answer]
  const found = list.find((each) => each.sequenceId === request.sequence)
  if (found !== undefined) return { state: 'found', value: { id: found.id, sequence: request.sequence } }
  if (list.some((each) => !each.sequenceId)) {
    return {
      state: 'unknown',
      reason: 'HubSpot says that the contact is enrolled, but not in which sequence',
    }
  }
  return { state: 'absent' }
}

function contactOf({ record }: EnrolRequest): string {
  if (record.type === 'contact' && /^\d{1,20}$/.test(record.id)) return record.id
  throw new CallFailure('invalid-request', `HubSpot enrols contacts, not ${record.type} "${record.id}"`, {
    retryable: false,
  })
}
