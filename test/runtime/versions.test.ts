import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { done } from '../../columns/column.ts'
import { compute } from '../../columns/compute.ts'
import { RetryAfterError } from '../../columns/errors.ts'
import { defineTable } from '../../columns/table.ts'
import { ask, createOutside, deliver } from '../support/outside.ts'
import { insertOne, insertRows, onDisk, request, rerun, runTables, statuses } from '../support/runtime.ts'

const input = z.object({ n: z.number(), note: z.string().optional() })
const start = () => defineTable('t', { input })

describe('an edit of the input', () => {
  const table = () => {
    const outside = createOutside()
    return {
      outside,
      table: start()
        .column('twice', compute({ reads: ['n'], run: ({ n }) => (n ?? 0) * 2 }))
        .column('big', compute({ reads: ['twice'], run: ({ twice }) => (twice ?? 0) > 10 }))
        .column('noted', compute({ reads: ['note'], run: ({ note }) => note ?? 'none' }))
        .column('told', deliver(outside, { needs: ['twice'] })),
    }
  }

  test('marks what was worked out from it, runs nothing, and is in the filter and in the history', async () => {
    const { table: definition, outside } = table()
    const running = await runTables([definition])
    const id = await insertOne(running, 't', { n: 1 })
    expect(await running.runtime.edit('t', id, { n: 9 })).toEqual({ ok: true })
    const { cells, input: now } = await running.runtime.row('t', id)
    expect(now).toEqual({ n: 9 })
    expect(cells.twice).toMatchObject({ status: 'done', value: 2, stale: true })
    expect([cells.big?.stale, cells.noted?.stale, cells.told?.stale]).toEqual([false, false, false])
    expect(outside.received).toHaveLength(1)
    expect(await running.runtime.count('t', 'stale:twice')).toBe(1)
    const { history } = await running.runtime.cell('t', id, 'twice')
    expect(history.map((each) => [each.outcome, each.inputs])).toEqual([
      [null, { n: 1 }],
      ['stale', { n: 9 }],
    ])
  })

  test('that puts the old value back takes the mark away', async () => {
    const running = await runTables([table().table])
    const id = await insertOne(running, 't', { n: 1 })
    await running.runtime.edit('t', id, { n: 9 })
    await running.runtime.edit('t', id, { n: 1 })
    expect((await running.runtime.row('t', id)).cells.twice?.stale).toBe(false)
    expect(await running.runtime.count('t', 'stale')).toBe(0)
  })

  test('is carried through by a run of the stale with downstream, but for effects', async () => {
    const { table: definition, outside } = table()
    const running = await runTables([definition])
    const id = await insertOne(running, 't', { n: 1 })
    await running.runtime.edit('t', id, { n: 9 })
    await rerun(running, 't', { mode: 'stale', downstream: true })
    const { cells } = await running.runtime.row('t', id)
    expect(cells.twice).toMatchObject({ value: 18, stale: false })
    expect(cells.big).toMatchObject({ value: true, stale: false })
    expect(cells.told).toMatchObject({ status: 'done', stale: true })
    expect(outside.received).toHaveLength(1)
  })

  test('that is refused changes nothing', async () => {
    const running = await runTables([table().table])
    const id = await insertOne(running, 't', { n: 1 })
    const before = await onDisk(running, 't', id)
    expect(await running.runtime.edit('t', id, { n: 'x' })).toMatchObject({
      ok: false,
      problems: [{ field: 'n' }],
    })
    expect(await onDisk(running, 't', id)).toEqual(before)
    await expect(running.runtime.edit('t', 'row_x', {})).rejects.toMatchObject({ code: 'row-unknown' })
  })

  test('at the same time as another of the same row loses neither', async () => {
    const running = await runTables([table().table])
    const id = await insertOne(running, 't', { n: 1 })
    await Promise.all([
      running.runtime.edit('t', id, { n: 2 }),
      running.runtime.edit('t', id, { note: 'vip' }),
    ])
    expect((await running.runtime.row('t', id)).input).toEqual({ n: 2, note: 'vip' })
  })

  test('waits for a row that is still being worked on', async () => {
    const gate = Promise.withResolvers<void>()
    const slow = start().column(
      'slow',
      ask({
        reads: ['n'],
        run: async ({ n }) => {
          await gate.promise
          return done(n)
        },
      }),
    )
    const running = await runTables([slow])
    const [id = ''] = await insertRows(running, 't', [{ n: 1 }])
    const edited = running.runtime.edit('t', id, { n: 2 })
    gate.resolve()
    expect(await edited).toEqual({ ok: true })
    expect((await running.runtime.row('t', id)).cells.slow).toMatchObject({ value: 1, stale: true })
  })
})

