import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { compute } from '../../columns/compute.ts'
import { defineTable } from '../../columns/table.ts'
import { createOutside, deliver, type Outside } from '../support/outside.ts'
import {
  insertOne,
  insertRows,
  onDisk,
  type RunningRuntime,
  request,
  rerun,
  runTables,
  statuses,
  until,
} from '../support/runtime.ts'
import { owner, ownerOf, rep, teamOf } from './teams.ts'

const input = z.object({ name: z.string(), recorded: z.boolean().default(true) })
const slowRetry = { attempts: 4, baseMs: 600_000, maxMs: 600_000 }

/** A CRM that is written to, and a word to the rep when that takes longer than `afterMs`. */
function pendingTable(
  afterMs: number,
  { crm = createOutside(), word = createOutside() }: { crm?: Outside; word?: Outside } = {},
) {
  const table = defineTable('leads', { input })
    .column('owner', owner(teamOf([rep('ana'), rep('bo')])))
    .column(
      'crmOwner',
      deliver(crm, { needs: ['owner'], confirms: ['owner'], retry: slowRetry, timeoutMs: 60_000 }),
      { when: { recorded: true } },
    )
    .column('ownerPending', deliver(word, { needs: ['owner'], reaches: 'people' }), {
      late: { column: 'crmOwner', afterMs },
    })
    .column('after', compute({ reads: ['ownerPending'], run: ({ ownerPending }) => ownerPending !== null }))
  return { crm, word, table }
}

const cellNow = async ({ runtime }: RunningRuntime, id: string, column = 'ownerPending') => {
  const { cells } = await runtime.row('leads', id)
  const cell = cells[column]
  if (cell === undefined) throw new Error(`there is no column ${column}`)
  return cell
}

