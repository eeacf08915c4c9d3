import type { RetryPolicy } from '../columns/column.ts'
import { CallFailure } from '../columns/errors.ts'

/** What follows a failed attempt. `counts` says whether it uses up one of the attempts. */
export type AfterFailure =
  | { next: 'retry'; at: number; on: 'retry' | 'rate-limit' | 'credentials'; counts: boolean }
  | { next: 'error' }
  /** Not before this pause, in milliseconds, nor before the other side's horizon. */
  | { next: 'reconcile'; pauseMs: number; on: 'callback' | 'credentials'; counts: boolean }

export interface FailedAttempt {
  failure: CallFailure
  attempt: number
  policy: RetryPolicy
  effect: 'none' | 'read' | 'draw' | 'write'
  now: number
  /** Between 0 and 1; spreads retries that failed together. */
  random: number
  /** What is done without an answer: the column has something to say in its place, or its row waits until the other side takes calls. */
  without?: 'stand-in' | 'wait'
  /** When the first attempt of this run began, epoch ms. */
  firstAt?: number
}

/** The longest pause another side may ask for, in milliseconds: a day. A header it got wrong must not shelve a row for ever. */
const longestAskedMs = 24 * 60 * 60 * 1_000
/** So long a row waits for a side that takes no calls for now. For a key it waits until somebody gives one. */
const longestWaitMs = 24 * 60 * 60 * 1_000

const isRate = ({ kind }: CallFailure) => kind === 'rate-limited' || kind === 'quota-exhausted'

/** Says nothing about this row: the other side takes no calls of ours for now, and a row may wait for that. */
export const isPatient = (failure: CallFailure, waitedMs: number): boolean =>
  failure.kind === 'needs-credentials' || (isRate(failure) && waitedMs < longestWaitMs)

/**
 * Exponential pause with full jitter over its upper half, never before `retryAfterMs`, which counts up to a day. A write whose outcome is
 * unknown is read back, not repeated. A side that takes no calls uses up no attempt of a row that can wait.
 */
export function afterFailure(failed: FailedAttempt): AfterFailure {
  const { failure, attempt, policy, effect, now, without } = failed
  const patient = without === 'wait' && isPatient(failure, now - (failed.firstAt ?? now))
  const pauseMs = pauseAfter(failed, patient)
  const counts = !patient
  const isDead = failure.kind === 'needs-credentials'
  if (effect === 'write' && failure.outcomeUnknown)
    return {
      next: 'reconcile',
      pauseMs: patient || attempt > 1 ? pauseMs : 0,
      on: isDead ? 'credentials' : 'callback',
      counts,
    }
  const at = now + pauseMs
  // Somebody may fill the account before its time: then it goes on, as with a key that works again.
  const ofAccount = isDead || failure.kind === 'quota-exhausted'
  if (patient) return { next: 'retry', at, on: ofAccount ? 'credentials' : 'rate-limit', counts }
  // Nobody need wait for a key or a purse that somebody has to fill first, where there is something to say without; and nobody for ever.
  const isOver = (without === 'stand-in' && ofAccount) || (without === 'wait' && isRate(failure))
  if (isOver || !failure.retryable || attempt >= policy.attempts) return { next: 'error' }
  return { next: 'retry', at, on: failure.kind === 'rate-limited' ? 'rate-limit' : 'retry', counts }
}

/** Doubles with every attempt; where attempts do not count, it grows with the time that went by since the first. */
function pauseAfter(
  { failure, attempt, policy, now, random, firstAt = now }: FailedAttempt,
  patient: boolean,
): number {
  const wanted = patient ? Math.max(policy.baseMs, now - firstAt) : policy.baseMs * 2 ** (attempt - 1)
  const ceiling = Math.min(policy.maxMs, wanted)
  return Math.round(Math.max(ceiling * (0.5 + random / 2), askedMs(failure)))
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
