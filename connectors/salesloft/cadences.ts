import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import type { Enrolment, EnrolRequest, Finding } from '../../columns/ports.ts'
import type { RunningCall } from '../call.ts'
import { ask, type RestAccount } from '../rest.ts'
import { personOf, type UserDirectory } from './people.ts'

interface Salesloft {
  account: RestAccount
  users: UserDirectory
}

const Membership = z.looseObject({
  id: z.int(),
  currently_on_cadence: z.boolean().default(true),
  user: z.looseObject({ id: z.int() }).nullish(),
})
const Memberships = z.looseObject({ data: z.array(Membership) })
const OneMembership = z.looseObject({ data: Membership })

/** Why the person must not be written to. */
export async function refusal(
  account: RestAccount,
  request: EnrolRequest,
  call: RunningCall,
): Promise<string | null> {
  const person = await personOf(account, request, call)
  if (person.do_not_contact) return `${person.email_address} is marked "do not contact" in Salesloft`
  return person.contact_restrictions?.includes('email')
    ? `${person.email_address} must not be reached by e-mail, says Salesloft`
    : null
}

/** `POST /cadence_memberships` with its arguments in the query, as Salesloft documents it. */
export async function enrol(
  { account, users }: Salesloft,
  request: EnrolRequest,
  call: RunningCall,
): Promise<Enrolment> {
  const cadence = cadenceOf(request)
  const { email } = request.sender
  const [person, user] = [await personOf(account, request, call), await users.idOf(email, call)]
  const query = { person_id: String(person.id), cadence_id: cadence, user_id: String(user) }
  const { data } = await ask(
    account,
    { method: 'POST', path: '/cadence_memberships.json', query, write: true, answer: OneMembership },
    call,
  )
  return { id: String(data.id), sequence: request.sequence, sender: email }
}

/** Is the person on this cadence now? */
export async function findEnrolment(
  { account, users }: Salesloft,
  request: EnrolRequest,
  call: RunningCall,
): Promise<Finding<Enrolment>> {
  const person = await personOf(account, request, call)
  const query = {
    person_id: String(person.id),
    cadence_id: cadenceOf(request),
    currently_on_cadence: 'true',
  }
  const { data } = await ask(
    account,
    { method: 'GET', path: '/cadence_memberships.json', query, write: false, answer: Memberships },
    call,
  )
  const found = data.find((each) => each.currently_on_cadence)
  if (found === undefined) return { state: 'absent' }
  const sender = found.user == null ? null : await users.emailOf(found.user.id, call)
  return { state: 'found', value: { id: String(found.id), sequence: request.sequence, sender } }
}

/** Takes the person off the cadence. One who is off already is answered with 404. */
export async function unenrol(account: RestAccount, { id }: Enrolment, call: RunningCall): Promise<void> {
  try {
    await ask(
      account,
      {
        method: 'DELETE',
        path: `/cadence_memberships/${encodeURIComponent(id)}.json`,
        write: true,
        answer: z.unknown(),
      },
      call,
    )
  } catch (error) {
    if (!CallFailure.isInstance(error) || error.kind !== 'not-found') throw error
  }
}

function cadenceOf({ sequence }: EnrolRequest): string {
  if (/^\d{1,15}$/.test(sequence)) return sequence
  throw new CallFailure('invalid-request', `Salesloft knows a cadence by its number, not as "${sequence}"`, {
    retryable: false,
  })
}
