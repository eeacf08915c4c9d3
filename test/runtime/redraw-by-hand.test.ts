import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { assignOwner } from '../../columns/assign-owner.ts'
import { done } from '../../columns/column.ts'
import { compute } from '../../columns/compute.ts'
import { defineTable } from '../../columns/table.ts'
import { definePool } from '../../routing/pool.ts'
import { ask, createOutside, deliver } from '../support/outside.ts'
import { insertOne, insertRows, request, rerun, runTables, until } from '../support/runtime.ts'
import { awayFor, cellOf, dayMs, draws, owner, ownerOf, rep, teamOf } from './teams.ts'

const input = z.object({ name: z.string() })
const reps = [rep('ana'), rep('bo'), rep('cy')]
const anew = { columns: ['owner'], redraw: true, reason: 'wrong region' }
const hold = { hold: 'until-opening' as const, otherwise: { person: rep('dev') } }

/** owner -> record (confirms it) -> told (reaches people) -> seen (reads). */
function leads(team = teamOf(reps)) {
  const outside = { crm: createOutside(), chat: createOutside() }
  const table = defineTable('leads', { input })
    .column('owner', owner(team, [rep('dev')]))
    .column('record', deliver(outside.crm, { needs: ['owner'], confirms: ['owner'] }))
    .column('told', deliver(outside.chat, { needs: ['owner', 'record'], reaches: 'people' }))
    .column(
      'seen',
      ask({ needs: ['owner', 'told'], run: ({ owner }) => done((owner as { rep: string }).rep) }),
    )
    .column('alone', deliver(outside.chat, { needs: ['name'] }))
  return { ...outside, table }
}
const ownersIn = ({ taken }: ReturnType<typeof createOutside>) =>
  taken.flatMap(({ values }) => (values.owner as { rep: string } | undefined)?.rep ?? [])

