import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { buildColumn } from '../../columns/build.ts'
import { done, noResult, type Outcome } from '../../columns/column.ts'
import { CallFailure } from '../../columns/errors.ts'
import type { Json } from '../../columns/json.ts'
import { defineTable } from '../../columns/table.ts'
import { insertOne, rerun, runTables } from '../support/runtime.ts'

const input = z.object({ n: z.number() })
const repeat = { force: true, includeEffects: true }
const busy = (outcomeUnknown: boolean) =>
  new CallFailure('unavailable', 'busy', { retryable: true, outcomeUnknown })

/** An effect that answers as the script says, and the earlier value that each of its attempts saw. */
function scripted(...script: (() => Outcome<string>)[]) {
  const seen: Json[] = []
  const column = buildColumn<{ n: number }, string>({
    kind: 'told',
    reads: ['n'],
    retry: { attempts: 3, baseMs: 1, maxMs: 2 },
    versionOf: [],
    work: {
      effect: 'write',
      sideEffect: 'tells somebody',
      reaches: 'people',
      target: 'readable',
      confirms: [],
      horizonMs: 0,
      async send(_, { earlier }) {
        seen.push(earlier)
        return (script[seen.length - 1] ?? (() => done('more')))()
      },
      reconcile: async () => ({ state: 'absent' }),
    },
  })
  return { seen, table: defineTable('t', { input }).column('told', column) }
}

const fails = (outcomeUnknown = false) => {
  return () => {
    throw busy(outcomeUnknown)
  }
}
const refuses = () => {
  throw new CallFailure('invalid-request', 'no', { retryable: false })
}

describe('what an effect put out earlier', () => {
  test('is nothing at first, and then the value of the cell', async () => {
    const { seen, table } = scripted(
      () => done('first'),
      () => done('second'),
    )
    const running = await runTables([table])
    const id = await insertOne(running, 't', { n: 1 })
    await rerun(running, 't', repeat)
    await rerun(running, 't', repeat)
    expect(seen).toEqual([null, 'first', 'second'])
    expect((await running.runtime.row('t', id)).cells.told?.value).toBe('more')
  })

  test('is known to every attempt, over failures, read-backs and restarts', async () => {
    const { seen, table } = scripted(
      () => done('first'),
      fails(),
      fails(true),
      refuses,
      () => done('second'),
    )
    let running = await runTables([table])
    await insertOne(running, 't', { n: 1 })
    await rerun(running, 't', repeat)
    running = await running.restart()
    await rerun(running, 't', { mode: 'errored' })
    await rerun(running, 't', repeat)
    expect(seen).toEqual([null, 'first', 'first', 'first', 'first', 'second'])
  })

  test('is still the last one after an effect that had nothing to put out', async () => {
    const { seen, table } = scripted(
      () => done('first'),
      () => noResult('nobody to tell'),
    )
    const running = await runTables([table])
    await insertOne(running, 't', { n: 1 })
    for (let runs = 0; runs < 2; runs += 1) await rerun(running, 't', repeat)
    expect(seen).toEqual([null, 'first', 'first'])
  })

  test('is not shown as the value of a cell that failed', async () => {
    const { table } = scripted(() => done('first'), refuses)
    const running = await runTables([table])
    const id = await insertOne(running, 't', { n: 1 })
    await rerun(running, 't', repeat)
    expect((await running.runtime.row('t', id)).cells.told).toMatchObject({ status: 'error', value: null })
  })
})
