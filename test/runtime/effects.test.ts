import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { compute } from '../../columns/compute.ts'
import { defineTable } from '../../columns/table.ts'
import type { JournalEntry } from '../../db/journal.ts'
import { createOutside, type DeliverOptions, deliver } from '../support/outside.ts'
import { insertOne, insertRows, onDisk, rerun, runTables, until } from '../support/runtime.ts'

const input = z.object({ word: z.string() })
interface Row {
  word: string
  shout: string | null
}

function messages(options: DeliverOptions<Row> = {}) {
  const outside = createOutside()
  const table = defineTable('t', { input })
    .column('shout', compute({ reads: ['word'], run: ({ word }) => word.toUpperCase() }))
    .column('told', deliver(outside, { needs: ['shout'], ...options }))
  return { outside, table }
}

const kinds = (entries: readonly JournalEntry[], column: string) =>
  entries.flatMap((entry) =>
    'cell' in entry && entry.column === column ? [`${entry.kind}:${entry.cell.status}`] : [],
  )

describe('an effect', () => {
  test('has its intent and everything it stands on on disk before the bytes leave', async () => {
    const { outside, table } = messages()
    const running = await runTables([table])
    let seen: JournalEntry[] = []
    outside.onArrival = async ({ row }) => {
      // Another look at the file: nothing of it comes from memory.
      const stored = await onDisk(running, 't', row)
      seen = await running.store.journal(stored.seq)
    }
    await insertOne(running, 't', { word: 'hey' })
    expect(kinds(seen, 'shout')).toEqual(['attempt:done'])
    expect(kinds(seen, 'told')).toEqual(['intent:running'])
    const intent = seen.find((entry) => entry.kind === 'intent')
    expect(intent?.cell.intent?.sendId).toBe(outside.received[0]?.sendId)
  })

  test('is sent once when it goes well', async () => {
    const { outside, table } = messages()
    const running = await runTables([table])
    const id = await insertOne(running, 't', { word: 'hey' })
    expect(outside.received).toMatchObject([{ row: id, values: { shout: 'HEY' } }])
    expect((await running.runtime.row('t', id)).cells.told).toMatchObject({ status: 'done', attempts: 1 })
    expect((await onDisk(running, 't', id)).cells.told).not.toHaveProperty('intent')
  })

  test('whose answer was lost is read back, and not sent again when it had happened', async () => {
    const { outside, table } = messages()
    outside.plan('answer-lost')
    const running = await runTables([table])
    const id = await insertOne(running, 't', { word: 'hey' })
    expect(outside.received).toHaveLength(1)
    expect(outside.asked).toEqual([outside.received[0]?.sendId])
    expect((await running.runtime.row('t', id)).cells.told).toMatchObject({ status: 'done', error: null })
  })

  test('whose request was lost is sent again under the same send id', async () => {
    const { outside, table } = messages()
    outside.plan('request-lost')
    const running = await runTables([table])
    const id = await insertOne(running, 't', { word: 'hey' })
    expect(outside.taken).toHaveLength(1)
    expect(new Set(outside.received.map((each) => each.sendId)).size).toBe(1)
    expect(outside.received).toHaveLength(2)
    expect((await running.runtime.row('t', id)).cells.told).toMatchObject({ status: 'done' })
    const { history } = await running.runtime.cell('t', id, 'told')
    expect(history.map((each) => [each.kind, each.status])).toEqual([
      ['intent', 'running'],
      ['attempt', 'waiting'],
      ['attempt', 'queued'],
      ['intent', 'running'],
      ['attempt', 'done'],
    ])
  })

  test('that throws something of its own after it left is read back like a lost answer', async () => {
    const { outside, table } = messages()
    outside.plan('crash-after')
    const running = await runTables([table])
    const id = await insertOne(running, 't', { word: 'hey' })
    expect(outside.taken).toHaveLength(1)
    expect((await running.runtime.row('t', id)).cells.told).toMatchObject({ status: 'done' })
  })

  test('that refuses for now is tried again, and one that refuses for good is an error', async () => {
    const { outside, table } = messages()
    outside.plan('busy', 'busy', 'refuse')
    const running = await runTables([table])
    const id = await insertOne(running, 't', { word: 'hey' })
    expect(outside.received).toHaveLength(3)
    expect(outside.asked).toEqual([])
    expect((await running.runtime.row('t', id)).cells.told).toMatchObject({
      status: 'error',
      attempts: 3,
      error: { kind: 'invalid-request' },
    })
  })

  test('that gives no answer in time is read back, and its late answer changes nothing', async () => {
    const { outside, table } = messages({ timeoutMs: 60 })
    const answer = Promise.withResolvers<void>()
    outside.onArrival = () => (outside.received.length > 1 ? undefined : answer.promise)
    const running = await runTables([table])
    const id = await insertOne(running, 't', { word: 'hey' })
    expect(outside.asked).toHaveLength(1)
    expect(outside.received).toHaveLength(2)
    const before = await onDisk(running, 't', id)
    answer.resolve()
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(await onDisk(running, 't', id)).toEqual(before)
  })

  test('is not read back before the horizon of the other side is over', async () => {
    const { outside, table } = messages({ horizonMs: 150 })
    outside.plan('answer-lost')
    const running = await runTables([table])
    const from = Date.now()
    const [id = ''] = await insertRows(running, 't', [{ word: 'hey' }])
    const waitsOn = async () => (await running.runtime.row('t', id)).cells.told?.waiting?.on
    await until(async () => (await waitsOn()) === 'callback', 'it waits for the horizon')
    await running.runtime.idle()
    expect(Date.now() - from).toBeGreaterThanOrEqual(150)
    expect(outside.asked).toHaveLength(1)
  })

  test('never goes on for ever: each round counts as an attempt', async () => {
    const { outside, table } = messages({ retry: { attempts: 3, baseMs: 1, maxMs: 1 } })
    outside.plan('request-lost', 'request-lost', 'request-lost', 'request-lost', 'request-lost')
    const running = await runTables([table])
    const id = await insertOne(running, 't', { word: 'hey' })
    expect(outside.received).toHaveLength(3)
    expect((await running.runtime.row('t', id)).cells.told).toMatchObject({
      status: 'error',
      error: { message: 'the connection was reset; reading back shows that it took no effect' },
    })
  })
})

