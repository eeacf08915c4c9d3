import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineTable } from '../../columns/table.ts'
import { timed } from '../support/own-time.ts'
import { patienceMs } from '../support/patience.ts'
import { insertOne, insertRows, onDisk, rerun, runTables, statuses, until } from '../support/runtime.ts'
import { effect, question, startVendor } from '../support/vendor.ts'

const input = z.object({ n: z.number() })
const rows = (count: number) => Array.from({ length: count }, (_, n) => ({ n }))
const start = (name = 't') => defineTable(name, { input })
const acme = { key: 'crm:acme', concurrency: 2 }
const hour = 3_600_000

describe('a credential', () => {
  test('is shared by every column and table that uses it, and not by another account', async () => {
    const vendor = await startVendor(() => ({ status: 200, afterMs: 10 }))
    const { url } = vendor
    const other = await startVendor(() => ({ status: 200, afterMs: 10 }))
    const tables = ['one', 'two'].map((name) =>
      start(name)
        .column('asked', question({ url, account: acme }))
        .column('told', effect({ url, account: acme }))
        .column('else', question({ url: other.url, account: { key: 'crm:bolt', concurrency: 5 } })),
    )
    const running = await runTables(tables)
    for (const table of ['one', 'two']) await insertRows(running, table, rows(15))
    await running.runtime.idle()
    expect(vendor.arrivals).toHaveLength(60)
    expect(vendor.most()).toBe(2)
    expect(other.most()).toBeGreaterThan(2)
    expect(other.most()).toBeLessThanOrEqual(5)
    for (const table of ['one', 'two'])
      expect(await running.runtime.count(table, 'told.status:done')).toBe(15)
    expect(running.runtime.credentials()).toMatchObject([
      { key: 'crm:acme', concurrency: 2, inFlight: 0, waiting: 0, rest: null },
      { key: 'crm:bolt', concurrency: 5 },
    ])
  })

  test('serves a live row before the bulk rows that were there first', async () => {
    const vendor = await startVendor(() => ({ status: 200, afterMs: 5 }))
    const table = start().column('asked', question({ url: vendor.url, account: acme }))
    const running = await runTables([table])
    await insertRows(running, 't', rows(120))
    await running.runtime.idle()
    const run = rerun(running, 't', { force: true })
    await until(() => vendor.arrivals.length > 125, 'the bulk run is under way')
    const before = vendor.arrivals.length
    const { rows: live } = await running.runtime.insert('t', [{ n: 1_000 }])
    const id = live[0]?.status === 'accepted' ? live[0].id : ''
    expect(await running.runtime.settled('t', [id], null, patienceMs)).toBe(true)
    expect(vendor.arrivals.length - before).toBeLessThan(20)
    expect((await run).counts.ran).toBe(120)
  })

  test('is not used before the time the vendor asked for; rows wait durably and other accounts go on', async () => {
    let asksForPause = true
    // Longer than a busy machine takes for the fifty questions.
    const vendor = await startVendor(() => (asksForPause ? { status: 429, retryAfter: '4' } : null))
    const other = await startVendor()
    const table = start()
      .column('told', effect({ url: vendor.url, account: acme, retry: { attempts: 1 } }))
      .column('else', question({ url: other.url, account: { key: 'crm:bolt', concurrency: 5 } }))
    const running = await runTables([table], { parkAfterMs: 100 })
    const ids = await insertRows(running, 't', rows(50))
    await running.runtime.idle()
    expect(other.arrivals).toHaveLength(50)
    // Those under way when the first one heard it.
    expect(vendor.arrivals.length).toBeLessThanOrEqual(2)
    const last = vendor.arrivals.at(-1)?.at ?? 0
    expect((await onDisk(running, 't', ids[30] ?? '')).cells.told).toMatchObject({
      status: 'waiting',
      waiting: { on: 'rate-limit' },
      error: { kind: 'rate-limited' },
    })
    expect((await onDisk(running, 't', ids[30] ?? '')).cells.told).not.toHaveProperty('intent')
    expect(running.runtime.credentials()[0]).toMatchObject({ inFlight: 0, waiting: 0 })
    asksForPause = false
    await until(async () => (await running.runtime.count('t', 'told.status:done')) === 50, 'all told')
    const next = vendor.arrivals.find(({ at }) => at > last)
    expect((next?.at ?? 0) - last).toBeGreaterThanOrEqual(3_990)
    // Each effect is taken once, although none may be tried again.
    expect(vendor.arrivals.length).toBeLessThanOrEqual(52)
  })

  test('uses up no attempt while it rests, for a day; then the cell says so', async () => {
    const vendor = await startVendor(() => ({ status: 429 }))
    const table = start().column('asked', question({ url: vendor.url, account: acme }))
    const running = await runTables([table], { parkAfterMs: 10 })
    const id = await insertOne(running, 't', { n: 1 })
    await until(() => vendor.arrivals.length > 5, 'it is tried on and on')
    expect((await running.runtime.row('t', id)).atRest).toBe(false)
    running.clock.aheadMs += 24 * hour
    await until(async () => (await running.runtime.row('t', id)).atRest, 'it is given up')
    expect((await running.runtime.row('t', id)).cells.asked).toMatchObject({
      status: 'error',
      error: { kind: 'rate-limited' },
    })
  })

  test('without quota is asked by nobody, and a column with something to say says it at once', async () => {
    const vendor = await startVendor(() => ({ status: 402, retryAfter: '3600' }))
    const table = start()
      .column('asked', question({ url: vendor.url, account: acme, otherwise: () => 'by rule' }))
      .column('told', effect({ url: vendor.url, account: acme }))
    const running = await runTables([table])
    const ids = await insertRows(running, 't', rows(20))
    await running.runtime.idle()
    expect(vendor.arrivals.length).toBeLessThanOrEqual(2)
    for (const id of ids)
      expect((await running.runtime.row('t', id)).cells).toMatchObject({
        asked: { status: 'done', value: 'by rule', attempts: 1 },
        told: { status: 'waiting', waiting: { on: 'credentials' } },
      })
  })
})

