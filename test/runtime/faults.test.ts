import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { done } from '../../columns/column.ts'
import { CallFailure } from '../../columns/errors.ts'
import { defineTable } from '../../columns/table.ts'
import type { RunCounts } from '../../db/store.ts'
import { ask, createOutside, deliver } from '../support/outside.ts'
import { insertOne, insertRows, request, rerun, runTables, statuses, until } from '../support/runtime.ts'
import { runFaulty } from './faulty-store.ts'

const start = () => defineTable('t', { input: z.object({ n: z.number() }) })
const rows = (count: number) => Array.from({ length: count }, (_, n) => ({ n }))
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const never = new Promise<never>(() => {})
const noCounts: RunCounts = { ran: 0, unchanged: 0, kept: 0, skipped: 0, failed: 0, cancelled: 0 }

async function idOf(inserting: Promise<{ rows: { status: string; id?: string }[] }>): Promise<string> {
  return (await inserting).rows[0]?.id ?? ''
}

describe('a store that refuses', () => {
  test('a step while an effect is in the air: the row waits for the effect and sends it once', async () => {
    const outside = createOutside()
    // Longer than the pause before a refused row is read again, and far longer than the horizon.
    outside.onArrival = () => sleep(1_500)
    const table = start()
      .column('told', deliver(outside, { needs: ['n'], horizonMs: 20 }))
      .column('fact', ask({ reads: ['n'], run: () => sleep(50).then(() => done(1)) }))
    let steps = 0
    const { runtime, log } = await runFaulty([table], {
      faults: (store) => ({
        step(step) {
          steps += 1
          return steps === 2 ? Promise.reject(new Error('the disk is full')) : store.step(step)
        },
      }),
    })
    const id = await idOf(runtime.insert('t', rows(1)))
    await until(async () => (await runtime.row('t', id)).atRest, 'the row is at rest')
    expect(outside.received).toHaveLength(1)
    expect(outside.taken).toHaveLength(1)
    const { cells } = await runtime.row('t', id)
    expect([cells.told?.status, cells.fact?.status]).toEqual(['done', 'done'])
    expect(log.filter((line) => line.level === 'error')).toHaveLength(1)
  })

  test('a step while an effect hangs: the row goes on behind its deadline', async () => {
    const outside = createOutside()
    outside.plan('hang')
    const table = start()
      .column('told', deliver(outside, { needs: ['n'], horizonMs: 20, timeoutMs: 300 }))
      .column('fact', ask({ reads: ['n'], run: () => sleep(50).then(() => done(1)) }))
    let steps = 0
    const { runtime } = await runFaulty([table], {
      faults: (store) => ({
        step(step) {
          steps += 1
          return steps === 2 ? Promise.reject(new Error('the disk is full')) : store.step(step)
        },
      }),
    })
    const id = await idOf(runtime.insert('t', rows(1)))
    await until(async () => (await runtime.row('t', id)).atRest, 'the row is at rest')
    expect(outside.received).toHaveLength(1)
    expect((await runtime.row('t', id)).cells.told?.status).toBe('done')
  })

  test('to say which rows are due: it is asked again, and nothing is left without a handler', async () => {
    const unhandled: unknown[] = []
    const listener = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', listener)
    let tries = 0
    const run = () => {
      tries += 1
      if (tries === 1) throw new CallFailure('unavailable', 'busy', { retryable: true })
      return done(1)
    }
    const table = start().column(
      'a',
      ask({ reads: ['n'], run, retry: { attempts: 3, baseMs: 200, maxMs: 200 } }),
    )
    let refusals = 0
    const { runtime, log } = await runFaulty([table], {
      parkAfterMs: 20,
      faults: (store) => ({
        async dueRows(query) {
          // The first look is the one at the start.
          if (tries > 0 && refusals === 0) {
            refusals += 1
            throw new Error('the file cannot be read')
          }
          return store.dueRows(query)
        },
      }),
    })
    const id = await idOf(runtime.insert('t', rows(1)))
    await until(async () => (await runtime.row('t', id)).cells.a?.status === 'done', 'it came back')
    process.off('unhandledRejection', listener)
    expect(refusals).toBe(1)
    expect(unhandled).toEqual([])
    expect(log.some((line) => line.message.includes('looked for again'))).toBe(true)
  })

  test('to write the end of a run: it is written later', async () => {
    const table = start().column('a', ask({ reads: ['n'], run: () => done(1) }))
    let refusals = 0
    const { runtime } = await runFaulty([table], {
      faults: (store) => ({
        async updateRun(id, change) {
          refusals += 1
          if (refusals === 1) throw new Error('the disk is full')
          return store.updateRun(id, change)
        },
      }),
    })
    await runtime.insert('t', rows(2))
    await runtime.idle()
    const { id } = await runtime.run('t', request({ force: true }))
    await runtime.idle()
    expect(await runtime.findRun(id)).toMatchObject({ status: 'done', counts: { ...noCounts, ran: 2 } })
  })
})

