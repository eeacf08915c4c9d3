import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineTable } from '../../columns/table.ts'
import { insertOne, insertRows, request, rerun, runTables, until } from '../support/runtime.ts'
import { runFaulty } from './faulty-store.ts'
import { byRule, gate, type PaidOptions, type PaidServer, paid, startPaidServer } from './paid-question.ts'

type Input = { company: string; n: number }
const input = z.object({ company: z.string(), n: z.number().default(0) })

const tableOf = ({ url }: PaidServer, options: Partial<PaidOptions<Input>> = {}) =>
  defineTable('t', { input }).column('asked', paid({ url, needs: ['company'], ...options }))

const toUpper = (_: number, question: unknown) => ({
  status: 200,
  answer: (question as Input).company.toUpperCase(),
})

describe('a kept answer', () => {
  test('is given again to rows that ask the same, also after a restart, without a call', async () => {
    const server = await startPaidServer(toUpper)
    let running = await runTables([tableOf(server)])
    await insertOne(running, 't', { company: 'acme', n: 1 })
    await insertOne(running, 't', { company: 'acme', n: 2 })
    running = await running.restart()
    const id = await insertOne(running, 't', { company: 'acme', n: 3 })
    await insertOne(running, 't', { company: 'other' })
    expect(server.asked).toEqual([{ company: 'acme' }, { company: 'other' }])
    const cell = await running.runtime.cell('t', id, 'asked')
    expect(cell).toMatchObject({ status: 'done', value: 'ACME', history: [{ detail: { cached: true } }] })
    expect(cell.costUsd).toBe(0)
  })

  test('makes a forced run over a thousand rows free of calls', async () => {
    const server = await startPaidServer(toUpper)
    const running = await runTables([tableOf(server, { budget: { key: 'paid', concurrency: 10 } })])
    const rows = Array.from({ length: 1_000 }, (_, n) => ({ company: `c${n % 40}`, n }))
    await insertRows(running, 't', rows)
    await running.runtime.idle()
    expect(server.asked).toHaveLength(40)
    expect(await rerun(running, 't', {})).toMatchObject({ counts: { unchanged: 1_000, ran: 0 } })
    expect(await rerun(running, 't', { force: true })).toMatchObject({ counts: { ran: 1_000, failed: 0 } })
    expect(server.asked).toHaveLength(40)
  })

  test('goes when the row that asked is erased', async () => {
    const server = await startPaidServer(toUpper)
    const running = await runTables([tableOf(server)])
    const id = await insertOne(running, 't', { company: 'acme' })
    await running.runtime.erase('t', id)
    expect(await running.store.memo('{"company":"acme"}')).toBeNull()
    await insertOne(running, 't', { company: 'acme' })
    expect(server.asked).toHaveLength(2)
  })

  test('is there when the process is killed between the answer and the cell', async () => {
    const server = await startPaidServer(toUpper)
    const stuck = gate()
    const running = await runFaulty([tableOf(server)], {
      faults: (store) => ({
        async remember(answer) {
          await store.remember(answer)
          await stuck.opened
        },
      }),
    })
    const { rows } = await running.runtime.insert('t', [{ company: 'acme' }])
    const id = rows[0]?.status === 'accepted' ? rows[0].id : ''
    await until(async () => (await running.store.memo('{"company":"acme"}')) !== null, 'it is kept')
    expect((await running.store.find('t', id))?.cells.asked).toBeUndefined()
    const after = await running.afterKill()
    await after.runtime.idle()
    expect((await after.runtime.row('t', id)).cells.asked).toMatchObject({ status: 'done', value: 'ACME' })
    expect(server.asked).toHaveLength(1)
    stuck.open()
  })

  test('counts as free in the preview of a run, as long as it is there and the question is the same', async () => {
    const server = await startPaidServer(toUpper)
    const running = await runTables([tableOf(server, { spend: { perDay: 1 } })])
    const first = await insertOne(running, 't', { company: 'one' })
    const second = await insertOne(running, 't', { company: 'two' })
    await insertOne(running, 't', { company: 'three' })
    const preview = () => running.runtime.preview('t', request({ force: true }))
    expect(await preview()).toMatchObject({
      costUsd: 0,
      columns: [{ run: 3, cached: 3, costUsd: 0, spend: { perDay: 1, perRun: null, spentToday: 0.012 } }],
    })
    await running.runtime.edit('t', first, { company: 'four' })
    await running.runtime.erase('t', second)
    expect(await preview()).toMatchObject({ costUsd: 0.01, columns: [{ run: 2, cached: 1 }] })
  })
})

