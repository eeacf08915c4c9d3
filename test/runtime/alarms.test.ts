import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { buildColumn } from '../../columns/build.ts'
import { type CellContext, type Column, done, type Outcome, type Signal } from '../../columns/column.ts'
import { compute } from '../../columns/compute.ts'
import { defineTable } from '../../columns/table.ts'
import { createOutside, deliver } from '../support/outside.ts'
import { insertOne, insertRows, onDisk, rerun, runTables, until } from '../support/runtime.ts'
import { runFaulty } from './faulty-store.ts'
import { cellOf } from './teams.ts'

const input = z.object({ name: z.string() })
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** A column that says itself when it runs again, and takes signals. */
const watch = (run: (context: CellContext) => Outcome<number>): Column<{ name: string }, number> =>
  buildColumn<{ name: string }, number>({
    kind: 'watch',
    reads: ['name'],
    versionOf: [],
    signals: ['touched', 'refused'],
    retry: { attempts: 2, baseMs: 5, maxMs: 5 },
    work: { effect: 'read', run: async (_, context) => run(context) },
  })

const counting = (times: number, afterMs = 40) => {
  const calls: string[] = []
  const column = watch(({ row, now }) => {
    calls.push(row)
    const mine = calls.filter((each) => each === row).length
    return { ...done(mine), ...(mine < times && { again: now() + afterMs }) }
  })
  return { calls, column }
}

describe('a cell that is to run again', () => {
  test('does, without anybody asking, and what is behind it follows as for a first time', async () => {
    const { column } = counting(3)
    const outside = createOutside()
    const table = defineTable('leads', { input })
      .column('watch', column)
      .column('told', deliver(outside, { needs: ['watch'] }))
      .column('alone', deliver(outside, { needs: ['name'] }))
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect((await cellOf(running, id, 'watch'))?.again).not.toBeNull()
    await until(() => outside.taken.length === 4, 'it ran three times')
    await running.runtime.idle()
    expect(await cellOf(running, id, 'watch')).toMatchObject({ value: 3, again: null })
    expect(outside.taken.map(({ values }) => values.watch ?? 'alone').toSorted()).toEqual([1, 2, 3, 'alone'])
    await sleep(100)
    expect(outside.taken).toHaveLength(4)
  })

  test('does so after a restart, also when its time went by in between', async () => {
    const { calls, column } = counting(2, 60)
    const table = defineTable('leads', { input }).column('watch', column)
    const running = await runTables([table])
    const [id = ''] = await insertRows(running, 'leads', [{ name: 'a' }])
    await until(async () => (await onDisk(running, 'leads', id)).active === null, 'it is at rest')
    await running.close()
    await sleep(100)
    const again = await running.restart()
    await until(() => calls.length === 2, 'it ran again')
    await again.runtime.idle()
    expect((await cellOf(again, id, 'watch'))?.value).toBe(2)
  })

  test('shares a run with the others that are due', async () => {
    const { calls, column } = counting(2, 300)
    const running = await runTables([defineTable('leads', { input }).column('watch', column)])
    const rows = Array.from({ length: 700 }, (_, index) => ({ name: `n${index}` }))
    await insertRows(running, 'leads', rows)
    await until(() => calls.length === 1_400, 'all ran twice')
    await running.runtime.idle()
    const runs = (await running.store.runByOrdinal(20)) === null
    expect(runs).toBe(true)
  })

  test('does nothing more once it fails for good or is skipped', async () => {
    let calls = 0
    const column = watch(({ now }) => {
      calls += 1
      if (calls > 1) throw new TypeError('boom')
      return { ...done(1), again: now() + 20 }
    })
    const running = await runTables([defineTable('leads', { input }).column('watch', column)])
    const id = await insertOne(running, 'leads', { name: 'a' })
    await until(async () => (await cellOf(running, id, 'watch'))?.status === 'error', 'it failed')
    await sleep(100)
    expect(calls).toBe(2)
    expect((await cellOf(running, id, 'watch'))?.again).toBeNull()
  })

  test('keeps its alarm over runs that leave it as it is', async () => {
    const { calls, column } = counting(2, 250)
    const running = await runTables([defineTable('leads', { input }).column('watch', column)])
    const id = await insertOne(running, 'leads', { name: 'a' })
    const { again } = (await cellOf(running, id, 'watch')) ?? {}
    await rerun(running, 'leads')
    expect((await cellOf(running, id, 'watch'))?.again).toBe(again)
    await until(() => calls.length === 2, 'it ran again')
  })

  test('is silenced when its column is no longer defined', async () => {
    const { column } = counting(2, 30)
    const alone = compute<{ name: string }, 'name', never, number>({ reads: ['name'], run: () => 1 })
    const both = defineTable('leads', { input }).column('watch', column).column('alone', alone)
    const running = await runTables([both])
    const [id = ''] = await insertRows(running, 'leads', [{ name: 'a' }])
    await until(async () => (await onDisk(running, 'leads', id)).active === null, 'it is at rest')
    const again = await running.restart([defineTable('leads', { input }).column('alone', alone)])
    await until(
      async () => (await onDisk(again, 'leads', id)).cells.watch?.again === undefined,
      'the alarm is off',
    )
    expect(await again.store.alarms({ tables: ['leads'], now: Number.MAX_SAFE_INTEGER, limit: 10 })).toEqual({
      due: [],
      nextAt: null,
    })
  })

  test('does so with a pause when the time it asks for is over already', async () => {
    const calls: number[] = []
    const column = watch(({ now }) => {
      calls.push(performance.now())
      return { ...done(calls.length), again: calls.length === 1 ? 5 : now() }
    })
    const running = await runTables([defineTable('leads', { input }).column('watch', column)])
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect((await cellOf(running, id, 'watch'))?.again).toBe(new Date(5).toISOString())
    await until(() => calls.length === 3, 'it ran three times')
    const pauses = calls.slice(1).map((at, index) => at - (calls[index] ?? 0))
    for (const pause of pauses) expect(pause).toBeGreaterThan(950)
  })

  test('does so although the store could not say so at first', async () => {
    const { calls, column } = counting(2, 20)
    let refusals = 0
    const { runtime, log } = await runFaulty([defineTable('leads', { input }).column('watch', column)], {
      faults: (store) => ({
        async alarms(query) {
          if (calls.length > 0 && refusals === 0) {
            refusals += 1
            throw new Error('the file cannot be read')
          }
          return store.alarms(query)
        },
      }),
    })
    await runtime.insert('leads', [{ name: 'a' }])
    await until(() => calls.length === 2, 'it ran again')
    expect(log.some(({ message }) => message.includes('alarms could not be looked for'))).toBe(true)
  })
})