describe('an effect whose outcome nobody can say', () => {
  async function inDoubt(readBack: 'unknown' | 'fails') {
    const { outside, table } = messages()
    outside.plan('answer-lost')
    outside.readBack = readBack
    const running = await runTables([table])
    const id = await insertOne(running, 't', { word: 'hey' })
    return { outside, running, id }
  }

  test('is unknown, with the reason, and is not sent again', async () => {
    const { outside, running, id } = await inDoubt('unknown')
    expect((await running.runtime.row('t', id)).cells.told).toMatchObject({
      status: 'unknown',
      reason: 'nobody can say',
      value: null,
    })
    expect(outside.received).toHaveLength(1)
  })

  test('is asked about several times when asking fails', async () => {
    const { outside, running, id } = await inDoubt('fails')
    expect(outside.asked).toHaveLength(3)
    expect((await running.runtime.row('t', id)).cells.told).toMatchObject({
      status: 'unknown',
      reason: 'the outcome could not be read back: down',
    })
  })

  test('is asked about again by a re-run, also with force, and found', async () => {
    const { outside, running, id } = await inDoubt('unknown')
    await rerun(running, 't', { mode: 'errored', force: true })
    expect((await running.runtime.row('t', id)).cells.told?.status).toBe('unknown')
    outside.readBack = 'books'
    await rerun(running, 't', { mode: 'errored' })
    expect((await running.runtime.row('t', id)).cells.told).toMatchObject({ status: 'done' })
    expect(outside.received).toHaveLength(1)
  })

  test('that turns out absent on a re-run is sent then, with the retries of that run', async () => {
    const { outside, running } = await inDoubt('unknown')
    outside.readBack = 'books'
    outside.taken = []
    outside.plan('request-lost', 'request-lost')
    await rerun(running, 't', { mode: 'errored' })
    expect(outside.taken).toHaveLength(1)
    expect(outside.received).toHaveLength(4)
  })

  test('is repeated by explicit word, under another send id', async () => {
    const { outside, running, id } = await inDoubt('unknown')
    await rerun(running, 't', { mode: 'errored', includeEffects: true })
    expect((await running.runtime.row('t', id)).cells.told).toMatchObject({ status: 'done' })
    expect(new Set(outside.received.map((each) => each.sendId)).size).toBe(2)
  })

  test('is not sent again, also by explicit word, while what it needs is not there', async () => {
    const outside = createOutside()
    outside.plan('request-lost')
    outside.readBack = 'unknown'
    const gated = defineTable('t', { input: input.extend({ go: z.boolean() }) })
      .column('shout', compute({ reads: ['word'], run: ({ word }) => word.toUpperCase() }), {
        when: { go: true },
      })
      .column('told', deliver(outside, { needs: ['shout'] }))
    const running = await runTables([gated])
    const id = await insertOne(running, 't', { word: 'hey', go: true })
    await running.runtime.edit('t', id, { go: false })
    await rerun(running, 't', { includeEffects: true })
    expect(outside.received).toHaveLength(1)
    expect((await running.runtime.row('t', id)).cells).toMatchObject({
      shout: { status: 'skipped' },
      told: { status: 'unknown', stale: true },
    })
    await running.runtime.edit('t', id, { go: true })
    await rerun(running, 't', { includeEffects: true })
    expect(outside.taken).toMatchObject([{ values: { shout: 'HEY' } }])
  })
})

