import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineTable } from '../../columns/table.ts'
import { insertOne, insertRows, rerun, runTables, until } from '../support/runtime.ts'
import { byRule, gate, type PaidOptions, type PaidServer, paid, startPaidServer } from './paid-question.ts'

type Input = { company: string }
const input = z.object({ company: z.string() })
const fine = { status: 200, answer: 'fine' }
const budget = { key: 'model', concurrency: 2 }

const tableOf = ({ url }: PaidServer, options: Partial<PaidOptions<Input>> = {}) =>
  defineTable('t', { input }).column(
    'asked',
    paid({ url, needs: ['company'], budget, otherwise: byRule, ...options }),
  )

/** Sides that are not asked for a while. */
const resting = ({ runtime }: Parameters<typeof insertOne>[0]) =>
  runtime.credentials().filter(({ rest }) => rest !== null)

async function asked(running: Parameters<typeof insertOne>[0], company: string) {
  const id = await insertOne(running, 't', { company })
  return (await running.runtime.row('t', id)).cells.asked
}

describe('a side without quota', () => {
  test('is not asked again for a minute, then by one call at a time, until it answers', async () => {
    let status = 402
    const server = await startPaidServer(() => ({ ...fine, status }))
    const running = await runTables([tableOf(server, { spend: { perDay: 1 } })])
    await insertRows(
      running,
      't',
      Array.from({ length: 40 }, (_, n) => ({ company: `c${n}` })),
    )
    await running.runtime.idle()
    // Two were under way when the first one heard it.
    expect(server.asked.length).toBeLessThanOrEqual(budget.concurrency)
    const before = server.asked.length
    expect(resting(running)).toMatchObject([{ key: 'model', rest: { kind: 'quota-exhausted' } }])
    const refused = await asked(running, 'later')
    expect(refused).toMatchObject({ value: 'by rule', attempts: 1 })
    expect(refused?.reason).toMatch(
      /^quota-exhausted: no call was made: "model" rests until 20.+Z after "402 fine"$/,
    )
    expect(await running.store.spent(`t.asked.day.${new Date().toISOString().slice(0, 10)}`)).toBe(0)

    // Failing without a call is no news: it neither prolongs the rest nor is told as its cause.
    const open = resting(running)
    const ids = await insertRows(running, 't', Array<Input>(5).fill({ company: 'same' }))
    await running.runtime.idle()
    for (const id of ids)
      expect((await running.runtime.row('t', id)).cells.asked?.reason).toMatch(/Z after "402 fine"$/)
    expect(resting(running)).toEqual(open)

    running.clock.aheadMs += 61_000
    await insertRows(running, 't', [{ company: 'x' }, { company: 'y' }, { company: 'z' }])
    await running.runtime.idle()
    expect(server.asked).toHaveLength(before + 1)

    running.clock.aheadMs += 61_000
    status = 200
    expect(await asked(running, 'probe')).toMatchObject({ value: 'fine' })
    expect(await asked(running, 'next')).toMatchObject({ value: 'fine' })
    expect(resting(running)).toEqual([])
    await rerun(running, 't', { mode: 'stale' })
    expect(await running.runtime.count('t', 'asked=fine')).toBe(51)
  })

  test('still gives the answers that are kept', async () => {
    const server = await startPaidServer((call) => (call === 1 ? fine : { status: 402 }))
    const running = await runTables([tableOf(server)])
    expect(await asked(running, 'acme')).toMatchObject({ value: 'fine' })
    expect(await asked(running, 'other')).toMatchObject({ value: 'by rule' })
    expect(await asked(running, 'acme')).toMatchObject({ value: 'fine', stale: false })
    expect(server.asked).toHaveLength(2)
  })

  test('stops every column of its budget, and none of another', async () => {
    const server = await startPaidServer((call) => (call === 1 ? { status: 402 } : fine))
    const column = (key: string) =>
      paid<Input>({
        url: server.url,
        needs: ['company'],
        budget: { ...budget, key },
        otherwise: byRule,
        forgetful: true,
      })
    const table = defineTable('t', { input })
      .column('one', column('model'))
      .column('two', column('model'))
      .column('three', column('another'))
    const running = await runTables([table])
    await insertOne(running, 't', { company: 'a' })
    const before = server.asked.length
    const id = await insertOne(running, 't', { company: 'b' })
    const { cells } = await running.runtime.row('t', id)
    expect([cells.one?.value, cells.two?.value, cells.three?.value]).toEqual(['by rule', 'by rule', 'fine'])
    expect(server.asked).toHaveLength(before + 1)
  })

  test('stops a column without a budget alone, and the rows of one that has nothing to say in its place wait', async () => {
    const server = await startPaidServer(() => ({ status: 402 }))
    const running = await runTables([
      defineTable('t', { input }).column('asked', paid({ url: server.url, needs: ['company'] })),
    ])
    await asked(running, 'a')
    expect(await asked(running, 'b')).toMatchObject({
      status: 'waiting',
      waiting: { on: 'credentials' },
      error: { kind: 'quota-exhausted' },
    })
    expect(server.asked).toHaveLength(1)
    expect(resting(running)).toMatchObject([{ key: 't.asked' }])
  })

  test('is found well again by an answer, not by a row that asked nothing', async () => {
    const held = gate()
    const server = await startPaidServer(async (call) => {
      if (call === 1) return { status: 402 }
      await held.opened
      return { status: 402 }
    })
    const running = await runTables([tableOf(server)])
    await asked(running, 'a')
    running.clock.aheadMs += 61_000
    const [probe = ''] = await insertRows(running, 't', [{ company: 'b' }])
    await until(() => server.asked.length === 2, 'the probe')
    // While the probe is under way nobody else asks.
    const [other = ''] = await insertRows(running, 't', [{ company: 'c' }])
    await until(async () => (await running.runtime.row('t', other)).atRest, 'the other row')
    expect((await running.runtime.row('t', other)).cells.asked).toMatchObject({ value: 'by rule' })
    held.open()
    await running.runtime.idle()
    expect((await running.runtime.row('t', probe)).cells.asked).toMatchObject({ value: 'by rule' })
    expect(server.asked).toHaveLength(2)
    expect(resting(running)).toHaveLength(1)
  })
})

describe('a side that refuses our key', () => {
  test('is not asked by a column that has an answer of its own to give', async () => {
    const server = await startPaidServer(() => ({ status: 401 }))
    const running = await runTables([tableOf(server)])
    await asked(running, 'a')
    expect(await asked(running, 'b')).toMatchObject({
      value: 'by rule',
      reason: expect.stringContaining('needs-credentials: no call was made'),
    })
    expect(server.asked).toHaveLength(1)
  })

  test('may mean one record: others are asked for all the same', async () => {
    const server = await startPaidServer((call) => (call === 1 ? { status: 403 } : fine))
    const running = await runTables([tableOf(server, { otherwise: undefined })])
    expect(await asked(running, 'a')).toMatchObject({ status: 'error', error: { kind: 'unauthorized' } })
    expect(await asked(running, 'b')).toMatchObject({ value: 'fine' })
    expect(resting(running)).toEqual([])
  })
})
