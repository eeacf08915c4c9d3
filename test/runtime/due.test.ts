import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { serviceLevel } from '../../columns/service-level.ts'
import { defineTable } from '../../columns/table.ts'
import type { Store } from '../../db/store.ts'
import { createOutside, deliver } from '../support/outside.ts'
import { ownClock } from '../support/own-time.ts'
import { insertOne, insertRows, type RunningRuntime, runTables, until } from '../support/runtime.ts'
import { runFaulty } from './faulty-store.ts'
import { awayFor, cellOf, dayMs, owner, ownerOf, rep, teamOf } from './teams.ts'

const input = z.object({ name: z.string(), company: z.string().optional() })
const leads = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `n${index}` }))
const minuteMs = 60_000
const level = () =>
  serviceLevel({
    owner: 'owner',
    policy: { withinMinutes: 30, reassign: { afterMinutes: 60, maxHops: 2, finally: 'last' } },
  })
const clocked = (name: string) =>
  defineTable(name, { input })
    .column('owner', owner(teamOf([rep('ana'), rep('bo')]), [rep('last')]))
    .column('level', level())
/** Nobody of it is there for so long. */
const absent = (ms: number) => {
  const whenNobody = { hold: 'until-opening' as const, atMostHours: 720, otherwise: 'assign-anyway' as const }
  return teamOf([rep('ana', awayFor(ms))], { whenNobody })
}
const holding = (name: string, team: ReturnType<typeof absent>) => {
  const table = defineTable(name, { input, account: ({ company }) => company })
  return table.column('owner', owner(team, [rep('dev')]))
}

async function insertMany(
  running: Pick<RunningRuntime, 'runtime'>,
  table: string,
  count: number,
): Promise<void> {
  for (let left = count; left > 0; left -= 500) await insertRows(running, table, leads(Math.min(500, left)))
  await running.runtime.idle()
}

describe('a table that is no longer served', () => {
  test('keeps no alarm of another table from ringing, however many of its own are overdue', async () => {
    const running = await runTables([clocked('old'), clocked('leads')])
    await insertMany(running, 'old', 600)
    const id = await insertOne(running, 'leads', { name: 'a' })
    const { rep: first } = await ownerOf(running, id)
    running.clock.aheadMs = 61 * minuteMs
    const again = await running.restart([clocked('leads')])
    await until(async () => (await ownerOf(again, id)).rep !== first, 'the lead was taken from its owner')
  })

  test('keeps no parked row of another table from going on', async () => {
    const team = absent(1_500)
    const running = await runTables([holding('old', team), holding('leads', team)], { parkAfterMs: 20 })
    await insertMany(running, 'old', 1_100)
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect((await cellOf(running, id))?.status).toBe('waiting')
    const again = await running.restart([holding('leads', team)])
    await until(async () => (await cellOf(again, id))?.status === 'done', 'it went on at the opening')
  })
})

describe('the alarms of many leads at once', () => {
  const lanes = async ({ store }: { store: Store }) => {
    const runs = await Promise.all(Array.from({ length: 12 }, (_, index) => store.runByOrdinal(index + 1)))
    return runs.flatMap((run) => (run?.request?.alarm === true ? [run.lane] : []))
  }

  test('run in the live lane', async () => {
    const running = await runTables([clocked('leads')])
    await insertMany(running, 'leads', 150)
    running.clock.aheadMs = 61 * minuteMs
    const again = await running.restart()
    await until(async () => (await lanes(again)).length > 0, 'they rang')
    await again.runtime.idle()
    expect(new Set(await lanes(again))).toEqual(new Set(['live']))
    expect(await again.runtime.count('leads', 'level.hops=1')).toBe(150)
  })

  test('of a backfill stay in the bulk lane, time after time', async () => {
    const running = await runTables([clocked('leads')])
    const backfill = { consumeDraws: true, notify: false, startClocks: true }
    await running.runtime.insert('leads', leads(3), { backfill })
    await running.runtime.idle()
    let current = running
    for (const rings of [1, 2]) {
      current.clock.aheadMs = rings * 61 * minuteMs
      current = await current.restart()
      await until(async () => (await lanes(current)).length === rings, 'they rang')
      await current.runtime.idle()
    }
    expect(await lanes(current)).toEqual(['bulk', 'bulk'])
  })
})

