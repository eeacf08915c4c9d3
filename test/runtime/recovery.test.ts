import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { done } from '../../columns/column.ts'
import { CallFailure } from '../../columns/errors.ts'
import { defineTable } from '../../columns/table.ts'
import { ask, createOutside, deliver } from '../support/outside.ts'
import { patienceMs } from '../support/patience.ts'
import { insertRows, request, runTables, until } from '../support/runtime.ts'

const input = z.object({ n: z.number() })
const rows = (count: number, from = 0) => Array.from({ length: count }, (_, index) => ({ n: from + index }))
const start = () => defineTable('t', { input })
const budget = { key: 'vendor', concurrency: 10 }
const newLead = 999_999

/** A vendor that answers nobody until it is opened, and remembers who asked in which order. */
function vendor() {
  const gate = Promise.withResolvers<void>()
  const calls: number[] = []
  let open = false
  const column = (key = 'vendor', concurrency = 10) =>
    ask<{ n: number }, number>({
      reads: ['n'],
      budget: { key, concurrency },
      timeoutMs: 600_000,
      run: async ({ n }) => {
        calls.push(Number(n))
        await (open ? new Promise((resolve) => setTimeout(resolve, 2)) : gate.promise)
        return done(Number(n))
      },
    })
  return {
    calls,
    column,
    open() {
      open = true
      gate.resolve()
    },
  }
}

