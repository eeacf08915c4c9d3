import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { done } from '../../columns/column.ts'
import { compute } from '../../columns/compute.ts'
import { defineTable } from '../../columns/table.ts'
import { ask, createOutside, deliver } from '../support/outside.ts'
import { insertRows, onDisk, request, rerun, runTables, statuses, until } from '../support/runtime.ts'

const input = z.object({ n: z.number() })
const rows = (count: number) => Array.from({ length: count }, (_, n) => ({ n }))

/** A read that can be held, and an effect behind nothing that can be held too. */
function held(budget?: { key: string; concurrency: number }) {
  const outside = createOutside()
  const gate = { read: Promise.withResolvers<void>(), write: Promise.withResolvers<void>() }
  const reads: AbortSignal[] = []
  const state = { holdReads: false, holdWrites: false }
  const table = defineTable('t', { input })
    .column('first', compute({ reads: ['n'], run: ({ n }) => (n ?? 0) + 1 }))
    .column(
      'fact',
      ask({
        reads: ['first'],
        run: async ({ first }, { signal }) => {
          reads.push(signal)
          if (state.holdReads) await gate.read.promise
          return done(first)
        },
      }),
    )
    .column('told', deliver(outside, { needs: ['first'], ...(budget && { budget }) }))
    .column('after', compute({ needs: ['fact'], run: ({ fact }) => fact as number }))
  outside.onArrival = () => (state.holdWrites ? gate.write.promise : undefined)
  return { table, outside, gate, reads, state }
}

describe('cancelling an insert', () => {
  test('aborts reads, waits for effects that have left, and starts nothing new', async () => {
    const { table, outside, gate, reads, state } = held()
    Object.assign(state, { holdReads: true, holdWrites: true })
    const running = await runTables([table])
    const { run, rows: answers } = await running.runtime.insert('t', rows(1))
    const id = answers[0]?.status === 'accepted' ? answers[0].id : ''
    await until(() => reads.length + outside.received.length === 2, 'both are under way')
    const cancelled = await running.runtime.cancelRun(run?.id ?? '')
    expect(cancelled).toMatchObject({ status: 'cancelled', remaining: 1 })
    expect(reads[0]?.aborted).toBe(true)
    expect(await statuses(running, 't', id)).toEqual({
      first: 'done',
      fact: 'cancelled',
      told: 'running',
      after: 'cancelled',
    })
    gate.write.resolve()
    await running.runtime.idle()
    gate.read.resolve()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await statuses(running, 't', id)).toEqual({
      first: 'done',
      fact: 'cancelled',
      told: 'done',
      after: 'cancelled',
    })
    expect(await running.runtime.findRun(run?.id ?? '')).toMatchObject({ status: 'cancelled', remaining: 0 })
    expect((await onDisk(running, 't', id)).active).toBeNull()
  })

  test('with an effect that then fails, or whose answer is lost, ends all the same', async () => {
    for (const [behaviour, status] of [
      ['busy', 'cancelled'],
      ['answer-lost', 'unknown'],
    ] as const) {
      const { table, outside, gate, state } = held()
      state.holdWrites = true
      outside.plan(behaviour)
      const running = await runTables([table])
      const { run, rows: answers } = await running.runtime.insert('t', rows(1))
      const id = answers[0]?.status === 'accepted' ? answers[0].id : ''
      await until(() => outside.received.length === 1, 'the request has arrived')
      await running.runtime.cancelRun(run?.id ?? '')
      gate.write.resolve()
      await running.runtime.idle()
      expect((await statuses(running, 't', id)).told).toBe(status)
      expect(outside.received).toHaveLength(1)
      // What was in doubt is asked about by the next run, what did not happen is sent.
      await rerun(running, 't', { mode: 'missing' })
      await rerun(running, 't', { mode: 'errored' })
      expect((await statuses(running, 't', id)).told).toBe('done')
      expect(outside.taken).toHaveLength(1)
      await running.close()
    }
  })

  test('withdraws effects that wait for their budget', async () => {
    const { table, outside, gate, state } = held({ key: 'one', concurrency: 1 })
    state.holdWrites = true
    const running = await runTables([table])
    const { run, rows: answers } = await running.runtime.insert('t', rows(5))
    await until(() => outside.received.length === 1, 'one is under way')
    await running.runtime.cancelRun(run?.id ?? '')
    gate.write.resolve()
    await running.runtime.idle()
    expect(outside.received).toHaveLength(1)
    const told = await Promise.all(
      answers.map(
        async (each) => (await statuses(running, 't', each.status === 'invalid' ? '' : each.id)).told,
      ),
    )
    expect(told.sort()).toEqual(['cancelled', 'cancelled', 'cancelled', 'cancelled', 'done'])
    for (const each of answers)
      expect(
        (await onDisk(running, 't', each.status === 'invalid' ? '' : each.id)).cells.told,
      ).not.toHaveProperty('intent')
  })

  test('reaches rows that still wait in the store', async () => {
    const { table, outside, gate, reads, state } = held()
    state.holdReads = true
    const running = await runTables([table], { limits: { rows: 3 } })
    const { run, rows: answers } = await running.runtime.insert('t', rows(20))
    await until(() => reads.length === 3, 'three are under way')
    await running.runtime.cancelRun(run?.id ?? '')
    await running.runtime.idle()
    gate.read.resolve()
    expect(await running.runtime.findRun(run?.id ?? '')).toMatchObject({ status: 'cancelled', remaining: 0 })
    for (const each of answers.slice(5)) {
      expect(Object.values(await statuses(running, 't', each.status === 'invalid' ? '' : each.id))).toEqual([
        'cancelled',
        'cancelled',
        'cancelled',
        'cancelled',
      ])
    }
    expect(outside.received.length).toBeLessThanOrEqual(3)
  })

  test('reaches rows that are parked, long before they would come back', async () => {
    const { table, outside } = held()
    outside.plan('busy')
    const slow = defineTable('t', { input }).column(
      'told',
      deliver(outside, { retry: { baseMs: 3_600_000, maxMs: 3_600_000 } }),
    )
    expect(table.name).toBe(slow.name)
    const running = await runTables([slow], { parkAfterMs: 10 })
    const { run, rows: answers } = await running.runtime.insert('t', rows(1))
    const id = answers[0]?.status === 'accepted' ? answers[0].id : ''
    await until(async () => (await onDisk(running, 't', id)).dueAt !== null, 'parked')
    await running.runtime.cancelRun(run?.id ?? '')
    await running.runtime.idle()
    expect(await statuses(running, 't', id)).toEqual({ told: 'cancelled' })
    expect((await onDisk(running, 't', id)).active).toBeNull()
  })

  test('holds over a restart', async () => {
    const { table, outside, reads, state } = held()
    state.holdReads = true
    const running = await runTables([table], { limits: { rows: 2 } })
    const { run, rows: answers } = await running.runtime.insert('t', rows(10))
    await until(() => reads.length === 2, 'two are under way')
    // Written down, and then the process ends before the rows have been told.
    await running.store.updateRun(run?.id ?? '', { status: 'cancelled' })
    const again = await running.restart()
    await again.runtime.idle()
    for (const each of answers)
      expect((await statuses(again, 't', each.status === 'invalid' ? '' : each.id)).fact).toBe('cancelled')
    expect(outside.received.length).toBeLessThanOrEqual(2)
  })
})

