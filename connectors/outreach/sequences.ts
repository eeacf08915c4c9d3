import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import type { Enrolment, EnrolRequest, Finding } from '../../columns/ports.ts'
import type { RunningCall } from '../call.ts'
import type { Outreach } from './session.ts'

const Id = z.union([z.string(), z.int()]).transform(String)
const Prospect = z.looseObject({
  id: Id,
  attributes: z.looseObject({
    emails: z.array(z.string()).nullish(),
    optedOut: z.boolean().nullish(),
    emailOptedOut: z.boolean().nullish(),
  }),
})
type Prospect = z.output<typeof Prospect>
const Prospects = z.looseObject({ data: z.array(Prospect) })
const State = z.looseObject({
  id: Id,
  attributes: z.looseObject({ state: z.string().nullish() }),
  relationships: z
    .looseObject({
      mailbox: z.looseObject({ data: z.looseObject({ id: Id }).nullish() }).optional(),
    })
    .optional(),
})
const States = z.looseObject({ data: z.array(State) })
const OneState = z.looseObject({ data: State })

/** In these the person is still to get messages, or may again. */
const inside = new Set(['active', 'pending', 'paused', 'disabled'])

/** Why the person must not be written to. */
export async function refusal(
  session: Outreach,
  request: EnrolRequest,
  call: RunningCall,
): Promise<string | null> {
  const { attributes } = await prospectOf(session, request, call)
  return attributes.optedOut || attributes.emailOptedOut ? `${request.email} has opted out in Outreach` : null
}

/** `POST /sequenceStates` with the prospect, the sequence and the mailbox of the rep. */
export async function enrol(session: Outreach, request: EnrolRequest, call: RunningCall): Promise<Enrolment> {
  const sequence = sequenceOf(request)
  const { email } = request.sender
  const prospect = await prospectOf(session, request, call)
  const mailbox = await session.mailboxOf(email, call)
  if (mailbox === null) {
    throw new CallFailure('inactive-owner', `Outreach has no mailbox of ${email} that can send`, {
      retryable: false,
    })
  }
  const related = (type: string, id: string) => ({ data: { type, id: Number(id) } })
  const body = {
    data: {
      type: 'sequenceState',
      relationships: {
        prospect: related('prospect', prospect.id),
        sequence: related('sequence', sequence),
        mailbox: related('mailbox', mailbox),
      },
    },
  }
  const creation = { method: 'POST', path: '/sequenceStates', body, write: true, answer: OneState } as const
  const { data } = await session.ask(creation, call)
  return { id: data.id, sequence: request.sequence, sender: email }
}

/** Is the person in this sequence now? */
export async function findEnrolment(
  session: Outreach,
  request: EnrolRequest,
  call: RunningCall,
): Promise<Finding<Enrolment>> {
  const prospect = await prospectOf(session, request, call)
  const query = { 'filter[prospect][id]': prospect.id, 'filter[sequence][id]': sequenceOf(request) }
  const { data } = await session.ask(
    { method: 'GET', path: '/sequenceStates', query, write: false, answer: States },
    call,
  )
  const found = data.find(({ attributes }) => inside.has(attributes.state ?? ''))
  if (found === undefined) return { state: 'absent' }
  const mailbox = found.relationships?.mailbox?.data?.id ?? null
  const sender = mailbox === null ? null : await session.emailOf(mailbox, call)
  return { state: 'found', value: { id: found.id, sequence: request.sequence, sender } }
}

/** The action `finish`. One who is gone already is answered with 404. */
export async function unenrol(session: Outreach, { id }: Enrolment, call: RunningCall): Promise<void> {
  try {
    await session.ask(
      {
        method: 'POST',
        path: `/sequenceStates/${encodeURIComponent(id)}/actions/finish`,
        write: true,
        answer: z.unknown(),
      },
      call,
    )
  } catch (error) {
    if (!CallFailure.isInstance(error) || error.kind !== 'not-found') throw error
  }
}

async function prospectOf(session: Outreach, { email }: EnrolRequest, call: RunningCall): Promise<Prospect> {
  const wanted = email?.trim().toLowerCase() ?? ''
  if (wanted === '') {
    throw new CallFailure('invalid-request', 'Outreach knows people by their e-mail address: it is empty', {
      retryable: false,
    })
  }
  const query = { 'filter[emails]': wanted }
  const { data } = await session.ask(
    { method: 'GET', path: '/prospects', query, write: false, answer: Prospects },
    call,
  )
  const found = data.find(({ attributes }) =>
    attributes.emails?.some((address) => address.toLowerCase() === wanted),
  )
  if (found !== undefined) return found
  throw new CallFailure('not-found', `Outreach has no prospect ${email}: create it there first`, {
    retryable: false,
  })
}

function sequenceOf({ sequence }: EnrolRequest): string {
  if (/^\d{1,15}$/.test(sequence)) return sequence
  throw new CallFailure('invalid-request', `Outreach knows a sequence by its number, not as "${sequence}"`, {
    retryable: false,
  })
}
