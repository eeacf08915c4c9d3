import { CallFailure } from '../columns/errors.ts'
import { type HttpAnswer, retryAfterMs } from './call.ts'

/** What the failure of a request has to say: who was asked, and whether the request changes anything there. */
export interface Asked {
  vendor: string
  write: boolean
  /**
   * Is this refusal in the vendor's own shape? A 403, 404 or 410 that is not comes from somebody in between, and says nothing of the
   * record. Left out: every answer is taken for the vendor's.
   */
  isOwn?(answer: HttpAnswer): boolean
}

/** How long a credential rests after a 429 that names no time, in milliseconds. */
export const usualRestMs = 10_000

/** Does the status say that there were too many calls? Some vendors and gateways answer 420 in place of 429. */
export const isBusy = (status: number): boolean => status === 420 || status === 429

/**
 * Does a token endpoint refuse us, in whatever shape? A login names no record, so a page of somebody in between is no reason to give up
 * a row either: it waits until somebody, or time, sets it right.
 */
export const isRefusedLogin = (status: number): boolean =>
  status >= 300 && status < 500 && status !== 408 && !isBusy(status)

/** Refusals that a firewall, a proxy or a wrong route gives as well as the vendor. */
const ambiguous = new Set([403, 404, 410])

/** Is this a refusal that the vendor itself did not give? */
export const isForeign = (answer: HttpAnswer, { isOwn }: Pick<Asked, 'isOwn'>): boolean =>
  ambiguous.has(answer.status) && isOwn !== undefined && !isOwn(answer)

/** The failure behind an HTTP status that is no success. A 5xx to a write may come after it took effect. */
export function failureOfStatus(answer: HttpAnswer, asked: Asked, detail = ''): CallFailure {
  const { vendor, write } = asked
  const { status } = answer
  const message = `${vendor} answered ${status}${detail === '' ? '' : `: ${detail}`}`
  const wait = retryAfterMs(answer.headers, Date.now()) ?? (isBusy(status) ? usualRestMs : null)
  const options = { cause: { status }, ...(wait !== null && { retryAfterMs: wait }) }
  const again = { ...options, retryable: true }
  const final = { ...options, retryable: false }
  if (isForeign(answer, asked)) {
    const page = `${vendor}: a page answered ${status} in its place`
    return new CallFailure('unavailable', page, { ...again, outcomeUnknown: write })
  }
  // The key itself is refused: somebody may give another one, and then the same call succeeds.
  if (status === 401) return new CallFailure('needs-credentials', message, again)
  if (status === 403) return new CallFailure('unauthorized', message, final)
  if (status === 404 || status === 410) return new CallFailure('not-found', message, final)
  if (isBusy(status)) return new CallFailure('rate-limited', message, again)
  if (status === 423 || status === 425) return new CallFailure('unavailable', message, again)
  const late = status === 408 || status === 504
  if (!late && status < 500) return new CallFailure('invalid-request', message, final)
  return new CallFailure(late ? 'timeout' : 'unavailable', message, { ...again, outcomeUnknown: write })
}

/** A 2xx whose body makes no sense: a proxy's page, say. What the vendor did is not known. */
export function unreadableAnswer({ vendor, write }: Asked, cause: unknown): CallFailure {
  return new CallFailure('unavailable', `the answer of ${vendor} could not be understood`, {
    retryable: true,
    outcomeUnknown: write,
    cause,
  })
}
