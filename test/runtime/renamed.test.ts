import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { done } from '../../columns/column.ts'
import { CallFailure } from '../../columns/errors.ts'
import { roundRobin } from '../../columns/round-robin.ts'
import { defineTable } from '../../columns/table.ts'
import { definePool } from '../../routing/pool.ts'
import { ask, createOutside, deliver, type Outside } from '../support/outside.ts'
import {
  insertOne,
  insertRows,
  onDisk,
  type RunningRuntime,
  request,
  rerun,
  runTables,
  statuses,
} from '../support/runtime.ts'

const rep = (id: string) => ({ rep: { id, name: id, email: `${id}@r.example` } })
const team = definePool('team', {
  strategy: 'standard',
  members: [rep('ana'), rep('bo')],
  whenNobody: 'assign-anyway',
})

/** Somebody outside who is asked first, and takes no calls for now. */
function createVendor() {
  const vendor = { isDown: true }
  const asked = <Row extends object>() =>
    ask<Row, string>({
      retry: { attempts: 4, baseMs: 60_000, maxMs: 60_000 },
      run: () => {
        if (vendor.isDown) throw new CallFailure('unavailable', 'down', { retryable: true })
        return done('known')
      },
    })
  return { vendor, asked }
}

interface Names {
  firm?: string
  owner?: string
  told?: string
}

/** firm (asks the vendor) -> owner (a draw) -> told (an effect), under these names. */
function leadsOf({ asked }: ReturnType<typeof createVendor>, outside: Outside) {
  return ({ firm = 'firm', owner = 'owner', told = 'told' }: Names = {}) =>
    defineTable('leads', { input: z.object({ name: z.string() }) })
      .column(firm as 'firm', asked())
      .column(owner as 'owner', roundRobin({ pool: team, needs: [firm as 'firm'] }))
      .column(told as 'told', deliver(outside, { needs: [owner as 'owner'], confirms: [owner as 'owner'] }))
}

const hourMs = 3_600_000

describe('a column that is renamed while a run by hand has its row', () => {
  test('is still owed to the row: no lead rests without an owner', async () => {
    const side = createVendor()
    const outside = createOutside()
    const leads = leadsOf(side, outside)
    let running = await runTables([leads()], { parkAfterMs: 1 })
    const id = await insertOne(running, 'leads', { name: 'a' })
    await running.runtime.run('leads', request({ columns: ['firm'], force: true }))
    await running.runtime.idle()
    expect((await onDisk(running, 'leads', id)).cells.owner).toMatchObject({ status: 'queued' })
    running.clock.aheadMs += hourMs
    // Still down: the row is parked once more under its new names before it goes on.
    running = await running.restart([leads({ owner: 'rep', told: 'message' })])
    await running.runtime.idle()
    expect((await onDisk(running, 'leads', id)).cells.rep).toMatchObject({ status: 'queued' })
    side.vendor.isDown = false
    running.clock.aheadMs += hourMs
    running = await running.restart()
    await running.runtime.idle()
    expect(await statuses(running, 'leads', id)).toMatchObject({ firm: 'done', rep: 'done', message: 'done' })
    expect(outside.received).toHaveLength(1)
  })

  test('is asked again under its new name, and what stands on it waits for that', async () => {
    const side = createVendor()
    const outside = createOutside()
    const leads = leadsOf(side, outside)
    let running = await runTables([leads()], { parkAfterMs: 1 })
    const id = await insertOne(running, 'leads', { name: 'a' })
    await running.runtime.run('leads', request({ columns: ['firm'], force: true }))
    await running.runtime.idle()
    side.vendor.isDown = false
    running.clock.aheadMs += hourMs
    running = await running.restart([leads({ firm: 'company' })])
    await running.runtime.idle()
    expect(await statuses(running, 'leads', id)).toEqual({ company: 'done', owner: 'done', told: 'done' })
  })

  test('sends nothing that may have been sent under its old name', async () => {
    const side = createVendor()
    side.vendor.isDown = false
    const outside = createOutside()
    const leads = leadsOf(side, outside)
    let running = await runTables([leads()], { parkAfterMs: 1 })
    const id = await insertOne(running, 'leads', { name: 'a' })
    side.vendor.isDown = true
    await running.runtime.run('leads', request({ columns: ['firm'], force: true }))
    await running.runtime.idle()
    side.vendor.isDown = false
    running.clock.aheadMs += hourMs
    running = await running.restart([leads({ firm: 'company', told: 'message' })])
    await running.runtime.idle()
    expect(await statuses(running, 'leads', id)).toEqual({ company: 'done', owner: 'done', message: 'idle' })
    expect(outside.received).toHaveLength(1)
  })

  test('sends nothing either while the run of its insert has the row', async () => {
    const side = createVendor()
    const outside = createOutside()
    const leads = (told: string) =>
      defineTable('leads', { input: z.object({ name: z.string() }) })
        .column(told as 'told', deliver(outside, { reaches: 'people' }))
        .column('firm', side.asked())
    let running = await runTables([leads('told')], { parkAfterMs: 1 })
    const id = await insertOne(running, 'leads', { name: 'a' })
    await running.runtime.idle()
    expect(await statuses(running, 'leads', id)).toEqual({ told: 'done', firm: 'waiting' })
    side.vendor.isDown = false
    running.clock.aheadMs += hourMs
    running = await running.restart([leads('message')])
    await running.runtime.idle()
    expect(await statuses(running, 'leads', id)).toEqual({ message: 'idle', firm: 'done' })
    expect(outside.received).toHaveLength(1)
  })

  test('keeps the turn of a rep whom a write in doubt may have named', async () => {
    const outside = createOutside()
    outside.plan('answer-lost')
    outside.readBack = 'fails'
    const leads = (owner: string) =>
      defineTable('leads', { input: z.object({ name: z.string() }) })
        .column(owner as 'owner', roundRobin({ pool: team }))
        .column(
          'told',
          deliver(outside, {
            reads: [owner as 'owner'],
            confirms: [owner as 'owner'],
            retry: { attempts: 9, baseMs: 60_000, maxMs: 60_000 },
          }),
        )
    let running = await runTables([leads('owner')], { parkAfterMs: 1 })
    await insertOne(running, 'leads', { name: 'a' })
    await running.runtime.idle()
    outside.readBack = 'books'
    running.clock.aheadMs += hourMs
    running = await running.restart([leads('rep')])
    await running.runtime.idle()
    const [first] = await running.runtime.draws({ limit: 9 })
    expect(first).toMatchObject({ column: 'owner', member: 'ana', state: 'reserved' })
  })

  test('tells nobody whom a backfill was not to tell', async () => {
    const side = createVendor()
    const outside = createOutside()
    const leads = (names: Names = {}) => {
      const { firm = 'firm', told = 'told' } = names
      return defineTable('leads', { input: z.object({ name: z.string() }) })
        .column(firm as 'firm', side.asked())
        .column(told as 'told', deliver(outside, { needs: [firm as 'firm'], reaches: 'people' }))
    }
    let running = await runTables([leads()], { parkAfterMs: 1 })
    const backfill = { notify: false, consumeDraws: true, startClocks: true }
    const { rows } = await running.runtime.insert('leads', [{ name: 'a' }], { backfill })
    const [row] = rows
    const id = row?.status === 'accepted' ? row.id : ''
    await running.runtime.idle()
    await running.runtime.run('leads', request({ columns: ['firm'], force: true }))
    await running.runtime.idle()
    side.vendor.isDown = false
    running.clock.aheadMs += hourMs
    running = await running.restart([leads({ firm: 'company', told: 'message' })])
    await running.runtime.idle()
    expect(await statuses(running, 'leads', id)).toEqual({ company: 'done', message: 'idle' })
    expect(outside.received).toEqual([])
  })
})

