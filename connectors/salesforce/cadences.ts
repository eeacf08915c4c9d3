import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import type { Enrolment, EnrolRequest, Finding } from '../../columns/ports.ts'
import type { RunningCall } from '../call.ts'
import { normalizeId, requireId } from './ids.ts'
import { query } from './query.ts'
import type { Session } from './session.ts'
import { literal } from './soql.ts'
import { findUserByEmail } from './users.ts'

const Tracker = z.object({ Id: z.string(), ActionCadenceId: z.string() })
const ActionResults = z
  .array(
    z.object({
      isSuccess: z.boolean(),
      errors: z.array(z.object({ statusCode: z.string(), message: z.string() })).nullish(),
    }),
  )
  .min(1)

/**
 * Puts a lead or contact into a Sales Engagement cadence in the name of the rep. The action knows no key of ours, so a person
 * who is already in the cadence is left as found.
 */
export async function enrol(session: Session, request: EnrolRequest, call: RunningCall): Promise<Enrolment> {
  const targetId = requireTarget(request)
  const before = await findActive(session, request, call)
  if (before !== null) return before
  const userId = await senderId(session, request, call)
  const [result] = await session.request(
    {
      method: 'POST',
      path: '/actions/standard/assignTargetToSalesCadence',
      body: { inputs: [{ salesCadenceNameOrId: request.sequence, targetId, userId }] },
      answer: ActionResults,
      write: true,
    },
    call,
  )
  if (result?.isSuccess !== true) {
    const said = (result?.errors ?? []).map((error) => `${error.statusCode}: ${error.message}`).join('; ')
    throw new CallFailure(
      'invalid-request',
      `salesforce: the cadence "${request.sequence}" refused ${targetId} ${said}`,
      {
        retryable: false,
      },
    )
  }
  // The action succeeded: a tracker that cannot be read now is named by what identifies the membership.
  const after = await findActive(session, request, call).catch(() => null)
  return after ?? { id: `${targetId}:${request.sequence}`, sequence: request.sequence }
}

/** Is the person in the cadence now? */
export async function findEnrolment(
  session: Session,
  request: EnrolRequest,
  call: RunningCall,
): Promise<Finding<Enrolment>> {
  const active = await findActive(session, request, call)
  return active === null ? { state: 'absent' } : { state: 'found', value: active }
}

async function findActive(
  session: Session,
  request: EnrolRequest,
  call: RunningCall,
): Promise<Enrolment | null> {
  const targetId = requireTarget(request)
  if (request.sequence.trim() === '') {
    throw new CallFailure('invalid-request', 'salesforce: the cadence has an empty name', {
      retryable: false,
    })
  }
  const cadenceId = normalizeId(request.sequence)
  const names = [
    `ActionCadence.Name = ${literal(request.sequence)}`,
    ...(cadenceId === null ? [] : [`ActionCadenceId = ${literal(cadenceId)}`]),
  ]
  const soql =
    'SELECT Id, ActionCadenceId FROM ActionCadenceTracker ' +
    `WHERE TargetId = ${literal(targetId)} AND IsTrackerActive = TRUE AND (${names.join(' OR ')}) LIMIT 1`
  const [tracker] = await query(session, soql, { record: Tracker, call })
  return tracker === undefined ? null : { id: tracker.Id, sequence: request.sequence }
}

async function senderId(session: Session, request: EnrolRequest, call: RunningCall): Promise<string> {
  if (request.sender.crmUserId !== null) return requireId(request.sender.crmUserId, ['User'])
  const user = await findUserByEmail(session, request.sender.email, call)
  if (user?.active === true) return user.id
  const problem = user === null ? 'is no user' : 'is an inactive user'
  throw new CallFailure(
    'inactive-owner',
    `salesforce: ${request.sender.email} ${problem} and cannot run a cadence`,
    {
      retryable: false,
    },
  )
}

function requireTarget(request: EnrolRequest): string {
  return requireId(request.record.id, ['Lead', 'Contact'])
}
