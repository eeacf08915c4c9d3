import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildColumn } from '../../columns/build.ts'
import { CallFailure, type FailureKind, NonRetriableError, RetryAfterError } from '../../columns/errors.ts'
import { afterFailure, asFailure, type FailedAttempt } from '../../runtime/retry.ts'
import { createOutside, deliver } from '../support/outside.ts'

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

describe('a side that takes no calls', () => {
  const day = 24 * 60 * 60 * 1_000
  const failed = (kind: FailureKind, retryable = true) => new CallFailure(kind, '', { retryable })

  test('uses up no attempt of a row that can wait: for a limit a day long, for a key as long as it takes', () => {
    for (const [kind, on] of [
      ['rate-limited', 'rate-limit'],
      ['quota-exhausted', 'credentials'],
    ] as const) {
      const given = { failure: failed(kind, false), attempt: 4, without: 'wait' as const, now: day }
      expect(follow({ ...given, firstAt: 1 })).toMatchObject({ on, counts: false })
      expect(follow({ ...given, firstAt: 0 })).toEqual({ next: 'error' })
    }
    const dead = { failure: failed('needs-credentials'), attempt: 4, without: 'wait' as const, now: 99 * day }
    expect(follow({ ...dead, firstAt: 0 })).toMatchObject({ on: 'credentials', counts: false })
  })

  test('is asked ever more rarely, although no attempt counts', () => {
    const pauseAfter = (waitedMs: number) => {
      const given = { failure: failed('rate-limited'), without: 'wait' as const, now: waitedMs, firstAt: 0 }
      const next = follow({ ...given, policy: { ...policy, maxMs: 60_000 } })
      return next.next === 'retry' ? next.at - waitedMs : null
    }
    expect([0, 50, 300, 5_000, 3_600_000].map(pauseAfter)).toEqual([100, 100, 300, 5_000, 60_000])
  })

  test('is not waited for where there is something to say without it, unless it may be over soon', () => {
    const without = 'stand-in' as const
    expect(follow({ failure: failed('needs-credentials'), without })).toEqual({ next: 'error' })
    expect(follow({ failure: failed('quota-exhausted'), without })).toEqual({ next: 'error' })
    expect(follow({ failure: failed('rate-limited'), without })).toMatchObject({
      next: 'retry',
      counts: true,
    })
  })

  test('leaves an effect in doubt for as long as it cannot be read back', () => {
    const failure = new CallFailure('needs-credentials', '', { retryable: true, outcomeUnknown: true })
    expect(follow({ failure, effect: 'write', attempt: 9, without: 'wait' })).toMatchObject({
      next: 'reconcile',
      on: 'credentials',
      counts: false,
    })
  })
})

test('an hour without the other side is not the end of a write, with whatever jitter', () => {
  const column = buildColumn({
    kind: 'x',
    versionOf: [],
    work: { ...deliver(createOutside()).work },
  })
  let waitedMs = 0
  for (let attempt = 1; ; attempt += 1) {
    const next = follow({
      attempt,
      policy: column.retry,
      effect: 'write',
      random: 0,
      now: 0,
      without: 'wait',
    })
    if (next.next !== 'retry') break
    waitedMs += next.at
  }
  expect(waitedMs).toBeGreaterThan(60 * 60 * 1_000)
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
