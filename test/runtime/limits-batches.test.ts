import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { buildColumn } from '../../columns/build.ts'
import { done } from '../../columns/column.ts'
import { CallFailure } from '../../columns/errors.ts'
import { defineTable } from '../../columns/table.ts'
import { inTurn, type RunningCall, startCall } from '../../connectors/call.ts'
import { createGatherer } from '../../connectors/gather.ts'
import { patienceMs } from '../support/patience.ts'
import { insertRows, onDisk, request, runTables, until } from '../support/runtime.ts'
import { startVendor, type Vendor, type VendorReply } from '../support/vendor.ts'

const input = z.object({ n: z.number() })
const budget = { key: 'crm:acme', concurrency: 1 }
const rows = (count: number) => Array.from({ length: count }, (_, n) => ({ n }))

async function post(vendor: Vendor, said: string, call: RunningCall): Promise<void> {
  const response = await call.fetch(vendor.url, { method: 'POST', body: said, signal: call.signal })
  await response.text()
  if (response.status === 401) throw new CallFailure('needs-credentials', 'no', { retryable: true })
  if (!response.ok)
    throw new CallFailure('unavailable', `${response.status}`, { retryable: true, outcomeUnknown: true })
}

/** A table whose effect shares its write with other rows and then reads it back in a request of its own. */
function batched(vendor: Vendor, { max, timeoutMs }: { max: number; timeoutMs: number }) {
  const writes = createGatherer<string, string>({
    request: { vendor: 'acme', method: 'POST', url: vendor.url, write: true },
    max,
    async one(item, call) {
      await post(vendor, item, call)
      return item
    },
    async many(items, call) {
      await post(vendor, items.join(' '), call)
      return items.map((value) => ({ value }))
    },
  })
  return defineTable('t', { input }).column(
    'told',
    buildColumn<{ n: number }, string>({
      kind: 'told',
      retry: { attempts: 2, baseMs: 5, maxMs: 20 },
      timeoutMs,
      versionOf: [],
      work: {
        effect: 'write',
        sideEffect: 'writes to acme',
        reaches: 'records',
        target: 'same-state',
        confirms: [],
        horizonMs: 0,
        async send(_, context) {
          const call = startCall(context, budget)
          await writes.ask(context.sendId, call)
          await inTurn(call, () => post(vendor, 'read', call)).catch((cause: unknown) => {
            throw new CallFailure('unavailable', 'not read back', {
              retryable: true,
              outcomeUnknown: true,
              cause,
            })
          })
          return done(context.sendId)
        },
        reconcile: async (_, { sendId }) => ({ state: 'happened', outcome: done(sendId) }),
      },
    }),
  )
}

const writesOf = (vendor: Vendor) => vendor.arrivals.filter(({ said }) => said !== 'read')
const idsIn = (vendor: Vendor) => writesOf(vendor).flatMap(({ said }) => said.split(' '))

/** 150 rows that are at rest, and then told once more by a bulk run. */
async function bulk(vendor: Vendor, options: { max: number; timeoutMs: number }) {
  const running = await runTables([batched(vendor, options)])
  const ids = await insertRows(running, 't', rows(150))
  await running.runtime.idle()
  vendor.arrivals.length = 0
  const run = await running.runtime.run('t', request({ force: true, includeEffects: true }))
  return { running, ids, run }
}

describe('rows that share a request', () => {
  test('have as much time as if each had its own, however long their batch waits for its turn', async () => {
    const vendor = await startVendor((_, said) => (said === 'read' ? null : { status: 200, afterMs: 120 }))
    const { running } = await bulk(vendor, { max: 10, timeoutMs: 400 })
    await running.runtime.idle()
    expect(await running.runtime.count('t', 'told.status:done')).toBe(150)
    // 15 batches of 120 ms, one after the other, and nobody tried twice.
    expect(writesOf(vendor).length).toBeLessThanOrEqual(20)
    expect(idsIn(vendor)).toHaveLength(150)
  })

  test('have not left while their batch waits, and have once it is gone', async () => {
    const cancelled = Promise.withResolvers<VendorReply>()
    const isHeld = () =>
      writesOf(vendor).filter(({ said }) => said.includes('.told.2.')).length === 3 &&
      vendor.arrivals.at(-1)?.said === 'read'
    // Of the third batch of the run one row is being read back, and the others wait for that, while the run is cancelled.
    const vendor = await startVendor(() => (isHeld() ? cancelled.promise : null))
    const { running, ids, run } = await bulk(vendor, { max: 10, timeoutMs: patienceMs })
    await until(isHeld, 'the third batch is being read back')
    await running.runtime.cancelRun(run.id)
    cancelled.resolve({ status: 200 })
    await running.runtime.idle()
    const sent = idsIn(vendor)
    // Each row that was read back has a request of its own; whoever was sent and has none is in doubt.
    const readBack = vendor.arrivals.length - writesOf(vendor).length
    expect(sent.length).toBeLessThan(60)
    const became = { unknown: 0, done: 0, unsent: 0 }
    for (const id of ids) {
      const { told } = (await onDisk(running, 't', id)).cells
      const times = sent.filter((each) => each.startsWith(`${id}.told.2.`)).length
      if (times === 0) {
        expect(told, id).toMatchObject({ status: 'done', value: expect.stringMatching(/\.told\.1\./) })
        became.unsent += 1
      } else if (told?.status === 'unknown') {
        expect(told.value, id).toBeUndefined()
        became.unknown += 1
      } else {
        expect(told, id).toMatchObject({ status: 'done', value: expect.stringMatching(/\.told\.2\./) })
        became.done += 1
      }
      expect(times, id).toBeLessThanOrEqual(1)
    }
    expect(became).toEqual({
      unknown: sent.length - readBack,
      done: readBack,
      unsent: ids.length - sent.length,
    })
    expect(became.unknown).toBeGreaterThan(0)
  })

  test('wait together for another key, and go on together', async () => {
    const state = { dead: false }
    const vendor = await startVendor(() => (state.dead ? { status: 401 } : null))
    const running = await runTables([batched(vendor, { max: 10, timeoutMs: patienceMs })])
    state.dead = true
    await insertRows(running, 't', rows(40))
    await running.runtime.idle()
    expect(vendor.arrivals.length).toBeLessThanOrEqual(2)
    expect(await running.runtime.count('t', 'status:waiting')).toBe(40)
    state.dead = false
    running.clock.aheadMs += 61_000
    await insertRows(running, 't', rows(1))
    await until(async () => (await running.runtime.count('t', 'told.status:done')) === 41, 'all are told')
  })
})
