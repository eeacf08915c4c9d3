import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { done } from '../../columns/column.ts'
import { compute } from '../../columns/compute.ts'
import { defineTable } from '../../columns/table.ts'
import { ask, createOutside, deliver } from '../support/outside.ts'
import { patienceMs } from '../support/patience.ts'
import {
  insertOne,
  insertRows,
  onDisk,
  request,
  rerun,
  runTables,
  statuses,
  until,
} from '../support/runtime.ts'

const input = z.object({ n: z.number(), who: z.string().optional() })
const rows = (count: number, from = 0) => Array.from({ length: count }, (_, index) => ({ n: from + index }))
const start = () => defineTable('t', { input, person: ({ who }) => who })

/** Counts how many calls are under way at once. */
function crowd(ms: number) {
  const seen = { now: 0, most: 0, calls: [] as number[] }
  const run = async (values: Record<string, unknown>) => {
    seen.now += 1
    seen.most = Math.max(seen.most, seen.now)
    seen.calls.push(Number(values.n))
    await new Promise((resolve) => setTimeout(resolve, ms))
    seen.now -= 1
    return done(Number(values.n))
  }
  return { seen, run }
}

describe('memory', () => {
  test('holds no more rows than it may; the others wait in the store and all get done', async () => {
    const { seen, run } = crowd(2)
    const running = await runTables([start().column('a', ask({ reads: ['n'], run }))], {
      limits: { rows: 5 },
    })
    const ids = await insertRows(running, 't', rows(60))
    expect((await statuses(running, 't', ids.at(-1) ?? '')).a).toBe('queued')
    await running.runtime.idle()
    expect(seen.most).toBeLessThanOrEqual(5)
    expect(seen.calls).toHaveLength(60)
    expect(await running.runtime.count('t', 'a.status:done')).toBe(60)
  })

  test('takes rows that wait in the store up again after a restart, each once', async () => {
    const { seen, run } = crowd(15)
    const outside = createOutside()
    let running = await runTables(
      [
        start()
          .column('a', ask({ reads: ['n'], run }))
          .column('told', deliver(outside, { needs: ['a'] })),
      ],
      { limits: { rows: 5 } },
    )
    await insertRows(running, 't', rows(40))
    await until(() => seen.calls.length > 8, 'some are done')
    running = await running.restart()
    await running.runtime.idle()
    expect(await running.runtime.count('t', 'told.status:done')).toBe(40)
    expect(outside.taken).toHaveLength(40)
    expect(new Set(outside.taken.map((each) => each.row)).size).toBe(40)
  })
})

describe('a budget', () => {
  test('is shared by every column that names it, and kept', async () => {
    const { seen, run } = crowd(3)
    const budget = { key: 'vendor', concurrency: 3 }
    const table = start()
      .column('a', ask({ reads: ['n'], budget, run }))
      .column('b', ask({ reads: ['n'], budget, run }))
      .column('c', compute({ reads: ['n'], budget, run: async (row) => (await run(row)).status }))
    const running = await runTables([table])
    await insertRows(running, 't', rows(20))
    await running.runtime.idle()
    expect(seen.calls).toHaveLength(60)
    expect(seen.most).toBe(3)
  })

  test('counts no waiting time against the deadline of an attempt', async () => {
    const { run } = crowd(20)
    const table = start().column(
      'a',
      ask({ reads: ['n'], timeoutMs: 80, budget: { key: 'one', concurrency: 1 }, run }),
    )
    const running = await runTables([table])
    await insertRows(running, 't', rows(10))
    await running.runtime.idle()
    expect(await running.runtime.count('t', 'a.status:done')).toBe(10)
  })

  test('serves live rows before bulk rows', async () => {
    const { seen, run } = crowd(4)
    const table = start().column('a', ask({ reads: ['n'], budget: { key: 'one', concurrency: 1 }, run }))
    const running = await runTables([table])
    await running.runtime.insert('t', rows(30), { lane: 'bulk' })
    await until(() => seen.calls.length >= 2, 'the backlog is under way')
    await insertRows(running, 't', [{ n: 999 }])
    await running.runtime.idle()
    expect(seen.calls.indexOf(999)).toBeLessThan(6)
  })
})