describe('a redraw of the owner alone', () => {
  test('that gives the lead to somebody else carries everything behind it along, and nothing else', async () => {
    const { crm, chat, table } = leads()
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    const { counts } = await rerun(running, 'leads', anew)
    expect([ownersIn(crm), ownersIn(chat)]).toEqual([
      ['ana', 'bo'],
      ['ana', 'bo'],
    ])
    expect(await cellOf(running, id, 'seen')).toMatchObject({ value: 'bo', stale: false })
    expect(chat.taken).toHaveLength(3)
    expect(counts).toMatchObject({ ran: 4 })
    expect((await draws(running)).map(({ member, state }) => [member, state])).toEqual([
      ['ana', 'released'],
      ['bo', 'confirmed'],
    ])
    // What was owed is done.
    expect((await rerun(running, 'leads')).counts).toMatchObject({ ran: 0, unchanged: 5 })
  })

  test('that finds the same rep again tells nobody anything', async () => {
    const { crm, chat, table } = leads(teamOf([rep('ana')]))
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    await rerun(running, 'leads', anew)
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'ana' })
    expect([ownersIn(crm), ownersIn(chat)]).toEqual([['ana'], ['ana']])
  })

  test('comes before all that stands behind it and is asked for too: that runs once, for the new owner', async () => {
    const [crm, chat] = [createOutside(), createOutside()]
    let asked = 0
    const team = teamOf(reps)
    const table = defineTable('leads', { input })
      .column(
        'slow',
        ask({
          reads: ['name'],
          run: async () => {
            await new Promise((resolve) => setTimeout(resolve, 5))
            return done('s')
          },
        }),
      )
      .column(
        'owner',
        assignOwner({
          reads: ['slow'],
          pools: [team],
          rules: [{ name: 'rotation', decide: (_, by) => by.rotate('team') }],
          otherwise: { pool: 'team' },
        }),
      )
      .column('record', deliver(crm, { needs: ['owner'], confirms: ['owner'] }))
      .column('told', deliver(chat, { needs: ['record'] }))
      .column(
        'seen',
        ask({
          needs: ['record'],
          run: () => {
            asked += 1
            return done('s')
          },
        }),
      )
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    const { counts } = await rerun(running, 'leads', {
      ...anew,
      columns: ['slow', 'owner', 'told', 'seen'],
      force: true,
      includeEffects: true,
    })
    expect(ownersIn(crm)).toEqual(['ana', 'bo'])
    expect([chat.taken.length, asked]).toEqual([2, 2])
    expect(chat.taken[1]?.values.record).toEqual((await cellOf(running, id, 'record'))?.value)
    expect(counts).toMatchObject({ ran: 5, failed: 0 })
  })

  test('sends an effect in doubt once more for the new owner, which is no failure of the run', async () => {
    const outside = createOutside()
    const table = defineTable('leads', { input })
      .column('owner', owner(teamOf(reps)))
      .column('told', deliver(outside, { needs: ['owner'] }))
    outside.plan('request-lost')
    outside.readBack = 'unknown'
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect((await cellOf(running, id, 'told'))?.status).toBe('unknown')
    const { counts } = await rerun(running, 'leads', anew)
    expect(ownersIn(outside)).toEqual(['bo'])
    expect(counts).toMatchObject({ ran: 2, failed: 0 })
  })

  test('is told in advance with every effect it brings', async () => {
    const { table } = leads()
    const { runtime, ...running } = await runTables([table])
    await insertOne({ runtime, ...running }, 'leads', { name: 'a' })
    const { columns, sideEffects } = await runtime.preview('leads', request(anew))
    expect(columns.map(({ column, run }) => [column, run])).toEqual([
      ['owner', 1],
      ['record', 1],
      ['told', 1],
      ['seen', 1],
    ])
    expect(sideEffects).toHaveLength(3)
    // Without it the effects are not announced: they would not be repeated.
    const other = await runtime.preview('leads', request({ columns: ['owner'], force: true }))
    expect(other.columns).toMatchObject([{ column: 'owner', run: 0 }])
  })

  test('that has to wait for an opening carries it along then', async () => {
    const { crm, chat, table } = leads(teamOf([rep('ana'), rep('bo', awayFor(dayMs))], { whenNobody: hold }))
    let running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    await running.runtime.putRep(rep('ana', awayFor(dayMs)), 'boss')
    await rerun(running, 'leads', anew)
    expect((await cellOf(running, id))?.status).toBe('waiting')
    running = await running.restart()
    await running.runtime.putRep(rep('bo'), 'boss')
    await until(() => chat.taken.length === 3, 'the new owner was told')
    await running.runtime.idle()
    expect([ownersIn(crm), ownersIn(chat)]).toEqual([
      ['ana', 'bo'],
      ['ana', 'bo'],
    ])
  })

  test('that failed carries it along when a later run mends it', async () => {
    let broken = false
    const outside = createOutside()
    const team = teamOf(reps)
    const table = defineTable('leads', { input })
      .column(
        'owner',
        assignOwner({
          reads: ['name'],
          pools: [team],
          rules: [
            {
              name: 'rotation',
              decide: (_, by) => {
                if (broken) throw new Error('boom')
                return by.rotate('team')
              },
            },
          ],
          otherwise: { pool: 'team' },
        }),
      )
      .column('told', deliver(outside, { needs: ['owner'] }))
    const running = await runTables([table])
    await insertOne(running, 'leads', { name: 'a' })
    broken = true
    await rerun(running, 'leads', anew)
    expect(outside.taken).toHaveLength(1)
    broken = false
    await rerun(running, 'leads', { columns: ['owner'], mode: 'errored' })
    expect(ownersIn(outside)).toEqual(['ana', 'bo'])
  })

  test('tells nobody of a backlog that came in quietly', async () => {
    const { crm, chat, table } = leads()
    const running = await runTables([table])
    const backfill = { consumeDraws: true, notify: false, startClocks: false }
    await running.runtime.insert('leads', [{ name: 'a' }], { backfill })
    await running.runtime.idle()
    await rerun(running, 'leads', anew)
    expect([ownersIn(crm), ownersIn(chat)]).toEqual([['ana', 'bo'], []])
  })

  test('says in `why` who asked for it and why', async () => {
    const running = await runTables([leads().table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    await rerun(running, 'leads', { ...anew, who: 'mo' })
    const why = await running.runtime.why('leads', id, 'owner')
    expect(why.at(-1)?.reason).toContain('drawn anew by mo: wrong region')
    expect(why.at(-1)?.detail).toMatchObject({ anew: { reason: 'wrong region', who: 'mo' } })
  })

  test('that a person stands against says so in its answer, its preview and the history of the cell (trap 49)', async () => {
    const running = await runTables([leads().table])
    const { runtime } = running
    const [id = '', other = ''] = await insertRows(running, 'leads', [{ name: 'a' }, { name: 'b' }])
    await runtime.idle()
    await runtime.override('leads', id, { rep: 'dev', reason: 'hers', who: 'boss' })
    await runtime.idle()
    const wish = request({ ...anew, scope: { rows: [id, other] } })
    const reason = 'boss decided this: hers; let it go before the rules decide again'
    const pinned = [{ row: id, column: 'owner', reason }]
    expect((await runtime.preview('leads', wish)).pinned).toEqual(pinned)
    const run = await runtime.run('leads', wish)
    expect(run.pinned).toEqual(pinned)
    await runtime.idle()
    expect(await runtime.findRun(run.id)).toMatchObject({ counts: { kept: 1 }, pinned })
    const { history } = await runtime.cell('leads', id, 'owner')
    expect(history.at(-1)).toMatchObject({ outcome: 'kept', reason })
    expect((await runtime.run('leads', { ...wish, redraw: false })).pinned).toEqual([])
    await runtime.idle()
  })
})

describe('a lead that nobody has', () => {
  /** Until somebody is added to the pool, nobody has it. */
  function unowned() {
    const outside = createOutside()
    const gone = rep('ana', { active: false })
    const team = definePool('team', {
      strategy: 'standard',
      members: [{ rep: gone }],
      whenNobody: { person: gone },
    })
    const table = defineTable('leads', { input })
      .column('owner', owner(team))
      .column('told', deliver(outside, { needs: ['owner'] }))
      .column('none', compute({ reads: ['name'], run: () => null }))
    return { outside, table }
  }

  test.each([{}, { columns: ['owner'] }])('is taken up by a run of the missing: %j', async (wish) => {
    const { outside, table } = unowned()
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect(await cellOf(running, id)).toMatchObject({ status: 'no-result' })
    await running.runtime.putRep(rep('ana'), 'boss')
    await rerun(running, 'leads', { mode: 'missing', ...wish })
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'ana' })
    await until(() => outside.taken.length === 1, 'the owner was told')
  })
})