describe('the deadline of an attempt', () => {
  test('stands still while a request waits for its turn', async () => {
    const vendor = await startVendor(() => ({ status: 200, afterMs: 40 }))
    const account = { key: 'crm:acme', concurrency: 1 }
    const table = start().column(
      'told',
      effect({ url: vendor.url, account, timeoutMs: 250, says: ['first', 'second'] }),
    )
    const running = await runTables([table])
    await insertRows(running, 't', rows(12))
    await running.runtime.idle()
    expect(await running.runtime.count('t', 'told.status:done')).toBe(12)
    expect(vendor.arrivals).toHaveLength(24)
  })

  test('goes on when the turn has come', async () => {
    const vendor = await startVendor((_, said) => (said === 'slow' ? { status: 200, afterMs: 5_000 } : null))
    const table = start().column(
      'asked',
      question({
        url: vendor.url,
        account: acme,
        timeoutMs: 150,
        retry: { attempts: 1 },
        says: ['a', 'slow'],
      }),
    )
    const running = await runTables([table])
    const { answer: id, ownMs } = await timed(() => insertOne(running, 't', { n: 1 }))
    expect(ownMs).toBeLessThan(1_500)
    expect((await running.runtime.row('t', id)).cells.asked).toMatchObject({ error: { kind: 'timeout' } })
  })

  test('and the patience of its row stand still for bulk rows, so that a long queue is worked off', async () => {
    const vendor = await startVendor(() => ({ status: 200, afterMs: 10 }))
    const account = { key: 'crm:acme', concurrency: 1 }
    const table = start().column(
      'asked',
      question({ url: vendor.url, account, withinMs: 400, otherwise: () => 'by rule' }),
    )
    const running = await runTables([table])
    await insertRows(running, 't', rows(120))
    await running.runtime.idle()
    // A live lead does not wait longer than it says.
    expect(await running.runtime.count('t', 'asked=answered')).toBeLessThan(120)
    await rerun(running, 't', { force: true })
    expect(await running.runtime.count('t', 'asked=answered')).toBe(120)
  })
})

