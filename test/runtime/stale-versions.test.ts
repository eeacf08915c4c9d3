import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { branch } from '../../columns/branch.ts'
import { compute } from '../../columns/compute.ts'
import { roundRobin } from '../../columns/round-robin.ts'
import { defineTable } from '../../columns/table.ts'
import { definePool } from '../../routing/pool.ts'
import { insertOne, insertRows, type RunningRuntime, request, rerun, runTables } from '../support/runtime.ts'

type Exit = 'route' | 'nurture'

const pool = definePool('reps', {
  strategy: 'standard',
  members: ['ana', 'bo'].map((id) => ({ rep: { id, name: id, email: `${id}@r.example` } })),
  whenNobody: 'assign-anyway',
})

/** exit -> half and owner, for some exits only. `revision` makes the exit another column that decides the same. */
const table = ({ revision = 1, exits = ['route'] }: { revision?: number; exits?: Exit[] } = {}) =>
  defineTable('leads', { input: z.object({ size: z.number() }) })
    .column(
      'exit',
      branch({
        revision,
        reads: ['size'],
        exits: ['route', 'nurture'],
        handle: { route: 'continue', nurture: { ends: 'the nurture programme' } },
        decide: ({ size }) => (size > 10 ? 'route' : 'nurture'),
      }),
    )
    .column('half', compute({ reads: ['size'], run: ({ size }) => (size ?? 0) / 2 }), {
      when: { exit: exits },
    })
    .column('owner', roundRobin({ pool, needs: ['size'] }), { when: { exit: exits } })

/** What the rows show, and what filter, count, sums and a run by filter make of the same question. */
async function staleOf({ runtime }: RunningRuntime, column: string) {
  const filter = `stale:${column}`
  const { rows } = await runtime.rows('leads', { limit: 100 })
  const shown = rows.filter(({ cells }) => cells[column]?.stale).map(({ id }) => id)
  const found = (await runtime.rows('leads', { limit: 100, filter })).rows.map(({ id }) => id)
  const { counts } = await runtime.table('leads')
  const sum = counts.find((each) => each.column === column && each.status === 'stale')?.count ?? 0
  const preview = await runtime.preview('leads', request({ scope: { filter }, mode: 'stale' }))
  expect(found).toEqual(shown)
  const { length } = shown
  expect([sum, await runtime.count('leads', filter), preview.rows]).toEqual([length, length, length])
  return shown
}

describe('after a deploy, filter, counts and runs by filter find what the rows show as stale', () => {
  test('in a column that was changed, until a run by that filter has been there', async () => {
    let running = await runTables([table()])
    const ids = await insertRows(running, 'leads', [{ size: 20 }, { size: 1 }, { size: 30 }])
    await running.runtime.idle()
    expect(await staleOf(running, 'exit')).toEqual([])
    running = await running.restart([table({ revision: 2 })])
    expect(await staleOf(running, 'exit')).toEqual(ids)
    expect(await staleOf(running, 'half')).toEqual([])
    expect(await running.runtime.count('leads', 'stale')).toBe(3)
    const added = await insertOne(running, 'leads', { size: 40 })
    expect(await staleOf(running, 'exit')).toEqual(ids)
    const run = await rerun(running, 'leads', { scope: { filter: 'stale:exit' }, mode: 'stale' })
    expect(run).toMatchObject({ rows: 3, counts: { ran: 3 } })
    expect(await staleOf(running, 'exit')).toEqual([])
    running = await running.restart([table()])
    expect(await staleOf(running, 'exit')).toEqual([...ids, added])
  })

  test('not in what ran under a version that is served again', async () => {
    let running = await runTables([table()])
    await insertOne(running, 'leads', { size: 20 })
    running = await running.restart([table({ revision: 2 })])
    const between = await insertOne(running, 'leads', { size: 30 })
    running = await running.restart([table()])
    expect(await staleOf(running, 'exit')).toEqual([between])
  })

  test('in a column whose conditions were changed, and the run repeats nothing that stands', async () => {
    let running = await runTables([table()])
    const [big = '', small = ''] = await insertRows(running, 'leads', [{ size: 20 }, { size: 1 }])
    await running.runtime.idle()
    running = await running.restart([table({ exits: ['route', 'nurture'] })])
    expect(await staleOf(running, 'half')).toEqual([big, small])
    const run = await rerun(running, 'leads', { scope: { filter: 'stale:half' }, mode: 'stale' })
    // Half and owner of the row that was skipped run; those of the other are as they were.
    expect(run.counts).toMatchObject({ ran: 2, unchanged: 2 })
    expect(await staleOf(running, 'half')).toEqual([])
    expect((await running.runtime.row('leads', small)).cells.half).toMatchObject({ value: 0.5, stale: false })
  })

  test('and an owner whom a person decided is stale no more once a run has found that he stays', async () => {
    let running = await runTables([table()])
    const id = await insertOne(running, 'leads', { size: 20 })
    await running.runtime.override('leads', id, { rep: 'bo', reason: 'knows them', who: 'kim' })
    await running.runtime.idle()
    running = await running.restart([table({ exits: ['route', 'nurture'] })])
    expect(await staleOf(running, 'owner')).toEqual([id])
    await rerun(running, 'leads', { mode: 'stale' })
    expect(await staleOf(running, 'owner')).toEqual([])
    expect((await running.runtime.row('leads', id)).cells.owner).toMatchObject({ pinned: { who: 'kim' } })
  })
})
