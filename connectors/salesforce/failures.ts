import { z } from 'zod'
import { CallFailure, type FailureKind } from '../../columns/errors.ts'
import { excerpt, type HttpAnswer, parseAnswer, retryAfterMs } from '../call.ts'
import { isBusy, isForeign, isRefusedLogin, usualRestMs } from '../status.ts'

/** The daily quota is a rolling window of 24 hours, so it frees up little by little: look again in a quarter of an hour. */
const quotaWaitMs = 15 * 60_000
/** Calls count as concurrent after 20 s; some of them end soon. */
const concurrentWaitMs = 5_000
/** Logins of a user are limited by the hour. */
const loginWaitMs = 60_000

const ErrorList = z.array(
  z.object({ errorCode: z.string(), message: z.string(), fields: z.array(z.string()).nullish() }),
)
/** Invocable actions answer per input, and call the code `statusCode`. */
const ActionErrors = z.array(
  z.object({ errors: z.array(z.object({ statusCode: z.string(), message: z.string() })).nullish() }),
)
/** What a duplicate rule has found; the records come with their ids only, unless more is asked for. */
const DuplicateErrors = z.array(
  z.object({
    errorCode: z.literal('DUPLICATES_DETECTED'),
    duplicateResult: z.object({
      matchResults: z.array(
        z.object({ matchRecords: z.array(z.object({ record: z.object({ Id: z.string() }) })) }),
      ),
    }),
  }),
)
const OAuthError = z.object({ error: z.string(), error_description: z.string().nullish() })

/** One error as Salesforce names it. */
export interface VendorError {
  code: string
  message: string
}

type Verdict = [kind: FailureKind, retryable: boolean]

/** What the codes mean for us; contracts.md 1.2. Codes that are not listed are judged by the status. */
const byCode: Record<string, Verdict> = {
  INVALID_SESSION_ID: ['needs-credentials', true],
  API_DISABLED_FOR_ORG: ['needs-credentials', true],
  API_CURRENTLY_DISABLED: ['needs-credentials', true],
  INSUFFICIENT_ACCESS: ['unauthorized', false],
  INSUFFICIENT_ACCESS_OR_READONLY: ['unauthorized', false],
  INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY: ['unauthorized', false],
  TRANSFER_REQUIRES_READ: ['unauthorized', false],
  UNABLE_TO_LOCK_ROW: ['unavailable', true],
  SERVER_UNAVAILABLE: ['unavailable', true],
  UNKNOWN_EXCEPTION: ['unavailable', true],
  QUERY_TIMEOUT: ['unavailable', true],
  INACTIVE_OWNER_OR_USER: ['inactive-owner', false],
  NOT_FOUND: ['not-found', false],
  ENTITY_IS_DELETED: ['not-found', false],
  CANNOT_UPDATE_CONVERTED_LEAD: ['not-found', false],
}

/** The failure an answer that is no success stands for. `what` names the request; `now` serves dates in `Retry-After`. */
export function answerFailure(
  answer: HttpAnswer,
  request: { what: string; write: boolean },
  now: number,
): CallFailure {
  const body = parseAnswer(answer.text)
  const errors = readErrors(body)
  // The API names its errors in a list. Anything else is a gateway in between, which says nothing about what happened behind it.
  const isOwn = Array.isArray(body) && errors.length > 0
  const foreign = isForeign(answer, { isOwn: () => isOwn })
  const [kind, retryable]: Verdict = foreign ? ['unavailable', true] : judge(errors, answer.status)
  const wait =
    waitOf(errors) ?? retryAfterMs(answer.headers, now) ?? (isBusy(answer.status) ? usualRestMs : null)
  const duplicates = duplicatesIn(body)
  const said = [
    errors.map((error) => `${error.code}: ${error.message}`).join('; ') || excerpt(answer.text),
    ...duplicates.slice(0, 5),
  ].join(' ')
  return new CallFailure(kind, `salesforce: ${request.what} answered ${answer.status} ${said}`.trimEnd(), {
    retryable,
    ...(wait !== null && { retryAfterMs: wait }),
    // Salesforce rolls back what it names an error for.
    outcomeUnknown: request.write && !isOwn && (foreign || answer.status === 408 || answer.status >= 500),
    cause: { status: answer.status, duplicates },
  })
}

