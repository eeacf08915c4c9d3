import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CallFailure } from '../../columns/errors.ts'
import type { Call } from '../../columns/ports.ts'
import { type RunningCall, startCall } from '../../connectors/call.ts'
import { createGatherer, type GatherOptions } from '../../connectors/gather.ts'
import { turnsUntil } from '../support/own-time.ts'
import { patienceMs } from '../support/patience.ts'
import { failureOf } from './failure-of.ts'

const budget = { key: 'test', concurrency: 4 }

/** A running call; what is not given is as it is outside the runtime. */
function callOf(change: Partial<Call> = {}): RunningCall {
  return startCall({ signal: new AbortController().signal, timeoutMs: patienceMs, fetch, ...change }, budget)
}

type Options = GatherOptions<number, string>

/** A gatherer that keeps what it was made to ask, each request as the list of its items. */
function gathering(change: Partial<Options> = {}) {
  const requests: number[][] = []
  const gatherer = createGatherer<number, string>({
    request: { vendor: 'crm', method: 'PATCH', url: 'https://crm.example/batch', write: true },
    max: 200,
    one: async (item) => {
      requests.push([item])
      return `one ${item}`
    },
    many: async (items) => {
      requests.push([...items])
      return items.map((item) => ({ value: `${item} of ${items.length}` }))
    },
    ...change,
  })
  return { ...gatherer, requests }
}

const bulk = (change: Partial<Call> = {}) => callOf({ lane: 'bulk', ...change })
const range = (count: number) => Array.from({ length: count }, (_, index) => index)

describe('the live lane', () => {
  test('sends a single item at once, as a single request', async () => {
    const { ask, requests } = gathering()
    for (const item of range(5)) {
      const answer = ask(item, callOf())
      expect(await turnsUntil(() => requests.length > item)).toBeLessThan(3)
      expect(await answer).toBe(`one ${item}`)
    }
    expect(requests).toEqual(range(5).map((item) => [item]))
  })

  test('joins what is asked in one turn of the event loop, and nothing later', async () => {
    const { ask, requests } = gathering()
    const together = Promise.all(range(3).map((item) => ask(item, callOf())))
    await turnsUntil(() => requests.length === 1)
    const later = ask(9, callOf())
    expect(await together).toEqual(['0 of 3', '1 of 3', '2 of 3'])
    expect(await later).toBe('one 9')
    expect(requests).toEqual([[0, 1, 2], [9]])
  })

  test('does not wait for a bulk batch that is open', async () => {
    const { ask, requests } = gathering()
    const slow = ask(1, bulk())
    await ask(2, callOf())
    expect(requests).toEqual([[2]])
    expect(await slow).toBe('one 1')
  })
})

describe('the bulk lane', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('leaves when a batch is full', async () => {
    const { ask, requests } = gathering({ max: 4 })
    const asked = Promise.all(range(10).map((item) => ask(item, bulk())))
    await vi.advanceTimersByTimeAsync(0)
    expect(requests).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ])
    await vi.advanceTimersByTimeAsync(250)
    await asked
    expect(requests[2]).toEqual([8, 9])
  })

  test('waits while more keep coming, but not for ever', async () => {
    const { ask, requests } = gathering()
    const asked: Promise<string>[] = []
    const sentBy = async (ms: number) => {
      for (let at = 0; at < ms; at += 8) {
        asked.push(ask(asked.length, bulk()))
        await vi.advanceTimersByTimeAsync(8)
      }
      return requests.length
    }
    expect(await sentBy(200)).toBe(0)
    expect(await sentBy(56)).toBe(1)
    expect(await sentBy(144)).toBe(1)
    await vi.advanceTimersByTimeAsync(25)
    await Promise.all(asked)
    expect(requests).toHaveLength(2)
    expect(requests.flat()).toEqual(range(asked.length))
  })

  test('leaves after a short quiet', async () => {
    const { ask, requests } = gathering()
    const asked = [ask(1, bulk()), ask(2, bulk())]
    await vi.advanceTimersByTimeAsync(20)
    expect(requests).toEqual([])
    await vi.advanceTimersByTimeAsync(10)
    expect(requests).toEqual([[1, 2]])
    await Promise.all(asked)
  })

  test('keeps two changes of one record apart and in order', async () => {
    const { ask, requests } = gathering({ keyOf: (item) => String(item % 10) })
    const asked = [1, 2, 11, 3].map((item) => ask(item, bulk()))
    await vi.advanceTimersByTimeAsync(250)
    await Promise.all(asked)
    expect(requests).toEqual([
      [1, 2],
      [11, 3],
    ])
  })
})