describe('a bulk run', () => {
  test('over thousands of rows does not stand in front of live rows', async () => {
    const { seen, run } = crowd(10)
    const table = start()
      .column('a', ask({ reads: ['n'], run }))
      .column('b', compute({ needs: ['a'], run: ({ a }) => Number(a) + 1 }))
    const running = await runTables([table], { limits: { rows: 300, bulkRows: 100 } })
    await running.runtime.insert('t', rows(3_000))
    await running.runtime.idle()
    seen.most = 0
    const bulk = await running.runtime.run('t', request({ force: true }))
    expect(bulk.lane).toBe('bulk')
    const between: number[] = []
    for (let n = 0; n < 10; n += 1) {
      const from = seen.calls.length
      const ids = await insertRows(running, 't', [{ n: 10_000 + n }])
      expect(await running.runtime.settled('t', ids, null, patienceMs)).toBe(true)
      between.push(seen.calls.length - from)
    }
    const during = await running.runtime.findRun(bulk.id)
    expect(during.status).toBe('running')
    await running.runtime.idle()
    expect(seen.most).toBeLessThanOrEqual(102)
    // A live row takes its own ten milliseconds and its turn on the loop, in which a few rounds of bulk rows come in, never the backlog.
    expect(between.toSorted((a, b) => a - b)[5]).toBeLessThan(400)
    expect(await running.runtime.findRun(bulk.id)).toMatchObject({
      status: 'done',
      handedOut: 3_000,
      remaining: 0,
      counts: { ran: 6_000 },
    })
  })

  test('that was under way goes on after a restart, behind live rows, and runs every row once', async () => {
    const { seen, run } = crowd(5)
    let running = await runTables([start().column('a', ask({ reads: ['n'], run }))], {
      limits: { rows: 50, bulkRows: 20 },
    })
    await running.runtime.insert('t', rows(300))
    await running.runtime.idle()
    seen.calls = []
    const bulk = await running.runtime.run('t', request({ force: true }))
    await until(() => seen.calls.length > 60, 'some are done')
    running = await running.restart()
    const [live = ''] = await insertRows(running, 't', [{ n: 999 }])
    expect(await running.runtime.settled('t', [live], null, patienceMs)).toBe(true)
    expect((await running.runtime.findRun(bulk.id)).status).toBe('running')
    await running.runtime.idle()
    expect(await running.runtime.findRun(bulk.id)).toMatchObject({
      status: 'done',
      handedOut: 300,
      remaining: 0,
    })
    const done = await Promise.all(
      (await running.store.scan({ table: 't', limit: 1_000 })).map(async (row) => row.cells.a?.attempts),
    )
    expect(done.filter((attempts) => attempts === 2)).toHaveLength(300)
  })
})

describe('runs that meet over the same rows', () => {
  test('wait for each other, and both do all of their work', async () => {
    const { seen, run } = crowd(5)
    const table = start()
      .column('a', ask({ reads: ['n'], run }))
      .column('b', ask({ reads: ['n'], run }))
    const running = await runTables([table])
    await insertRows(running, 't', rows(50))
    await running.runtime.idle()
    seen.calls = []
    const runs = await Promise.all([
      running.runtime.run('t', request({ columns: ['a'], force: true })),
      running.runtime.run('t', request({ columns: ['b'], force: true })),
      running.runtime.run('t', request({ columns: ['a'], force: true })),
    ])
    await running.runtime.idle()
    expect(seen.calls).toHaveLength(150)
    for (const { id } of runs)
      expect(await running.runtime.findRun(id)).toMatchObject({ status: 'done', counts: { ran: 50 } })
  })

  test('a re-run of one column takes nothing from an insert that still waits for room', async () => {
    const { run } = crowd(5)
    const table = start()
      .column('a', ask({ reads: ['n'], run }))
      .column('b', compute({ needs: ['a'], run: () => 'b' }))
    const running = await runTables([table], { limits: { rows: 4 } })
    await insertRows(running, 't', rows(40))
    await running.runtime.run('t', request({ columns: ['b'], mode: 'missing' }))
    await running.runtime.idle()
    expect(await running.runtime.count('t', 'a.status:done')).toBe(40)
    expect(await running.runtime.count('t', 'b.status:done')).toBe(40)
  })
})

