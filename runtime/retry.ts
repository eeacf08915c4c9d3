import type { RetryPolicy } from '../columns/column.ts'
import { CallFailure } from '../columns/errors.ts'

/** What follows a failed attempt. */
export type AfterFailure =
  | { next: 'retry'; at: number; on: 'retry' | 'rate-limit' }
  | { next: 'error' }
  /** Not before this pause, in milliseconds, nor before the other side's horizon. */
  | { next: 'reconcile'; pauseMs: number }

export interface FailedAttempt {
  failure: CallFailure
  attempt: number
  policy: RetryPolicy
  effect: 'none' | 'read' | 'draw' | 'write'
  now: number
  /** Between 0 and 1; spreads retries that failed together. */
  random: number
}

/** The longest pause another side may ask for, in milliseconds: a day. A header it got wrong must not shelve a row for ever. */
const longestAskedMs = 24 * 60 * 60 * 1_000

/**
 * Exponential pause with full jitter over its upper half, never before `retryAfterMs`, which counts up to a day. A write whose outcome is
 * unknown is read back, not repeated.
 */
export function afterFailure({ failure, attempt, policy, effect, now, random }: FailedAttempt): AfterFailure {
  const ceiling = Math.min(policy.maxMs, policy.baseMs * 2 ** (attempt - 1))
  const pauseMs = Math.round(Math.max(ceiling * (0.5 + random / 2), askedMs(failure)))
  if (effect === 'write' && failure.outcomeUnknown)
    return { next: 'reconcile', pauseMs: attempt > 1 ? pauseMs : 0 }
  if (!failure.retryable || attempt >= policy.attempts) return { next: 'error' }
  return {
    next: 'retry',
    at: now + pauseMs,
    on: failure.kind === 'rate-limited' ? 'rate-limit' : 'retry',
  }
}

function askedMs({ retryAfterMs }: CallFailure): number {
  if (retryAfterMs === null || Number.isNaN(retryAfterMs)) return 0
  return Math.min(retryAfterMs, longestAskedMs)
}

/**
 * Whatever was thrown, as the failure the runtime decides by. A bug in a column is not retried. An effect that throws something of
 * its own, a reset connection say, may have happened: it is read back before anything else.
 */
export function asFailure(error: unknown, effect: FailedAttempt['effect']): CallFailure {
  if (CallFailure.isInstance(error)) return error
  const message = messageOf(error)
  return new CallFailure('crashed', message, {
    retryable: false,
    outcomeUnknown: effect === 'write',
    cause: error,
  })
}

/** Total: an object without a prototype, or one whose `toString` throws, has no text of its own. */
function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  } catch {
    return 'something that has no text was thrown'
  }
}
