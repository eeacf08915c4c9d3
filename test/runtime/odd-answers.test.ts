import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { buildColumn } from '../../columns/build.ts'
import { type Column, done, type Outcome, type Reconciliation } from '../../columns/column.ts'
import { defineTable, type TableDefinition } from '../../columns/table.ts'
import { insertOne, insertRows, type RunningRuntime, runTables, until } from '../support/runtime.ts'

type Row = { word: string }
type Cell = Awaited<ReturnType<RunningRuntime['runtime']['row']>>['cells'][string] | undefined

const input = z.object({ word: z.string() })

/** What a column in JavaScript answers, which no type has seen. */
const untyped = (answer: unknown) => answer as Outcome<string>

/** The same of a read-back. */
const untypedFound = (answer: unknown) => answer as Reconciliation<string>

const column = (work: Column<Row, string>['work']) =>
  buildColumn<Row, string>({
    kind: 'own',
    reads: ['word'],
    versionOf: [],
    retry: { attempts: 3, baseMs: 5, maxMs: 5 },
    work,
  })

const asking = (effect: 'none' | 'read', run: () => Outcome<string> | Promise<Outcome<string>>) =>
  column({ effect, run })

interface Sides {
  send: () => Outcome<string>
  found: () => Reconciliation<string>
  whenUnknown?: 'leave' | 'repeat'
}

const sending = ({ send, found, whenUnknown = 'leave' }: Sides) =>
  column({
    effect: 'write',
    sideEffect: 'sends something',
    reaches: 'records',
    target: 'readable',
    whenUnknown,
    confirms: [],
    horizonMs: 0,
    send: async () => send(),
    reconcile: async () => found(),
  })

/** Columns c0, c1 and so on. */
function tableOf(columns: readonly Column<Row, string>[]): TableDefinition {
  // A list of columns has no types to add up, so each new one hides the one before.
  let table = defineTable('t', { input })
  for (const [index, each] of columns.entries()) table = table.column(`c${index}`, each) as typeof table
  return table
}

/** Runs one row through columns until it rests, which fails the test where it never does. */
async function cellsAfter(columns: readonly Column<Row, string>[]): Promise<Cell[]> {
  const running = await runTables([tableOf(columns)])
  const [id = ''] = await insertRows(running, 't', [{ word: 'hey' }])
  await until(async () => (await running.runtime.row('t', id)).atRest, 'the row rests')
  expect(running.log).toEqual([])
  const { cells } = await running.runtime.row('t', id)
  return columns.map((_, index) => cells[`c${index}`])
}

/** Runs effects that give these answers, and counts how often each was sent. */
async function sent(answers: readonly unknown[], sides: Partial<Sides> = {}) {
  const calls = answers.map(() => 0)
  const columns = answers.map((answer, index) => {
    const send = () => {
      calls[index] = (calls[index] ?? 0) + 1
      return untyped(answer)
    }
    return sending({ send, found: () => ({ state: 'absent' }), ...sides })
  })
  return { cells: await cellsAfter(columns), calls }
}

const noOutcomes = [
  undefined,
  null,
  5,
  'plain text',
  {},
  { ok: true },
  { status: 'running' },
  { state: 'absent' },
]
const all = (what: unknown) => noOutcomes.map(() => what)

