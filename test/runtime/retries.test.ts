import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { done, noResult } from '../../columns/column.ts'
import { compute } from '../../columns/compute.ts'
import { CallFailure, RetryAfterError } from '../../columns/errors.ts'
import { defineTable } from '../../columns/table.ts'
import { ask } from '../support/outside.ts'
import { patienceMs } from '../support/patience.ts'
import { insertOne, insertRows, onDisk, rerun, runTables, statuses, until } from '../support/runtime.ts'

const input = z.object({ n: z.number() })
const busy = () => new CallFailure('unavailable', 'busy', { retryable: true })
const forAnHour = () => new RetryAfterError('slow down', 3_600_000)

/** A column that asks outside and does what the script says, call by call. */
function scripted(
  script: (call: number, n: number) => unknown,
  retry = { attempts: 4, baseMs: 40, maxMs: 1_000 },
) {
  const calls: number[] = []
  const table = defineTable('t', { input })
    .column('before', compute({ reads: ['n'], run: ({ n }) => n }))
    .column(
      'asked',
      ask({
        needs: ['before'],
        retry,
        run: async ({ before }) => {
          calls.push(Date.now())
          return done(script(calls.length, Number(before)))
        },
      }),
    )
    .column('after', compute({ needs: ['asked'], run: ({ asked }) => asked as number }))
  return { table, calls }
}

describe('a retry', () => {
  test('waits no longer than its pause when the clock is put back meanwhile', async () => {
    for (const failure of [busy(), new RetryAfterError('slow down', 150)]) {
      const { table, calls } = scripted(
        (call) => {
          if (call === 1) throw failure
          return call
        },
        { attempts: 4, baseMs: 150, maxMs: 150 },
      )
      const running = await runTables([table], { random: () => 1 })
      const [id = ''] = await insertRows(running, 't', [{ n: 1 }])
      await until(async () => (await onDisk(running, 't', id)).cells.asked?.status === 'waiting', 'it waits')
      running.clock.aheadMs = -3_600_000
      await until(() => calls.length === 2, 'the second call')
      await running.runtime.idle()
      expect(await statuses(running, 't', id)).toMatchObject({ asked: 'done', after: 'done' })
      const [first = 0, second = 0] = calls
      expect(second - first).toBeGreaterThanOrEqual(148)
    }
  })

  test('is not made before its pause is over because the clock is put back and the row is looked at', async () => {
    const { table, calls } = scripted(
      () => {
        throw busy()
      },
      { attempts: 4, baseMs: 600_000, maxMs: 600_000 },
    )
    let looks = 0
    const looking = table.column(
      'looking',
      ask<{ n: number }, string>({
        retry: { attempts: 9, baseMs: 20, maxMs: 20 },
        run() {
          looks += 1
          if (looks < 6) throw busy()
          return done('seen')
        },
      }),
    )
    const running = await runTables([looking], { random: () => 1, parkAfterMs: 3_600_000 })
    const [id = ''] = await insertRows(running, 't', [{ n: 1 }])
    for (let look = 2; look <= 6; look += 1) {
      await until(() => looks >= look, 'the row is looked at')
      running.clock.aheadMs -= 1_000
    }
    await until(
      async () => (await running.runtime.row('t', id)).cells.looking?.status === 'done',
      'it is seen',
    )
    expect(calls).toHaveLength(1)
    expect((await running.runtime.row('t', id)).cells.asked).toMatchObject({ status: 'waiting', attempts: 1 })
  })

  test('comes after a growing pause, and the cell says what it waits for', async () => {
    const { table, calls } = scripted((call) => {
      if (call < 3) throw busy()
      return call
    })
    const running = await runTables([table], { random: () => 1 })
    const [id = ''] = await insertRows(running, 't', [{ n: 1 }])
    await until(() => calls.length === 1, 'the first call')
    await until(
      async () => (await running.runtime.row('t', id)).cells.asked?.waiting?.on === 'retry',
      'it waits',
    )
    const { cells } = await running.runtime.row('t', id)
    expect(cells.asked).toMatchObject({
      status: 'waiting',
      error: { kind: 'unavailable', message: 'busy' },
      waiting: { until: expect.any(String) },
    })
    expect(cells.after).toMatchObject({ status: 'waiting', waiting: { on: 'upstream' } })
    await running.runtime.idle()
    const [first = 0, second = 0, third = 0] = calls
    expect(second - first).toBeGreaterThanOrEqual(38)
    expect(third - second).toBeGreaterThanOrEqual(78)
    expect((await running.runtime.row('t', id)).cells.asked).toMatchObject({ status: 'done', attempts: 3 })
  })

  test('is not made before the other side wants it', async () => {
    const { table, calls } = scripted(
      (call) => {
        if (call === 1) throw new RetryAfterError('slow down', 250)
        return call
      },
      { attempts: 4, baseMs: 1, maxMs: 1 },
    )
    const running = await runTables([table])
    await insertOne(running, 't', { n: 1 })
    expect((calls[1] ?? 0) - (calls[0] ?? 0)).toBeGreaterThanOrEqual(248)
  })

  test('ends with the last attempt, and a later run has all its attempts again', async () => {
    const { table, calls } = scripted(
      () => {
        throw busy()
      },
      { attempts: 3, baseMs: 1, maxMs: 1 },
    )
    const running = await runTables([table])
    const id = await insertOne(running, 't', { n: 1 })
    expect(calls).toHaveLength(3)
    expect((await running.runtime.row('t', id)).cells.asked).toMatchObject({
      status: 'error',
      attempts: 3,
      error: { kind: 'unavailable', retryable: true },
    })
    await rerun(running, 't', { mode: 'errored' })
    expect(calls).toHaveLength(6)
    expect((await running.runtime.row('t', id)).cells.asked?.attempts).toBe(6)
  })
})

