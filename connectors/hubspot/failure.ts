import { z } from 'zod'
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
  if (answer.status >= 400 && answer.status < 500) {
    const refused = refusal(error, answer.status, answer.text)
    if (refused !== null) return refused
  }
  return failureOfStatus(answer, asked, excerpt(error.message ?? ''))
}

/** The failure behind one entry of a 207 answer, which has no status of its own. */
export function batchFailure(error: HubspotError): CallFailure {
  const detail = error.message ?? error.category ?? 'no reason given'
  return (
    refusal(error, 207, detail) ??
    new CallFailure('invalid-request', `HubSpot refused the record: ${detail}`, { retryable: false })
  )
}

/** The id of the contact that made HubSpot refuse a second one with the same e-mail; '' when it did not say. */
export function conflictingId(error: unknown): string | null {
  if (!CallFailure.isInstance(error)) return null
  const refused = Refusal.safeParse(error.cause)
  if (!refused.success || refused.data.category !== 'CONFLICT') return null
  return /Existing ID:\s*(\d+)/i.exec(refused.data.message)?.[1] ?? ''
}

function refusal(error: HubspotError, status: number, text: string): CallFailure | null {
  const message = error.message ?? ''
  const cause = { status, category: error.category ?? '', message }
  if (status === 409 || error.category === 'CONFLICT') {
    return new CallFailure('invalid-request', `HubSpot has this record already: ${message}`, {
      retryable: false,
      cause: { ...cause, category: 'CONFLICT' },
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
