import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { assignOwner } from '../../columns/assign-owner.ts'
import { branch } from '../../columns/branch.ts'
import { buildColumn } from '../../columns/build.ts'
import { done, noResult, type Outcome } from '../../columns/column.ts'
import { compute } from '../../columns/compute.ts'
import { CallFailure, NonRetriableError } from '../../columns/errors.ts'
import { lookup } from '../../columns/lookup.ts'
import { notify } from '../../columns/notify.ts'
import { defineTable } from '../../columns/table.ts'
import { definePool } from '../../routing/pool.ts'
import { ask } from '../support/outside.ts'
import { insertOne, insertRows, runTables, statuses } from '../support/runtime.ts'

const input = z.object({ name: z.string(), size: z.number().optional() })
const start = () => defineTable('things', { input })

describe('a row', () => {
  test('runs independent columns side by side, and a dependent one behind both', async () => {
    const spans: Record<string, [number, number]> = {}
    const wait = (name: string) => async () => {
      const from = performance.now()
      await new Promise((resolve) => setTimeout(resolve, 60))
      spans[name] = [from, performance.now()]
      return done(name)
    }
    const table = start()
      .column('a', ask({ reads: ['name'], run: wait('a') }))
      .column('b', ask({ reads: ['name'], run: wait('b') }))
      .column('both', ask({ needs: ['a', 'b'], run: wait('both') }))
    const running = await runTables([table])
    const id = await insertOne(running, 'things', { name: 'x' })
    const [a = [0, 0], b = [0, 0], both = [0, 0]] = [spans.a, spans.b, spans.both]
    expect(Math.max(a[0], b[0])).toBeLessThan(Math.min(a[1], b[1]))
    expect(both[0]).toBeGreaterThanOrEqual(Math.max(a[1], b[1]))
    expect(await statuses(running, 'things', id)).toEqual({ a: 'done', b: 'done', both: 'done' })
  })

  test('sees exactly what it declared, null where nothing is', async () => {
    const seen: unknown[] = []
    const table = start()
      .column('none', compute({ reads: ['size'], run: ({ size }) => size }))
      .column('probe', ask({ reads: ['none', 'size'], run: (values) => done(seen.push(values)) }))
    const running = await runTables([table])
    await insertOne(running, 'things', { name: 'x' })
    expect(seen).toEqual([{ none: null, size: null }])
  })

  test('keeps no result, an error and a skip apart, each with its reason and values', async () => {
    const table = start()
      .column('unmatched', ask({ reads: ['name'], run: () => noResult('nobody knows it') }))
      .column(
        'broken',
        ask({ reads: ['name'], run: () => Promise.reject(new NonRetriableError('no such key')) }),
      )
      .column('behind', compute({ needs: ['unmatched'], run: () => 1 }))
      .column('behindError', compute({ needs: ['broken'], run: () => 1 }))
      .column(
        'exit',
        branch({
          reads: ['size'],
          exits: ['go', 'stop'],
          handle: { go: 'continue', stop: { ends: 'here' } },
          decide: ({ size }) => (size === null ? 'stop' : 'go'),
        }),
      )
      .column('onlyGo', compute({ reads: ['name'], run: () => 1 }), { when: { exit: 'go' } })
      .column('large', compute({ reads: ['name'], run: () => 1 }), {
        when: { size: (size) => (size ?? 0) > 10 },
      })
    const running = await runTables([table])
    const id = await insertOne(running, 'things', { name: 'x' })
    const { cells, atRest } = await running.runtime.row('things', id)
    expect(atRest).toBe(true)
    expect(cells.unmatched).toMatchObject({
      status: 'no-result',
      reason: 'nobody knows it',
      value: null,
      error: null,
    })
    expect(cells.broken).toMatchObject({
      status: 'error',
      error: { kind: 'invalid-request', message: 'no such key' },
      attempts: 1,
    })
    expect(cells.behind).toMatchObject({
      status: 'skipped',
      skipped: { rule: 'needs unmatched', values: { unmatched: null } },
      reason: 'unmatched has no value (no-result)',
    })
    expect(cells.behindError).toMatchObject({ status: 'skipped', reason: 'broken has no value (error)' })
    expect(cells.onlyGo).toMatchObject({
      status: 'skipped',
      skipped: { rule: 'when exit go', values: { exit: 'stop' } },
      reason: 'exit is stop, not go',
    })
    expect(cells.large).toMatchObject({ status: 'skipped', skipped: { values: { size: null } } })
  })

  test('looks up a value of another table', async () => {
    const reps = defineTable('reps', {
      input: z.object({ email: z.string(), team: z.string() }),
      person: (rep) => rep.email,
    }).column('label', compute({ reads: ['team'], run: ({ team }) => `team ${team}` }))
    const table = start().column(
      'team',
      lookup({
        reads: ['name'],
        table: 'reps',
        by: 'person',
        key: ({ name }) => name,
        output: z.string(),
        take: ({ values }) => String(values.label),
      }),
    )
    const running = await runTables([reps, table])
    await insertOne(running, 'reps', { email: 'ana', team: 'north' })
    const known = await insertOne(running, 'things', { name: 'ana' })
    const unknown = await insertOne(running, 'things', { name: 'bo' })
    expect((await running.runtime.row('things', known)).cells.team).toMatchObject({
      status: 'done',
      value: 'team north',
    })
    expect((await running.runtime.row('things', unknown)).cells.team).toMatchObject({
      status: 'no-result',
      reason: 'table reps has no row with person bo',
    })
  })
})

