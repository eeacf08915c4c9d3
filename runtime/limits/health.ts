import { CallFailure, type FailureKind } from '../../columns/errors.ts'

/** Requests of one credential that nobody answered, one after the other. `since` is when the first of them ended, in epoch milliseconds. */
export interface Failing {
  since: number
  failures: number
  /** What the last one met. */
  last: string
}

const unanswered: ReadonlySet<FailureKind> = new Set(['unavailable', 'timeout'])

/**
 * How it goes with a credential after a request that failed: null once the other side has answered, whatever it said. A mistake of our
 * own says nothing of it.
 */
export function failingAfter(failing: Failing | null, failure: unknown, now: number): Failing | null {
  if (!CallFailure.isInstance(failure) || failure.kind === 'crashed') return failing
  if (!unanswered.has(failure.kind)) return null
  const last = `${failure.kind}: ${failure.message}`
  return { since: failing?.since ?? now, failures: (failing?.failures ?? 0) + 1, last }
}
