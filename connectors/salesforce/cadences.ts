import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import type { Enrolment, EnrolRequest, Finding } from '../../columns/ports.ts'
import type { RunningCall } from '../call.ts'
import { recordFailure } from './failures.ts'
import { normalizeId, requireId, typeOfId } from './ids.ts'
import { query } from './query.ts'
import { refuse } from './record-shape.ts'
import type { Session } from './session.ts'
import { literal } from './soql.ts'
import type { Users } from './users.ts'

const Tracker = z.object({
  Id: z.string(),
  Owner: z.object({ Email: z.string().nullish() }).nullish(),
})
const ActionResults = z
  .array(
    z.object({
      isSuccess: z.boolean(),
      errors: z.array(z.object({ statusCode: z.string(), message: z.string() })).nullish(),
    }),
  )
  .min(1)

/** An org with Sales Engagement. */
export interface Cadences {
  session: Session
  users: Users
}

/**
 * Puts a lead or contact into a Sales Engagement cadence in the name of the rep. The action knows no key of ours, so a person
 * who is already in the cadence is left as found.
 */
export async function enrol(org: Cadences, request: EnrolRequest, call: RunningCall): Promise<Enrolment> {
  const targetId = requireTarget(request)
  const before = await findActive(org.session, request, call)
  if (before !== null) return before
  const userId = await senderId(org, request, call)
  await act(
    org.session,
    {
      action: 'assignTargetToSalesCadence',
      request,
      input: { salesCadenceNameOrId: request.sequence, targetId, userId },
    },
    call,
  )
  // The action succeeded: a tracker that cannot be read now is named by what identifies the membership.
  const after = await findActive(org.session, request, call).catch(() => null)
  return (
    after ?? {
      id: `${targetId}:${request.sequence}`,
      sequence: request.sequence,
      sender: request.sender.email === '' ? null : request.sender.email,
    }
  )
}

/** Is the person in the cadence now? */
export async function findEnrolment(
  { session }: Cadences,
  request: EnrolRequest,
  call: RunningCall,
): Promise<Finding<Enrolment>> {
  const active = await findActive(session, request, call)
  return active === null ? { state: 'absent' } : { state: 'found', value: active }
}

/** Takes the person out of the cadence; one who has left it meanwhile is out already. */
export async function unenrol(
  { session }: Cadences,
  { enrolment, request }: { enrolment: Enrolment; request: EnrolRequest },
  call: RunningCall,
): Promise<void> {
  const asked = { ...request, sequence: enrolment.sequence }
  const active = await findActive(session, asked, call)
  if (active === null) return
  const input = {
    actionCadenceTrackerId: active.id,
    completionReasonCode: 'ManuallyRemoved',
    // Also a tracker of another user, which is the point of taking somebody out.
    shouldApplyUserContext: false,
  }
  await act(session, { action: 'removeTargetFromSalesCadence', request: asked, input }, call)
}

/** Why the person must not be written to: they opted out of e-mail. An org that hides the field from us cannot be asked, and says so. */
export async function refusal(
  { session }: Cadences,
  request: EnrolRequest,
  call: RunningCall,
): Promise<string | null> {
  const id = requireTarget(request)
  const type = typeOfId(id) ?? refuse(`"${id}" is no person`)
  const soql = `SELECT HasOptedOutOfEmail FROM ${type} WHERE Id = ${literal(id)} LIMIT 1`
  const record = z.object({ HasOptedOutOfEmail: z.boolean() })
  const [person] = await query(session, soql, { record, call })
  if (person === undefined) {
    const message = `salesforce: there is no ${type} ${id}: it was deleted or merged`
    throw new CallFailure('not-found', message, { retryable: false })
  }
  return person.HasOptedOutOfEmail ? `${type} ${id} has opted out of e-mail in Salesforce` : null
}

async function act(
  session: Session,
  { action, request, input }: { action: string; request: EnrolRequest; input: Record<string, unknown> },
  call: RunningCall,
): Promise<void> {
  const [result] = await session.request(
    {
      method: 'POST',
      path: `/actions/standard/${action}`,
      body: { inputs: [input] },
      answer: ActionResults,
      write: true,
    },
    call,
  )
  if (result?.isSuccess === true) return
  const errors = (result?.errors ?? []).map(({ statusCode: code, message }) => ({ code, message }))
  throw recordFailure(errors, `${request.record.id} in the cadence "${request.sequence}"`)
}

async function findActive(
  session: Session,
  request: EnrolRequest,
  call: RunningCall,
): Promise<Enrolment | null> {
  const targetId = requireTarget(request)
  if (request.sequence.trim() === '') refuse('the cadence has an empty name')
  const cadenceId = normalizeId(request.sequence)
  const names = [
    `ActionCadence.Name = ${literal(request.sequence)}`,
    ...(cadenceId === null ? [] : [`ActionCadenceId = ${literal(cadenceId)}`]),
  ]
  const soql =
    'SELECT Id, Owner.Email FROM ActionCadenceTracker ' +
    `WHERE TargetId = ${literal(targetId)} AND IsTrackerActive = TRUE AND (${names.join(' OR ')}) LIMIT 1`
  const [tracker] = await query(session, soql, { record: Tracker, call })
  if (tracker === undefined) return null
  return { id: tracker.Id, sequence: request.sequence, sender: tracker.Owner?.Email ?? null }
}

async function senderId({ users }: Cadences, request: EnrolRequest, call: RunningCall): Promise<string> {
  if (request.sender.crmUserId !== null) return requireId(request.sender.crmUserId, ['User'])
  const user = await users.byEmail(request.sender.email, call)
  if (user?.active === true) return user.id
  const problem = user === null ? 'is no user' : 'is an inactive user'
  const message = `salesforce: ${request.sender.email} ${problem} and cannot run a cadence`
  throw new CallFailure('inactive-owner', message, { retryable: false })
}

function requireTarget(request: EnrolRequest): string {
  return requireId(request.record.id, ['Lead', 'Contact'])
}