describe('a dead credential', () => {
  /** The vendor knows no key until it is told otherwise. */
  async function dead() {
    const state = { dead: true }
    const vendor = await startVendor(() => (state.dead ? { status: 401 } : null))
    const table = start()
      .column('told', effect({ url: vendor.url, account: acme }))
      .column('after', question({ url: vendor.url, account: acme, reads: ['told'] }))
    return { state, vendor, table }
  }

  test('parks its rows, is tried once a minute and ever more rarely, and fails none of them', async () => {
    const { state, vendor, table } = await dead()
    const running = await runTables([table], { random: () => 0 })
    const ids = await insertRows(running, 't', rows(40))
    await running.runtime.idle()
    expect(vendor.arrivals.length).toBeLessThanOrEqual(2)
    const cell = (await running.runtime.row('t', ids[7] ?? '')).cells.told
    expect(cell).toMatchObject({ status: 'waiting', waiting: { on: 'credentials' } })
    expect(await running.runtime.count('t', 'status:waiting')).toBe(40)
    expect(running.runtime.credentials()).toMatchObject([
      { key: 'crm:acme', rest: { kind: 'needs-credentials', message: 'the vendor answered 401' } },
    ])

    // New leads wait as well, and one of them tries for all when the minute is over.
    let before = vendor.arrivals.length
    await insertOne(running, 't', { n: 100 })
    expect(vendor.arrivals).toHaveLength(before)
    running.clock.aheadMs += 61_000
    await insertRows(running, 't', rows(5))
    await running.runtime.idle()
    expect(vendor.arrivals).toHaveLength(before + 1)
    // The next try is two minutes away.
    running.clock.aheadMs += 61_000
    await insertOne(running, 't', { n: 101 })
    expect(vendor.arrivals).toHaveLength(before + 1)

    state.dead = false
    before = vendor.arrivals.length
    running.clock.aheadMs += 61_000
    const next = await insertOne(running, 't', { n: 102 })
    expect((await running.runtime.row('t', next)).cells.told?.status).toBe('done')
    await until(async () => (await running.runtime.count('t', 'after.status:done')) === 48, 'all go on')
    expect(await running.runtime.count('t', 'status:error')).toBe(0)
    expect(running.runtime.credentials()).toMatchObject([{ rest: null }])
    expect(vendor.arrivals).toHaveLength(before + 2 * 48)
    expect(new Set(vendor.arrivals.slice(before).map(({ said }) => said)).size).toBe(48 + 1)
  })

  test('may be another one after a restart: rows that waited for it try at once', async () => {
    const { state, vendor, table } = await dead()
    let running = await runTables([table])
    await insertRows(running, 't', rows(10))
    await running.runtime.idle()
    state.dead = false
    const before = vendor.arrivals.length
    running = await running.restart()
    await until(async () => (await running.runtime.count('t', 'after.status:done')) === 10, 'all go on')
    expect(vendor.arrivals).toHaveLength(before + 20)
  })

  test('and an account without quota alike: a day is not waited for when it has calls again after a restart', async () => {
    const state = { empty: true }
    const vendor = await startVendor(() => (state.empty ? { status: 402, retryAfter: '3600' } : null))
    let running = await runTables([start().column('told', effect({ url: vendor.url, account: acme }))])
    await insertRows(running, 't', rows(10))
    await running.runtime.idle()
    expect(await running.runtime.count('t', 'status:waiting')).toBe(10)
    state.empty = false
    running = await running.restart()
    await until(async () => (await running.runtime.count('t', 'told.status:done')) === 10, 'all go on')
  })

  test('is known to work again by any answer to the one that tries, also by a refusal of its request', async () => {
    let status = 401
    const vendor = await startVendor(() => ({ status }))
    const table = start().column('asked', question({ url: vendor.url, account: acme }))
    const running = await runTables([table])
    await insertOne(running, 't', { n: 1 })
    status = 404
    running.clock.aheadMs += 61_000
    const id = await insertOne(running, 't', { n: 2 })
    expect((await running.runtime.row('t', id)).cells.asked).toMatchObject({ error: { kind: 'not-found' } })
    expect(running.runtime.credentials()).toMatchObject([{ rest: null }])
  })

  test('does not keep a record that is refused by itself from being an error', async () => {
    const vendor = await startVendor((call) => (call === 1 ? { status: 403 } : null))
    const table = start().column('told', effect({ url: vendor.url, account: acme }))
    const running = await runTables([table])
    const first = await insertOne(running, 't', { n: 1 })
    const second = await insertOne(running, 't', { n: 2 })
    expect(await statuses(running, 't', first)).toEqual({ told: 'error' })
    expect(await statuses(running, 't', second)).toEqual({ told: 'done' })
  })

  test('leaves what is in doubt in doubt until it can be read back', async () => {
    const script = [{ status: 500 }, { status: 401 }]
    const vendor = await startVendor((call) => script[call - 1] ?? null)
    const table = start().column('told', effect({ url: vendor.url, account: acme, retry: { attempts: 2 } }))
    const running = await runTables([table])
    const id = await insertOne(running, 't', { n: 1 })
    const waits = (await onDisk(running, 't', id)).cells.told
    expect(waits).toMatchObject({ status: 'waiting', waiting: { on: 'credentials', credential: 'crm:acme' } })
    expect(waits).toHaveProperty('intent')
    running.clock.aheadMs += 61_000
    await insertOne(running, 't', { n: 2 })
    await until(async () => (await running.runtime.row('t', id)).atRest, 'it is settled')
    expect(await statuses(running, 't', id)).toEqual({ told: 'done' })
    const said = vendor.arrivals.map((each) => each.said).filter((each) => each.includes(id))
    expect(said.map((each) => each.startsWith('?'))).toEqual([false, true, true, false])
  })
})

