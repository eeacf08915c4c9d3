import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { done, noResult } from '../../columns/column.ts'
import { compute } from '../../columns/compute.ts'
import { NonRetriableError } from '../../columns/errors.ts'
import { roundRobin } from '../../columns/round-robin.ts'
import { defineTable } from '../../columns/table.ts'
import type { RunRequest } from '../../db/store.ts'
import { definePool } from '../../routing/pool.ts'
import { ask, createOutside, deliver } from '../support/outside.ts'
import { insertRows, request, rerun, runTables, statuses, until } from '../support/runtime.ts'

const rep = (id: string) => ({ rep: { id, name: id.toUpperCase(), email: `${id}@r.example` } })
const pool = definePool('team', {
  strategy: 'standard',
  members: [rep('ana'), rep('bo'), rep('cy')],
  whenNobody: 'assign-anyway',
})

/** Facts from outside, a draw, an effect that confirms it, and a column on its own. */
async function start(rows = 6) {
  const asked: string[] = []
  const facts = new Map<string, string>()
  const down = new Set<string>()
  const outside = createOutside()
  const table = defineTable('leads', {
    input: z.object({ name: z.string(), note: z.string().optional() }),
    person: ({ name }) => name,
  })
    .column(
      'fact',
      ask({
        reads: ['name'],
        run: ({ name }) => {
          asked.push(String(name))
          if (down.has(String(name))) throw new NonRetriableError('down')
          return facts.has(String(name)) ? done(facts.get(String(name))) : noResult('unknown')
        },
      }),
    )
    .column(
      'label',
      compute({ reads: ['name', 'fact', 'note'], run: (row) => `${row.name}/${row.fact}/${row.note}` }),
    )
    .column('owner', roundRobin({ pool, needs: ['label'] }))
    .column('told', deliver(outside, { needs: ['owner', 'fact'], reads: ['label'], confirms: ['owner'] }))
    .column('alone', compute({ reads: ['name'], run: ({ name }) => name.length }))
  const running = await runTables([table])
  const names = Array.from({ length: rows }, (_, index) => `n${index}`)
  for (const name of names) facts.set(name, `fact of ${name}`)
  const insert = async () => {
    const ids = await insertRows(
      running,
      'leads',
      names.map((name) => ({ name })),
    )
    await running.runtime.idle()
    return ids
  }
  const forget = () => {
    asked.length = 0
    outside.received.length = 0
  }
  const draws = () => running.runtime.draws({ limit: 1_000 })
  return { running, names, facts, down, outside, asked, insert, forget, draws }
}

