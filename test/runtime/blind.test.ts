import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { CellContext } from '../../columns/column.ts'
import { defineTable } from '../../columns/table.ts'
import { type Behaviour, createOutside, deliver } from '../support/outside.ts'
import { insertOne, onDisk, rerun, runTables } from '../support/runtime.ts'

const input = z.object({ n: z.number() })

/** An effect on something that nobody can ask what it did. */
function blind(whenUnknown: 'leave' | 'repeat', ...plan: Behaviour[]) {
  const outside = createOutside()
  outside.readBack = 'unknown'
  outside.plan(...plan)
  const repeats: boolean[] = []
  outside.onArrival = (context: CellContext) => {
    repeats.push(context.mayRepeat)
  }
  const table = defineTable('t', { input }).column('told', deliver(outside, { target: 'blind', whenUnknown }))
  return { outside, repeats, table }
}

describe('a blind effect whose outcome is unknown', () => {
  test('is repeated once where its column says so, and the repetition is marked as one', async () => {
    const { outside, repeats, table } = blind('repeat', 'answer-lost')
    const running = await runTables([table])
    const id = await insertOne(running, 't', { n: 1 })
    expect(repeats).toEqual([false, true])
    expect(new Set(outside.received.map(({ sendId }) => sendId)).size).toBe(1)
    const { history, status } = await running.runtime.cell('t', id, 'told')
    expect(status).toBe('done')
    expect(history.at(-1)?.detail).toMatchObject({ mayRepeat: true })
    expect((await onDisk(running, 't', id)).cells.told).not.toHaveProperty('mayRepeat')
  })

  test('stays marked over the retries of the repetition', async () => {
    const { repeats, table } = blind('repeat', 'request-lost', 'busy')
    const running = await runTables([table])
    const id = await insertOne(running, 't', { n: 1 })
    expect(repeats).toEqual([false, true, true])
    expect((await running.runtime.cell('t', id, 'told')).history.at(-1)?.detail).toMatchObject({
      mayRepeat: true,
    })
  })

  test('is repeated no second time: then a person has to look', async () => {
    const { outside, table } = blind('repeat', 'answer-lost', 'answer-lost')
    const running = await runTables([table])
    const id = await insertOne(running, 't', { n: 1 })
    expect((await running.runtime.row('t', id)).cells.told).toMatchObject({
      status: 'unknown',
      reason: 'nobody can say',
    })
    expect(outside.received).toHaveLength(2)
    await rerun(running, 't', { mode: 'errored' })
    expect(outside.received).toHaveLength(2)
  })

  test('is left as it is where its column says so, and where it could be read back', async () => {
    const left = blind('leave', 'answer-lost')
    const running = await runTables([left.table])
    const id = await insertOne(running, 't', { n: 1 })
    expect((await running.runtime.row('t', id)).cells.told?.status).toBe('unknown')
    expect(left.outside.received).toHaveLength(1)
  })

  test('is repeated also after a restart', async () => {
    const { outside, repeats, table } = blind('repeat', 'hang')
    const slow = defineTable('t', { input }).column(
      'told',
      deliver(outside, { target: 'blind', whenUnknown: 'repeat', timeoutMs: 60, horizonMs: 300 }),
    )
    expect(slow.name).toBe(table.name)
    let running = await runTables([slow], { parkAfterMs: 20 })
    const id = await insertOne(running, 't', { n: 1 })
    running = await running.restart()
    running.clock.aheadMs = 1_000
    running = await running.restart()
    await running.runtime.idle()
    expect(repeats).toEqual([false, true])
    expect((await running.runtime.row('t', id)).cells.told?.status).toBe('done')
  })
})
