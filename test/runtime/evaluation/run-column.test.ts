import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { ColumnOptions } from '../../../columns/column.ts'
import { TableError } from '../../../columns/errors.ts'
import type { Json } from '../../../columns/json.ts'
import { lookup } from '../../../columns/lookup.ts'
import { defineTable } from '../../../columns/table.ts'
import { checkTryable, type RunOptions, runColumn } from '../../../runtime/evaluation/run-column.ts'
import { planTable } from '../../../runtime/plan.ts'
import { timed } from '../../support/own-time.ts'
import { patienceMs } from '../../support/patience.ts'
import { columnOf, trialTable } from './trial-table.ts'

let server: Server
let url = ''
/** Sites in the order in which they were asked for. */
let received: string[] = []
let underWay = 0
let most = 0
let aborted = 0

/** `busy2` is busy twice; `slow` takes 30 ms, `hang` for ever; `lost` is unknown; `odd` breaks the schema. */
async function answerOf(site: string): Promise<[status: number, body: string]> {
  const asked = received.filter((each) => each === site).length
  if (site.startsWith('busy2')) return asked <= 2 ? [503, ''] : [200, '{"city":"Bonn","people":3}']
  if (site.startsWith('down')) return [503, '']
  if (site.startsWith('bad')) return [400, '']
  if (site.startsWith('lost')) return [404, '']
  if (site.startsWith('slow')) await new Promise((resolve) => setTimeout(resolve, 30))
  return [200, JSON.stringify({ city: site.split('!')[0], people: site.startsWith('odd') ? 'many' : 3 })]
}