describe('an edit of live data', () => {
  test('has every held lead asked again without a pause between them', async () => {
    const clock = ownClock()
    onTestFinished(() => clock.stop())
    const looked: number[] = []
    const running = await runFaulty([holding('leads', absent(dayMs))], {
      parkAfterMs: 20,
      faults: (store) => ({
        dueRows(query) {
          looked.push(clock.now())
          return store.dueRows(query)
        },
      }),
    })
    await insertMany(running, 'leads', 2_500)
    looked.length = 0
    await running.runtime.putRep(rep('ana'), 'boss')
    const all = async () => (await running.runtime.count('leads', 'owner.rep=ana')) === 2_500
    await until(all, 'all of them went on')
    // A pause would be a second between two looks.
    const pauses = looked.slice(1).map((at, index) => at - (looked[index] ?? 0))
    expect(pauses.length).toBeGreaterThan(5)
    expect(Math.max(...pauses)).toBeLessThan(900)
  })

  test('leaves a row alone that waits for a retry', async () => {
    const outside = createOutside()
    const retry = { attempts: 3, baseMs: dayMs, maxMs: dayMs }
    const table = defineTable('leads', { input })
      .column('owner', owner(teamOf([rep('ana')])))
      .column('told', deliver(outside, { needs: ['owner'], retry }))
    const running = await runTables([table], { parkAfterMs: 20 })
    outside.plan('busy')
    const id = await insertOne(running, 'leads', { name: 'a' })
    await until(async () => (await cellOf(running, id, 'told'))?.waiting?.on === 'retry', 'it waits')
    const due = async () => (await running.store.find('leads', id))?.dueAt
    const before = await due()
    expect(before).toBeGreaterThan(Date.now())
    await running.runtime.putRep(rep('zed'), 'boss')
    await running.runtime.idle()
    expect(await due()).toBe(before)
    expect(outside.received).toHaveLength(1)
  })

  test('wakes once with those that follow it closely', async () => {
    const wakes: object[] = []
    const { runtime } = await runFaulty([holding('leads', absent(dayMs))], {
      parkAfterMs: 20,
      faults: (store) => ({
        wakeHeld(of) {
          wakes.push(of)
          return store.wakeHeld(of)
        },
      }),
    })
    await runtime.insert('leads', leads(1))
    await runtime.idle()
    // The first one is that of the start.
    expect(wakes).toEqual([{ tables: ['leads'] }])
    await Promise.all(['x', 'y', 'z'].map((id) => runtime.putRep(rep(id), 'boss')))
    await runtime.putRep(rep('ana'), 'boss')
    await runtime.idle()
    expect(wakes).toHaveLength(2)
    expect(await runtime.count('leads', 'owner.rep=ana')).toBe(1)
  })

  test('is not what an override is: that one wakes the leads of its company alone', async () => {
    const wakes: object[] = []
    const { runtime } = await runFaulty([holding('leads', absent(dayMs))], {
      parkAfterMs: 20,
      faults: (store) => ({
        wakeHeld(of) {
          wakes.push(of)
          return store.wakeHeld(of)
        },
      }),
    })
    const { rows } = await runtime.insert('leads', [
      { name: 'a', company: 'acme' },
      { name: 'b', company: 'acme' },
      { name: 'c', company: 'bolt' },
    ])
    const [first = '', second = '', third = ''] = rows.map((row) => (row.status === 'invalid' ? '' : row.id))
    await runtime.idle()
    const statusOf = async (id: string) => (await runtime.row('leads', id)).cells.owner?.status
    await runtime.override('leads', first, { rep: 'dev', reason: 'hers', who: 'boss' })
    await until(async () => (await statusOf(second)) === 'done', 'the other lead of the company followed')
    await runtime.idle()
    expect(await statusOf(third)).toBe('waiting')
    expect(wakes.slice(1)).toEqual([{ tables: ['leads'], account: 'acme' }])
  })
})
