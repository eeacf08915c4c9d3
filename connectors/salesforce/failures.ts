import { z } from 'zod'
import { CallFailure, type FailureKind } from '../../columns/errors.ts'
import { excerpt, type HttpAnswer, parseAnswer, retryAfterMs } from '../call.ts'

/** The daily quota is a rolling window of 24 hours, so it frees up little by little: look again in a quarter of an hour. */
const quotaWaitMs = 15 * 60_000

const ErrorList = z.array(
  z.object({ errorCode: z.string(), message: z.string(), fields: z.array(z.string()).nullish() }),
)
/** Invocable actions answer per input, and call the code `statusCode`. */
const ActionErrors = z.array(
  z.object({ errors: z.array(z.object({ statusCode: z.string(), message: z.string() })).nullish() }),
)
const OAuthError = z.object({ error: z.string(), error_description: z.string().nullish() })

interface VendorError {
  code: string
  message: string
}

type Verdict = [kind: FailureKind, retryable: boolean]

/** What the codes mean for us; contracts.md 1.2. Codes that are not listed are judged by the status. */
const byCode: Record<string, Verdict> = {
  INVALID_SESSION_ID: ['unauthorized', false],
  API_DISABLED_FOR_ORG: ['unauthorized', false],
  INSUFFICIENT_ACCESS: ['unauthorized', false],
  UNABLE_TO_LOCK_ROW: ['unavailable', true],
  SERVER_UNAVAILABLE: ['unavailable', true],
  UNKNOWN_EXCEPTION: ['unavailable', true],
  QUERY_TIMEOUT: ['unavailable', true],
  INACTIVE_OWNER_OR_USER: ['inactive-owner', false],
  NOT_FOUND: ['not-found', false],
  ENTITY_IS_DELETED: ['not-found', false],
  invalid_client: ['unauthorized', false],
  invalid_client_id: ['unauthorized', false],
  invalid_grant: ['unauthorized', false],
}

/** The failure an answer that is no success stands for. `what` names the request; `now` serves dates in `Retry-After`. */
export function answerFailure(
  answer: HttpAnswer,
  request: { what: string; write: boolean },
  now: number,
): CallFailure {
  const errors = readErrors(answer.text)
  const [kind, retryable] = judge(errors, answer.status)
  const wait = kind === 'quota-exhausted' ? quotaWaitMs : retryAfterMs(answer.headers, now)
  const said = errors.map((error) => `${error.code}: ${error.message}`).join('; ') || excerpt(answer.text)
  return new CallFailure(kind, `salesforce: ${request.what} answered ${answer.status} ${said}`.trimEnd(), {
    retryable,
    ...(wait !== null && { retryAfterMs: wait }),
    // Salesforce rolls back what it names an error for. A gateway in between says nothing about what happened behind it.
    outcomeUnknown: request.write && answer.status >= 500 && errors.length === 0,
  })
}

function judge(errors: readonly VendorError[], status: number): Verdict {
  for (const { code, message } of errors) {
    if (code === 'REQUEST_LIMIT_EXCEEDED') {
      return message.includes('ConcurrentRequests') ? ['rate-limited', true] : ['quota-exhausted', true]
    }
    const verdict = byCode[code]
    if (verdict !== undefined) return verdict
  }
  if (status === 401 || status === 403) return ['unauthorized', false]
  if (status === 404) return ['not-found', false]
  if (status === 420 || status === 429) return ['rate-limited', true]
  if (status === 408 || status >= 500) return ['unavailable', true]
  return ['invalid-request', false]
}

function readErrors(text: string): VendorError[] {
  const body = parseAnswer(text)
  const list = ErrorList.safeParse(body)
  if (list.success) return list.data.map(({ errorCode, message }) => ({ code: errorCode, message }))
  const actions = ActionErrors.safeParse(body)
  if (actions.success) {
    return actions.data.flatMap(({ errors }) =>
      (errors ?? []).map(({ statusCode, message }) => ({ code: statusCode, message })),
    )
  }
  const oauth = OAuthError.safeParse(body)
  return oauth.success ? [{ code: oauth.data.error, message: oauth.data.error_description ?? '' }] : []
}
