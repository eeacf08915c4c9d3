import { CallFailure } from '../columns/errors.ts'
import { type HttpAnswer, retryAfterMs } from './call.ts'

/** What the failure of a request has to say: who was asked, and whether the request changes anything there. */
export interface Asked {
  vendor: string
  write: boolean
}

/** The failure behind an HTTP status that is no success. A 5xx to a write may come after it took effect. */
export function failureOfStatus(answer: HttpAnswer, { vendor, write }: Asked, detail = ''): CallFailure {
  const { status } = answer
  const message = `${vendor} answered ${status}${detail === '' ? '' : `: ${detail}`}`
  const wait = retryAfterMs(answer.headers, Date.now())
  const options = { cause: { status }, ...(wait !== null && { retryAfterMs: wait }) }
  const final = { ...options, retryable: false }
  // The key itself is refused: somebody may give another one, and then the same call succeeds.
  if (status === 401) return new CallFailure('needs-credentials', message, { ...options, retryable: true })
  if (status === 403) return new CallFailure('unauthorized', message, final)
  if (status === 404 || status === 410) return new CallFailure('not-found', message, final)
  if (status === 429) return new CallFailure('rate-limited', message, { ...options, retryable: true })
  if (status === 423 || status === 425)
    return new CallFailure('unavailable', message, { ...options, retryable: true })
  const late = status === 408 || status === 504
  if (!late && status < 500) return new CallFailure('invalid-request', message, final)
  return new CallFailure(late ? 'timeout' : 'unavailable', message, {
    ...options,
    retryable: true,
    outcomeUnknown: write,
  })
}

/** A 2xx whose body makes no sense: a proxy's page, say. What the vendor did is not known. */
export function unreadableAnswer({ vendor, write }: Asked, cause: unknown): CallFailure {
  return new CallFailure('unavailable', `the answer of ${vendor} could not be understood`, {
    retryable: true,
    outcomeUnknown: write,
    cause,
  })
}