describe('a signal', () => {
  const touched: Signal = { kind: 'touched', by: 'ana', at: 5 }

  function listening() {
    const heard: Signal[][] = []
    const column = watch(({ signals }) => {
      heard.push([...signals])
      return done(signals.length)
    })
    return { heard, table: defineTable('leads', { input }).column('watch', column) }
  }

  test('is kept with the cell, runs it, and stands in its history', async () => {
    const { heard, table } = listening()
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect(await running.runtime.signal('leads', id, null, touched)).toEqual(['watch'])
    const second = { kind: 'refused', by: 'bo', at: 6, note: 'wrong country' }
    await running.runtime.signal('leads', id, 'watch', second)
    await until(async () => (await cellOf(running, id, 'watch'))?.value === 2, 'it heard both')
    await running.runtime.idle()
    expect(heard.at(-1)).toEqual([touched, second])
    const { history } = await running.runtime.cell('leads', id, 'watch')
    expect(history.filter(({ outcome }) => outcome === 'signal').map(({ reason }) => reason)).toEqual([
      'touched by ana',
      'refused by bo: wrong country',
    ])
    await rerun(running, 'leads', { force: true })
    expect(heard.at(-1)).toEqual([touched, second])
  })

  test('told to a row that is still at work waits for it, and is heard', async () => {
    const outside = createOutside()
    outside.onArrival = () => sleep(60)
    const { heard } = listening()
    const column = watch(({ signals }) => {
      heard.push([...signals])
      return done(signals.length)
    })
    const table = defineTable('leads', { input })
      .column('slow', deliver(outside, { needs: ['name'] }))
      .column('watch', column)
    const running = await runTables([table])
    const [id = ''] = await insertRows(running, 'leads', [{ name: 'a' }])
    await running.runtime.signal('leads', id, null, touched)
    await until(async () => (await cellOf(running, id, 'watch'))?.value === 1, 'it was heard')
  })

  test('that was told is heard after a kill (trap 69)', async () => {
    const { heard, table } = listening()
    let refuse = false
    const { runtime, afterKill } = await runFaulty([table], {
      faults: (store) => ({
        createRun: (run) => (refuse ? Promise.reject(new Error('killed')) : store.createRun(run)),
      }),
    })
    const { rows } = await runtime.insert('leads', [{ name: 'a' }])
    await runtime.idle()
    refuse = true
    const id = rows[0]?.status === 'accepted' ? rows[0].id : ''
    await expect(runtime.signal('leads', id, null, touched)).rejects.toThrow('killed')
    await runtime.stop()
    const again = await afterKill()
    await until(async () => (await again.runtime.row('leads', id)).cells.watch?.value === 1, 'it was heard')
    expect(heard.at(-1)).toEqual([touched])
  })

  test('that no column takes is refused, with those that are taken', async () => {
    const running = await runTables([listening().table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    const wrong = (details: object) => ({
      code: 'request-invalid',
      details: expect.objectContaining(details),
    })
    await expect(
      running.runtime.signal('leads', id, null, { ...touched, kind: 'waved' }),
    ).rejects.toMatchObject(wrong({ field: 'kind', value: 'waved', wayOut: 'use one of: touched, refused' }))
    await expect(running.runtime.signal('leads', id, 'zzz', touched)).rejects.toMatchObject(
      wrong({ field: 'column' }),
    )
    await expect(running.runtime.signal('leads', 'row_0', null, touched)).rejects.toMatchObject({
      code: 'row-unknown',
    })
  })
})
