import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { buildColumn } from '../../columns/build.ts'
import { type Column, done } from '../../columns/column.ts'
import { defineTable } from '../../columns/table.ts'
import type { Backfill } from '../../db/store.ts'
import { createOutside, deliver } from '../support/outside.ts'
import { insertOne, rerun, runTables, statuses, until } from '../support/runtime.ts'
import { awayFor, dayMs, draws, owner, rep, teamOf } from './teams.ts'

const input = z.object({ name: z.string() })
const reps = [rep('ana', { caps: { perDay: 2 } }), rep('bo')]
const quiet: Backfill = { consumeDraws: false, notify: false, startClocks: false }

/** Its result stands for a running clock. */
const clocked = <Row extends object>(): Column<Row, number> =>
  buildColumn<Row, number>({
    kind: 'clocked',
    versionOf: [],
    clock: (captured) => ({
      captured,
      decided: null,
      assigned: null,
      notified: null,
      accepted: null,
      touched: null,
      state: 'open',
      breached: false,
      rep: 'ana',
      hops: 0,
      businessMs: null,
    }),
    work: { effect: 'none', run: () => done(7) },
  })

function leads(team = teamOf(reps)) {
  const [crm, chat] = [createOutside(), createOutside()]
  const table = defineTable('leads', { input })
    .column('owner', owner(team))
    .column('written', deliver(crm, { needs: ['owner'], confirms: ['owner'] }))
    .column('told', deliver(chat, { needs: ['owner'], reaches: 'people' }))
    .column('clock', clocked())
  return { crm, chat, table }
}

async function backfilled(backfill: Backfill, given = leads()) {
  const running = await runTables([given.table])
  const { rows, run } = await running.runtime.insert(
    'leads',
    Array.from({ length: 10 }, (_, index) => ({ name: `n${index}` })),
    { backfill },
  )
  await running.runtime.idle()
  const ids = rows.map((row) => (row.status === 'invalid' ? '' : row.id))
  return { ...given, running, run, ids }
}

const clocks = ({ store }: Awaited<ReturnType<typeof runTables>>) =>
  store.clocks({ table: 'leads', from: 0, until: 100, limit: 100 })