/** The failure of one record of a collection, which says what is wrong with it without a status. It was rolled back. */
export function recordFailure(errors: readonly VendorError[], what: string): CallFailure {
  const [kind, retryable] = judge(errors, 400)
  const wait = waitOf(errors)
  const said = errors.map((error) => `${error.code}: ${error.message}`).join('; ') || 'without a reason'
  return new CallFailure(kind, `salesforce: ${what} was refused: ${said}`, {
    retryable,
    ...(wait !== null && { retryAfterMs: wait }),
  })
}

/** The failure of a login. Whatever is wrong with client, secret, user, key or address needs somebody to set it right. */
export function loginFailure(answer: HttpAnswer, what: string, now: number): CallFailure {
  const failure = answerFailure(answer, { what, write: false }, now)
  if (!isRefusedLogin(answer.status) || failure.kind === 'rate-limited' || failure.kind === 'quota-exhausted')
    return failure
  const said = OAuthError.safeParse(parseAnswer(answer.text)).data?.error_description ?? ''
  const { message, cause } = failure
  if (/rate exceeded/i.test(said))
    return new CallFailure('rate-limited', message, { retryable: true, retryAfterMs: loginWaitMs, cause })
  if (/retry your request/i.test(said))
    return new CallFailure('unavailable', message, { retryable: true, cause })
  return new CallFailure('needs-credentials', message, { retryable: true, cause })
}

function judge(errors: readonly VendorError[], status: number): Verdict {
  for (const { code, message } of errors) {
    if (code === 'REQUEST_LIMIT_EXCEEDED') {
      return isOfDay(message) ? ['quota-exhausted', true] : ['rate-limited', true]
    }
    const verdict = byCode[code]
    if (verdict !== undefined) return verdict
  }
  if (status === 401) return ['needs-credentials', true]
  if (status === 403) return ['unauthorized', false]
  if (status === 404) return ['not-found', false]
  if (isBusy(status)) return ['rate-limited', true]
  // A 412 says that the record is not as it was read: it is to be looked at again.
  if (status === 408 || status === 412 || status >= 500) return ['unavailable', true]
  return ['invalid-request', false]
}

/** Salesforce names no time to wait. */
function waitOf(errors: readonly VendorError[]): number | null {
  const limit = errors.find(({ code }) => code === 'REQUEST_LIMIT_EXCEEDED')
  if (limit === undefined) return null
  return isOfDay(limit.message) ? quotaWaitMs : concurrentWaitMs
}

/** The other texts are about what runs at the moment: `ConcurrentRequests`, `ConcurrentPerOrgLongTxn`. */
function isOfDay(message: string): boolean {
  return !/concurrent/i.test(message)
}

function readErrors(body: unknown): VendorError[] {
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

/** Ids of the records that a duplicate rule found, the best match first. */
function duplicatesIn(body: unknown): string[] {
  const errors = DuplicateErrors.safeParse(body)
  if (!errors.success) return []
  return errors.data.flatMap(({ duplicateResult }) =>
    duplicateResult.matchResults.flatMap(({ matchRecords }) => matchRecords.map(({ record }) => record.Id)),
  )
}

const WithDuplicates = z.object({ duplicates: z.array(z.string()) })

/** Ids of the records for whose sake a duplicate rule refused; none for any other failure. */
export function duplicatesOf(failure: unknown): string[] {
  const cause = WithDuplicates.safeParse(failure instanceof CallFailure ? failure.cause : null)
  return cause.success ? cause.data.duplicates : []
}