describe('a call that never answers', () => {
  test('gives its place in the budget back at its deadline', async () => {
    const budget = { key: 'vendor', concurrency: 1 }
    let calls = 0
    const run = () => {
      calls += 1
      return calls === 1 ? never : done(1)
    }
    const table = start().column(
      'a',
      ask({ reads: ['n'], budget, timeoutMs: 50, retry: { attempts: 1 }, run: async () => run() }),
    )
    const running = await runTables([table])
    const ids = await insertRows(running, 't', rows(2))
    await until(async () => (await statuses(running, 't', ids[1] ?? '')).a === 'done', 'the second is done')
    expect((await statuses(running, 't', ids[0] ?? '')).a).toBe('error')
  })
})

describe('what a column throws', () => {
  test('may ask for a pause of any length: the row is kept for a day at most and can be read', async () => {
    for (const retryAfterMs of [1e16, Number.POSITIVE_INFINITY, Number.NaN]) {
      const run = () => {
        throw new CallFailure('rate-limited', 'later', { retryable: true, retryAfterMs })
      }
      const running = await runTables([start().column('a', ask({ reads: ['n'], run }))], { parkAfterMs: 20 })
      const [id = ''] = await insertRows(running, 't', rows(1))
      await until(
        async () => (await running.runtime.row('t', id)).cells.a?.error !== null,
        'it was tried once',
      )
      const { cells } = await running.runtime.row('t', id)
      if (!Number.isNaN(retryAfterMs)) expect(cells.a?.status).toBe('waiting')
      if (cells.a?.waiting) {
        const until = Date.parse(cells.a.waiting.until ?? '')
        expect(until).toBeLessThanOrEqual(Date.now() + 86_400_000)
      }
      await running.close()
    }
  })

  test('may have no text at all', async () => {
    const run = () => {
      throw Object.create(null)
    }
    const running = await runTables([start().column('a', ask({ reads: ['n'], run }))])
    const id = await insertOne(running, 't', { n: 1 })
    expect((await statuses(running, 't', id)).a).toBe('error')
  })
})

describe('an effect read back', () => {
  test('after an edit is stale: what happened, happened with the values before', async () => {
    const outside = createOutside()
    outside.plan('answer-lost')
    outside.readBack = 'unknown'
    const running = await runTables([start().column('told', deliver(outside, { needs: ['n'] }))])
    const id = await insertOne(running, 't', { n: 1 })
    expect((await statuses(running, 't', id)).told).toBe('unknown')
    await running.runtime.edit('t', id, { n: 2 })
    outside.readBack = 'books'
    await rerun(running, 't', { mode: 'errored' })
    expect(outside.taken.map((each) => each.values)).toEqual([{ n: 1 }])
    expect((await running.runtime.row('t', id)).cells.told).toMatchObject({ status: 'done', stale: true })
    // Back to what was sent: nothing is stale any more.
    await running.runtime.edit('t', id, { n: 1 })
    expect((await running.runtime.row('t', id)).cells.told).toMatchObject({ status: 'done', stale: false })
  })

  test('without an edit is up to date', async () => {
    const outside = createOutside()
    outside.plan('answer-lost')
    const running = await runTables([start().column('told', deliver(outside, { needs: ['n'] }))])
    const id = await insertOne(running, 't', { n: 1 })
    expect((await running.runtime.row('t', id)).cells.told).toMatchObject({ status: 'done', stale: false })
  })
})