describe('cancelling a re-run', () => {
  test('leaves results, owners and effects of before as they were', async () => {
    const { table, outside, gate, reads, state } = held()
    const running = await runTables([table], { limits: { rows: 4, bulkRows: 4 } })
    const ids = await insertRows(running, 't', rows(12))
    await running.runtime.idle()
    const before = await Promise.all(ids.map((id) => onDisk(running, 't', id)))
    reads.length = 0
    outside.received = []
    state.holdReads = true
    const run = await running.runtime.run(
      't',
      request({ force: true, includeEffects: true, columns: ['fact', 'after'] }),
    )
    await until(() => reads.length === 4, 'four are under way')
    await running.runtime.cancelRun(run.id)
    await running.runtime.idle()
    gate.read.resolve()
    for (const [index, id] of ids.entries()) {
      const after = await onDisk(running, 't', id)
      for (const [name, cell] of Object.entries(after.cells)) {
        const { run: _, ...now } = cell
        const { run: __, ...then } = before[index]?.cells[name] ?? { run: 0 }
        expect(now, name).toEqual(then)
      }
    }
    expect(reads).toHaveLength(4)
    expect(outside.received).toEqual([])
    // And nothing of it counts as missing: the messages are not sent again.
    await rerun(running, 't', { mode: 'missing' })
    expect(outside.received).toEqual([])
    expect(await running.runtime.findRun(run.id)).toMatchObject({ status: 'cancelled', remaining: 0 })
  })

  test('that was to repeat effects leaves those that had not left as done', async () => {
    const { table, outside, gate, state } = held({ key: 'one', concurrency: 1 })
    const running = await runTables([table])
    const ids = await insertRows(running, 't', rows(4))
    await running.runtime.idle()
    state.holdWrites = true
    const run = await running.runtime.run(
      't',
      request({ columns: ['told'], force: true, includeEffects: true }),
    )
    await until(() => outside.received.length === 5, 'the first repeat is under way')
    await running.runtime.cancelRun(run.id)
    gate.write.resolve()
    await running.runtime.idle()
    for (const id of ids) expect((await statuses(running, 't', id)).told).toBe('done')
    await rerun(running, 't', { mode: 'missing' })
    expect(outside.received).toHaveLength(5)
    // A later repeat is a new intention for every row.
    await rerun(running, 't', { columns: ['told'], force: true, includeEffects: true })
    expect(new Set(outside.received.map((each) => each.sendId)).size).toBe(9)
  })

  test('keeps its counts, and a run that has ended stays as it is', async () => {
    const { table, gate, reads, state } = held()
    const running = await runTables([table])
    await insertRows(running, 't', rows(3))
    await running.runtime.idle()
    reads.length = 0
    state.holdReads = true
    const run = await running.runtime.run('t', request({ force: true, columns: ['first', 'fact'] }))
    await until(() => reads.length === 3, 'under way')
    await running.runtime.cancelRun(run.id)
    await running.runtime.idle()
    gate.read.resolve()
    expect((await running.store.findRun(run.id))?.counts).toMatchObject({ ran: 3, cancelled: 3 })
    state.holdReads = false
    const ended = await rerun(running, 't', { mode: 'all' })
    expect(await running.runtime.cancelRun(ended.id)).toMatchObject({ status: 'done' })
  })
})
