import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { CallFailure } from '../../../columns/errors.ts'
import { createTurns, type Lane } from '../../../runtime/limits/turns.ts'

const elapsed = () => performance.now()

/** Asks for turns and tells in which order they came. */
function asking(turns: ReturnType<typeof createTurns>) {
  const came: string[] = []
  const places: (() => void)[] = []
  return {
    came,
    ask(name: string, lane: Lane = 'live', { signal, order }: { signal?: AbortSignal; order?: number } = {}) {
      const asking = { lane, ...(signal && { signal }), ...(order !== undefined && { order }) }
      return turns.take(asking).then((giveBack) => {
        came.push(name)
        places.push(giveBack)
      })
    },
    async next() {
      places.shift()?.()
      await sleep(0)
    },
  }
}

describe('turns', () => {
  test('are as many at once as the limit says, in the order of asking', async () => {
    const turns = createTurns({ concurrency: 2 }, elapsed)
    const { came, ask, next } = asking(turns)
    for (const name of ['a', 'b', 'c', 'd']) void ask(name)
    await sleep(0)
    expect(came).toEqual(['a', 'b'])
    expect([turns.inFlight(), turns.waiting()]).toEqual([2, 2])
    await next()
    expect(came).toEqual(['a', 'b', 'c'])
    await next()
    expect(came).toEqual(['a', 'b', 'c', 'd'])
    await next()
    await next()
    expect([turns.inFlight(), turns.waiting()]).toEqual([0, 0])
  })

  test('go to live rows first, and one place is never taken by bulk rows', async () => {
    const turns = createTurns({ concurrency: 3 }, elapsed)
    const { came, ask, next } = asking(turns)
    for (const name of ['b1', 'b2', 'b3', 'b4']) void ask(name, 'bulk')
    await sleep(0)
    expect(came).toEqual(['b1', 'b2'])
    void ask('l1')
    void ask('l2')
    await sleep(0)
    expect(came).toEqual(['b1', 'b2', 'l1'])
    await next()
    expect(came).toEqual(['b1', 'b2', 'l1', 'l2'])
  })

  test('go to the earlier rows first, whatever was asked for first, and among requests of one row to the one asked for first', async () => {
    const turns = createTurns({ concurrency: 1 }, elapsed)
    const { came, ask, next } = asking(turns)
    void ask('1 account', 'live', { order: 1 })
    for (const order of [2, 3]) void ask(`${order} account`, 'live', { order })
    for (const what of ['record', 'owner']) void ask(`1 ${what}`, 'live', { order: 1 })
    void ask('2 record', 'live', { order: 2 })
    for (let each = 0; each < 6; each += 1) await next()
    expect(came).toEqual(['1 account', '1 record', '1 owner', '2 account', '2 record', '3 account'])
  })

  test('reach bulk rows also where there is only one place', async () => {
    const turns = createTurns({ concurrency: 1 }, elapsed)
    const { came, ask } = asking(turns)
    void ask('b', 'bulk')
    await sleep(0)
    expect(came).toEqual(['b'])
  })

  test('keep the pace after a burst', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const turns = createTurns({ concurrency: 50, perSecond: 50, burst: 5 }, elapsed)
    const startedAt = elapsed()
    const at: number[] = []
    for (let turn = 0; turn < 15; turn += 1)
      void turns.take({ lane: 'live' }).then((giveBack) => {
        at.push(elapsed() - startedAt)
        giveBack()
      })
    for (let ms = 0; ms < 250; ms += 1) await vi.advanceTimersByTimeAsync(1)
    expect(at).toHaveLength(15)
    expect(at[4]).toBeLessThan(2)
    // Ten more at one each 20 ms; no window of a second may hold more than the burst and the pace.
    expect(at[14]).toBeGreaterThanOrEqual(190)
    for (const [index, moment] of at.entries())
      expect(index + 1).toBeLessThanOrEqual(5 + Math.ceil((moment + 2) / 20))
  })

  test('are given up with the signal, and nobody else loses a place by it', async () => {
    const turns = createTurns({ concurrency: 1 }, elapsed)
    const { came, ask, next } = asking(turns)
    const leaving = new AbortController()
    void ask('a')
    const left = ask('b', 'live', { signal: leaving.signal })
    void ask('c')
    leaving.abort()
    await expect(left).rejects.toMatchObject({ kind: 'unavailable', retryable: true, outcomeUnknown: false })
    await expect(ask('d', 'live', { signal: leaving.signal })).rejects.toBeInstanceOf(CallFailure)
    expect(turns.waiting()).toBe(1)
    await next()
    expect(came).toEqual(['a', 'c'])
  })

  test('are called off for all that wait, not for who has one', async () => {
    const turns = createTurns({ concurrency: 1 }, elapsed)
    const { came, ask } = asking(turns)
    void ask('a')
    const others = [ask('b'), ask('c', 'bulk')]
    turns.callOff(() => new CallFailure('rate-limited', 'later', { retryable: true }))
    for (const other of others) await expect(other).rejects.toMatchObject({ kind: 'rate-limited' })
    expect([turns.inFlight(), turns.waiting()]).toEqual([1, 0])
    expect(came).toEqual(['a'])
  })

  test('are refused under a limit that lets nothing begin', () => {
    expect(() => createTurns({ concurrency: 0 }, elapsed)).toThrow(/concurrency of 0/)
    expect(() => createTurns({ concurrency: 1, perSecond: 0 }, elapsed)).toThrow(/0 a second/)
    expect(() => createTurns({ concurrency: Number.NaN }, elapsed)).toThrow(TypeError)
  })
})
