import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { buildColumn } from '../../columns/build.ts'
import { done } from '../../columns/column.ts'
import { defineTable } from '../../columns/table.ts'
import { insertOne, insertRows, rerun, runTables, until } from '../support/runtime.ts'
import { runFaulty } from './faulty-store.ts'
import { byRule, gate, type PaidOptions, type PaidServer, paid, startPaidServer } from './paid-question.ts'

type Input = { company: string }
const input = z.object({ company: z.string() })
const day = (ms = Date.now()) => new Date(ms).toISOString().slice(0, 10)
const fine = () => ({ status: 200, answer: 'fine' })
const companies = (count: number) => Array.from({ length: count }, (_, n) => ({ company: `c${n}` }))

const tableOf = ({ url }: PaidServer, options: Partial<PaidOptions<Input>> = {}) =>
  defineTable('t', { input }).column('asked', paid({ url, needs: ['company'], ...options }))

describe('a limit of money', () => {
  test('is kept by many calls at once, to the cent, and the cell names it', async () => {
    const server = await startPaidServer(async () => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      return fine()
    })
    const budget = { key: 'paid', concurrency: 10 }
    const running = await runTables([
      tableOf(server, { budget, spend: { perRun: 0.1 }, maxUsd: 0.01, usd: 0.01 }),
    ])
    const { run } = await running.runtime.insert('t', companies(50))
    await running.runtime.idle()
    expect(server.asked).toHaveLength(10)
    expect(await running.store.spent(`t.asked.run.${run?.id}`)).toBe(0.1)
    expect(await running.runtime.count('t', 'status:done')).toBe(10)
    const { rows } = await running.runtime.rows('t', { limit: 1, filter: 'status:error' })
    expect(rows[0]?.cells.asked?.error).toEqual({
      kind: 'budget-exhausted',
      retryable: false,
      message: `the limit of $0.1 for a run (spend.perRun) leaves no room: $0.1 of t.asked.run.${run?.id} are spent or reserved and the call may cost $0.01`,
    })
    const other = await rerun(running, 't', { mode: 'errored', limit: 3 })
    expect(other.counts).toMatchObject({ ran: 3, failed: 0 })
  })

  test('is passed by no more than one call of each worker when calls cost more than they should', async () => {
    const server = await startPaidServer(async () => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      return fine()
    })
    const workers = 4
    const running = await runTables([
      tableOf(server, {
        budget: { key: 'paid', concurrency: workers },
        spend: { perDay: 0.1 },
        maxUsd: 0.01,
        usd: 0.015,
      }),
    ])
    await insertRows(running, 't', companies(60))
    await running.runtime.idle()
    expect(await running.store.spent(`t.asked.day.${day()}`)).toBeLessThanOrEqual(0.1 + workers * 0.015)
  })

  test('counts what calls did cost, not what they might have', async () => {
    const server = await startPaidServer(fine)
    const running = await runTables([tableOf(server, { spend: { perDay: 0.05 }, maxUsd: 0.03, usd: 0.001 })])
    for (const row of companies(20)) await insertOne(running, 't', row)
    expect(server.asked).toHaveLength(20)
    expect(await running.store.spent(`t.asked.day.${day()}`)).toBe(0.02)
  })

  test('of a row holds over all its runs', async () => {
    const server = await startPaidServer(fine)
    const running = await runTables([
      tableOf(server, { spend: { perRow: 0.02 }, maxUsd: 0.008, usd: 0.008, forgetful: true }),
    ])
    const id = await insertOne(running, 't', { company: 'acme' })
    await rerun(running, 't', { force: true })
    expect(await rerun(running, 't', { force: true })).toMatchObject({ counts: { failed: 1 } })
    expect(server.asked).toHaveLength(2)
    expect(await running.runtime.cell('t', id, 'asked')).toMatchObject({ costUsd: 0.016 })
    await insertOne(running, 't', { company: 'other' })
    expect(server.asked).toHaveLength(3)
  })

  test('of a day begins anew at midnight in UTC', async () => {
    const server = await startPaidServer(fine)
    const running = await runTables([tableOf(server, { spend: { perDay: 0.01 }, usd: 0.01 })])
    await insertOne(running, 't', { company: 'a' })
    await insertOne(running, 't', { company: 'b' })
    expect(server.asked).toHaveLength(1)
    running.clock.aheadMs = Date.parse(`${day()}T00:00:00Z`) + 86_400_000 - Date.now()
    await insertOne(running, 't', { company: 'c' })
    expect(server.asked).toHaveLength(2)
    expect(await running.store.spent(`t.asked.day.${day(Date.now() + running.clock.aheadMs)}`)).toBe(0.01)
  })

  test('that leaves no room lets what stands in for the answer stand, and no other row waits for it', async () => {
    const server = await startPaidServer(fine)
    const running = await runTables([tableOf(server, { spend: { perDay: 0.005 }, otherwise: byRule })])
    const id = await insertOne(running, 't', { company: 'acme' })
    expect(server.asked).toHaveLength(0)
    expect(await running.runtime.cell('t', id, 'asked')).toMatchObject({
      status: 'done',
      value: 'by rule',
      costUsd: 0,
      history: [{ detail: { outcome: 'budget-exhausted' } }],
    })
  })

  test('of one row does not fail another that asks the same', async () => {
    const held = gate()
    const server = await startPaidServer(async () => {
      await held.opened
      return fine()
    })
    const table = defineTable('t', { input: input.extend({ n: z.number() }) }).column(
      'asked',
      paid({ url: server.url, needs: ['company'], spend: { perRow: 0.004 } }),
    )
    const running = await runTables([table])
    // The row that asks has no money; every other one tries for itself and says so of itself.
    const ids = await insertRows(running, 't', [
      { company: 'acme', n: 1 },
      { company: 'acme', n: 2 },
    ])
    await running.runtime.idle()
    for (const id of ids)
      expect((await running.runtime.row('t', id)).cells.asked?.error?.message).toContain(`row.${id}`)
    held.open()
  })
})

