import { APIError } from 'openai'
import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import { ModelFailure } from '../../columns/use-ai/outcomes.ts'
import { type HttpAnswer, parseAnswer, type RunningCall, transportFailure } from '../call.ts'
import { failureOfStatus } from '../status.ts'
import type { LimitName } from './request.ts'

/**
 * Whether the server does not know the format it was asked for. A schema that it knows and finds wrong is another matter: that is a
 * fault of the definition, which no simpler format may hide.
 */
export function isAboutFormat(error: unknown): boolean {
  if (!(error instanceof APIError) || (error.status !== 400 && error.status !== 422)) return false
  const isFormat = /response_format|json_schema|json_object|structured output/i
  const isInvalid = /invalid schema|schema is invalid/i
  if (isUnable(error) || isInvalid.test(error.message)) return false
  return isFormat.test(error.message) || isFormat.test(error.param ?? '')
}

/** A server that held the model to the schema itself, and gave up. */
const isUnable = (error: APIError): boolean =>
  error.code === 'json_validate_failed' || /failed to (?:generate|validate) json/i.test(error.message)

/** Whether the server knows the limit of an answer by its other name. */
export function isAboutLimit(error: unknown, limit: LimitName): boolean {
  if (!(error instanceof APIError) || (error.status !== 400 && error.status !== 422)) return false
  // A value that is too large is named as well, and then the name was right.
  const isName = /unsupported|not supported|unrecognized|unknown|not permitted|extra|instead|use /i
  const isLimit = error.param === limit || new RegExp(`\\b${limit}\\b`).test(error.message)
  return isLimit && (error.code === 'unsupported_parameter' || isName.test(error.message))
}

export interface Asked {
  running: RunningCall
  baseURL: string
  model: string
}

/** What the runtime decides by, of whatever the client threw. */
export function failureOf(error: unknown, { running, baseURL, model }: Asked): CallFailure {
  if (CallFailure.isInstance(error)) return error
  if (error instanceof Error && CallFailure.isInstance(error.cause)) return error.cause
  if (error instanceof APIError && typeof error.status === 'number')
    return failureOfAnswer(error, error.status, model)
  if (error instanceof SyntaxError) {
    return new ModelFailure('not-json', 'openai: the answer is not JSON', { retryable: true, cause: error })
  }
  return transportFailure(
    error,
    { vendor: 'openai', method: 'POST', url: `${baseURL}/chat/completions`, write: true },
    running,
  )
}

/** What an answer says about the account itself: a dead key, a pause, no quota. Null for any other answer, which the client reads. */
export function limitOf(answer: HttpAnswer, asked: Asked): CallFailure | null {
  if (answer.status !== 401 && answer.status !== 429) return null
  const body = ErrorBody.safeParse(parseAnswer(answer.text))
  const error = APIError.generate(
    answer.status,
    body.success ? body.data : undefined,
    undefined,
    new Headers(answer.headers),
  )
  return failureOf(error, asked)
}

const ErrorBody = z.looseObject({})

function failureOfAnswer(error: APIError, status: number, model: string): CallFailure {
  const headers = Object.fromEntries(error.headers ?? [])
  const cause = { status, code: error.code ?? null, requestId: error.requestID ?? null }
  const detail = error.message.slice(0, 300)
  // Also a 429, but waiting does not fill an empty account.
  if (
    [error.code, error.type].some(
      (each) => each === 'insufficient_quota' || each === 'billing_hard_limit_reached',
    )
  ) {
    return new CallFailure('quota-exhausted', `openai: the account has no quota left (${detail})`, {
      retryable: false,
      cause,
    })
  }
  if (status === 404) {
    return new CallFailure('not-found', `openai: no model '${model}' at this address (${detail})`, {
      retryable: false,
      cause,
    })
  }
  if (isUnable(error)) {
    return new ModelFailure('not-json', `openai: ${detail}`, { retryable: true, cause })
  }
  if (status === 409) {
    return new CallFailure('unavailable', `openai answered 409: ${detail}`, { retryable: true, cause })
  }
  const exact = Number(headers['retry-after-ms'])
  const failure = failureOfStatus({ status, headers, text: '' }, { vendor: 'openai', write: false }, detail)
  const wait = exact > 0 ? exact : failure.retryAfterMs
  return new CallFailure(failure.kind, failure.message, {
    retryable: failure.retryable,
    ...(wait !== null && { retryAfterMs: Math.ceil(wait) }),
    cause,
  })
}