describe('code of the definition that goes wrong', () => {
  const pool = definePool('all', {
    strategy: 'standard',
    members: [{ rep: { id: 'ana', name: 'Ana', email: 'ana@r.example' } }],
    whenNobody: 'assign-anyway',
  })
  const boom = () => {
    throw new RangeError('boom')
  }

  async function cellOf(table: ReturnType<typeof start>) {
    const running = await runTables([table as never])
    const [bad = '', good = ''] = await insertRows(running, 'things', [{ name: 'bad' }, { name: 'good' }])
    await running.runtime.idle()
    return {
      running,
      bad: (await running.runtime.row('things', bad)).cells,
      good: (await running.runtime.row('things', good)).cells,
    }
  }
  const onBad = (values: { name?: unknown }) => (values.name === 'bad' ? boom() : 'fine')

  test('a column that throws has its error, and no other row or column is touched', async () => {
    const { running, bad, good } = await cellOf(
      start()
        .column('sync', compute({ reads: ['name'], run: onBad }))
        .column('later', compute({ reads: ['name'], run: async (row) => onBad(row) }))
        .column('asked', ask({ reads: ['name'], run: (values) => done(onBad(values)) }))
        .column('other', compute({ reads: ['name'], run: () => 1 })) as never,
    )
    for (const name of ['sync', 'later', 'asked']) {
      expect(bad[name]).toMatchObject({
        status: 'error',
        attempts: 1,
        error: { kind: 'crashed', message: 'RangeError: boom', retryable: false },
      })
      expect(good[name]).toMatchObject({ status: 'done', value: 'fine' })
    }
    expect(bad.other).toMatchObject({ status: 'done', value: 1 })
    expect(running.log.filter((line) => line.level === 'error').map((line) => line.message)).toEqual([
      'a column threw',
      'a column threw',
      'a column threw',
    ])
  })

  test('a condition that throws is the error of its cell', async () => {
    const { bad, good } = await cellOf(
      start().column('guarded', compute({ reads: ['name'], run: () => 1 }), {
        when: { name: (name) => (name === 'bad' ? boom() : true) },
      }) as never,
    )
    expect(bad.guarded).toMatchObject({
      status: 'error',
      stale: false,
      error: { kind: 'crashed', message: 'RangeError: boom' },
    })
    expect(good.guarded).toMatchObject({ status: 'done' })
  })

  test('a ladder that throws draws nothing', async () => {
    const { running, bad, good } = await cellOf(
      start().column(
        'owner',
        assignOwner({
          reads: ['name'],
          pools: [pool],
          rules: [{ name: 'all', decide: (row, by) => (row.name === 'bad' ? boom() : by.rotate('all')) }],
          otherwise: { pool: 'all' },
        }),
      ) as never,
    )
    expect(bad.owner).toMatchObject({ status: 'error', error: { kind: 'crashed' } })
    expect(good.owner).toMatchObject({ status: 'done', value: { rep: 'ana' } })
    expect(await running.runtime.draws({ limit: 10 })).toHaveLength(1)
  })

  test('a result that its own schema refuses is an error, not a value', async () => {
    const { bad, good } = await cellOf(
      start().column(
        'typed',
        compute({
          reads: ['name'],
          output: z.object({ name: z.literal('good') }),
          run: (row) => ({ name: row.name }) as { name: 'good' },
        }),
      ) as never,
    )
    expect(bad.typed).toMatchObject({
      status: 'error',
      value: null,
      error: { kind: 'invalid-output', message: expect.stringContaining('name') },
    })
    expect(good.typed).toMatchObject({ status: 'done', value: { name: 'good' } })
  })

  test('a schema that throws, and one that is asynchronous, are errors of their cells', async () => {
    const { bad, good } = await cellOf(
      start()
        .column('throws', ask({ reads: ['name'], run: (values) => done(values.name) }))
        .column(
          'refined',
          buildColumn({
            kind: 'mine',
            reads: ['name'],
            output: z.unknown().refine((value) => (value === 'bad' ? boom() : true)),
            versionOf: [],
            work: { effect: 'read', run: async (values) => done(values.name) },
          }),
        )
        .column(
          'async',
          buildColumn({
            kind: 'mine',
            reads: ['name'],
            output: z.unknown().refine(async () => true),
            versionOf: [],
            work: { effect: 'read', run: async (values) => done(values.name) },
          }),
        ) as never,
    )
    expect(bad.refined).toMatchObject({
      status: 'error',
      error: { kind: 'crashed', message: 'RangeError: boom' },
    })
    expect(good.refined).toMatchObject({ status: 'done', value: 'good' })
    expect(good.async).toMatchObject({ status: 'error', error: { kind: 'crashed' } })
  })

  test('a value that is not JSON is refused by name, and the row goes on', async () => {
    const circular: Record<string, unknown> = {}
    circular.self = circular
    const given: Record<string, unknown> = {
      bigint: 1n,
      date: new Date(),
      map: { of: new Map() },
      circular,
      nan: [Number.NaN],
      fn: boom,
      nothing: undefined,
    }
    let table = start()
    for (const [name, value] of Object.entries(given)) {
      table = table.column(name as never, ask({ run: () => done(value) }) as never) as never
    }
    table = table.column(
      'detail' as never,
      ask({ run: (): Outcome<number> => done(1, { detail: { raw: 2n } }) }) as never,
    ) as never
    for (const [name, extra] of Object.entries({ reason: { reason: 3n }, cost: { cost: { usd: 1n } } })) {
      table = table.column(name as never, ask({ run: () => done(1, extra as never) }) as never) as never
    }
    const { good } = await cellOf(table)
    for (const name of [...Object.keys(given), 'detail', 'reason', 'cost'])
      expect(good[name], name).toMatchObject({ status: 'error', error: { kind: 'invalid-output' } })
    expect(good.date?.error?.message).toBe('the value is a Date, which is not JSON: answer with plain values')
    expect(good.map?.error?.message).toContain('the value.of is a Map')
    expect(good.nan?.error?.message).toContain('the value[0] is NaN')
  })

  test('a column that answers nothing at all is an error of its cell', async () => {
    const { good } = await cellOf(start().column('silent', ask({ run: () => undefined as never })) as never)
    expect(good.silent).toMatchObject({ status: 'error', error: { kind: 'invalid-output' } })
  })

  test('an effect that cannot be put together is an error: nothing was sent', async () => {
    const sent: string[] = []
    const via = {
      vendor: 'stand-in',
      budget: { key: 'stand-in', concurrency: 4 },
      target: 'readable' as const,
      async send(_: unknown, sendId: string) {
        sent.push(sendId)
        return { id: '1', channel: 'c', fallback: false }
      },
      find: async () => ({ state: 'absent' as const }),
    }
    const { bad, good } = await cellOf(
      start().column(
        'told',
        notify({
          reads: ['name'],
          via,
          message: (row) => ({ to: { channel: 'c' }, title: onBad(row), facts: [], reason: '' }),
        }),
      ) as never,
    )
    expect(bad.told).toMatchObject({
      status: 'error',
      error: { kind: 'crashed', message: 'RangeError: boom' },
    })
    expect(good.told).toMatchObject({ status: 'done' })
    expect(sent).toHaveLength(1)
  })
})

test('a failure that may pass is told apart from one that will not', async () => {
  let calls = 0
  const table = start().column(
    'flaky',
    ask({
      reads: ['name'],
      run: () => {
        calls += 1
        if (calls < 3) throw new CallFailure('unavailable', 'try later', { retryable: true })
        return done(calls)
      },
    }),
  )
  const running = await runTables([table])
  const id = await insertOne(running, 'things', { name: 'x' })
  expect((await running.runtime.row('things', id)).cells.flaky).toMatchObject({
    status: 'done',
    value: 3,
    attempts: 3,
    error: null,
  })
  const { history } = await running.runtime.cell('things', id, 'flaky')
  expect(history.map((each) => [each.status, each.error?.kind ?? null])).toEqual([
    ['waiting', 'unavailable'],
    ['waiting', 'unavailable'],
    ['done', null],
  ])
})