describe('money that was reserved', () => {
  test('stays taken when the process is killed before the answer, and the row asks and pays again', async () => {
    const held = gate()
    const server = await startPaidServer(async (call) => {
      if (call === 1) await held.opened
      return fine()
    })
    const table = tableOf(server, { spend: { perDay: 1 }, maxUsd: 0.01, usd: 0.004 })
    const running = await runFaulty([table])
    await running.runtime.insert('t', [{ company: 'acme' }])
    await until(() => server.asked.length === 1, 'the call')
    const after = await running.afterKill()
    await after.runtime.idle()
    held.open()
    expect(server.asked).toHaveLength(2)
    expect(await after.store.spent(`t.asked.day.${day()}`)).toBe(0.014)
  })

  test('stays taken of a call that was broken off, and is the cost of its attempt', async () => {
    const held = gate()
    const server = await startPaidServer(async (call) => {
      if (call === 1) await held.opened
      return fine()
    })
    const running = await runTables([tableOf(server, { timeoutMs: 1_000, spend: { perDay: 1 } })])
    const id = await insertOne(running, 't', { company: 'acme' })
    held.open()
    const cell = await running.runtime.cell('t', id, 'asked')
    expect(cell.history).toMatchObject([
      { error: { kind: 'timeout' }, cost: { usd: 0.01 } },
      { status: 'done', cost: { usd: 0.004 } },
    ])
    expect(cell.costUsd).toBeCloseTo(0.014, 9)
    expect(await running.store.spent(`t.asked.day.${day()}`)).toBe(0.014)
    expect((await running.runtime.why('t', id, 'asked')).at(-1)).toMatchObject({ cost: { usd: 0.004 } })
  })

  test('is given back for a call that was refused', async () => {
    const server = await startPaidServer((call) => (call === 1 ? { status: 429 } : fine()))
    const running = await runTables([tableOf(server, { spend: { perDay: 1 } })])
    const id = await insertOne(running, 't', { company: 'acme' })
    expect(await running.runtime.cell('t', id, 'asked')).toMatchObject({ costUsd: 0.004, attempts: 2 })
    expect(await running.store.spent(`t.asked.day.${day()}`)).toBe(0.004)
  })

  test('is settled once, whatever the column says afterwards', async () => {
    const settles = buildColumn<Input, string>({
      kind: 'settles',
      needs: ['company'],
      spend: { perDay: 1 },
      versionOf: [],
      work: {
        effect: 'read',
        async run(_, context) {
          const charged = await context.charge(0.1)
          for (const usd of [0.02, 0, 0.5]) charged.settle(usd)
          return done('settled')
        },
      },
    })
    const running = await runTables([defineTable('t', { input }).column('asked', settles)])
    const id = await insertOne(running, 't', { company: 'acme' })
    expect(await running.store.spent(`t.asked.day.${day()}`)).toBe(0.02)
    expect((await running.runtime.cell('t', id, 'asked')).costUsd).toBeCloseTo(0.02, 9)
  })

  test('is no amount that is negative or not a number', async () => {
    const wrong = buildColumn<Input, string>({
      kind: 'wrong',
      needs: ['company'],
      spend: { perDay: 1 },
      versionOf: [],
      work: {
        effect: 'read',
        async run(_, context) {
          await context.charge(Number.NaN)
          return done('paid')
        },
      },
    })
    const running = await runTables([defineTable('t', { input }).column('asked', wrong)])
    const id = await insertOne(running, 't', { company: 'acme' })
    expect((await running.runtime.row('t', id)).cells.asked?.error).toMatchObject({
      kind: 'crashed',
      message: expect.stringContaining('NaN is no amount of money'),
    })
  })

  test('goes back when the attempt was over before it could ask', async () => {
    const server = await startPaidServer(fine)
    const table = tableOf(server, { spend: { perDay: 1 }, timeoutMs: 30, retry: { attempts: 1 } })
    const running = await runFaulty([table], {
      faults: (store) => ({
        async charge(...given) {
          await new Promise((resolve) => setTimeout(resolve, 80))
          return store.charge(...given)
        },
      }),
    })
    await running.runtime.insert('t', [{ company: 'acme' }])
    await running.runtime.idle()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(server.asked).toHaveLength(0)
    expect(await running.store.spent(`t.asked.day.${day()}`)).toBe(0)
  })

  test('is not taken when the store refuses: no call is made', async () => {
    const server = await startPaidServer(fine)
    const running = await runFaulty([tableOf(server, { spend: { perDay: 1 } })], {
      faults: () => ({ charge: () => Promise.reject(new Error('the disk is full')) }),
    })
    await running.runtime.insert('t', [{ company: 'acme' }])
    await running.runtime.idle()
    expect(server.asked).toHaveLength(0)
  })
})