beforeAll(async () => {
  server = createServer((request, response) => {
    const site = decodeURIComponent((request.url ?? '').slice(1))
    received.push(site)
    if (site.startsWith('hang')) {
      response.on('close', () => (aborted += 1))
      return
    }
    underWay += 1
    most = Math.max(most, underWay)
    void answerOf(site).then(([status, body]) => {
      underWay -= 1
      response.writeHead(status, { 'content-type': 'application/json' }).end(body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('there is no TCP address')
  url = `http://127.0.0.1:${address.port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  received = []
  most = 0
  aborted = 0
})

const quick: ColumnOptions = { retry: { attempts: 3, baseMs: 1 }, timeoutMs: patienceMs }

function run(
  given: readonly Record<string, Json>[],
  options: ColumnOptions = {},
  over: Partial<RunOptions> = {},
) {
  const plan = trialTable(url, { ...quick, ...options })
  const rows = given.map((each, index) => ({ line: index + 2, given: each, expected: {}, cells: {} }))
  const world = { now: Date.now, elapsed: () => performance.now(), random: () => 0.5, fetch }
  return runColumn(plan, columnOf(plan, 'place'), rows, {
    world,
    concurrency: 4,
    longestPauseMs: 1_000,
    ...over,
  })
}

describe('a column tried out on rows', () => {
  test('answers in the order of the rows, whatever takes longer, and whatever the table says about when', async () => {
    const sites = ['slow1', 'a', 'b', 'slow2', 'c']
    const answers = await run(sites.map((site) => ({ site })))
    expect(answers.map(({ value }) => value)).toEqual(sites.map((city) => ({ city, people: 3 })))
    expect(answers[1]).toMatchObject({
      status: 'done',
      cost: { usd: 0.01 },
      detail: { decidedBy: 'model' },
      calls: 1,
      attempts: 1,
    })
  })

  test('stands on what earlier columns compute from the row', async () => {
    const [first, second] = await run([{ website: 'acme.de' }, { website: 'acme.de', country: 'fr' }])
    expect([first?.value, second?.value]).toEqual([
      { city: 'acme.de', people: 3 },
      { city: 'acme.de', people: 3 },
    ])
    expect(received.sort()).toEqual(['acme.de!de', 'acme.de!fr'])
  })

  test('tells no result, skipped and error apart, and counts what left', async () => {
    const answers = await run([
      { site: 'lost' },
      { site: null },
      { site: 'bad' },
      { site: 'odd' },
      { country: 'broken' },
    ])
    expect(answers.map(({ status, reason, calls }) => [status, reason, calls])).toEqual([
      ['no-result', 'nobody knows it', 1],
      ['skipped', expect.stringContaining('site is empty'), 0],
      ['error', 'unavailable: it said 400', 1],
      ['error', expect.stringContaining('crashed'), 1],
      ['error', expect.stringMatching(/^site, which it stands on: crashed: Error: boom/), 0],
    ])
  })

  test('is tried again as its retry policy says, and no longer', async () => {
    const answers = await run([{ site: 'busy2' }, { site: 'down' }])
    expect(answers).toMatchObject([
      { status: 'done', attempts: 3, calls: 3 },
      { status: 'error', attempts: 3, calls: 3, reason: 'unavailable: it said 503' },
    ])
  })

  test('falls back on what it says without the other side, after the last attempt', async () => {
    const [down, bad, nothing] = await run([
      { site: 'down', country: 'known' },
      { site: 'bad', country: 'known' },
      { site: 'bad', country: 'de' },
    ])
    expect(down).toMatchObject({
      status: 'done',
      value: { people: 1 },
      attempts: 3,
      detail: { outcome: 'unavailable' },
    })
    expect(bad).toMatchObject({ status: 'done', value: { people: 1 }, attempts: 1 })
    expect(nothing).toMatchObject({ status: 'error', reason: 'unavailable: it said 400' })
  })

  test('does not outlast the time that a row waits for it, retries included', async () => {
    const rows = [
      { site: 'hang', country: 'known' },
      { site: 'down', country: 'known' },
    ]
    const { answer, ownMs } = await timed(() =>
      run(rows, { withinMs: 100, retry: { attempts: 5, baseMs: 400 } }),
    )
    const [hung, retried] = answer
    expect(hung).toMatchObject({ status: 'done', attempts: 1, detail: { outcome: 'timeout' } })
    expect(retried).toMatchObject({ status: 'done', attempts: 1, detail: { outcome: 'unavailable' } })
    expect(ownMs).toBeLessThan(2_000)
  })

  test('does not wait longer than an evaluation may', async () => {
    const [given] = await run([{ site: 'down' }], { retry: { attempts: 3, baseMs: 60_000 } })
    expect(given).toMatchObject({ status: 'error', attempts: 1 })
  })

  test('ends at its deadline, and its request with it', async () => {
    const [given] = await run([{ site: 'hang' }], { timeoutMs: 40, retry: { attempts: 2, baseMs: 1 } })
    expect(given).toMatchObject({
      status: 'error',
      attempts: 2,
      reason: expect.stringContaining('timeout: no answer within 40 ms'),
    })
    await expect.poll(() => aborted).toBe(2)
  })

  test('keeps to the concurrency that was asked for, and to its own budget', async () => {
    const rows = Array.from({ length: 12 }, (_, index) => ({ site: `slow${index}` }))
    const told: number[] = []
    await run(rows, {}, { concurrency: 3, onAnswer: (done) => told.push(done) })
    expect(most).toBe(3)
    expect(told).toEqual(rows.map((_, index) => index + 1))
    most = 0
    await run(rows, { budget: { key: 'cities', concurrency: 2 } }, { concurrency: 8 })
    expect(most).toBe(2)
  })
})

describe('what cannot be tried out', () => {
  test('is a column that changes the world', () => {
    const plan = trialTable(url)
    expect(() => checkTryable(plan, columnOf(plan, 'told'))).toThrow('it cannot be tried out on a file')
    expect(() => checkTryable(plan, columnOf(plan, 'place'))).not.toThrow()
  })

  test('is a column that looks rows up, because there are none: it ends at the first of them', async () => {
    const table = defineTable('trial', { input: z.object({ key: z.string() }) }).column(
      'found',
      lookup({
        table: 'others',
        by: 'person',
        needs: ['key'],
        key: ({ key }) => key,
        output: z.string(),
        take: ({ id }) => id,
      }),
    )
    const plan = planTable(table, 0)
    const rows = Array.from({ length: 50 }, (_, index) => ({
      line: index + 2,
      given: { key: index === 0 ? 'acme' : '' },
      expected: {},
      cells: {},
    }))
    let looked = 0
    const now = () => {
      looked += 1
      return Date.now()
    }
    const world = { now, elapsed: () => performance.now(), random: Math.random, fetch }
    const outcome = runColumn(plan, columnOf(plan, 'found'), rows, {
      world,
      concurrency: 2,
      longestPauseMs: 0,
    })
    const error = await outcome.catch((thrown: unknown) => thrown)
    expect(TableError.isInstance(error) && error.message).toContain('looks up rows of "others"')
    await new Promise((resolve) => setTimeout(resolve, 20))
    // The clock is read at least twice a row: those behind the first are not begun, though they would need no look-up.
    expect(looked).toBeLessThan(rows.length)
  })
})