describe('the same person again', () => {
  test('is a touch of the same row, also while it is being worked on, and runs nothing', async () => {
    const gate = Promise.withResolvers<void>()
    let calls = 0
    const table = start().column(
      'a',
      ask({
        reads: ['n'],
        run: async ({ n }) => {
          calls += 1
          await gate.promise
          return done(n)
        },
      }),
    )
    const running = await runTables([table])
    const [id = ''] = await insertRows(running, 't', [{ n: 1, who: 'ana' }])
    await until(() => calls === 1, 'under way')
    const again = await running.runtime.insert('t', [
      { n: 2, who: 'ana' },
      { n: 3, who: 'ana' },
    ])
    expect(again.rows).toEqual([
      { status: 'touched', id, ignored: [] },
      { status: 'touched', id, ignored: [] },
    ])
    gate.resolve()
    await running.runtime.idle()
    const row = await running.runtime.row('t', id)
    expect(calls).toBe(1)
    expect(row).toMatchObject({ input: { n: 1 }, touchCount: 2, cells: { a: { status: 'done', value: 1 } } })
    expect(row.touches.map((each) => each.input.n)).toEqual([2, 3])
  })

  test('under the same idempotency key is the same answer, and nothing happens twice', async () => {
    const { seen, run } = crowd(1)
    let running = await runTables([start().column('a', ask({ reads: ['n'], run }))])
    const first = await running.runtime.insert('t', rows(3), { idempotencyKey: 'form-7' })
    const twins = await Promise.all(
      [1, 2].map(() => running.runtime.insert('t', rows(3), { idempotencyKey: 'form-7' })),
    )
    await running.runtime.idle()
    running = await running.restart()
    twins.push(await running.runtime.insert('t', rows(3), { idempotencyKey: 'form-7' }))
    for (const twin of twins) expect(twin).toMatchObject({ run: null, rows: first.rows })
    expect(seen.calls).toHaveLength(3)
    expect(await running.runtime.count('t')).toBe(3)
    await expect(running.runtime.insert('t', rows(2), { idempotencyKey: 'form-7' })).rejects.toMatchObject({
      code: 'idempotency-mismatch',
    })
  })
})

describe('waiting', () => {
  test('idle ends when nothing is under way, at once when nothing ever was', async () => {
    const running = await runTables([start().column('a', compute({ reads: ['n'], run: ({ n }) => n }))])
    await running.runtime.idle()
    await rerun(running, 't', { mode: 'errored' })
    await insertOne(running, 't', { n: 1 })
    const run = await running.runtime.run('t', request())
    await running.runtime.idle()
    expect((await running.runtime.findRun(run.id)).status).toBe('done')
  })

  test('settled is true for a cell only once it is on disk', async () => {
    const { run } = crowd(3)
    const table = start()
      .column('a', ask({ reads: ['n'], run }))
      .column('b', ask({ needs: ['a'], run: async () => await run({ n: 1 }) }))
    const running = await runTables([table], { limits: { rows: 10 } })
    const ids = await insertRows(running, 't', rows(30))
    for (const id of ids) {
      expect(await running.runtime.settled('t', [id], 'a', patienceMs)).toBe(true)
      expect((await onDisk(running, 't', id)).cells.a?.status).toBe('done')
    }
    expect(await running.runtime.settled('t', ids, null, patienceMs)).toBe(true)
    for (const id of ids) expect((await running.runtime.row('t', id)).atRest).toBe(true)
  })

  test('settled is false when time is up', async () => {
    const gate = Promise.withResolvers<void>()
    const running = await runTables([
      start().column(
        'a',
        ask({
          run: async () => {
            await gate.promise
            return done(1)
          },
        }),
      ),
    ])
    const ids = await insertRows(running, 't', rows(1))
    expect(await running.runtime.settled('t', ids, 'a', 40)).toBe(false)
    gate.resolve()
    expect(await running.runtime.settled('t', ids, 'a', patienceMs)).toBe(true)
  })
})

describe('stopping', () => {
  test('waits for an effect that has left and writes its outcome, so that nobody has to ask for it', async () => {
    const outside = createOutside()
    const gate = Promise.withResolvers<void>()
    outside.onArrival = () => gate.promise
    const table = start()
      .column('told', deliver(outside))
      .column('after', ask({ needs: ['told'], run: () => done(1) }))
    const running = await runTables([table])
    const [id = ''] = await insertRows(running, 't', rows(1))
    await until(() => outside.received.length === 1, 'the request has arrived')
    setTimeout(() => gate.resolve(), 30)
    const again = await running.restart()
    await again.runtime.idle()
    expect(outside.received).toHaveLength(1)
    expect(outside.asked).toEqual([])
    expect(await statuses(again, 't', id)).toEqual({ told: 'done', after: 'done' })
    expect(running.log.filter((line) => line.level === 'error')).toEqual([])
  })

  test('in the middle of a bulk run says nothing in the log and hands nothing out any more', async () => {
    const { seen, run } = crowd(5)
    const running = await runTables([start().column('a', ask({ reads: ['n'], run }))], {
      limits: { rows: 20, bulkRows: 10 },
    })
    await running.runtime.insert('t', rows(400))
    await running.runtime.idle()
    await running.runtime.run('t', request({ force: true }))
    await until(() => seen.calls.length > 420, 'some are done')
    await running.close()
    const calls = seen.calls.length
    await new Promise((resolve) => setTimeout(resolve, 40))
    expect(seen.calls.length).toBe(calls)
    expect(running.log.filter((line) => line.level === 'error')).toEqual([])
  })
})
