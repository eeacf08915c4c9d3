import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { done } from '../../columns/column.ts'
import { compute } from '../../columns/compute.ts'
import { defineTable } from '../../columns/table.ts'
import { timed } from '../support/own-time.ts'
import { patienceMs } from '../support/patience.ts'
import { insertOne, insertRows, rerun, runTables, statuses, until } from '../support/runtime.ts'
import { runFaulty } from './faulty-store.ts'
import { byRule, gate, type PaidOptions, type PaidServer, paid, startPaidServer } from './paid-question.ts'

type Input = { company: string }
const input = z.object({ company: z.string() })
const fine = { status: 200, answer: 'fine' }

const tableOf = ({ url }: PaidServer, options: Partial<PaidOptions<Input>> = {}) =>
  defineTable('t', { input })
    .column('asked', paid({ url, needs: ['company'], otherwise: byRule, ...options }))
    .column('routed', compute({ needs: ['asked'], run: ({ asked }) => `to ${asked}` }))

const late = async (running: Parameters<typeof insertOne>[0], id: string) =>
  (await running.runtime.cell('t', id, 'asked')).history.filter(({ kind }) => kind === 'late')

describe('what stands in for an answer', () => {
  test('is asked for when the attempts are used up or the failure is final, and the row goes on', async () => {
    const server = await startPaidServer((_, question) => ({
      status: (question as Input).company === 'final' ? 400 : 503,
    }))
    const running = await runTables([tableOf(server)])
    const id = await insertOne(running, 't', { company: 'acme' })
    expect(server.asked).toHaveLength(3)
    const row = await running.runtime.row('t', id)
    expect(row.cells.asked).toMatchObject({
      status: 'done',
      value: 'by rule',
      reason: 'unavailable: 503 ',
      error: null,
      attempts: 3,
      stale: true,
    })
    expect(row.cells.routed).toMatchObject({ status: 'done', value: 'to by rule', stale: false })
    const { history } = await running.runtime.cell('t', id, 'asked')
    expect(history.at(-1)?.detail).toEqual({
      failure: { kind: 'unavailable', message: '503 ', retryable: true },
      outcome: 'unavailable',
    })
  })

  test('is no answer: a run of what is stale asks again, and the answer takes its place', async () => {
    const server = await startPaidServer((call) => (call <= 3 ? { status: 503 } : fine))
    const running = await runTables([tableOf(server)])
    const id = await insertOne(running, 't', { company: 'acme' })
    expect(await running.runtime.count('t', 'stale:asked')).toBe(1)
    await rerun(running, 't', { mode: 'stale', downstream: true })
    const { cells } = await running.runtime.row('t', id)
    expect(cells.asked).toMatchObject({ value: 'fine', stale: false })
    expect(cells.routed).toMatchObject({ value: 'to fine' })
  })

  test('counts as failed in the run that had to make do with it', async () => {
    const server = await startPaidServer(() => ({ status: 503 }))
    const running = await runTables([tableOf(server)])
    await insertOne(running, 't', { company: 'acme' })
    const { counts } = await rerun(running, 't', { mode: 'stale', downstream: true })
    expect(counts).toMatchObject({ failed: 1 })
  })

  test('stays open when another field of the row is edited', async () => {
    const server = await startPaidServer((call) => (call <= 3 ? { status: 503 } : fine))
    const table = defineTable('t', { input: input.extend({ note: z.string().default('') }) }).column(
      'asked',
      paid({ url: server.url, needs: ['company'], otherwise: byRule }),
    )
    const running = await runTables([table])
    const id = await insertOne(running, 't', { company: 'acme' })
    await running.runtime.edit('t', id, { note: 'called' })
    expect((await running.runtime.row('t', id)).cells.asked).toMatchObject({ stale: true })
    await rerun(running, 't', { mode: 'stale' })
    expect((await running.runtime.row('t', id)).cells.asked).toMatchObject({ value: 'fine', stale: false })
  })

  test('may be nothing: then the error stands, as it does when the stand-in cannot be kept or throws', async () => {
    const server = await startPaidServer(() => ({ status: 402 }))
    const never = [
      () => null,
      () => done(7 as unknown as string),
      () => {
        throw new Error('a bug')
      },
    ]
    for (const otherwise of never) {
      const running = await runTables([tableOf(server, { otherwise })])
      const id = await insertOne(running, 't', { company: 'acme' })
      expect((await running.runtime.row('t', id)).cells.asked).toMatchObject({
        status: 'error',
        error: { kind: 'quota-exhausted' },
      })
      expect(await statuses(running, 't', id)).toMatchObject({ routed: 'skipped' })
    }
  })
})