describe('a backfill', () => {
  test('tells nobody and starts no clock when it says so, and changes records all the same (traps 79, 101)', async () => {
    const { crm, chat, running, run, ids } = await backfilled(quiet)
    expect(run?.lane).toBe('bulk')
    expect(crm.taken).toHaveLength(10)
    expect(chat.received).toEqual([])
    expect(await statuses(running, 'leads', ids[0] ?? '')).toEqual({
      owner: 'done',
      written: 'done',
      told: 'skipped',
      clock: 'skipped',
    })
    expect((await running.runtime.row('leads', ids[0] ?? '')).cells.told?.skipped?.rule).toBe('backfill')
    expect(await clocks(running)).toEqual([])
  })

  test('with a counter of its own leaves the live rotation and the caps alone (trap 79)', async () => {
    const { running } = await backfilled(quiet)
    expect((await draws(running)).every(({ backfill }) => backfill)).toBe(true)
    const { state, counts } = await running.runtime.pool('team')
    expect(counts.every((each) => each.draws === 0)).toBe(true)
    expect(Object.values(state.balances).every((balance) => balance === 0)).toBe(true)
    // Ana takes two leads a day, and has had none of today's.
    for (const name of ['a', 'b', 'c', 'd']) await insertOne(running, 'leads', { name })
    const live = (await draws(running)).filter(({ backfill }) => !backfill)
    expect(live.map(({ member }) => member)).toEqual(['ana', 'bo', 'ana', 'bo'])
  })

  test('draws, tells and starts clocks like live leads when it says so', async () => {
    const { chat, running } = await backfilled({ consumeDraws: true, notify: true, startClocks: true })
    expect(chat.taken).toHaveLength(10)
    const found = await draws(running)
    expect(found.every(({ backfill }) => !backfill)).toBe(true)
    expect(found.filter(({ member }) => member === 'ana')).toHaveLength(2)
    expect(await clocks(running)).toHaveLength(10)
  })

  test('is not made up for by later runs, unless they name the column', async () => {
    const { chat, running } = await backfilled(quiet)
    for (const mode of ['missing', 'stale', 'all', 'errored'] as const)
      await rerun(running, 'leads', { mode })
    expect(chat.received).toEqual([])
    expect(await clocks(running)).toEqual([])
    await rerun(running, 'leads', { mode: 'missing', columns: ['told'], limit: 3 })
    expect(chat.taken).toHaveLength(3)
  })

  test('stays quiet when another run takes a held row over', async () => {
    const hold = { hold: 'until-opening' as const, otherwise: 'assign-anyway' as const }
    const given = leads(teamOf([rep('ana', awayFor(dayMs))], { whenNobody: hold }))
    const { crm, chat, running } = await backfilled(quiet, given)
    expect(crm.received).toEqual([])
    await rerun(running, 'leads', { mode: 'missing', columns: ['written'] })
    await running.runtime.putRep(rep('ana'), 'boss')
    await until(() => crm.taken.length === 10, 'the records were written')
    await running.runtime.idle()
    expect(chat.received).toEqual([])
  })

  test('takes no turns of the live rotation when another run takes a held row over (trap 79)', async () => {
    const hold = { hold: 'until-opening' as const, otherwise: 'assign-anyway' as const }
    const { running } = await backfilled(
      quiet,
      leads(teamOf([rep('ana', awayFor(dayMs))], { whenNobody: hold })),
    )
    await rerun(running, 'leads', { mode: 'missing', columns: ['owner'] })
    await running.runtime.putRep(rep('ana'), 'boss')
    await until(async () => (await draws(running)).length === 10, 'all were drawn')
    expect((await draws(running)).map(({ backfill }) => backfill)).toEqual(Array(10).fill(true))
  })

  test('of thousands of rows does not stand in front of a live lead (trap 79)', async () => {
    const { chat, crm, table } = leads()
    crm.onArrival = () => new Promise((resolve) => setTimeout(resolve, 20))
    const running = await runTables([table], { limits: { rows: 200, bulkRows: 50 } })
    const backlog = Array.from({ length: 3_000 }, (_, index) => ({ name: `n${index}` }))
    await running.runtime.insert('leads', backlog, { backfill: quiet })
    await until(() => crm.received.length > 50, 'the backlog is under way')
    const before = crm.received.length
    await running.runtime.insert('leads', [{ name: 'live' }])
    await until(() => chat.taken.length === 1, 'the live lead was told')
    expect(crm.received.length - before).toBeLessThan(300)
    await running.close()
  })

  test('does not change an owner whom a person decided', async () => {
    const { table } = leads()
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    await running.runtime.override('leads', id, { rep: 'bo', reason: 'his', who: 'boss' })
    await running.runtime.idle()
    await rerun(running, 'leads', { force: true, redraw: true, reason: 'sweep', includeEffects: true })
    expect((await running.runtime.row('leads', id)).cells.owner?.value).toMatchObject({ rep: 'bo' })
  })
})

describe('a held lead', () => {
  test('is on the clock before anybody has it (trap 106)', async () => {
    const hold = { hold: 'until-opening' as const, otherwise: 'assign-anyway' as const }
    const table = defineTable('leads', { input })
      .column('owner', owner(teamOf([rep('ana', awayFor(dayMs))], { whenNobody: hold })))
      .column('clock', { ...clocked<{ name: string; owner: unknown }>(), needs: ['owner'] })
    const running = await runTables([table])
    await insertOne(running, 'leads', { name: 'a' })
    const from = Date.now() - 60_000
    const report = await running.runtime.serviceLevel('leads', { from, until: Date.now() + 1 })
    expect(report).toMatchObject({ leads: 1, neverAssigned: 1, neverTouched: 1, open: 1 })
  })
})
