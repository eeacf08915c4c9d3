import type { RetryPolicy } from '../columns/column.ts'
import { CallFailure } from '../columns/errors.ts'

/** What follows a failed attempt. */
export type AfterFailure =
  | { next: 'retry'; at: number; on: 'retry' | 'rate-limit' }
  | { next: 'error' }
  | { next: 'reconcile' }

export interface FailedAttempt {
  failure: CallFailure
  attempt: number
  policy: RetryPolicy
  effect: 'none' | 'read' | 'draw' | 'write'
  now: number
  /** Between 0 and 1; spreads retries that failed together. */
  random: number
}

/**
 * Exponential pause with full jitter over its upper half, never before `retryAfterMs`. A write whose outcome is unknown is read back,
 * not repeated.
 */
export function afterFailure({ failure, attempt, policy, effect, now, random }: FailedAttempt): AfterFailure {
  if (effect === 'write' && failure.outcomeUnknown) return { next: 'reconcile' }
  if (!failure.retryable || attempt >= policy.attempts) return { next: 'error' }
  const ceiling = Math.min(policy.maxMs, policy.baseMs * 2 ** (attempt - 1))
  const pause = Math.max(ceiling * (0.5 + random / 2), failure.retryAfterMs ?? 0)
  return {
    next: 'retry',
    at: now + Math.round(pause),
    on: failure.kind === 'rate-limited' ? 'rate-limit' : 'retry',
  }
}

/** Whatever was thrown, as the failure the runtime decides by. A bug in a column is not retried. */
export function asFailure(error: unknown): CallFailure {
  if (CallFailure.isInstance(error)) return error
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return new CallFailure('crashed', message, { retryable: false, cause: error })
}