describe('an effect that waits for its turn', () => {
  /** One request is under way and held; all others wait. */
  async function queued(says?: readonly string[]) {
    const gate = Promise.withResolvers<void>()
    const vendor = await startVendor(async (call) => {
      if (call === 1) await gate.promise
      return { status: 200 }
    })
    const account = { key: 'crm:acme', concurrency: 1 }
    const table = start().column('told', effect({ url: vendor.url, account, ...(says && { says }) }))
    const running = await runTables([table])
    const { run, rows: inserted } = await running.runtime.insert('t', rows(6))
    const ids = inserted.map((row) => (row.status === 'accepted' ? row.id : ''))
    await until(() => vendor.arrivals.length === 1, 'one is under way')
    await until(() => running.runtime.credentials()[0]?.waiting === 5, 'five wait')
    return { gate, vendor, running, run, ids }
  }

  test('has not left when its run is cancelled', async () => {
    const { gate, vendor, running, run, ids } = await queued()
    await running.runtime.cancelRun(run?.id ?? '')
    expect(running.runtime.credentials()[0]?.waiting).toBe(0)
    gate.resolve()
    await running.runtime.idle()
    const told = await Promise.all(ids.map(async (id) => (await statuses(running, 't', id)).told))
    expect(told.sort()).toEqual(['cancelled', 'cancelled', 'cancelled', 'cancelled', 'cancelled', 'done'])
    for (const id of ids) expect((await onDisk(running, 't', id)).cells.told).not.toHaveProperty('intent')
    expect(vendor.arrivals).toHaveLength(1)
  })

  test('has not left when the runtime stops, and is sent without a question after the next start', async () => {
    const { gate, vendor, running, ids } = await queued()
    setTimeout(() => gate.resolve(), 50)
    await running.close()
    expect(vendor.arrivals).toHaveLength(1)
    const again = await running.restart()
    await again.runtime.idle()
    for (const id of ids) expect(await statuses(again, 't', id)).toEqual({ told: 'done' })
    expect(vendor.arrivals.map(({ said }) => said).filter((said) => said.startsWith('?'))).toEqual([])
    expect(new Set(vendor.arrivals.map(({ said }) => said)).size).toBe(6)
    expect(vendor.arrivals).toHaveLength(6)
  })

  test('stops between two of its requests, and its own word on what happened counts', async () => {
    const { gate, vendor, running, run, ids } = await queued(['read', 'write'])
    setTimeout(() => gate.resolve(), 30)
    await until(() => vendor.arrivals.length >= 2, 'some have begun')
    await running.runtime.cancelRun(run?.id ?? '')
    await running.runtime.idle()
    for (const id of ids) {
      const { told } = (await onDisk(running, 't', id)).cells
      expect(told).not.toHaveProperty('intent')
      expect(['done', 'cancelled']).toContain(told?.status)
    }
    expect(vendor.arrivals.length).toBeLessThan(6)
  })
})