describe('a new version of the definition', () => {
  const first = () =>
    start()
      .column('twice', compute({ reads: ['n'], run: ({ n }) => (n ?? 0) * 2 }))
      .column('same', compute({ reads: ['n'], run: ({ n }) => n }))
  const changed = () =>
    start()
      .column('twice', compute({ reads: ['n'], run: ({ n }) => (n ?? 0) + (n ?? 0) }))
      .column('same', compute({ reads: ['n'], run: ({ n }) => n }))
      .column('added', compute({ reads: ['twice'], run: ({ twice }) => twice }))

  test('shows what a changed column gave as stale, without touching a row', async () => {
    let running = await runTables([first()])
    const id = await insertOne(running, 't', { n: 3 })
    const before = await onDisk(running, 't', id)
    running = await running.restart([changed()])
    const { cells } = await running.runtime.row('t', id)
    expect([cells.twice?.stale, cells.same?.stale, cells.added?.stale]).toEqual([true, false, false])
    expect([cells.twice?.definition, cells.added?.status]).toEqual([1, 'idle'])
    expect(await onDisk(running, 't', id)).toEqual(before)
    expect((await running.runtime.table('t')).definition).toBe(2)
    const run = await rerun(running, 't', { mode: 'stale' })
    expect(run).toMatchObject({ definition: 2, counts: { ran: 1 } })
    expect((await running.runtime.row('t', id)).cells.twice).toMatchObject({ stale: false, definition: 2 })
    expect((await rerun(running, 't', { mode: 'missing' })).counts).toMatchObject({ ran: 1 })
  })

  test('is found unchanged by a run, and then belongs to the new version', async () => {
    let running = await runTables([first()])
    const id = await insertOne(running, 't', { n: 3 })
    running = await running.restart([changed()])
    await rerun(running, 't', { columns: ['same'] })
    expect((await onDisk(running, 't', id)).cells.same).toMatchObject({ definition: 2, attempts: 1 })
  })

  test('in the middle of a row lets it go on, and each cell says under which version it ran', async () => {
    const waiting = () =>
      first().column(
        'slow',
        ask({
          retry: { attempts: 4 },
          run: () => {
            throw new RetryAfterError('later', 3_600_000)
          },
        }),
      )
    const going = () =>
      changed()
        .column('slow', ask({ run: () => done('now') }))
        .column('last', compute({ needs: ['slow'], run: ({ slow }) => slow }))
    let running = await runTables([waiting()])
    const id = await insertOne(running, 't', { n: 3 })
    running.clock.aheadMs = 3_600_001
    running = await running.restart([going()])
    await running.runtime.idle()
    const row = await running.runtime.row('t', id)
    expect(row.atRest).toBe(true)
    expect(
      Object.fromEntries(
        Object.entries(row.cells).map(([name, cell]) => [name, [cell.status, cell.definition]]),
      ),
    ).toEqual({
      twice: ['done', 1],
      same: ['done', 1],
      added: ['done', 2],
      slow: ['done', 2],
      last: ['done', 2],
    })
    expect(row.cells.twice?.stale).toBe(true)
  })

  test('without a column cancels what was pending in it, and the row comes to rest', async () => {
    const waiting = first().column(
      'slow',
      ask({
        run: () => {
          throw new RetryAfterError('later', 3_600_000)
        },
      }),
    )
    let running = await runTables([waiting])
    const id = await insertOne(running, 't', { n: 3 })
    expect(await running.runtime.count('t', 'slow.status:waiting')).toBe(1)
    running.clock.aheadMs = 3_600_001
    running = await running.restart([first()])
    await running.runtime.idle()
    const row = await onDisk(running, 't', id)
    expect(row.active).toBeNull()
    expect(row.cells.slow).toMatchObject({ status: 'cancelled', reason: 'the column is no longer defined' })
    expect(await running.runtime.count('t', 'status:waiting')).toBe(0)
    expect(await statuses(running, 't', id)).toEqual({ twice: 'done', same: 'done' })
  })

  test('without a column leaves an effect in doubt as unknown', async () => {
    const outside = createOutside()
    outside.plan('answer-lost')
    let running = await runTables([first().column('told', deliver(outside, { horizonMs: 3_600_000 }))])
    const id = await insertOne(running, 't', { n: 3 })
    running.clock.aheadMs = 3_600_001
    running = await running.restart([first()])
    await running.runtime.idle()
    expect((await onDisk(running, 't', id)).cells.told).toMatchObject({
      status: 'unknown',
      intent: { sendId: outside.received[0]?.sendId },
    })
  })

  test('is one that a run keeps to, also when it started under another', async () => {
    const running = await runTables([first()])
    await insertOne(running, 't', { n: 3 })
    const run = await running.runtime.run('t', request())
    expect(run.definition).toBe(1)
    await running.runtime.idle()
    const again = await running.restart([changed()])
    expect((await again.runtime.findRun(run.id)).definition).toBe(1)
  })

  test('of a table that is gone leaves its rows alone, and the others run', async () => {
    const gone = defineTable('gone', { input }).column(
      'slow',
      ask({
        run: () => {
          throw new RetryAfterError('later', 100)
        },
      }),
    )
    let running = await runTables([gone, first()], { parkAfterMs: 10 })
    await insertOne(running, 'gone', { n: 1 })
    running.clock.aheadMs = 200
    running = await running.restart([first()])
    await running.runtime.idle()
    const id = await insertOne(running, 't', { n: 1 })
    expect((await statuses(running, 't', id)).twice).toBe('done')
  })
})
