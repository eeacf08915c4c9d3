import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CallFailure, NonRetriableError, RetryAfterError } from '../../columns/errors.ts'
import { afterFailure, asFailure, type FailedAttempt } from '../../runtime/retry.ts'

const policy = { attempts: 4, baseMs: 100, maxMs: 1_000 }
const busy = new CallFailure('unavailable', 'busy', { retryable: true })
const follow = (more: Partial<FailedAttempt> = {}) =>
  afterFailure({ failure: busy, attempt: 1, policy, effect: 'read', now: 1_000, random: 1, ...more })

describe('after a failed attempt', () => {
  test('the pause doubles up to its ceiling', () => {
    const long = { ...policy, attempts: 10 }
    const pauses = [1, 2, 3, 4, 5, 6].map((attempt) => follow({ attempt, policy: long }))
    expect(pauses.map((each) => (each.next === 'retry' ? each.at - 1_000 : 0))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ])
  })

  test('the pause is spread over its upper half, and never shorter than what the other side asked for', () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(
        unit,
        fc.integer({ min: 1, max: 3 }),
        fc.option(fc.integer({ min: 1, max: 5_000 })),
        (random, attempt, wish) => {
          const failure = new CallFailure('rate-limited', '', {
            retryable: true,
            ...(wish !== null && { retryAfterMs: wish }),
          })
          const next = follow({ failure, random, attempt })
          if (next.next !== 'retry') return false
          const pause = next.at - 1_000
          const ceiling = 100 * 2 ** (attempt - 1)
          return (
            pause >= Math.floor(ceiling / 2) && pause >= (wish ?? 0) && pause <= Math.max(ceiling, wish ?? 0)
          )
        },
      ),
    )
  })

  test('the last attempt ends in an error, and so does a failure that cannot pass', () => {
    expect(follow({ attempt: 3 }).next).toBe('retry')
    expect(follow({ attempt: 4 })).toEqual({ next: 'error' })
    expect(follow({ failure: new NonRetriableError('no') })).toEqual({ next: 'error' })
  })

  test('a rate limit is told apart from other pauses', () => {
    expect(follow({ failure: new RetryAfterError('slow down', 50) })).toMatchObject({ on: 'rate-limit' })
    expect(follow()).toMatchObject({ on: 'retry' })
  })

  test('an effect in doubt is read back, never repeated, whatever the attempt', () => {
    const failure = new CallFailure('timeout', '', { retryable: true, outcomeUnknown: true })
    for (const attempt of [1, 4, 9])
      expect(follow({ failure, attempt, effect: 'write' }).next).toBe('reconcile')
    expect(follow({ failure, effect: 'read' }).next).toBe('retry')
  })
})

describe('whatever was thrown', () => {
  test('a bug is a crash that is not retried, with its own message and cause', () => {
    const bug = new TypeError('x is not a function')
    expect(asFailure(bug, 'read')).toMatchObject({
      kind: 'crashed',
      retryable: false,
      outcomeUnknown: false,
      message: 'TypeError: x is not a function',
      cause: bug,
    })
    expect(asFailure('plain text', 'none').message).toBe('plain text')
  })

  test('from an effect it leaves the outcome in doubt', () => {
    expect(asFailure(new TypeError('fetch failed'), 'write').outcomeUnknown).toBe(true)
    expect(asFailure(new NonRetriableError('refused'), 'write').outcomeUnknown).toBe(false)
  })
})
