import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Budget } from '../../../columns/budget.ts'
import { buildColumn } from '../../../columns/build.ts'
import { type CellContext, done } from '../../../columns/column.ts'
import { CallFailure } from '../../../columns/errors.ts'
import { defineTable } from '../../../columns/table.ts'
import type { NameOf } from '../../../columns/types.ts'
import { createTurns } from '../../../runtime/limits/turns.ts'
import { insertOne, insertRows, runTables, until } from '../../support/runtime.ts'

const input = z.object({ n: z.number() })
const acct: Budget = { key: 'acct', concurrency: 1 }

/** Asks within the limits of an account. */
const asking = <Row extends object = { n: number }>(
  budget: Budget,
  ask: (context: CellContext) => Promise<void>,
  needs: readonly NameOf<Row>[] = [],
) =>
  buildColumn<Row, string>({
    kind: 'asking',
    needs,
    timeoutMs: 100,
    retry: { attempts: 1 },
    versionOf: [],
    work: {
      effect: 'read',
      async run(_, context) {
        if (context.limit === undefined) throw new TypeError('there are limits')
        return context.limit(budget, async () => {
          await ask(context)
          return done('answered')
        })
      },
    },
  })

test('a call that ignores its signal gives its place back when its time is over', async () => {
  let calls = 0
  const column = asking(acct, async () => {
    calls += 1
    if (calls === 1) await new Promise(() => {})
  })
  const running = await runTables([defineTable('t', { input }).column('asked', column)])
  const ids = await insertRows(running, 't', [{ n: 1 }, { n: 2 }])
  await running.runtime.idle()
  const cells = await Promise.all(ids.map(async (id) => (await running.runtime.row('t', id)).cells.asked))
  expect(cells.map((cell) => cell?.status)).toEqual(['error', 'done'])
  expect(running.runtime.credentials()).toMatchObject([{ inFlight: 0, waiting: 0 }])
})

test('a clock that is put back does not keep an account closed, and the rest is told in its time', async () => {
  let calls = 0
  const column = asking(acct, async () => {
    calls += 1
    if (calls === 1) throw new CallFailure('rate-limited', '429', { retryable: true, retryAfterMs: 600 })
  })
  const running = await runTables([defineTable('t', { input }).column('asked', column)])
  running.clock.aheadMs = 86_400_000
  const before = Date.now()
  await insertRows(running, 't', [{ n: 1 }])
  await until(() => running.runtime.credentials()[0]?.rest !== null && calls === 1, 'it rests')
  running.clock.aheadMs = 0
  const { rest = null } = running.runtime.credentials()[0] ?? {}
  expect(rest?.until).toBeGreaterThanOrEqual(before)
  expect(rest?.until).toBeLessThanOrEqual(Date.now() + 601)
  await new Promise((resolve) => setTimeout(resolve, 650))
  const [id = ''] = await insertRows(running, 't', [{ n: 2 }])
  await until(async () => (await running.runtime.row('t', id)).cells.asked?.status === 'done', 'it is asked')
})

describe('two budgets of one key', () => {
  test('let through what the smaller one says', async () => {
    let now = 0
    let most = 0
    const ask = async () => {
      now += 1
      most = Math.max(most, now)
      await new Promise((resolve) => setTimeout(resolve, 5))
      now -= 1
    }
    const table = defineTable('t', { input })
      .column('wide', asking({ key: 'acct', concurrency: 20 }, ask))
      .column('narrow', asking({ key: 'acct', concurrency: 2 }, ask))
    const running = await runTables([table])
    await insertOne(running, 't', { n: 0 })
    most = 0
    await insertRows(
      running,
      't',
      Array.from({ length: 20 }, (_, n) => ({ n })),
    )
    await running.runtime.idle()
    expect(most).toBe(2)
    expect(running.runtime.credentials()).toMatchObject([{ key: 'acct', concurrency: 2 }])
  })

  test('are taken by the rows of a batch one after the other: the first is done before the last begins', async () => {
    const asked: string[] = []
    const note = async ({ column, row }: CellContext) => {
      asked.push(`${column} ${row}`)
      await sleep(5)
    }
    const table = defineTable('t', { input })
      .column('account', asking(acct, note))
      .column('owner', asking<{ account: string | null }>(acct, note, ['account']))
    const running = await runTables([table])
    const ids = await insertRows(
      running,
      't',
      Array.from({ length: 20 }, (_, n) => ({ n })),
    )
    await running.runtime.idle()
    expect(asked.toSorted()).toEqual(ids.flatMap((id) => [`account ${id}`, `owner ${id}`]).toSorted())
    // The owner of a row can be asked for when its account is on disk; until then the next rows take their turn.
    expect(asked.indexOf(`owner ${ids[0]}`)).toBeLessThan(asked.indexOf(`account ${ids[19]}`))
    const ownersInOrder = asked.filter((each) => each.startsWith('owner'))
    expect(ownersInOrder).toEqual(ids.map((id) => `owner ${id}`))
  })

  test('keep to the lower rate, and what was saved up by the higher one is lost', async () => {
    let at = 0
    const turns = createTurns({ concurrency: 50, perSecond: 100, burst: 20 }, () => at)
    turns.narrow({ concurrency: 60, perSecond: 10, burst: 3 })
    turns.narrow({ concurrency: 60, perSecond: 40 })
    let begun = 0
    const ask = () => void turns.take({ lane: 'live' }).then(() => (begun += 1))
    for (let asked = 0; asked < 10; asked += 1) ask()
    await Promise.resolve()
    expect(begun).toBe(3)
    at = 100
    ask()
    await Promise.resolve()
    expect(begun).toBe(4)
    expect(turns.concurrency()).toBe(50)
    expect(() => turns.narrow({ concurrency: 0 })).toThrow(TypeError)
    turns.stop()
  })
})