describe('an answer that is no outcome', () => {
  test('is an error of a column that asks or computes', async () => {
    for (const effect of ['none', 'read'] as const) {
      const refused = all(
        expect.objectContaining({
          status: 'error',
          attempts: 1,
          error: expect.objectContaining({ kind: 'invalid-output' }),
        }),
      )
      expect(await cellsAfter(noOutcomes.map((answer) => asking(effect, () => untyped(answer))))).toEqual(
        refused,
      )
      expect(
        await cellsAfter(noOutcomes.map((answer) => asking(effect, async () => untyped(answer)))),
      ).toEqual(refused)
    }
  })

  test('to an effect leaves open whether it happened: it is read back, and not sent again', async () => {
    const happened = await sent(noOutcomes, { found: () => ({ state: 'happened', outcome: done('found') }) })
    expect(happened.cells).toEqual(all(expect.objectContaining({ status: 'done', value: 'found' })))
    const absent = await sent(noOutcomes)
    const refused = expect.objectContaining({ kind: 'invalid-output' })
    expect(absent.cells).toEqual(all(expect.objectContaining({ status: 'error', error: refused })))
    const open = await sent(noOutcomes, { found: () => ({ state: 'unknown', reason: 'nobody can say' }) })
    expect(open.cells).toEqual(all(expect.objectContaining({ status: 'unknown', reason: 'nobody can say' })))
    expect([happened.calls, absent.calls, open.calls]).toEqual([all(1), all(1), all(1)])
  })

  test('of a read-back leaves the effect unknown', async () => {
    for (const found of [undefined, 5, {}, { state: 'sent' }, { state: 'unknown' }, done('x')]) {
      const { cells, calls } = await sent([{}], { found: () => untypedFound(found) })
      expect(calls).toEqual([1])
      expect(cells).toMatchObject([
        {
          status: 'unknown',
          reason: expect.stringContaining('could not be read back: the answer is none of'),
        },
      ])
    }
  })

  test('in a read-back that says that it happened is a result without a value', async () => {
    const { cells, calls } = await sent([{}], { found: () => untypedFound({ state: 'happened' }) })
    const reason = expect.stringContaining('no outcome')
    expect([cells, calls]).toMatchObject([[{ status: 'done', value: null, reason }], [1]])
  })

  test('is repeated once where the column would rather repeat an effect than leave it', async () => {
    const { cells, calls } = await sent([{}], { found: () => untypedFound({}), whenUnknown: 'repeat' })
    expect([cells, calls]).toMatchObject([[{ status: 'unknown' }], [2]])
  })

  test('that comes too late is told as such', async () => {
    const late = (answer: unknown) =>
      asking('read', async () => {
        await new Promise((resolve) => setTimeout(resolve, 120))
        return untyped(answer)
      })
    const columns = [undefined, 5, {}].map((answer) => ({ ...late(answer), withinMs: 20 }))
    const running = await runTables([tableOf(columns)])
    const [id = ''] = await insertRows(running, 't', [{ word: 'hey' }])
    for (const index of columns.keys())
      await until(async () => {
        const { history } = await running.runtime.cell('t', id, `c${index}`)
        return history.some(({ kind, reason }) => kind === 'late' && reason?.includes('no outcome') === true)
      }, `the late answer of column ${index} is told`)
  })
})

describe('an outcome with something odd beside its value', () => {
  const odd: readonly [object, string][] = [
    [{ detail: 'sent as 42' }, 'detail'],
    [{ detail: ['sent as 42'] }, 'detail'],
    [{ detail: null }, 'detail'],
    [{ cost: 5 }, 'cost'],
    [{ cost: null }, 'cost'],
    [{ cost: { usd: '0.01' } }, 'cost'],
    [{ cost: { usd: Number.NaN } }, 'cost'],
    [{ cost: { usd: 0.01, inputTokens: '12' } }, 'cost'],
    [{ learnt: 'abc' }, 'learnt'],
    [{ learnt: null }, 'learnt'],
    [{ learnt: ['abc'] }, 'learnt'],
  ]
  const outcomes = odd.map(([beside]) => ({ ...done('x'), ...beside }))

  test('is an error of a column that asks', async () => {
    const cells = await cellsAfter(outcomes.map((outcome) => asking('read', () => untyped(outcome))))
    expect(cells).toMatchObject(
      odd.map(([, field]) => ({
        status: 'error',
        attempts: 1,
        error: { kind: 'invalid-output', message: expect.stringContaining(field) },
      })),
    )
  })

  test('is dropped with the value where an effect has happened, which is sent once', async () => {
    const { cells, calls } = await sent(outcomes)
    expect(cells).toMatchObject(
      odd.map(([, field]) => ({ status: 'done', value: null, reason: expect.stringContaining(field) })),
    )
    expect(calls).toEqual(odd.map(() => 1))
  })

  test('says no more than its status where an effect has nothing to tell', async () => {
    const { cells, calls } = await sent([{ status: 'no-result', reason: 'nobody to tell', detail: 'x' }])
    expect([cells, calls]).toMatchObject([
      [{ status: 'no-result', reason: 'detail is no plain object' }],
      [1],
    ])
  })

  test('keeps what an effect cost although its value is refused, and no cost that is none', async () => {
    const table = tableOf(
      [{ usd: 0.5 }, { usd: '0.5' }].map((cost) =>
        sending({
          send: () => untyped({ status: 'done', value: 1n, cost }),
          found: () => ({ state: 'absent' }),
        }),
      ),
    )
    const running = await runTables([table])
    const id = await insertOne(running, 't', { word: 'hey' })
    const cells = await Promise.all(['c0', 'c1'].map((name) => running.runtime.cell('t', id, name)))
    expect(cells.map(({ costUsd }) => costUsd)).toEqual([0.5, 0])
  })
})