/** Two columns; from the fifth row on the second one hangs for as long as `state.hang` says so. */
function halfWay() {
  const state = { hang: false, hanging: 0 }
  const run = async ({ n }: Record<string, unknown>) => {
    if (!state.hang || Number(n) < 5) return done(n as number)
    state.hanging += 1
    return never
  }
  const table = start()
    .column('first', ask({ reads: ['n'], run: ({ n }) => done(n as number) }))
    .column('second', ask({ reads: ['n'], needs: ['first'], run }))
  return { state, table }
}

describe('the counts of a run', () => {
  test('are right after a clean stop half-way', async () => {
    const { state, table } = halfWay()
    const running = await runTables([table])
    await insertRows(running, 't', rows(10))
    await running.runtime.idle()
    state.hang = true
    const { id } = await running.runtime.run('t', request({ force: true }))
    await until(() => state.hanging === 5, 'half of the rows are done')
    state.hang = false
    const again = await running.restart()
    await again.runtime.idle()
    const run = await again.runtime.findRun(id)
    expect(run).toMatchObject({ status: 'done', handedOut: 10, counts: { ...noCounts, ran: 20 } })
  })

  test('are right after a kill half-way', async () => {
    const { state, table } = halfWay()
    const { runtime, afterKill } = await runFaulty([table])
    await runtime.insert('t', rows(10))
    await runtime.idle()
    state.hang = true
    const { id } = await runtime.run('t', request({ force: true }))
    await until(() => state.hanging === 5, 'half of the rows are done')
    await until(async () => (await runtime.findRun(id)).counts.ran === 15, 'it is on disk')
    state.hang = false
    const again = await afterKill()
    await again.runtime.idle()
    const run = await again.runtime.findRun(id)
    expect(run).toMatchObject({ status: 'done', handedOut: 10, counts: { ...noCounts, ran: 20 } })
  })

  test('leave out what a refused step would have counted', async () => {
    const table = start().column('a', ask({ reads: ['n'], run: () => done(1) }))
    let refuse = false
    const { runtime } = await runFaulty([table], {
      faults: (store) => ({
        step(step) {
          if (!refuse) return store.step(step)
          refuse = false
          // Everything is built, and then the commit fails.
          const refuseDraws = () => {
            throw new Error('no draws here')
          }
          step.build(Object.assign(refuseDraws, { view: refuseDraws }))
          return Promise.reject(new Error('the disk is full'))
        },
      }),
    })
    await runtime.insert('t', rows(3))
    await runtime.idle()
    refuse = true
    const { id } = await runtime.run('t', request())
    await runtime.idle()
    expect((await runtime.findRun(id)).counts).toEqual({ ...noCounts, unchanged: 3 })
  })
})

describe('a cancel', () => {
  test('that comes while the end of the run is looked for is not overwritten by it', async () => {
    let gate = Promise.resolve()
    const table = start().column('a', ask({ reads: ['n'], run: () => gate.then(() => done(1)) }))
    let cancel: (() => Promise<void>) | null = null
    const { runtime, store } = await runFaulty([table], {
      faults: (real) => ({
        async remaining(run) {
          const left = await real.remaining(run)
          const now = left === 0 ? cancel : null
          if (now !== null) {
            cancel = null
            await now()
          }
          return left
        },
      }),
    })
    await runtime.insert('t', rows(1))
    await runtime.idle()
    const answers: string[] = []
    const held = Promise.withResolvers<void>()
    gate = held.promise
    const { id } = await runtime.run('t', request({ force: true }))
    cancel = async () => {
      answers.push((await runtime.cancelRun(id)).status)
    }
    held.resolve()
    await runtime.idle()
    await until(() => answers.length > 0, 'the cancel is answered')
    expect(answers).toEqual(['cancelled'])
    expect((await store.findRun(id))?.status).toBe('cancelled')
    expect((await runtime.findRun(id)).status).toBe('cancelled')
  })
})
