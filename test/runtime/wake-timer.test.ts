import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createWakeTimer } from '../../runtime/wake-timer.ts'

describe('a wake-up', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  function timer() {
    const clock = { aheadMs: 0 }
    const calls: number[] = []
    const now = () => Date.now() + clock.aheadMs
    const wake = createWakeTimer(now, () => calls.push(now()))
    return { wake, clock, calls, now }
  }

  test('comes once, at the earliest of the moments named', () => {
    const { wake, calls, now } = timer()
    const start = now()
    for (const after of [500, 100, 300]) wake.at(start + after)
    vi.advanceTimersByTime(2_000)
    expect(calls).toEqual([start + 100])
    wake.at(start)
    vi.advanceTimersByTime(1)
    expect(calls).toHaveLength(2)
  })

  test('that was held up comes as soon as anything else is named, however late that is', () => {
    const { wake, clock, calls, now } = timer()
    wake.at(now() + 60_000)
    clock.aheadMs = 3_600_000
    wake.at(now() + 60_000)
    vi.advanceTimersByTime(1)
    expect(calls).toHaveLength(1)
  })

  test('does not come after the end', () => {
    const { wake, calls, now } = timer()
    wake.at(now() + 10)
    wake.stop()
    wake.at(now() + 20)
    vi.advanceTimersByTime(100)
    expect(calls).toEqual([])
  })
})
