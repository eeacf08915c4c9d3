import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CallFailure, type FailureKind } from '../../../columns/errors.ts'
import { type Rest, refusalOf, restAfter } from '../../../runtime/limits/rest.ts'

const now = Date.parse('2026-03-02T09:00:00Z')
const minute = 60_000
const failure = (kind: FailureKind, retryAfterMs?: number) =>
  new CallFailure(kind, 'no', { retryable: true, ...(retryAfterMs !== undefined && { retryAfterMs }) })
const heard = (rest: Rest | null, ...[error, at = now, probe = false]: [unknown, number?, boolean?]) =>
  restAfter(rest, error, { now: at, probe })

describe('a side rests', () => {
  test('as long as it asks for, and the longer of two wishes counts', () => {
    const short = heard(null, failure('rate-limited', 5_000))
    expect(short).toMatchObject({ kind: 'rate-limited', since: now, until: now + 5_000 })
    const long = heard(short, failure('rate-limited', 30_000), now + 10)
    expect(long).toMatchObject({ since: now, until: now + 30_010 })
    expect(heard(long, failure('rate-limited', 1_000), now + 20)?.until).toBe(now + 30_010)
  })

  test('not for a limit without a time, nor for what concerns one record or passes by itself', () => {
    for (const kind of ['rate-limited', 'unauthorized', 'unavailable', 'timeout', 'not-found'] as const)
      expect(heard(null, failure(kind))).toBeNull()
    expect(heard(null, new TypeError('a bug'))).toBeNull()
  })

  test('at most a day, whatever its header says', () => {
    for (const asked of [Number.POSITIVE_INFINITY, 1e15])
      expect(heard(null, failure('rate-limited', asked))?.until).toBe(now + 24 * 60 * minute)
    expect(heard(null, failure('rate-limited', Number.NaN))).toBeNull()
  })

  test('without quota until its day begins anew, or for a minute', () => {
    expect(heard(null, failure('quota-exhausted', 3 * 60 * minute))?.until).toBe(now + 180 * minute)
    expect(heard(null, failure('quota-exhausted'))?.until).toBe(now + minute)
  })

  test('with a dead key for a minute, and twice as long after each try, up to half an hour', () => {
    let rest = heard(null, failure('needs-credentials'))
    const pauses: number[] = []
    let at = now
    for (let tries = 0; tries < 8; tries += 1) {
      pauses.push(((rest?.until ?? 0) - at) / minute)
      at = rest?.until ?? 0
      rest = heard(rest, failure('needs-credentials'), at, true)
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30, 30])
    expect(rest?.since).toBe(now)
  })

  test('no longer for calls that left together with the first', () => {
    const rest = heard(null, failure('needs-credentials'))
    expect(heard(rest, failure('needs-credentials'), now + 400)).toBe(rest)
  })

  test('with a dead key whatever else it says meanwhile', () => {
    const dead = heard(null, failure('needs-credentials'))
    expect(heard(dead, failure('rate-limited', 90 * minute))).toBe(dead)
    expect(heard(dead, failure('quota-exhausted', 90 * minute))).toBe(dead)
    expect(heard(heard(null, failure('rate-limited', minute)), failure('needs-credentials'))?.kind).toBe(
      'needs-credentials',
    )
  })
})

test('who is refused comes back not before the end of the rest, and not all at once', () => {
  const kinds = fc.constantFrom('rate-limited', 'quota-exhausted', 'needs-credentials')
  fc.assert(
    fc.property(
      kinds,
      fc.integer({ min: 0, max: 24 * 60 * minute }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (kind, leftMs, random) => {
        const rest: Rest = { kind, message: 'no', since: now, until: now + leftMs, pauseMs: minute }
        const { retryAfterMs } = refusalOf('crm:acme', rest, { now, at: now, random })
        const widest = kind === 'rate-limited' ? Math.max(1_000, leftMs / 10) : minute
        return retryAfterMs !== null && retryAfterMs >= leftMs && retryAfterMs <= leftMs + widest + 1
      },
    ),
  )
  const rest = heard(null, failure('needs-credentials'))
  if (rest === null) throw new Error('it rests')
  expect(refusalOf('crm:acme', rest, { now, at: now, random: 0 })).toMatchObject({
    kind: 'needs-credentials',
    outcomeUnknown: false,
    message: 'no call was made: "crm:acme" rests until 2026-03-02T09:01:00.000Z after "no"',
  })
})