describe('after a crash', () => {
  async function crashed(tookEffect: boolean) {
    const { outside, table } = messages({ horizonMs: 150 })
    const running = await runTables([table])
    const [id = ''] = await insertRows(running, 't', [{ word: 'hey' }])
    await running.runtime.idle()
    // What a process that died with the effect under way leaves behind.
    const { seq, generation } = await onDisk(running, 't', id)
    const [row] = await running.store.activate({ table: 't', run: 1, rows: [seq] })
    if (row === undefined) throw new Error('the row is gone')
    const cell = {
      status: 'running' as const,
      attempts: 0,
      run: 1,
      intent: { sendId: 'from-before', attempt: 1, at: Date.now() },
    }
    await running.store.step({
      row: seq,
      id,
      table: 't',
      account: null,
      generation: generation + 1,
      build: () => ({
        at: Date.now(),
        position: row.entries,
        confirm: [],
        entries: [{ kind: 'intent', column: 'told', cell }],
      }),
    })
    outside.received = []
    outside.taken = tookEffect ? [{ sendId: 'from-before', row: id, values: {} }] : []
    const again = await running.restart()
    await again.runtime.idle()
    // Asking before the other side's horizon is over would prove nothing.
    expect(Date.now() - cell.intent.at).toBeGreaterThanOrEqual(150)
    return { outside, again, id }
  }

  test('an open intent is read back and, when it had happened, not sent again', async () => {
    const { outside, again, id } = await crashed(true)
    expect(outside.asked).toEqual(['from-before'])
    expect(outside.received).toEqual([])
    expect((await again.runtime.row('t', id)).cells.told).toMatchObject({
      status: 'done',
      value: { sent: 'from-before' },
    })
  })

  test('an open intent that had not happened is sent after asking', async () => {
    const { outside, again, id } = await crashed(false)
    expect(outside.asked).toEqual(['from-before'])
    expect(outside.received).toHaveLength(1)
    expect((await again.runtime.row('t', id)).cells.told?.status).toBe('done')
  })

  test('an open intent with a far horizon is parked and comes back without a restart', async () => {
    const { outside, table } = messages({ horizonMs: 400 })
    outside.plan('answer-lost')
    const running = await runTables([table], { parkAfterMs: 50 })
    const [id = ''] = await insertRows(running, 't', [{ word: 'hey' }])
    await until(async () => (await onDisk(running, 't', id)).dueAt !== null, 'parked')
    const again = await running.restart()
    await until(async () => (await again.runtime.row('t', id)).atRest, 'at rest')
    expect(outside.received).toHaveLength(1)
    expect((await again.runtime.row('t', id)).cells.told?.status).toBe('done')
  })
})

test('a late write of an older generation is refused, and the row goes on under the new one', async () => {
  const { outside, table } = messages()
  const answer = Promise.withResolvers<void>()
  outside.onArrival = () => answer.promise
  const running = await runTables([table])
  const [id = ''] = await insertRows(running, 't', [{ word: 'hey' }])
  await until(() => outside.received.length > 0, 'the request has arrived')
  const { seq, generation, active } = await onDisk(running, 't', id)
  await running.store.activate({ table: 't', run: active ?? 0, rows: [seq] })
  answer.resolve()
  await running.runtime.idle()
  const row = await onDisk(running, 't', id)
  expect(row.generation).toBe(generation + 1)
  expect(row.cells.told).toMatchObject({ status: 'done' })
  expect(outside.received).toHaveLength(1)
  expect(outside.asked).toHaveLength(1)
})
