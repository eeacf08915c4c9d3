import { describe, expect, test } from 'vitest'
import { createMemory } from '../../../runtime/evaluation/memory.ts'

describe('answers', () => {
  test('to the same question are asked for once, also while they are under way', async () => {
    const { memo } = createMemory()
    let asked = 0
    const ask = async () => {
      asked += 1
      const value = asked
      await new Promise((resolve) => setTimeout(resolve, 5))
      return { value, keep: true }
    }
    expect(await Promise.all([memo('a', ask), memo('a', ask), memo('b', ask)])).toEqual([
      { value: 1, cached: false },
      { value: 1, cached: true },
      { value: 2, cached: false },
    ])
    expect(await memo('a', ask)).toEqual({ value: 1, cached: true })
    expect(asked).toBe(2)
  })

  test('that are not to be kept, and failures, are asked for again', async () => {
    const { memo } = createMemory()
    await expect(memo('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down')
    expect(await memo('a', async () => ({ value: 'bad', keep: false }))).toEqual({
      value: 'bad',
      cached: false,
    })
    expect(await memo('a', async () => ({ value: 'good', keep: true }))).toEqual({
      value: 'good',
      cached: false,
    })
    expect(await memo('a', async () => ({ value: 'other', keep: true }))).toEqual({
      value: 'good',
      cached: true,
    })
  })
})

describe('money', () => {
  const of = (row: string, spend: { perRow?: number; perRun?: number; perDay?: number } | null) => ({
    row,
    column: 'segment',
    spend,
  })

  test('is reserved at the most a call can cost, and corrected once by what it did', async () => {
    const { charge } = createMemory()
    const spend = { perRun: 1 }
    const first = await charge(of('1', spend), 0.6)
    await expect(charge(of('2', spend), 0.6)).rejects.toMatchObject({
      kind: 'budget-exhausted',
      retryable: false,
    })
    first.settle(0.1)
    first.settle(0)
    const second = await charge(of('2', spend), 0.6)
    await expect(charge(of('3', spend), 0.31)).rejects.toThrow('$1 for a run')
    second.settle(0)
    await charge(of('3', spend), 0.9)
  })

  test('has a limit for each row, and one for the day', async () => {
    const { charge } = createMemory()
    await charge(of('1', { perRow: 0.5 }), 0.4)
    await expect(charge(of('1', { perRow: 0.5 }), 0.2)).rejects.toThrow('$0.5 for a row')
    await charge(of('2', { perRow: 0.5 }), 0.4)
    await expect(charge(of('3', { perDay: 0.9 }), 0.2)).rejects.toThrow('$0.9 for a day')
    await charge(of('3', null), 1_000)
  })
})
