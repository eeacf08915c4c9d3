import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { byHand } from '../../columns/assign-owner.ts'
import { buildColumn } from '../../columns/build.ts'
import { done, type Outcome } from '../../columns/column.ts'
import { compute } from '../../columns/compute.ts'
import { RetryAfterError } from '../../columns/errors.ts'
import { defineTable } from '../../columns/table.ts'
import type { Assignment } from '../../routing/decision.ts'
import { ask, createOutside, deliver } from '../support/outside.ts'
import { insertOne, insertRows, rerun, runTables, statuses, until } from '../support/runtime.ts'
import { runFaulty } from './faulty-store.ts'
import { awayFor, cellOf, dayMs, draws, owner, ownerOf, rep, teamOf } from './teams.ts'

const input = z.object({ name: z.string(), company: z.string().optional() })
const reps = [rep('ana'), rep('bo'), rep('cy')]
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

type Watching = (
  owner: { rep: string; previous: unknown[] } | null,
) => Partial<Extract<Outcome<string>, { status: 'done' }>>

/** owner -> told (an effect that confirms it) -> watch, which says what becomes of the owner. */
function watched(watching: Watching, outside = createOutside(), team = teamOf(reps)) {
  const table = defineTable('leads', { input, account: ({ company }) => company })
    .column('owner', owner(team, [rep('dev')]))
    .column('told', deliver(outside, { needs: ['owner'], confirms: ['owner'] }))
    .column(
      'watch',
      ask({
        reads: ['owner', 'told'],
        run: (values) => {
          const seen = values.owner as { rep: string; previous: unknown[] } | null
          return { status: 'done', value: `${seen?.rep}`, ...watching(seen) }
        },
      }),
    )
  return { outside, table }
}

const takeBack =
  (times: number): Watching =>
  (seen) =>
    (seen?.previous.length ?? 0) < times ? { redraw: { column: 'owner', reason: 'nobody called' } } : {}

