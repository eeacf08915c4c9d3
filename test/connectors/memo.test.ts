import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createMemo } from '../../connectors/memo.ts'

function counted<Value>(answers: (() => Promise<Value>)[]) {
  let asked = 0
  return {
    load: () => answers[Math.min(asked++, answers.length - 1)]?.() ?? Promise.reject(),
    asked: () => asked,
  }
}

describe('a memo', () => {
  it('asks once for all who ask at the same time, and remembers', async () => {
    const source = counted([async () => 1])
    const memo = createMemo<number>({ ttlMs: () => 60_000, maxEntries: 10 })
    expect(await Promise.all([memo.get('a', source.load), memo.get('a', source.load)])).toEqual([1, 1])
    expect(await memo.get('a', source.load)).toBe(1)
    expect(source.asked()).toBe(1)
  })

  it('asks again when the value is too old, or was forgotten', async () => {
    const source = counted([async () => 1, async () => 2, async () => 3])
    const memo = createMemo<number>({ ttlMs: (value) => (value === 1 ? 5 : 60_000), maxEntries: 10 })
    await memo.get('a', source.load)
    await sleep(10)
    expect(await memo.get('a', source.load)).toBe(2)
    memo.forget('a')
    expect(await memo.get('a', source.load)).toBe(3)
  })

  it('a failure is not remembered, and those who waited share one second try', async () => {
    const source = counted([() => Promise.reject(new Error('no')), async () => 2])
    const memo = createMemo<number>({ ttlMs: () => 60_000, maxEntries: 10 })
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => memo.get('a', source.load)))
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', ...Array(19).fill('fulfilled')])
    expect(source.asked()).toBe(2)
  })

  it('drops the oldest entries beyond its size', async () => {
    const source = counted([async () => 1])
    const memo = createMemo<number>({ ttlMs: () => 60_000, maxEntries: 2 })
    for (const key of ['a', 'b', 'c', 'c', 'b']) await memo.get(key, source.load)
    expect(source.asked()).toBe(3)
    await memo.get('a', source.load)
    expect(source.asked()).toBe(4)
  })
})
