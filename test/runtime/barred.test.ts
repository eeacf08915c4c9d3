import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { done } from '../../columns/column.ts'
import { serviceLevel } from '../../columns/service-level.ts'
import { defineTable } from '../../columns/table.ts'
import type { RunRequest } from '../../db/store.ts'
import { ask, createOutside, deliver } from '../support/outside.ts'
import { insertOne, type RunningRuntime, rerun, runTables } from '../support/runtime.ts'
import { awayFor, dayMs, draws, owner, ownerOf, rep, teamOf } from './teams.ts'

const input = z.object({ name: z.string(), company: z.string().optional() })
const pair = [rep('ana'), rep('bo')]
const clock = () =>
  serviceLevel<{ owner: unknown }>({
    owner: 'owner',
    policy: { withinMinutes: 30, reassign: { afterMinutes: 60, maxHops: 5, finally: 'last' } },
  })

async function refuse(running: RunningRuntime, id: string, by: string) {
  await running.runtime.signal('leads', id, null, { kind: 'rejected', by, at: Date.now(), note: 'not mine' })
  await running.runtime.idle()
}

const redrawn: Partial<RunRequest> = {
  columns: ['owner'],
  mode: 'all',
  downstream: true,
  redraw: true,
  reason: 'wrong',
}

describe('a rep who refused a lead', () => {
  test('does not get it back when the next one goes on leave before the write (trap 105)', async () => {
    const outside = createOutside()
    const state: { between: (() => Promise<void>) | null } = { between: null }
    const queue = { whenNobody: { queue: { name: 'triage', ids: {} } } }
    const table = defineTable('leads', { input })
      .column('owner', owner(teamOf(pair, queue), [rep('last')]))
      .column(
        'record',
        ask({
          reads: ['owner'],
          async run() {
            await state.between?.()
            return done('r')
          },
        }),
      )
      .column('told', deliver(outside, { needs: ['owner', 'record'], confirms: ['owner'] }))
      .column('level', clock())
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect((await ownerOf(running, id)).rep).toBe('ana')
    state.between = async () => {
      await running.runtime.putRep(rep('bo', awayFor(dayMs)), 'boss')
    }
    await refuse(running, id, 'ana')
    expect(await ownerOf(running, id)).toMatchObject({
      rep: null,
      name: 'triage',
      previous: [{ rep: 'bo' }, { rep: 'ana', barred: true }],
    })
    expect((await draws(running)).map(({ member }) => member)).toEqual(['ana', 'bo'])
  })

  test('does not get it back by a redraw of a person, also when nobody else is there', async () => {
    const table = defineTable('leads', { input })
      .column('owner', owner(teamOf(pair), [rep('last')]))
      .column('level', clock())
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    await refuse(running, id, 'ana')
    await rerun(running, 'leads', redrawn)
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'bo', previous: [{ rep: 'ana', barred: true }] })
    await rerun(running, 'leads', redrawn)
    expect((await ownerOf(running, id)).rep).toBe('bo')
  })
})

describe('a redraw by a person', () => {
  test("takes the lead from its company's rep, whom the claim would give it to again", async () => {
    const table = defineTable('leads', { input, account: ({ company }) => company }).column(
      'owner',
      owner(teamOf(pair)),
    )
    const running = await runTables([table])
    await insertOne(running, 'leads', { name: 'a', company: 'acme' })
    const id = await insertOne(running, 'leads', { name: 'b', company: 'acme' })
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'ana', method: 'sticky' })
    await rerun(running, 'leads', { ...redrawn, scope: { rows: [id] } })
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'bo', previous: [{ rep: 'ana' }] })
  })

  test('that comes back to the same rep is no loss: nobody had the lead before', async () => {
    const outside = createOutside()
    const table = defineTable('leads', { input })
      .column('owner', owner(teamOf([rep('ana')]), [rep('last')]))
      .column('takenBack', deliver(outside, { needs: ['owner'], reaches: 'people' }), {
        when: { owner: (seen) => seen !== null && seen.previous.length > 0 },
      })
      .column('level', clock())
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    await rerun(running, 'leads', { ...redrawn, includeEffects: true })
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'ana', previous: [] })
    expect(outside.taken).toEqual([])
    expect((await running.runtime.row('leads', id)).cells.level?.value).toMatchObject({ hops: 0 })
  })
})