describe('a turn of a column that is renamed', () => {
  const named = (side: ReturnType<typeof createVendor>, owner: string) =>
    defineTable('leads', { input: z.object({ name: z.string() }) })
      .column(owner as 'owner', roundRobin({ pool: team }))
      .column('firm', side.asked())
  const counts = async ({ store }: RunningRuntime) =>
    Object.fromEntries((await store.drawCounts('team')).map(({ member, draws }) => [member, draws]))
  const turns = async ({ runtime }: RunningRuntime) =>
    (await runtime.draws({ limit: 100 })).map(({ column, state, reason }) => [column, state, reason])

  test('goes back as long as nothing confirmed it, and is taken again when the name comes back', async () => {
    const side = createVendor()
    let running = await runTables([named(side, 'owner')], { parkAfterMs: 1 })
    const names = ['a', 'b', 'c', 'd']
    await insertRows(
      running,
      'leads',
      names.map((name) => ({ name })),
    )
    await running.runtime.idle()
    running.clock.aheadMs += hourMs
    running = await running.restart([named(side, 'rep')])
    await running.runtime.idle()
    const gone = names.map(() => ['owner', 'released', 'column_removed'])
    const reserved = names.map(() => ['rep', 'reserved', null])
    expect((await turns(running)).toSorted()).toEqual([...gone, ...reserved])
    expect(await counts(running)).toEqual({ ana: 2, bo: 2 })
    side.vendor.isDown = false
    running.clock.aheadMs += hourMs
    running = await running.restart([named(side, 'owner')])
    await running.runtime.idle()
    const back = names.map(() => ['owner', 'confirmed', null])
    const left = names.map(() => ['rep', 'released', 'column_removed'])
    expect((await turns(running)).toSorted()).toEqual([...back, ...left])
    expect(await counts(running)).toEqual({ ana: 2, bo: 2 })
  })

  test('stays with its rep once it is confirmed', async () => {
    const side = createVendor()
    side.vendor.isDown = false
    let running = await runTables([named(side, 'owner')])
    await insertOne(running, 'leads', { name: 'a' })
    running = await running.restart([named(side, 'rep')])
    await rerun(running, 'leads', { mode: 'missing' })
    expect((await turns(running)).toSorted()).toEqual([
      ['owner', 'confirmed', null],
      ['rep', 'confirmed', null],
    ])
  })
})
