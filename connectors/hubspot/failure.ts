import { z } from 'zod'
import type { Allowance } from '../../columns/budget.ts'
import { CallFailure } from '../../columns/errors.ts'
import { parseJson } from '../../columns/json.ts'
import { excerpt, type HttpAnswer, retryAfterMs } from '../call.ts'
import { type Asked, failureOfStatus } from '../status.ts'
import { HubspotError } from './wire.ts'

/** Waits when HubSpot names none. The daily limit resets at the account's midnight, which we do not know: ask once an hour. */
const waits = { DAILY: 3_600_000, SECONDLY: 1_000, TEN_SECONDLY_ROLLING: 10_000 }

/** What is kept of HubSpot's refusal as the failure's `cause`. */
const Refusal = z.object({ status: z.number(), category: z.string(), message: z.string() })

/** The failure behind an error answer of HubSpot. */
export function hubspotFailure(answer: HttpAnswer, asked: Asked): CallFailure {
  const json = parseJson(answer.text)
  const parsed = HubspotError.safeParse(json.ok ? json.value : null)
  const error = parsed.success ? parsed.data : {}
  if (answer.status === 429) return tooMany(answer, error)
  if (answer.status === 401) return deadToken(error)
  if (answer.status >= 400 && answer.status < 500) {
    const refused = refusal(error, answer.status, answer.text)
    if (refused !== null) return refused
  }
  const isOwn = () => Boolean(error.category || error.correlationId)
  return failureOfStatus(answer, { ...asked, isOwn }, excerpt(error.message ?? ''))
}

/** What is left of the account's calls of the day, where HubSpot says so: it does for private apps. */
export function dailyAllowance({ headers }: HttpAnswer): Allowance | null {
  const limit = Number.parseInt(headers['x-hubspot-ratelimit-daily'] ?? '', 10)
  const left = Number.parseInt(headers['x-hubspot-ratelimit-daily-remaining'] ?? '', 10)
  return Number.isNaN(limit) || Number.isNaN(left) ? null : { used: limit - left, limit }
}

/** The failure behind one entry of a 207 answer, which has no status of its own. */
export function batchFailure(error: HubspotError): CallFailure {
  const detail = error.message ?? error.category ?? 'no reason given'
  return (
    refusal(error, 207, detail) ??
    new CallFailure('invalid-request', `HubSpot refused the record: ${detail}`, { retryable: false })
  )
}

/** Does the account lack a property that the request names? Then every record with it is refused alike. */
export function isUnknownProperty(error: unknown): boolean {
  return (
    CallFailure.isInstance(error) &&
    /property .{0,80}(?:does not|doesn.t) exist|PROPERTY_DOESNT_EXIST/i.test(error.message)
  )
}

/** The id of the record that made HubSpot refuse a second one with the same unique value; '' when it did not say. */
export function conflictingId(error: unknown): string | null {
  if (!CallFailure.isInstance(error)) return null
  const refused = Refusal.safeParse(error.cause)
  if (!refused.success || refused.data.category !== 'CONFLICT') return null
  return /Existing ID:\s*(\d+)/i.exec(refused.data.message)?.[1] ?? ''
}

/** The token is expired, revoked or wrong. A token without a scope answers 403, and only some requests fail. */
function deadToken({ category, message }: HubspotError): CallFailure {
  const why = category === 'EXPIRED_AUTHENTICATION' ? 'has expired' : 'is not valid'
  return new CallFailure('needs-credentials', `HubSpot's access token ${why}: ${excerpt(message ?? '')}`, {
    retryable: true,
  })
}

function refusal(error: HubspotError, status: number, text: string): CallFailure | null {
  const message = error.message ?? ''
  const cause = { status, category: error.category ?? '', message }
  // A second e-mail is refused with 409, the second value of a property of the account's own with 400.
  if (status === 409 || error.category === 'CONFLICT' || message.includes('CONFLICTING_UNIQUE_VALUE')) {
    return new CallFailure('invalid-request', `HubSpot has this record already: ${message}`, {
      retryable: false,
      cause: { ...cause, category: 'CONFLICT' },
    })
  }
  if (error.category === 'OBJECT_NOT_FOUND') {
    return new CallFailure('not-found', `HubSpot has no such record: ${excerpt(message)}`, {
      retryable: false,
      cause,
    })
  }
  if (error.category === 'VALIDATION_ERROR' && text.includes('hubspot_owner_id')) {
    return new CallFailure('inactive-owner', `HubSpot refused the owner: ${excerpt(message)}`, {
      retryable: false,
      cause,
    })
  }
  return null
}

function tooMany(answer: HttpAnswer, error: HubspotError): CallFailure {
  const policy = error.policyName ?? ''
  const told = retryAfterMs(answer.headers, Date.now())
  if (policy === 'DAILY') {
    return new CallFailure('quota-exhausted', "HubSpot's daily limit of calls is used up", {
      retryable: true,
      retryAfterMs: told ?? waits.DAILY,
    })
  }
  const usual = policy === 'SECONDLY' ? waits.SECONDLY : waits.TEN_SECONDLY_ROLLING
  return new CallFailure(
    'rate-limited',
    `HubSpot's limit of calls is reached (${policy || 'no policy named'})`,
    {
      retryable: true,
      retryAfterMs: told ?? usual,
    },
  )
}