describe('a re-run', () => {
  test('of everything over unchanged rows runs nothing, and repeats no effect and no draw', async () => {
    const { running, insert, forget, asked, outside, draws } = await start()
    await insert()
    forget()
    const before = await draws()
    const run = await rerun(running, 'leads', { mode: 'all' })
    expect(run).toMatchObject({
      status: 'done',
      handedOut: 6,
      remaining: 0,
      counts: { ran: 0, unchanged: 30, kept: 0, skipped: 0, failed: 0, cancelled: 0 },
    })
    expect(run.finishedAt).not.toBeNull()
    expect([asked, outside.received]).toEqual([[], []])
    expect(await draws()).toEqual(before)
  })

  test('with force runs what has no effect, and keeps effects and draws', async () => {
    const { running, insert, forget, asked, outside, draws } = await start()
    const [id = ''] = await insert()
    forget()
    const before = await draws()
    const run = await rerun(running, 'leads', { force: true })
    expect(run.counts).toMatchObject({ ran: 18, kept: 12 })
    expect(asked).toHaveLength(6)
    expect(outside.received).toEqual([])
    expect(await draws()).toEqual(before)
    const { cells } = await running.runtime.row('leads', id)
    expect(cells.told).toMatchObject({ status: 'done', stale: false })
  })

  test('with force and includeEffects repeats the effect as a new intention, and no draw', async () => {
    const { running, insert, outside, draws } = await start(2)
    await insert()
    const before = await draws()
    await rerun(running, 'leads', { columns: ['told'], force: true, includeEffects: true })
    expect(outside.received).toHaveLength(4)
    expect(new Set(outside.received.map((each) => each.sendId)).size).toBe(4)
    expect(await draws()).toEqual(before)
  })

  test('of the missing runs what never ran and what was skipped', async () => {
    const { running, facts, insert, forget, asked, outside } = await start()
    facts.delete('n1')
    const ids = await insert()
    expect(await statuses(running, 'leads', ids[1] ?? '')).toMatchObject({
      fact: 'no-result',
      told: 'skipped',
    })
    forget()
    facts.set('n1', 'late')
    const run = await rerun(running, 'leads', { mode: 'missing' })
    // Its upstream is still no result: skipped once more, and nothing else was touched.
    expect(run).toMatchObject({ handedOut: 1, counts: { ran: 0, skipped: 1 } })
    await rerun(running, 'leads', {
      columns: ['fact'],
      scope: { rows: [ids[1] ?? ''] },
      force: true,
      downstream: true,
    })
    expect(asked).toEqual(['n1'])
    expect(outside.received).toMatchObject([{ row: ids[1] }])
    expect(await statuses(running, 'leads', ids[1] ?? '')).toMatchObject({ fact: 'done', told: 'done' })
  })

  test('of the errored mends them, and with downstream what stands behind', async () => {
    const { running, down, insert, forget, asked, outside, draws } = await start()
    down.add('n2')
    const ids = await insert()
    expect(await statuses(running, 'leads', ids[2] ?? '')).toMatchObject({
      fact: 'error',
      owner: 'done',
      told: 'skipped',
    })
    forget()
    down.clear()
    const before = await draws()
    const run = await rerun(running, 'leads', { mode: 'errored', downstream: true })
    expect(run).toMatchObject({ handedOut: 1 })
    expect(asked).toEqual(['n2'])
    expect(await statuses(running, 'leads', ids[2] ?? '')).toMatchObject({
      fact: 'done',
      label: 'done',
      told: 'done',
    })
    expect(outside.received).toHaveLength(1)
    // The label has changed and with it what the draw stood on: the draw is kept, and says that it is stale.
    expect(await draws()).toHaveLength(before.length)
    expect((await running.runtime.row('leads', ids[2] ?? '')).cells.owner).toMatchObject({
      status: 'done',
      stale: true,
    })
  })

  test('of the stale runs what an edit made stale, marks what stands behind, and stops there', async () => {
    const { running, insert, forget, outside, draws } = await start(3)
    const [id = ''] = await insert()
    forget()
    await running.runtime.edit('leads', id, { note: 'vip' })
    const before = await draws()
    const run = await rerun(running, 'leads', { mode: 'stale' })
    expect(run).toMatchObject({ handedOut: 1, counts: { ran: 1 } })
    const { cells } = await running.runtime.row('leads', id)
    expect(cells.label).toMatchObject({ value: 'n0/fact of n0/vip', stale: false })
    expect([cells.owner?.stale, cells.told?.stale, cells.alone?.stale]).toEqual([true, true, false])
    expect(outside.received).toEqual([])
    expect(await draws()).toEqual(before)
    expect(await running.runtime.count('leads', 'stale:owner')).toBe(1)
  })

  test('runs over the rows, the filter or the first few that it was asked for', async () => {
    const { running, insert, forget, asked } = await start()
    const ids = await insert()
    const over = async (wish: Partial<RunRequest>) => {
      forget()
      await rerun(running, 'leads', { columns: ['fact'], force: true, ...wish })
      return [...asked].sort()
    }
    expect(await over({ scope: { rows: [ids[4] ?? '', ids[1] ?? '', ids[4] ?? ''] } })).toEqual(['n1', 'n4'])
    expect(await over({ scope: { filter: 'name=n3' } })).toEqual(['n3'])
    expect(await over({ scope: { filter: 'owner.rep=ana' } })).toHaveLength(2)
    expect(await over({ limit: 2 })).toEqual(['n0', 'n1'])
    expect(await over({ scope: { filter: 'name!=n0' }, limit: 1 })).toEqual(['n1'])
  })

  test('counts only rows it has something to do for towards its limit', async () => {
    const { running, down, insert, forget, asked } = await start()
    down.add('n3').add('n5')
    await insert()
    forget()
    down.clear()
    const run = await rerun(running, 'leads', { mode: 'errored', limit: 1 })
    expect(asked).toEqual(['n3'])
    expect(run.handedOut).toBe(1)
  })

  test('has the rows that were there when it was asked for, whatever the clock said then, before a restart and behind it', async () => {
    const asked: string[] = []
    let answering = true
    const table = defineTable('leads', { input: z.object({ name: z.string() }) }).column(
      'fact',
      ask({
        reads: ['name'],
        run: async ({ name }) => {
          asked.push(String(name))
          while (!answering) await new Promise((resolve) => setTimeout(resolve, 1))
          return done(name)
        },
      }),
    )
    let running = await runTables([table], { limits: { rows: 2, bulkRows: 1 } })
    running.clock.aheadMs = 3_600_000
    const early = ['a', 'b', 'c']
    await insertRows(
      running,
      'leads',
      early.map((name) => ({ name })),
    )
    await running.runtime.idle()
    running.clock.aheadMs = 0
    asked.length = 0
    answering = false
    const wish = { force: true }
    expect((await running.runtime.preview('leads', request(wish))).rows).toBe(3)
    const { id } = await running.runtime.run('leads', request(wish))
    await until(() => asked.length > 0, 'the run has begun')
    running.clock.aheadMs = -3_600_000
    await insertRows(running, 'leads', [{ name: 'late' }])
    answering = true
    running = await running.restart()
    await running.runtime.idle()
    expect(await running.runtime.findRun(id)).toMatchObject({ status: 'done', rows: 3, handedOut: 3 })
    expect([...new Set(asked)].sort()).toEqual([...early, 'late'])
  })

  test('that finds nothing to do ends at once', async () => {
    const { running, insert } = await start(2)
    await insert()
    expect(await rerun(running, 'leads', { mode: 'errored' })).toMatchObject({ status: 'done', handedOut: 0 })
    expect(await rerun(running, 'leads', { scope: { filter: 'name=nobody' } })).toMatchObject({
      status: 'done',
      rows: 0,
    })
  })

  test('names the row, the column and the filter it does not understand, and starts nothing', async () => {
    const { running, insert } = await start(1)
    await insert()
    const ask = (wish: Partial<RunRequest>) => running.runtime.run('leads', request(wish))
    await expect(ask({ scope: { rows: ['row_x'] } })).rejects.toMatchObject({ code: 'row-unknown' })
    await expect(ask({ columns: ['owmer'] })).rejects.toMatchObject({
      code: 'column-unknown',
      details: { value: 'owmer' },
    })
    await expect(ask({ scope: { filter: 'status:broken' } })).rejects.toMatchObject({
      code: 'request-invalid',
    })
    await expect(
      running.runtime.preview('leads', request({ scope: { rows: ['row_x'] } })),
    ).rejects.toMatchObject({ code: 'row-unknown' })
  })

  test('is refused with a filter that says nothing, which would hold for every row', async () => {
    const { running } = await start(1)
    for (const filter of [' , ', '']) {
      const wish = request({ scope: { filter } })
      const refusal = {
        code: 'request-invalid',
        details: { value: filter, wayOut: expect.stringContaining('"all": true') },
      }
      await expect(running.runtime.run('leads', wish)).rejects.toMatchObject(refusal)
      await expect(running.runtime.preview('leads', wish)).rejects.toMatchObject(refusal)
    }
  })

  test('shows in the history of each cell what became of it', async () => {
    const { running, insert } = await start(1)
    const [id = ''] = await insert()
    await rerun(running, 'leads', { force: true })
    const last = async (column: string) => {
      const { history } = await running.runtime.cell('leads', id, column)
      const entry = history.at(-1)
      return [entry?.kind, entry?.outcome, entry?.reason]
    }
    expect(await last('fact')).toEqual(['attempt', null, null])
    expect(await last('owner')).toEqual(['passed', 'kept', 'the draw is kept; say "redraw" to draw again'])
    expect(await last('told')).toEqual([
      'passed',
      'kept',
      'the effect is not repeated; say "includeEffects" to repeat it',
    ])
  })
})