describe('rows that ask the same at once', () => {
  test('ask once, and share the answer', async () => {
    const answered = gate()
    const server = await startPaidServer(async (call, question) => {
      await answered.opened
      return toUpper(call, question)
    })
    const running = await runTables([tableOf(server)])
    const ids = await insertRows(
      running,
      't',
      Array.from({ length: 50 }, (_, n) => ({ company: 'acme', n })),
    )
    await until(() => server.asked.length === 1, 'the call')
    answered.open()
    await running.runtime.idle()
    expect(server.asked).toHaveLength(1)
    const cells = await Promise.all(ids.map((id) => running.runtime.cell('t', id, 'asked')))
    expect(new Set(cells.map(({ value }) => value))).toEqual(new Set(['ACME']))
    expect(cells.filter(({ history }) => history[0]?.detail && 'cached' in history[0].detail)).toHaveLength(
      50,
    )
    expect(cells.filter(({ costUsd }) => costUsd > 0)).toHaveLength(1)
  })

  test('share its failure, and the retry too is one call', async () => {
    const at: number[] = []
    const server = await startPaidServer((call, question) => {
      at.push(Date.now())
      return call === 1 ? { status: 429, retryAfterMs: 100 } : toUpper(call, question)
    })
    const running = await runTables([tableOf(server)])
    await insertRows(
      running,
      't',
      Array.from({ length: 30 }, (_, n) => ({ company: 'acme', n })),
    )
    await running.runtime.idle()
    expect(server.asked).toHaveLength(2)
    // Nobody asked before the pause was over that the server wanted.
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(98)
    expect(await running.runtime.count('t', 'asked=ACME')).toBe(30)
  })

  test('go on without the one that asked when it is cancelled or has no money, but not without an answer', async () => {
    const server = await startPaidServer(async (call, question) => {
      if (call === 1) await new Promise(() => {})
      return toUpper(call, question)
    })
    const running = await runTables([tableOf(server)])
    const one = await running.runtime.insert('t', [{ company: 'acme', n: 1 }])
    await until(() => server.asked.length === 1, 'the call')
    const others = await insertRows(running, 't', [
      { company: 'acme', n: 2 },
      { company: 'acme', n: 3 },
    ])
    await running.runtime.cancelRun(one.run?.id ?? '')
    await running.runtime.idle()
    expect(server.asked).toHaveLength(2)
    for (const id of others)
      expect((await running.runtime.row('t', id)).cells.asked).toMatchObject({ value: 'ACME' })
  })

  test('are not held up by a question that nobody answers and that does not hear its abort', async () => {
    const server = await startPaidServer(toUpper)
    let calls = 0
    const deaf = paid<Input>({ url: server.url, needs: ['company'], timeoutMs: 60, retry: { attempts: 1 } })
    const { work } = deaf
    if (work.effect !== 'read') throw new Error('it asks')
    const table = defineTable('t', { input }).column('asked', {
      ...deaf,
      work: {
        ...work,
        otherwise: byRule,
        run: (values, context) =>
          work.run(values, {
            ...context,
            signal: context.signal,
            timeoutMs: 60,
            charge: context.charge,
            fetch: context.fetch,
            memo: (key, ask) =>
              context.memo(key, () => {
                calls += 1
                return calls === 1 ? new Promise<never>(() => {}) : ask()
              }),
          }),
      },
    })
    const running = await runTables([table])
    const first = await insertOne(running, 't', { company: 'acme', n: 1 })
    expect((await running.runtime.row('t', first)).cells.asked).toMatchObject({ value: 'by rule' })
    const second = await insertOne(running, 't', { company: 'acme', n: 2 })
    expect((await running.runtime.row('t', second)).cells.asked).toMatchObject({ value: 'ACME' })
  })
})