describe('a deadline', () => {
  test('ends an attempt that gives no answer, aborts it, and ignores what comes later', async () => {
    const signals: AbortSignal[] = []
    const late = Promise.withResolvers<void>()
    const table = defineTable('t', { input })
      .column(
        'slow',
        ask({
          timeoutMs: 30,
          retry: { attempts: 2, baseMs: 1, maxMs: 1 },
          run: async (_, { signal }) => {
            signals.push(signal)
            await late.promise
            return done('too late')
          },
        }),
      )
      .column(
        'own',
        compute({
          timeoutMs: 30,
          run: async (_, { signal }) => {
            signals.push(signal)
            await late.promise
            return 'too late'
          },
        }),
      )
    const running = await runTables([table])
    const id = await insertOne(running, 't', { n: 1 })
    const before = await onDisk(running, 't', id)
    for (const name of ['slow', 'own'])
      expect(before.cells[name]).toMatchObject({
        status: 'error',
        error: { kind: 'timeout', message: 'no answer within 30 ms' },
      })
    expect(signals.map((each) => each.aborted)).toEqual([true, true, true])
    late.resolve()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await onDisk(running, 't', id)).toEqual(before)
  })
})

test('an answer that comes late, while the next attempt is under way, is not taken for that attempt', async () => {
  const gates = [Promise.withResolvers<string>(), Promise.withResolvers<string>()]
  let calls = 0
  const table = defineTable('t', { input }).column(
    'asked',
    ask({
      timeoutMs: 500,
      retry: { attempts: 2, baseMs: 1, maxMs: 1 },
      run: async () => {
        calls += 1
        return done((await gates[calls - 1]?.promise) ?? '')
      },
    }),
  )
  const running = await runTables([table])
  const [id = ''] = await insertRows(running, 't', [{ n: 1 }])
  await until(() => calls === 2, 'the second attempt')
  gates[0]?.resolve('first')
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect((await running.runtime.row('t', id)).cells.asked?.status).toBe('running')
  gates[1]?.resolve('second')
  await running.runtime.idle()
  expect((await running.runtime.row('t', id)).cells.asked).toMatchObject({ status: 'done', value: 'second' })
})