describe('a preview', () => {
  const wishes: Partial<RunRequest>[] = [
    { mode: 'all' },
    { mode: 'all', force: true },
    { mode: 'missing' },
    { mode: 'errored' },
    { mode: 'stale' },
    { mode: 'all', columns: ['told'], force: true, includeEffects: true },
    { mode: 'all', columns: ['owner'], redraw: true, reason: 'test' },
    { mode: 'all', limit: 2, force: true },
    { mode: 'missing', scope: { filter: 'status:skipped' } },
  ]
  for (const wish of wishes) {
    test(`announces all that then happens, and every row: ${JSON.stringify(wish)}`, async () => {
      const { running, facts, down, insert } = await start()
      facts.delete('n1')
      down.add('n2')
      const ids = await insert()
      if (wish.mode === 'stale') await running.runtime.edit('leads', ids[3] ?? '', { note: 'vip' })
      const preview = await running.runtime.preview('leads', request(wish))
      const again = await running.runtime.preview('leads', request(wish))
      expect(again).toEqual(preview)
      const { counts, handedOut } = await rerun(running, 'leads', wish)
      const sum = (of: 'run' | 'unchanged' | 'kept' | 'skipped') =>
        preview.columns.reduce((all, each) => all + each[of], 0)
      const ran = counts.ran + counts.failed
      const passed = counts.unchanged + counts.kept + counts.skipped
      expect(preview.rows).toBe(handedOut)
      expect(sum('run') + sum('unchanged') + sum('kept') + sum('skipped')).toBe(ran + passed)
      // What stands behind a cell that runs may turn out the same and then does not run.
      expect(sum('run')).toBeGreaterThanOrEqual(ran)
      const moves = wish.force === true || wish.redraw === true || wish.mode === 'all'
      if (!moves) expect({ run: sum('run'), kept: sum('kept') }).toEqual({ run: ran, kept: counts.kept })
    })
  }

  test('names side effects, draws and cost in words', async () => {
    const { running, insert } = await start(3)
    await insert()
    const { sideEffects } = await running.runtime.preview(
      'leads',
      request({ force: true, includeEffects: true, redraw: true, reason: 'test' }),
    )
    expect(sideEffects).toEqual([
      'at most 3 times: delivers something',
      'at most 3 times: takes a turn of a rotation',
    ])
  })

  test('announces the effect behind a value that goes, and none that needs a value which stays away', async () => {
    const outside = createOutside()
    const table = defineTable('t', { input: z.object({ n: z.number(), go: z.boolean() }) })
      .column('part', compute({ reads: ['n'], run: ({ n }) => n }), { when: { go: true } })
      .column('told', deliver(outside, { reads: ['part'] }))
      .column('other', deliver(outside, { reads: ['n', 'told'], needs: ['part'] }))
    const running = await runTables([table])
    const ids = await insertRows(running, 't', [
      { n: 1, go: true },
      { n: 2, go: false },
    ])
    await running.runtime.idle()
    const runsOf = async (wish: RunRequest) => {
      const { columns } = await running.runtime.preview('t', wish)
      return Object.fromEntries(columns.map(({ column, run, skipped }) => [column, { run, skipped }]))
    }
    const away = request({ scope: { rows: [ids[1] ?? ''] }, force: true, includeEffects: true })
    expect(await runsOf(away)).toMatchObject({ told: { run: 1 }, other: { run: 0, skipped: 1 } })
    await running.runtime.edit('t', ids[0] ?? '', { go: false })
    const goes = request({ scope: { rows: [ids[0] ?? ''] }, includeEffects: true })
    expect(await runsOf(goes)).toMatchObject({ part: { run: 0, skipped: 1 }, told: { run: 1 } })
    outside.taken.length = 0
    await rerun(running, 't', goes)
    expect(outside.taken).toHaveLength(1)
  })

  test('counts a cell whose condition throws as one that runs', async () => {
    const table = defineTable('t', { input: z.object({ n: z.number() }) }).column(
      'a',
      compute({ reads: ['n'], run: ({ n }) => n }),
      {
        when: {
          n: () => {
            throw new Error('boom')
          },
        },
      },
    )
    const running = await runTables([table])
    await insertRows(running, 't', [{ n: 1 }])
    await running.runtime.idle()
    expect((await running.runtime.preview('t', request())).columns).toMatchObject([
      { column: 'a', run: 1, skipped: 0 },
    ])
  })
})