describe('each caller', () => {
  test('has an outcome of its own', async () => {
    const refused = new CallFailure('inactive-owner', 'gone', { retryable: false })
    const { ask } = gathering({
      many: async (items) => items.map((item) => (item === 1 ? { failure: refused } : { value: 'written' })),
    })
    const [first, second] = [ask(0, bulk()), failureOf(ask(1, bulk()))]
    expect(await first).toBe('written')
    expect(await second).toBe(refused)
  })

  test('that a batch answer leaves out does not know what happened', async () => {
    const { ask } = gathering({ many: async () => [{ value: 'only one' }] })
    const [first, second] = [ask(0, bulk()), failureOf(ask(1, bulk()))]
    expect(await first).toBe('only one')
    expect(await second).toMatchObject({ kind: 'invalid-output', outcomeUnknown: true })
  })

  test('shares what befell the whole batch', async () => {
    const lost = new CallFailure('unavailable', 'lost', { retryable: true, outcomeUnknown: true })
    const { ask } = gathering({ many: () => Promise.reject(lost) })
    const failures = await Promise.all(range(3).map((item) => failureOf(ask(item, bulk()))))
    expect(failures).toEqual([lost, lost, lost])
  })

  test.each([1, 2, 3])(
    'of %i does not know what happened when the request fails in a way nobody foresaw once it has left',
    async (count) => {
      const broken = async (_: unknown, call: RunningCall): Promise<never> => {
        call.leaving?.()
        throw new TypeError('an answer that is no answer')
      }
      const { ask } = gathering({ one: broken, many: broken })
      const failures = await Promise.all(range(count).map((item) => failureOf(ask(item, bulk()))))
      expect(failures).toHaveLength(count)
      for (const failure of failures)
        expect(failure).toMatchObject({ kind: 'unavailable', retryable: true, outcomeUnknown: true })
    },
  )

  test('who is cancelled before the batch leaves is not in it, and knows that nothing was sent', async () => {
    const { ask, requests } = gathering()
    const cancel = new AbortController()
    const cancelled = failureOf(ask(1, bulk({ signal: cancel.signal })))
    const others = Promise.all([ask(2, bulk()), ask(3, bulk())])
    cancel.abort()
    expect(await cancelled).toMatchObject({ kind: 'timeout', retryable: false, outcomeUnknown: false })
    expect(await others).toEqual(['2 of 2', '3 of 2'])
    expect(requests).toEqual([[2, 3]])
  })

  test('who goes while the others are about to leave is left behind by them', async () => {
    const requests: number[][] = []
    const [begun, login] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const { ask } = gathering({
      many: async (items, call) => {
        begun.resolve()
        await login.promise
        call.leaving?.()
        requests.push([...items])
        return items.map((item) => ({ value: `written ${item}` }))
      },
      one: () => Promise.reject(new Error('there are two')),
    })
    const cancel = new AbortController()
    const cancelled = failureOf(ask(1, bulk({ signal: cancel.signal })))
    const late = failureOf(ask(2, bulk({ timeoutMs: 30 })))
    const others = Promise.all([ask(3, bulk()), ask(4, bulk())])
    await begun.promise
    cancel.abort()
    expect(await cancelled).toMatchObject({ outcomeUnknown: false })
    expect(await late).toMatchObject({ kind: 'timeout', retryable: true, outcomeUnknown: false })
    login.resolve()
    expect(await others).toEqual(['written 3', 'written 4'])
    expect(requests).toEqual([[3, 4]])
  })

  test('who is cancelled after it left takes nobody along, and does not know what happened', async () => {
    const [left, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const { ask } = gathering({
      many: async (items, call) => {
        call.leaving?.()
        left.resolve()
        await answer.promise
        return items.map(() => ({ value: 'written' }))
      },
    })
    const cancel = new AbortController()
    const [cancelled, other] = [failureOf(ask(1, bulk({ signal: cancel.signal }))), ask(2, bulk())]
    await left.promise
    cancel.abort()
    expect(await cancelled).toMatchObject({ outcomeUnknown: true })
    answer.resolve()
    expect(await other).toBe('written')
  })

  test('has a deadline of its own', async () => {
    const answer = Promise.withResolvers<void>()
    const { ask } = gathering({
      many: async (items, call) => {
        call.leaving?.()
        await answer.promise
        return items.map(() => ({ value: 'written' }))
      },
    })
    const [hasty, patient] = [failureOf(ask(1, bulk({ timeoutMs: 50 }))), ask(2, bulk())]
    expect(await hasty).toMatchObject({ kind: 'timeout', retryable: true, outcomeUnknown: true })
    answer.resolve()
    expect(await patient).toBe('written')
  })

  test('ends the request when it was the last to wait for it', async () => {
    let ended = false
    const begun = Promise.withResolvers<void>()
    const { ask } = gathering({
      many: async (_, call) => {
        begun.resolve()
        const { promise, reject } = Promise.withResolvers<never>()
        call.signal.addEventListener('abort', () => {
          ended = true
          reject(call.signal.reason)
        })
        return promise
      },
    })
    const cancel = new AbortController()
    const asked = [1, 2].map((item) => failureOf(ask(item, bulk({ signal: cancel.signal }))))
    await begun.promise
    cancel.abort()
    await Promise.all(asked)
    expect(ended).toBe(true)
  })
})

describe('the turn of a batch', () => {
  test('is asked for once, and its time does not count', async () => {
    let turns = 0
    const limit: Call['limit'] = async (_, request) => {
      turns += 1
      await sleep(120)
      return request()
    }
    const { ask } = gathering()
    const answers = await Promise.all(range(5).map((item) => ask(item, bulk({ limit, timeoutMs: 60 }))))
    expect(answers).toEqual(range(5).map((item) => `${item} of 5`))
    expect(turns).toBe(1)
  })

  test('is waited for by every caller, whose time stands still until it comes', async () => {
    let waiting = 0
    const seen: number[] = []
    const wait: Call['wait'] = () => {
      waiting += 1
      return () => {
        waiting -= 1
      }
    }
    const limit: Call['limit'] = async (_, request) => {
      await sleep(40)
      seen.push(waiting)
      return request()
    }
    const { ask } = gathering({
      many: async (items) => {
        seen.push(waiting)
        return items.map(() => ({ value: 'written' }))
      },
    })
    const asked = [1, 2, 3].map((item) => ask(item, bulk({ wait, limit })))
    expect(waiting).toBe(3)
    await Promise.all(asked)
    expect(seen).toEqual([3, 0])
    expect(waiting).toBe(0)
  })

  test('that is refused is an outcome for everybody, without a request', async () => {
    const resting = new CallFailure('rate-limited', 'resting', { retryable: true, retryAfterMs: 5_000 })
    const { ask, requests } = gathering()
    const limit: Call['limit'] = () => Promise.reject(resting)
    const failures = await Promise.all(range(3).map((item) => failureOf(ask(item, bulk({ limit })))))
    expect(failures).toEqual([resting, resting, resting])
    expect(requests).toEqual([])
  })

  test('hears what befell the batch', async () => {
    const quota = new CallFailure('quota-exhausted', 'used up', { retryable: true, retryAfterMs: 1 })
    const heard: unknown[] = []
    const limit: Call['limit'] = async (_, request) => {
      try {
        return await request()
      } catch (error) {
        heard.push(error)
        throw error
      }
    }
    const { ask } = gathering({ many: () => Promise.reject(quota) })
    await Promise.all(range(2).map((item) => failureOf(ask(item, bulk({ limit })))))
    expect(heard).toEqual([quota])
  })

  test('goes over to the others when the one that asked for it has left', async () => {
    const { ask, requests } = gathering()
    const cancel = new AbortController()
    let first = true
    const waits = Promise.withResolvers<void>()
    const limit: Call['limit'] = async (_, request) => {
      if (!first) return request()
      first = false
      waits.resolve()
      const { promise, reject } = Promise.withResolvers<never>()
      cancel.signal.addEventListener('abort', () =>
        reject(new CallFailure('timeout', 'cancelled', { retryable: false })),
      )
      return promise
    }
    const leaves = failureOf(ask(1, bulk({ limit, signal: cancel.signal })))
    const stay = Promise.all([ask(2, bulk({ limit })), ask(3, bulk({ limit }))])
    await waits.promise
    cancel.abort()
    expect(await leaves).toMatchObject({ outcomeUnknown: false })
    expect(await stay).toEqual(['2 of 2', '3 of 2'])
    expect(requests).toEqual([[2, 3]])
  })
})