describe('a parked row', () => {
  test('leaves memory, is not waited for by idle, and comes back when it is due', async () => {
    const { table, calls } = scripted((call) => {
      if (call === 1) throw new RetryAfterError('slow down', 300)
      return call
    })
    const running = await runTables([table], { parkAfterMs: 50 })
    const [id = ''] = await insertRows(running, 't', [{ n: 1 }])
    await running.runtime.idle()
    expect(calls).toHaveLength(1)
    const row = await running.runtime.row('t', id)
    expect(row.atRest).toBe(false)
    expect(row.cells.asked).toMatchObject({ status: 'waiting', waiting: { on: 'rate-limit' } })
    expect(await running.runtime.count('t', 'status:waiting')).toBe(1)
    await until(async () => (await running.runtime.row('t', id)).atRest, 'it came back')
    expect(await statuses(running, 't', id)).toEqual({ before: 'done', asked: 'done', after: 'done' })
    expect(await running.runtime.count('t', 'status:waiting')).toBe(0)
  })

  test('outlives a restart and is not asked early', async () => {
    const { table, calls } = scripted((call) => {
      if (call === 1) throw forAnHour()
      return call
    })
    let running = await runTables([table])
    const id = await insertOne(running, 't', { n: 1 })
    running = await running.restart()
    await running.runtime.idle()
    expect(calls).toHaveLength(1)
    expect((await running.runtime.row('t', id)).cells.asked?.status).toBe('waiting')
    running.clock.aheadMs = 3_600_001
    running = await running.restart()
    await running.runtime.idle()
    expect(calls).toHaveLength(2)
    expect(await statuses(running, 't', id)).toEqual({ before: 'done', asked: 'done', after: 'done' })
  })

  test('comes back also when more are due at once than are taken up in one go', async () => {
    const { table } = scripted((call, n) => {
      if (call <= 1_300) throw new RetryAfterError('slow down', 150)
      return n
    })
    const running = await runTables([table], { parkAfterMs: 10, limits: { rows: 5_000 } })
    await insertRows(
      running,
      't',
      Array.from({ length: 1_300 }, (_, n) => ({ n })),
    )
    await until(
      async () => (await running.runtime.count('t', 'asked.status:done')) === 1_300,
      'all came back',
    )
  })

  test('is settled for who waits for a column that is done, and not for who waits for the row', async () => {
    const { table } = scripted((call) => {
      if (call === 1) throw forAnHour()
      return call
    })
    const running = await runTables([table])
    const [id = ''] = await insertRows(running, 't', [{ n: 1 }])
    expect(await running.runtime.settled('t', [id], 'before', patienceMs)).toBe(true)
    expect(await running.runtime.settled('t', [id], null, 60)).toBe(false)
    expect(await running.runtime.settled('t', [id], 'asked', 60)).toBe(false)
  })

  test('is not waited for any longer because the clock was put back', async () => {
    const { table } = scripted(() => {
      throw forAnHour()
    })
    const running = await runTables([table])
    const [id = ''] = await insertRows(running, 't', [{ n: 1 }])
    const waiting = running.runtime.settled('t', [id], null, 100)
    running.clock.aheadMs = -60_000
    expect(await waiting).toBe(false)
  })

  test('that another run takes over still gets everything its insert owes it', async () => {
    const { table, calls } = scripted((call) => {
      if (call === 1) throw new RetryAfterError('slow down', 300)
      return call
    })
    const running = await runTables([table], { parkAfterMs: 50 })
    const id = await insertOne(running, 't', { n: 1 })
    await rerun(running, 't', { columns: ['before'], force: true })
    expect((await running.runtime.row('t', id)).cells.asked?.status).toBe('waiting')
    await until(async () => (await running.runtime.row('t', id)).atRest, 'it came back')
    expect(await statuses(running, 't', id)).toEqual({ before: 'done', asked: 'done', after: 'done' })
    expect(calls).toHaveLength(2)
  })

  test('of a run that mends errors goes on with everything behind them', async () => {
    let waits = true
    let works = false
    const table = defineTable('t', { input })
      .column(
        'fact',
        ask({
          reads: ['n'],
          retry: { attempts: 1 },
          run: () => {
            if (!works) throw busy()
            return done('fact')
          },
        }),
      )
      .column(
        'other',
        ask({
          reads: ['fact'],
          run: ({ fact }) => {
            if (fact === 'fact' && waits) throw new RetryAfterError('slow down', 150)
            return done('other')
          },
        }),
      )
      .column('sum', compute({ reads: ['fact', 'other'], run: (row) => `${row.fact} ${row.other}` }))
    const running = await runTables([table], { parkAfterMs: 20 })
    const id = await insertOne(running, 't', { n: 1 })
    expect((await running.runtime.row('t', id)).cells.sum?.value).toBe('null other')
    works = true
    const run = await rerun(running, 't', { mode: 'errored', downstream: true })
    expect(run).toMatchObject({ status: 'running', remaining: 1 })
    waits = false
    await until(async () => (await running.runtime.row('t', id)).atRest, 'it came back')
    expect((await running.runtime.row('t', id)).cells.sum).toMatchObject({
      value: 'fact other',
      stale: false,
    })
    await until(async () => (await running.runtime.findRun(run.id)).status === 'done', 'the run is done')
  })

  test('can be edited, and goes on with the new values', async () => {
    const { table } = scripted((call, n) => {
      if (call === 1) throw new RetryAfterError('slow down', 200)
      return n
    })
    const running = await runTables([table], { parkAfterMs: 20 })
    const id = await insertOne(running, 't', { n: 1 })
    await running.runtime.edit('t', id, { n: 5 })
    expect((await running.runtime.row('t', id)).cells.before).toMatchObject({ value: 1, stale: true })
    await until(async () => (await running.runtime.row('t', id)).atRest, 'it came back')
    expect(await statuses(running, 't', id)).toEqual({ before: 'done', asked: 'done', after: 'done' })
    expect(await running.runtime.count('t', 'stale:before')).toBe(1)
    await rerun(running, 't', { mode: 'stale', downstream: true })
    expect((await running.runtime.row('t', id)).cells.after).toMatchObject({ value: 5, stale: false })
  })

  test('can be erased, and never comes back', async () => {
    const { table, calls } = scripted((call) => {
      if (call === 1) throw new RetryAfterError('slow down', 100)
      return call
    })
    const running = await runTables([table], { parkAfterMs: 10 })
    const id = await insertOne(running, 't', { n: 1 })
    await running.runtime.erase('t', id)
    await new Promise((resolve) => setTimeout(resolve, 200))
    await running.runtime.idle()
    expect(calls).toHaveLength(1)
    await expect(running.runtime.row('t', id)).rejects.toMatchObject({ code: 'row-unknown' })
  })
})

test('a provider without a match is no reason to try again', async () => {
  let calls = 0
  const table = defineTable('t', { input }).column(
    'asked',
    ask({
      run: () => {
        calls += 1
        return noResult('nobody knows it')
      },
    }),
  )
  const running = await runTables([table])
  await insertOne(running, 't', { n: 1 })
  expect(calls).toBe(1)
})