describe('after a start', () => {
  test('a new lead does not stand behind a thousand that an earlier process left in flight', async () => {
    const { calls, column, open } = vendor()
    let running = await runTables([start().column('a', column())])
    await insertRows(running, 't', rows(1_000))
    await until(() => calls.length >= 9, 'the vendor is full')
    calls.length = 0
    running = await running.restart()
    const ids = await insertRows(running, 't', [{ n: newLead }])
    open()
    expect(await running.runtime.settled('t', ids, null, patienceMs)).toBe(true)
    expect(calls.indexOf(newLead)).toBeLessThan(230)
    await running.runtime.idle()
    expect(await running.runtime.count('t', 'a.status:done')).toBe(1_001)
    expect(calls.toSorted((one, other) => one - other)).toEqual(
      [...rows(1_000), { n: newLead }].map(({ n }) => n),
    )
  })

  test('a new lead does not stand behind those that became due in the meantime', async () => {
    const calls: number[] = []
    let isBusy = true
    const column = ask<{ n: number }, number>({
      reads: ['n'],
      budget,
      retry: { attempts: 3, baseMs: 600_000, maxMs: 600_000 },
      run: async ({ n }) => {
        calls.push(Number(n))
        await new Promise((resolve) => setTimeout(resolve, 2))
        if (isBusy) throw new CallFailure('unavailable', 'busy', { retryable: true })
        return done(Number(n))
      },
    })
    let running = await runTables([start().column('a', column)], { parkAfterMs: 20 })
    await insertRows(running, 't', rows(700))
    await running.runtime.idle()
    isBusy = false
    calls.length = 0
    running.clock.aheadMs = 601_000
    running = await running.restart()
    const ids = await insertRows(running, 't', [{ n: newLead }])
    expect(await running.runtime.settled('t', ids, null, patienceMs)).toBe(true)
    expect(calls.indexOf(newLead)).toBeLessThan(230)
    await until(async () => (await running.runtime.count('t', 'a.status:done')) === 701, 'all are done')
  })

  test('rows whose vendor does not answer do not keep those of another vendor waiting', async () => {
    const [stuck, other] = [vendor(), vendor()]
    const tables = [
      defineTable('stuck', { input }).column('a', stuck.column()),
      defineTable('t', { input }).column('a', other.column('other')),
    ]
    let running = await runTables(tables)
    await insertRows(running, 'stuck', rows(450))
    await insertRows(running, 't', rows(30))
    await until(() => other.calls.length >= 9, 'both vendors are full')
    running = await running.restart()
    other.open()
    await until(async () => (await running.runtime.count('t', 'a.status:done')) === 30, 'these are done')
    expect(await running.runtime.count('stuck', 'a.status:done')).toBe(0)
    stuck.open()
    await running.runtime.idle()
    expect(await running.runtime.count('stuck', 'a.status:done')).toBe(450)
  })

  test('a backlog that was left waits in its own lane, and live leads go first', async () => {
    const { calls, column, open } = vendor()
    // It lets everybody ask and answers nobody: the calls are the rows in memory, in the order in which they got there.
    const table = start().column('a', column('vendor', 1_000))
    const [backlog, left] = [rows(400), rows(5, 5_000)]
    const bulkRows = 50
    const bulkBefore = (live: number) => {
      expect(calls).toContain(live)
      return calls.slice(0, calls.indexOf(live)).filter((n) => n < backlog.length).length
    }
    let running = await runTables([table], { limits: { rows: 300, bulkRows } })
    await running.runtime.insert('t', backlog, { lane: 'bulk' })
    await insertRows(running, 't', left)
    await until(() => calls.includes(5_004) && calls.length >= bulkRows, 'memory is full')
    calls.length = 0
    running = await running.restart()
    const ids = await insertRows(running, 't', [{ n: newLead }])
    await until(() => calls.includes(newLead) && calls.includes(5_004), 'the live leads are asked for')
    for (const { n } of left) expect(bulkBefore(n)).toBeLessThan(bulkRows)
    expect(bulkBefore(newLead)).toBeLessThanOrEqual(bulkRows)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(calls.filter((n) => n < backlog.length)).toHaveLength(bulkRows)
    open()
    expect(await running.runtime.settled('t', ids, null, patienceMs)).toBe(true)
    await running.runtime.idle()
    expect(await running.runtime.count('t', 'a.status:done')).toBe(406)
    const all = [...backlog, ...left, { n: newLead }].map(({ n }) => n)
    expect(calls.toSorted((one, other) => one - other)).toEqual(all)
  })

  test('an effect in doubt is settled before a parked row goes on', async () => {
    const outside = createOutside()
    const events: string[] = []
    outside.onArrival = ({ row }) => void events.push(`send ${row}`)
    const column = deliver<{ n: number }>(outside, {
      needs: ['n'],
      timeoutMs: 200,
      retry: { attempts: 3, baseMs: 600_000, maxMs: 600_000 },
    })
    const running = await runTables([start().column('a', column)], { parkAfterMs: 20 })
    outside.plan('busy', 'hang')
    const [parked = ''] = await insertRows(running, 't', [{ n: 1 }])
    await running.runtime.idle()
    const [inDoubt = ''] = await insertRows(running, 't', [{ n: 2 }])
    await until(() => outside.taken.length === 1, 'its effect has left')
    await running.close()
    events.length = 0
    const ask = outside.asked.push.bind(outside.asked)
    outside.asked.push = (...ids) => {
      events.push(...ids.map((id) => `ask ${id.split('.')[0]}`))
      return ask(...ids)
    }
    running.clock.aheadMs = 601_000
    const after = await running.restart()
    await until(async () => (await after.runtime.count('t', 'a.status:done')) === 2, 'both are done')
    expect(events).toEqual([`ask ${inDoubt}`, `send ${parked}`])
  })

  test('a run whose rows were all in flight hands out the rest of them', async () => {
    const { calls, column, open } = vendor()
    const quick = start().column('a', ask({ reads: ['n'], run: ({ n }) => done(Number(n)) }))
    let running = await runTables([quick], { limits: { rows: 40, bulkRows: 20 } })
    await insertRows(running, 't', rows(200))
    await running.runtime.idle()
    running = await running.restart([start().column('a', column())])
    const run = await running.runtime.run('t', request({ force: true }))
    await until(() => calls.length >= 9, 'the vendor is full')
    running = await running.restart()
    open()
    await running.runtime.idle()
    expect(await running.runtime.findRun(run.id)).toMatchObject({
      status: 'done',
      handedOut: 200,
      remaining: 0,
      counts: { ran: 200 },
    })
  })
})