describe('a column that stands in for a late one', () => {
  test('is skipped when that one is there in time, and what is behind it goes on at once', async () => {
    const { word, table } = pendingTable(60_000)
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect(await statuses(running, 'leads', id)).toEqual({
      owner: 'done',
      crmOwner: 'done',
      ownerPending: 'skipped',
      after: 'done',
    })
    const cell = await cellNow(running, id)
    expect(cell.reason).toBe('crmOwner was there in time')
    expect(cell.skipped?.rule).toBe('late crmOwner')
    expect(cell.stale).toBe(false)
    expect(word.received).toEqual([])
  })

  test('does not wait for the one it stands in for, says that it waits and until when, and runs at that time', async () => {
    const { crm, word, table } = pendingTable(150)
    let answer = () => {}
    crm.onArrival = () => new Promise<void>((resolve) => (answer = resolve))
    const running = await runTables([table])
    const before = Date.now()
    const [id = ''] = await insertRows(running, 'leads', [{ name: 'a' }])
    await until(async () => (await cellNow(running, id)).waiting?.until != null, 'it waits')
    const { status, waiting } = await cellNow(running, id)
    expect({ status, on: waiting?.on }).toEqual({ status: 'waiting', on: 'upstream' })
    expect(Date.parse(waiting?.until ?? '')).toBeGreaterThanOrEqual(before + 150)
    await until(() => word.taken.length === 1, 'the rep was told')
    expect(Date.now()).toBeGreaterThanOrEqual(before + 150)
    await until(async () => (await cellNow(running, id, 'after')).status === 'done', 'what is behind went on')
    expect((await cellNow(running, id, 'crmOwner')).status).toBe('running')
    answer()
    await running.runtime.idle()
    expect((await statuses(running, 'leads', id)).crmOwner).toBe('done')
    expect(word.received).toHaveLength(1)
  })

  test('runs at once when that one fails for good', async () => {
    const { crm, word, table } = pendingTable(60_000)
    crm.plan('refuse')
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect(await statuses(running, 'leads', id)).toMatchObject({ crmOwner: 'error', ownerPending: 'done' })
    expect(word.taken).toHaveLength(1)
  })

  test('runs at once when what became of that one cannot be learnt', async () => {
    const { crm, word, table } = pendingTable(60_000)
    crm.plan('answer-lost')
    crm.readBack = 'unknown'
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect(await statuses(running, 'leads', id)).toMatchObject({ crmOwner: 'unknown', ownerPending: 'done' })
    expect(word.taken).toHaveLength(1)
  })

  test('is skipped when that one does not apply to the row', async () => {
    const { word, table } = pendingTable(5)
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a', recorded: false })
    const cell = await cellNow(running, id)
    expect(cell).toMatchObject({ status: 'skipped', reason: 'crmOwner was skipped' })
    expect(word.received).toEqual([])
  })

  test('keeps its time while the row is parked and over a restart, and is sent once', async () => {
    const { crm, word, table } = pendingTable(400)
    crm.plan('busy', 'busy', 'busy')
    const running = await runTables([table], { parkAfterMs: 20 })
    const [id = ''] = await insertRows(running, 'leads', [{ name: 'a' }])
    await running.runtime.idle()
    const parked = await onDisk(running, 'leads', id)
    const due = parked.cells.ownerPending?.waiting?.until
    expect(parked.cells.ownerPending?.status).toBe('waiting')
    expect(parked.dueAt).toBe(due)
    const again = await running.restart()
    expect((await onDisk(again, 'leads', id)).cells.ownerPending?.waiting?.until).toBe(due)
    expect(word.received).toEqual([])
    await until(() => word.taken.length === 1, 'the rep was told')
    expect(Date.now()).toBeGreaterThanOrEqual(due ?? Number.POSITIVE_INFINITY)
    await again.runtime.idle()
    const later = await again.restart()
    await later.runtime.idle()
    expect(await statuses(later, 'leads', id)).toMatchObject({ crmOwner: 'waiting', ownerPending: 'done' })
    expect(word.received).toHaveLength(1)
  })

  test('is skipped when that one comes in time after a pause and a restart', async () => {
    const { crm, word, table } = pendingTable(700_000)
    crm.plan('busy')
    const running = await runTables([table], { parkAfterMs: 20 })
    const [id = ''] = await insertRows(running, 'leads', [{ name: 'a' }])
    await running.runtime.idle()
    expect(await statuses(running, 'leads', id)).toMatchObject({
      crmOwner: 'waiting',
      ownerPending: 'waiting',
    })
    running.clock.aheadMs = 601_000
    const again = await running.restart()
    await again.runtime.idle()
    expect(await statuses(again, 'leads', id)).toMatchObject({ crmOwner: 'done', ownerPending: 'skipped' })
    expect(word.received).toEqual([])
  })

  test('keeps its time when another run takes the row over', async () => {
    const { crm, word, table } = pendingTable(60_000)
    crm.plan('busy')
    const running = await runTables([table], { parkAfterMs: 20 })
    const [id = ''] = await insertRows(running, 'leads', [{ name: 'a' }])
    await running.runtime.idle()
    const due = (await cellNow(running, id)).waiting?.until
    await rerun(running, 'leads', { columns: ['after'], mode: 'missing' })
    expect((await cellNow(running, id)).waiting?.until).toBe(due)
    running.clock.aheadMs = 61_000
    const again = await running.restart()
    await again.runtime.idle()
    expect(await statuses(again, 'leads', id)).toMatchObject({ crmOwner: 'waiting', ownerPending: 'done' })
    expect(word.received).toHaveLength(1)
  })

  test('is asked no more once it has begun: its own retry waits its own time', async () => {
    const { crm, word, table } = pendingTable(30)
    crm.onArrival = () => new Promise<void>((resolve) => setTimeout(resolve, 150))
    word.plan('busy', 'busy')
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect(await statuses(running, 'leads', id)).toMatchObject({ crmOwner: 'done', ownerPending: 'done' })
    expect(word.taken).toHaveLength(1)
    expect(word.received).toHaveLength(3)
  })

  test('goes with the row when its run is cancelled', async () => {
    const { crm, word, table } = pendingTable(60_000)
    crm.plan('busy')
    const running = await runTables([table])
    const { run } = await running.runtime.insert('leads', [{ name: 'a' }])
    await until(() => crm.received.length === 1, 'the write left')
    await running.runtime.cancelRun(run?.id ?? '')
    await running.runtime.idle()
    const { rows } = await running.runtime.rows('leads', { limit: 1 })
    expect(rows[0]?.cells.ownerPending?.status).toBe('cancelled')
    expect(word.received).toEqual([])
  })
})