describe('withinMs', () => {
  test('lets the row go on without the answer, which is recorded when it comes, kept, and not applied', async () => {
    const held = gate()
    const server = await startPaidServer(async () => {
      await held.opened
      return fine
    })
    const running = await runTables([tableOf(server, { withinMs: 60, timeoutMs: patienceMs })])
    const { answer: id, ownMs } = await timed(() => insertOne(running, 't', { company: 'acme' }))
    expect(ownMs).toBeLessThan(1_000)
    const before = await running.runtime.row('t', id)
    expect(before).toMatchObject({ atRest: true, cells: { routed: { value: 'to by rule' } } })
    expect(before.cells.asked).toMatchObject({
      value: 'by rule',
      reason: 'timeout: no answer within 60 ms',
      attempts: 1,
    })
    held.open()
    await until(async () => (await late(running, id)).length === 1, 'the late answer')
    expect(await late(running, id)).toMatchObject([
      {
        status: 'done',
        value: 'fine',
        cost: { usd: 0.004 },
        inputs: { company: 'acme' },
        detail: { cached: false },
      },
    ])
    expect((await running.runtime.row('t', id)).cells).toEqual(before.cells)
    expect((await running.runtime.why('t', id, 'routed'))[0]).toMatchObject({
      value: 'by rule',
      late: { value: 'fine', at: expect.any(String) },
    })
    expect((await running.runtime.cell('t', id, 'asked')).costUsd).toBe(0.004)
    await rerun(running, 't', { mode: 'stale', downstream: true })
    expect((await running.runtime.row('t', id)).cells).toMatchObject({
      asked: { value: 'fine', stale: false },
      routed: { value: 'to fine' },
    })
    expect(server.asked).toHaveLength(1)
  })

  test('records what became of a call that nobody waited for and that failed', async () => {
    const server = await startPaidServer(() => new Promise(() => {}))
    const running = await runTables([
      tableOf(server, { withinMs: 30, timeoutMs: 90, spend: { perDay: 1 }, retry: { attempts: 5 } }),
    ])
    const id = await insertOne(running, 't', { company: 'acme' })
    await until(async () => (await late(running, id)).length === 1, 'the end of the call')
    expect(await late(running, id)).toMatchObject([
      { status: 'error', reason: 'timeout: no answer within 90 ms', cost: { usd: 0.01 } },
    ])
    expect(server.asked).toHaveLength(1)
    expect((await running.runtime.cell('t', id, 'asked')).costUsd).toBe(0.01)
  })

  test('does not wait for a retry that would come too late', async () => {
    const server = await startPaidServer(() => ({ status: 429, retryAfterMs: 3_600_000 }))
    const running = await runTables([tableOf(server, { withinMs: patienceMs })])
    const { answer: id, ownMs } = await timed(() => insertOne(running, 't', { company: 'acme' }))
    expect(ownMs).toBeLessThan(1_500)
    expect(server.asked).toHaveLength(1)
    expect((await running.runtime.row('t', id)).cells.asked).toMatchObject({
      value: 'by rule',
      reason: 'rate-limited: 429 ',
    })
  })

  test('waits for a retry that comes in time', async () => {
    const server = await startPaidServer((call) => (call === 1 ? { status: 429, retryAfterMs: 50 } : fine))
    const running = await runTables([tableOf(server, { withinMs: patienceMs })])
    const id = await insertOne(running, 't', { company: 'acme' })
    expect((await running.runtime.row('t', id)).cells.asked).toMatchObject({ value: 'fine', stale: false })
  })

  test('counts from the first attempt over a restart: a row that was parked too long asks no more', async () => {
    const server = await startPaidServer(() => ({ status: 429, retryAfterMs: 5_000 }))
    let running = await runTables([tableOf(server, { withinMs: 30_000 })], { parkAfterMs: 10 })
    const id = await insertOne(running, 't', { company: 'acme' })
    expect((await running.runtime.row('t', id)).cells.asked?.status).toBe('waiting')
    running.clock.aheadMs = 31_000
    running = await running.restart()
    await running.runtime.idle()
    expect(server.asked).toHaveLength(1)
    expect((await running.runtime.row('t', id)).cells.asked).toMatchObject({
      value: 'by rule',
      reason: 'rate-limited: 429 ; no other attempt fits within 30000 ms',
      attempts: 1,
    })
  })

  test('counts for a live lead while its call waits for a budget, and such a call is never made', async () => {
    const held = gate()
    const server = await startPaidServer(async () => {
      await held.opened
      return fine
    })
    const running = await runTables([
      tableOf(server, { withinMs: 80, timeoutMs: patienceMs, budget: { key: 'paid', concurrency: 1 } }),
    ])
    const [first = '', second = ''] = await insertRows(running, 't', [{ company: 'a' }, { company: 'b' }])
    await running.runtime.idle()
    expect((await running.runtime.row('t', second)).cells.asked).toMatchObject({
      value: 'by rule',
      reason: 'timeout: its turn did not come within 80 ms',
      attempts: 0,
    })
    held.open()
    await until(async () => (await late(running, first)).length === 1, 'the late answer')
    expect(server.asked).toEqual([{ company: 'a' }])
    expect(await late(running, second)).toEqual([])
  })

  test('begins for bulk rows with the call, so that a long queue is worked off', async () => {
    const server = await startPaidServer(async () => {
      await new Promise((resolve) => setTimeout(resolve, 10))
      return fine
    })
    const running = await runTables([
      tableOf(server, { withinMs: 1_000, budget: { key: 'paid', concurrency: 1 } }),
    ])
    const rows = Array.from({ length: 150 }, (_, n) => ({ company: `c${n}` }))
    await running.runtime.insert('t', rows, { lane: 'bulk' })
    await running.runtime.idle()
    expect(await running.runtime.count('t', 'asked=fine')).toBe(150)
  })

  test('fences the late answer: a run that came in between keeps its own', async () => {
    const held = gate()
    const server = await startPaidServer(async (call) => {
      if (call > 1) return { status: 200, answer: 'newer' }
      await held.opened
      return { status: 200, answer: 'older' }
    })
    const running = await runTables([
      tableOf(server, { withinMs: 400, timeoutMs: patienceMs, forgetful: true }),
    ])
    const id = await insertOne(running, 't', { company: 'acme' })
    await rerun(running, 't', { mode: 'stale' })
    expect((await running.runtime.row('t', id)).cells.asked).toMatchObject({ value: 'newer' })
    held.open()
    await until(async () => (await late(running, id)).length === 1, 'the late answer')
    const cell = await running.runtime.cell('t', id, 'asked')
    expect(cell.value).toBe('newer')
    expect(cell.history.map(({ kind, value }) => [kind, value])).toEqual([
      ['attempt', 'by rule'],
      ['attempt', 'newer'],
      ['late', 'older'],
    ])
    const restarted = await running.restart()
    expect((await restarted.runtime.row('t', id)).cells.asked).toMatchObject({ value: 'newer' })
  })

  test('leaves nothing of an answer that comes after its row was erased', async () => {
    const held = gate()
    const server = await startPaidServer(async () => {
      await held.opened
      return fine
    })
    const running = await runTables([tableOf(server, { withinMs: 30, timeoutMs: patienceMs })])
    const id = await insertOne(running, 't', { company: 'acme' })
    await running.runtime.erase('t', id)
    held.open()
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(await running.store.memo('{"company":"acme"}')).toBeNull()
    expect(running.log.filter(({ level }) => level === 'error')).toEqual([])
  })

  test('ends with the process: a killed one has the stand-in, and the next asks only when told to', async () => {
    const server = await startPaidServer(() => new Promise(() => {}))
    const running = await runFaulty([tableOf(server, { withinMs: 30, timeoutMs: patienceMs })])
    const { rows } = await running.runtime.insert('t', [{ company: 'acme' }])
    const id = rows[0]?.status === 'accepted' ? rows[0].id : ''
    await running.runtime.idle()
    const after = await running.afterKill()
    await after.runtime.idle()
    expect((await after.runtime.row('t', id)).cells.asked).toMatchObject({ value: 'by rule' })
    expect(server.asked).toHaveLength(1)
    expect((await timed(() => running.runtime.stop())).ownMs).toBeLessThan(1_000)
  })
})