describe('a result that takes the draw back', () => {
  test('draws anew in the same run, with every effect behind it once, and never for the same rep (trap 105)', async () => {
    const { outside, table } = watched(takeBack(2))
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a', company: 'acme' })
    expect(outside.taken.map(({ values }) => (values.owner as { rep: string }).rep)).toEqual([
      'ana',
      'bo',
      'cy',
    ])
    expect(new Set(outside.taken.map(({ sendId }) => sendId)).size).toBe(3)
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'cy', previous: [{ rep: 'bo' }, { rep: 'ana' }] })
    expect((await draws(running)).map((each) => [each.member, each.state, each.reason])).toEqual([
      ['ana', 'released', 'nobody called'],
      ['bo', 'released', 'nobody called'],
      ['cy', 'confirmed', null],
    ])
    expect(await running.runtime.claim('acme', 'leads.owner')).toMatchObject({ owner: { rep: 'cy' } })
    expect(await statuses(running, 'leads', id)).toEqual({ owner: 'done', told: 'done', watch: 'done' })
    // What was owed is done: another run has nothing to do.
    const { counts } = await rerun(running, 'leads')
    expect(counts).toMatchObject({ ran: 0, unchanged: 3 })
  })

  test('leaves nobody when all had it, and the pool says what then', async () => {
    const team = teamOf(reps, { whenNobody: { person: rep('dev') } })
    const running = await runTables([watched(takeBack(3), createOutside(), team).table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'dev' })
  })

  test('can name who gets it, and that is no word of a person', async () => {
    const { table } = watched((seen) =>
      seen?.rep === 'dev' ? {} : { redraw: { column: 'owner', reason: 'three had it', to: 'dev' } },
    )
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect(await cellOf(running, id)).toMatchObject({
      pinned: null,
      value: { rep: 'dev', method: 'fallback_person', previous: [{ rep: 'ana' }] },
    })
  })

  test('that names somebody who is not in the roster leaves it to the rules', async () => {
    const { table } = watched((seen) =>
      seen?.rep === 'ana' ? { redraw: { column: 'owner', reason: 'x', to: 'nobody' } } : {},
    )
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'bo', method: 'round_robin' })
  })

  test('that names somebody who has gone and whom nobody covers leaves it to the rules', async () => {
    const { table } = watched((seen) =>
      seen?.rep === 'ana' ? { redraw: { column: 'owner', reason: 'x', to: 'dev' } } : {},
    )
    const running = await runTables([table])
    await running.runtime.putRep(rep('dev', { active: false }), 'boss')
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'bo', method: 'round_robin' })
    await running.runtime.putRep(rep('dev', { active: false, successor: 'cy' }), 'boss')
    const next = await insertOne(running, 'leads', { name: 'b' })
    await running.runtime.override('leads', next, { rep: 'ana', reason: 'x', who: 'boss' })
    await running.runtime.letGo('leads', next, { who: 'boss' })
    await rerun(running, 'leads', { columns: ['watch'], scope: { rows: [next] }, mode: 'all', force: true })
    expect(await ownerOf(running, next)).toMatchObject({ rep: 'cy', method: 'fallback_person' })
  })

  test('has no say over an owner whom a person decided (trap 49)', async () => {
    let take = false
    const { outside, table } = watched(() => (take ? { redraw: { column: 'owner', reason: 'late' } } : {}))
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    await running.runtime.override('leads', id, { rep: 'dev', reason: 'hers', who: 'boss' })
    await running.runtime.idle()
    take = true
    await rerun(running, 'leads', { columns: ['watch'], force: true, downstream: true })
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'dev', method: 'manual_override' })
    expect(outside.taken).toHaveLength(2)
  })

  test('that never ends is an error of the column, not an endless row', async () => {
    const many = teamOf(Array.from({ length: 25 }, (_, index) => rep(`r${index}`)))
    const endless = watched(() => ({ redraw: { column: 'owner', reason: 'again' } }), createOutside(), many)
    const running = await runTables([endless.table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    const cell = await cellOf(running, id, 'watch')
    expect(cell?.error).toMatchObject({
      kind: 'invalid-output',
      message: expect.stringContaining('times in a row'),
    })
  })

  test.each([
    [{ redraw: { column: 'told', reason: 'x' } }, 'no draw that this column stands on'],
    [{ redraw: { column: 'zzz', reason: 'x' } }, 'no draw that this column stands on'],
    [{ again: Number.NaN }, 'again is NaN'],
  ])('is refused where it cannot be done: %j', async (said, message) => {
    const running = await runTables([watched(() => said).table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect((await cellOf(running, id, 'watch'))?.error?.message).toContain(message)
  })

  test('waits for an opening when nobody else is there, and everything behind it follows then', async () => {
    const hold = { hold: 'until-opening' as const, otherwise: { person: rep('dev') } }
    const team = teamOf([rep('ana'), rep('bo', awayFor(dayMs))], { whenNobody: hold })
    const outside = createOutside()
    let running = await runTables([watched(takeBack(1), outside, team).table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect((await cellOf(running, id))?.status).toBe('waiting')
    expect(await cellOf(running, id, 'told')).toMatchObject({
      status: 'queued',
      value: { sent: expect.anything() },
    })
    expect((await draws(running)).map(({ state }) => state)).toEqual(['released'])
    running = await running.restart()
    await running.runtime.idle()
    expect(outside.taken).toHaveLength(1)
    await running.runtime.putRep(rep('bo'), 'boss')
    await until(() => outside.taken.length === 2, 'the new owner was told')
    await running.runtime.idle()
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'bo', previous: [{ rep: 'ana' }] })
  })

  test('goes on after a kill at any moment: each owner is told once, and nobody gets it back (trap 69)', async () => {
    const outside = createOutside()
    const { table } = watched(takeBack(2), outside)
    let [kills, inDoubt] = [0, 0]
    // Later and later, until one comes too late to hit anything.
    for (let killedAt = 1; ; killedAt += 1) {
      expect(killedAt).toBeLessThan(30)
      outside.taken.length = 0
      outside.asked.length = 0
      let steps = 0
      let end = (_: Error) => {}
      const never = new Promise<never>((_, reject) => {
        end = reject
      })
      never.catch(() => {})
      const { runtime, afterKill } = await runFaulty([table], {
        faults: (store) => ({
          step(step) {
            steps += 1
            return steps > killedAt ? never : store.step(step)
          },
        }),
      })
      const { rows } = await runtime.insert('leads', [{ name: 'a' }])
      const [inserted] = rows
      if (inserted === undefined || inserted.status === 'invalid') throw new Error('the lead was refused')
      const { id } = inserted
      const isThrough = async () => (await runtime.row('leads', id)).atRest
      await until(async () => steps > killedAt || (await isThrough()), 'it was killed, or is through')
      if (steps <= killedAt) break
      kills += 1
      await sleep(20)
      const again = await afterKill()
      end(new Error('killed'))
      await again.runtime.idle()
      const row = await again.runtime.row('leads', id)
      expect(row.cells.owner?.value).toMatchObject({ rep: 'cy', previous: [{ rep: 'bo' }, { rep: 'ana' }] })
      expect(row.atRest).toBe(true)
      const told = outside.taken.map(({ values }) => (values.owner as { rep: string }).rep)
      expect(told, `killed after step ${killedAt}`).toEqual(['ana', 'bo', 'cy'])
      // Row, column, which time it is intended, hash.
      const times = outside.taken.map(({ sendId }) => sendId.split('.').slice(0, 3).join('.'))
      expect(times).toEqual([`${id}.told.1`, `${id}.told.2`, `${id}.told.3`])
      inDoubt += outside.asked.length
      const ledger = await again.runtime.draws({ limit: 100 })
      expect(ledger.map(({ state }) => state)).toEqual(['released', 'released', 'confirmed'])
    }
    // Some fell between an effect and the record of it, for each of the three owners.
    expect(inDoubt).toBeGreaterThanOrEqual(3)
    expect(kills).toBeGreaterThan(inDoubt)
  })

  test('is no longer owed once the run is cancelled', async () => {
    const hold = { hold: 'until-opening' as const, otherwise: { person: rep('dev') } }
    const team = teamOf([rep('ana'), rep('bo', awayFor(dayMs))], { whenNobody: hold })
    const { outside, table } = watched(takeBack(1), createOutside(), team)
    const running = await runTables([table])
    const { run } = await running.runtime.insert('leads', [{ name: 'a' }])
    await running.runtime.idle()
    await running.runtime.cancelRun(run?.id ?? '')
    await running.runtime.idle()
    await running.runtime.putRep(rep('bo'), 'boss')
    await running.runtime.idle()
    expect(outside.taken).toHaveLength(1)
    expect((await running.runtime.rows('leads', { limit: 1 })).rows[0]).toMatchObject({
      atRest: true,
      cells: { owner: { status: 'cancelled' }, told: { status: 'done', stale: true } },
    })
  })
})

describe('before an owner is written', () => {
  /** A column between the draw and the write, during which something changes. */
  function written(team = teamOf(reps)) {
    const outside = createOutside()
    const state = { between: async () => {}, calls: 0 }
    const table = defineTable('leads', { input })
      .column('owner', owner(team, [rep('dev')]))
      .column('drawn', compute({ needs: ['owner'], run: () => true }))
      .column(
        'record',
        ask({
          // Behind the draw, and the same whoever was drawn.
          needs: ['name', 'drawn'],
          run: async () => {
            state.calls += 1
            await state.between()
            return done('r')
          },
        }),
      )
      .column('told', deliver(outside, { needs: ['owner', 'record'], confirms: ['owner'] }))
    return { outside, state, table }
  }

  test('it is asked whether the rep is still there: one who went on leave in between does not get the lead', async () => {
    const { outside, state, table } = written()
    const running = await runTables([table])
    state.between = async () => void (await running.runtime.putRep(rep('ana', awayFor(dayMs)), 'boss'))
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect(outside.taken.map(({ values }) => (values.owner as { rep: string }).rep)).toEqual(['bo'])
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'bo', previous: [{ rep: 'ana' }] })
    expect(await draws(running)).toMatchObject([
      { member: 'ana', state: 'released', reason: expect.stringContaining('ANA is on leave') },
      { member: 'bo', state: 'confirmed' },
    ])
    expect(state.calls).toBe(1)
  })

  test('an inactive rep never gets it (trap 42)', async () => {
    const { outside, state, table } = written()
    const running = await runTables([table])
    state.between = async () => void (await running.runtime.putRep(rep('ana', { active: false }), 'boss'))
    await insertOne(running, 'leads', { name: 'a' })
    expect(outside.taken.map(({ values }) => (values.owner as { rep: string }).rep)).toEqual(['bo'])
  })

  test('nothing is asked again for a repeat, nor for an owner whom a person decided', async () => {
    const { outside, table } = written()
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    await running.runtime.putRep(rep('ana', awayFor(dayMs)), 'boss')
    await rerun(running, 'leads', { columns: ['told'], force: true, includeEffects: true })
    expect(outside.taken.map(({ values }) => (values.owner as { rep: string }).rep)).toEqual(['ana', 'ana'])
    await running.runtime.putRep(rep('cy', awayFor(dayMs)), 'boss')
    await running.runtime.override('leads', id, { rep: 'cy', reason: 'hers', who: 'boss' })
    await running.runtime.idle()
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'cy' })
  })

  test('a rep of the pool who comes back may get it again, when nobody else is there', async () => {
    const team = teamOf([rep('ana')], {
      whenNobody: { hold: 'until-opening', otherwise: { person: rep('dev') } },
    })
    const { outside, state, table } = written(team)
    const running = await runTables([table])
    state.between = async () => void (await running.runtime.putRep(rep('ana', awayFor(dayMs)), 'boss'))
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect((await cellOf(running, id))?.status).toBe('waiting')
    await running.runtime.putRep(rep('ana'), 'boss')
    await until(() => outside.taken.length === 1, 'it was written')
    await running.runtime.idle()
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'ana' })
  })

  test('a write whose outcome is read back is not taken from anybody', async () => {
    const outside = createOutside()
    const table = defineTable('leads', { input })
      .column('owner', owner(teamOf(reps)))
      .column('told', deliver(outside, { needs: ['owner'], confirms: ['owner'], horizonMs: 150 }))
    outside.plan('answer-lost')
    const running = await runTables([table])
    const [id = ''] = await insertRows(running, 'leads', [{ name: 'a' }])
    await until(() => outside.taken.length === 1, 'it was sent')
    await running.runtime.putRep(rep('ana', awayFor(dayMs)), 'boss')
    await running.runtime.idle()
    expect(outside.asked).toHaveLength(1)
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'ana', previous: [] })
  })

  test('an answer that stays the same although it is out of date is asked once, not for ever', async () => {
    const outside = createOutside()
    let asked = 0
    const stubborn = buildColumn<{ name: string }, Assignment>({
      kind: 'stubborn',
      versionOf: [],
      work: {
        effect: 'draw',
        pools: [],
        reps: [],
        territories: [],
        decide: (_, view) =>
          byHand.override({ rep: 'ana', reason: 'x', who: 'x', method: 'fallback_person' }, view),
        ...byHand,
        recheck() {
          asked += 1
          return 'never good enough'
        },
      },
    })
    const table = defineTable('leads', { input })
      .column('other', owner(teamOf(reps)))
      .column('owner', stubborn)
      .column('record', ask({ reads: ['owner'], run: () => sleep(5).then(() => done('r')) }))
      .column('told', deliver(outside, { needs: ['owner', 'record'], confirms: ['owner'] }))
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect(Object.values(await statuses(running, 'leads', id))).toEqual(['done', 'done', 'done', 'done'])
    expect(outside.taken).toHaveLength(1)
    expect(asked).toBe(1)
  })
})

test('work in process that fails for now is tried again, without anything from outside to wake it', async () => {
  let calls = 0
  const table = defineTable('leads', { input }).column(
    'fact',
    compute({
      reads: ['name'],
      retry: { attempts: 3, baseMs: 5, maxMs: 5 },
      run: () => {
        calls += 1
        if (calls === 1) throw new RetryAfterError('not yet', 10)
        return calls
      },
    }),
  )
  const running = await runTables([table])
  const id = await insertOne(running, 'leads', { name: 'a' })
  expect(await cellOf(running, id, 'fact')).toMatchObject({ status: 'done', value: 2 })
})