describe('a re-run of a column that stands in for a late one', () => {
  test('leaves it skipped while nothing is late, and finds nothing stale', async () => {
    const { word, table } = pendingTable(60_000)
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    const preview = await running.runtime.preview('leads', request({ mode: 'all' }))
    expect(preview.columns.find(({ column }) => column === 'ownerPending')).toMatchObject({
      run: 0,
      skipped: 1,
    })
    await rerun(running, 'leads')
    expect(await cellNow(running, id)).toMatchObject({ status: 'skipped', stale: false })
    expect((await running.runtime.preview('leads', request({ mode: 'stale' }))).rows).toBe(0)
    expect(word.received).toEqual([])
  })

  test('of the column before it takes it along downstream, and announces that it may run', async () => {
    const { crm, word, table } = pendingTable(60_000)
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    const wish = { columns: ['crmOwner'], downstream: true, includeEffects: true, force: true }
    const preview = await running.runtime.preview('leads', request(wish))
    expect(preview.columns.find(({ column }) => column === 'ownerPending')).toMatchObject({ run: 1 })
    crm.plan('refuse')
    await rerun(running, 'leads', wish)
    expect(await statuses(running, 'leads', id)).toMatchObject({ crmOwner: 'error', ownerPending: 'done' })
    expect(word.received).toHaveLength(1)
  })

  test('keeps what was told when the next owner is written in time', async () => {
    const { crm, word, table } = pendingTable(60_000)
    crm.plan('refuse')
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    const told = (await cellNow(running, id)).value
    const { rep: first } = await ownerOf(running, id)
    await rerun(running, 'leads', { columns: ['owner'], redraw: true, downstream: true, reason: 'swap' })
    expect((await ownerOf(running, id)).rep).not.toBe(first)
    expect(await statuses(running, 'leads', id)).toMatchObject({ crmOwner: 'done', ownerPending: 'done' })
    expect(await cellNow(running, id)).toMatchObject({ value: told, stale: true })
    expect(word.received).toHaveLength(1)
  })

  test('tells the next owner, under an id of its own, when theirs is late too', async () => {
    const { crm, word, table } = pendingTable(60_000)
    crm.plan('refuse', 'refuse')
    const running = await runTables([table])
    await insertOne(running, 'leads', { name: 'a' })
    await rerun(running, 'leads', { columns: ['owner'], redraw: true, downstream: true, reason: 'swap' })
    expect(word.taken).toHaveLength(2)
    expect(new Set(word.taken.map(({ sendId }) => sendId)).size).toBe(2)
  })
})

describe('the definition of a column that stands in for a late one', () => {
  const base = defineTable('leads', { input }).column('first', compute({ run: () => 1 }))
  const later = compute<{ name: string }, never, never, number>({ run: () => 2 })

  test('is shown with the table, and changes its version', async () => {
    const { table } = pendingTable(30_000)
    const running = await runTables([table])
    const { columns } = await running.runtime.table('leads')
    const shown = columns.find(({ name }) => name === 'ownerPending')
    expect(shown).toMatchObject({ late: { column: 'crmOwner', afterMs: 30_000 }, dependsOn: ['owner'] })
    expect(columns.find(({ name }) => name === 'crmOwner')?.late).toBeNull()
    expect(pendingTable(30_000).table.version).toBe(table.version)
    expect(pendingTable(20_000).table.version).not.toBe(table.version)
  })

  test('names an earlier column: not one that is unknown, an input, or itself', () => {
    const define = (column: string) => () =>
      base.column('second', later as never, { late: { column: column as 'first', afterMs: 1 } })
    expect(define('frist')).toThrow(/"second" is late for "frist", which is no earlier column.*/)
    expect(define('name')).toThrow(/late for "name", which is no earlier column/)
    expect(define('second')).toThrow(/late for "second", which is no earlier column/)
    expect(define('first')).not.toThrow()
  })

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('is refused with a time of %s', (afterMs) => {
    expect(() => base.column('second', later as never, { late: { column: 'first', afterMs } })).toThrow(
      /above 0|late after/,
    )
  })

  test('is refused when it could only run once the other is there', () => {
    const use = (name: 'first' | 'between') =>
      base
        .column('between', compute({ reads: ['first'], run: () => 1 }))
        .column('second', compute({ reads: [name], run: () => 1 }), { late: { column: 'first', afterMs: 1 } })
    expect(() => use('first')).toThrow(/late for "first" and uses "first"/)
    expect(() => use('between')).toThrow(/late for "first" and uses "between"/)
  })
})
