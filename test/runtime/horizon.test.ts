import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { done } from '../../columns/column.ts'
import { defineTable } from '../../columns/table.ts'
import { ask, createOutside, deliver } from '../support/outside.ts'
import { insertRows, onDisk, type RunningRuntime, runTables, until } from '../support/runtime.ts'
import { runFaulty } from './faulty-store.ts'

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

interface Times {
  timeoutMs: number
  horizonMs: number
  /** How long after the deadline the request takes effect. */
  takenAfterMs: number
}

/** A side that keeps the first request beyond its deadline and takes it then, and a column that writes to it. */
function lateTaker({ timeoutMs, horizonMs, takenAfterMs }: Times) {
  const outside = createOutside()
  const seen = { deadlineAt: 0, askedAt: 0, takenBeforeAsked: false }
  outside.onArrival = async ({ signal }) => {
    if (outside.received.length > 1) return
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    seen.deadlineAt = Date.now()
    await sleep(takenAfterMs)
  }
  const push = outside.asked.push.bind(outside.asked)
  outside.asked.push = (...ids) => {
    if (seen.askedAt === 0)
      Object.assign(seen, { askedAt: Date.now(), takenBeforeAsked: outside.taken.length > 0 })
    return push(...ids)
  }
  const column = deliver<{ n: number }>(outside, { needs: ['n'], timeoutMs, horizonMs })
  const expectOnce = () => {
    expect(seen.deadlineAt).toBeGreaterThan(0)
    expect(seen.askedAt - seen.deadlineAt).toBeGreaterThanOrEqual(horizonMs)
    expect(seen.takenBeforeAsked).toBe(true)
    expect([...outside.asked]).toEqual([outside.received[0]?.sendId])
    expect(outside.received).toHaveLength(1)
    expect(outside.taken).toHaveLength(1)
  }
  return { outside, seen, column, expectOnce }
}

const start = () => defineTable('t', { input: z.object({ n: z.number() }) })
/** An answer that comes when it is let go: while the effect hangs, so that there is a step to write. */
function fact() {
  const gate = Promise.withResolvers<void>()
  return { column: ask({ reads: ['n'], run: () => gate.promise.then(() => done(1)) }), land: gate.resolve }
}
const told = async ({ runtime }: Pick<RunningRuntime, 'runtime'>, id: string) =>
  (await runtime.row('t', id)).cells.told

describe('an effect that is taken after its deadline', () => {
  // The horizon of the intent is over at the deadline: only that of the failure is left.
  const times = { timeoutMs: 500, horizonMs: 400, takenAfterMs: 150 }

  test.each([
    ['whose row stays in memory', { parkAfterMs: 5_000, restarts: false }],
    ['whose row is parked', { parkAfterMs: 20, restarts: false }],
    ['whose process starts anew', { parkAfterMs: 5_000, restarts: true }],
  ])('%s is not looked for before the horizon is over, counted from there', async (_, how) => {
    const { seen, column, expectOnce } = lateTaker(times)
    let running = await runTables([start().column('told', column)], { parkAfterMs: how.parkAfterMs })
    const [id = ''] = await insertRows(running, 't', [{ n: 1 }])
    const isOverdue = async () => (await onDisk(running, 't', id)).cells.told?.status === 'waiting'
    await until(async () => seen.askedAt > 0 || (await isOverdue()), 'it is overdue')
    if (how.restarts) running = await running.restart()
    await until(async () => (await running.runtime.row('t', id)).atRest, 'at rest')
    expectOnce()
    expect(await told(running, id)).toMatchObject({ status: 'done', error: null })
  })
})

describe('a row that is read again while an effect hangs', () => {
  test('because another process took it over leaves the effect the horizon behind its deadline', async () => {
    const { outside, column, expectOnce } = lateTaker({ timeoutMs: 800, horizonMs: 400, takenAfterMs: 150 })
    const other = fact()
    const running = await runTables([start().column('told', column).column('fact', other.column)])
    const [id = ''] = await insertRows(running, 't', [{ n: 1 }])
    await until(() => outside.received.length === 1, 'the effect has left')
    const { seq, generation, active } = await onDisk(running, 't', id)
    await running.store.activate({ table: 't', run: active ?? 0, rows: [seq] })
    other.land()
    await until(async () => (await running.runtime.row('t', id)).atRest, 'at rest')
    expect((await onDisk(running, 't', id)).generation).toBe(generation + 1)
    expectOnce()
    expect(await told(running, id)).toMatchObject({ status: 'done' })
  })

  test('because the store refused a step leaves the effect the horizon behind its deadline', async () => {
    // A refused row is read again a second later. Without the horizon that would be 450 ms before the effect is taken, and that of the
    // intent is over by then.
    const times = { timeoutMs: 600, horizonMs: 1_500, takenAfterMs: 1_450 }
    const { outside, column, expectOnce } = lateTaker(times)
    const other = fact()
    let refused = 0
    const running = await runFaulty([start().column('told', column).column('fact', other.column)], {
      faults: (store) => ({
        step(step) {
          if (outside.received.length === 0 || refused > 0) return store.step(step)
          refused += 1
          return Promise.reject(new Error('the disk is full'))
        },
      }),
    })
    const [row] = (await running.runtime.insert('t', [{ n: 1 }])).rows
    if (row === undefined || row.status === 'invalid') throw new Error('the row was refused')
    await until(() => outside.received.length === 1, 'the effect has left')
    other.land()
    await until(async () => (await running.runtime.row('t', row.id)).atRest, 'at rest')
    expect(refused).toBe(1)
    expectOnce()
    expect(await told(running, row.id)).toMatchObject({ status: 'done' })
  })
})
