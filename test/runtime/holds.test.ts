import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { assignOwner } from '../../columns/assign-owner.ts'
import { defineTable } from '../../columns/table.ts'
import { defineTerritory } from '../../routing/territory.ts'
import { createOutside, deliver } from '../support/outside.ts'
import { timed } from '../support/own-time.ts'
import { patienceMs } from '../support/patience.ts'
import { insertOne, insertRows, rerun, runTables, until } from '../support/runtime.ts'
import { awayFor, cellOf, dayMs, draws, owner, ownerOf, rep, teamOf } from './teams.ts'

const input = z.object({ name: z.string() })
const hold = (
  atMostHours = 100,
  otherwise: 'assign-anyway' | { person: ReturnType<typeof rep> } = 'assign-anyway',
) => ({
  whenNobody: { hold: 'until-opening' as const, atMostHours, otherwise },
})

const heldTable = (team: ReturnType<typeof teamOf>) => {
  const outside = createOutside()
  const table = defineTable('leads', { input })
    .column('owner', owner(team))
    .column('told', deliver(outside, { needs: ['owner'], confirms: ['owner'] }))
  return { outside, table }
}

describe('a lead for whom nobody is there', () => {
  test('is held, says until when and why, and goes on by itself at the opening (traps 71, 78)', async () => {
    const { outside, table } = heldTable(teamOf([rep('ana', awayFor(1_500))], hold()))
    const running = await runTables([table], { parkAfterMs: 20 })
    const before = Date.now()
    const id = await insertOne(running, 'leads', { name: 'a' })
    const held = await cellOf(running, id)
    expect(held?.status).toBe('waiting')
    expect(held?.waiting?.on).toBe('hours')
    expect(held?.reason).toMatch(/held until .*ANA can be drawn/)
    expect(Date.parse(held?.waiting?.until ?? '')).toBeGreaterThan(before + 1_000)
    expect(Date.parse(held?.waiting?.since ?? '')).toBeLessThanOrEqual(Date.now())
    expect((await running.runtime.row('leads', id)).atRest).toBe(false)
    expect(await draws(running)).toEqual([])
    await until(async () => (await cellOf(running, id))?.status === 'done', 'it went on at the opening')
    await running.runtime.idle()
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'ana', previous: [] })
    expect(outside.taken).toHaveLength(1)
    expect(await draws(running)).toMatchObject([{ member: 'ana', state: 'confirmed', generation: 1 }])
  })

  test('is decided again at once when live data change', async () => {
    const { table } = heldTable(teamOf([rep('ana', awayFor(dayMs))], hold()))
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect((await cellOf(running, id))?.status).toBe('waiting')
    await running.runtime.putRep(rep('ana'), 'boss')
    await until(async () => (await cellOf(running, id))?.status === 'done', 'the edit woke it')
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'ana' })
    expect((await running.runtime.audit({ limit: 5 }))[0]).toMatchObject({ subject: 'rep', who: 'boss' })
  })

  test('is settled for whoever waits for it: it is answered with the hold', async () => {
    for (const parkAfterMs of [20, 600_000]) {
      const { table } = heldTable(teamOf([rep('ana', awayFor(60_000))], hold()))
      const running = await runTables([table], { parkAfterMs })
      const [id = ''] = await insertRows(running, 'leads', [{ name: 'a' }])
      for (const column of [null, 'owner', 'told']) {
        const { answer, ownMs } = await timed(() =>
          running.runtime.settled('leads', [id], column, patienceMs),
        )
        expect(answer).toBe(true)
        expect(ownMs).toBeLessThan(2_000)
      }
      expect((await cellOf(running, id))?.status).toBe('waiting')
      await running.close()
    }
  })

  test('is not settled while something else of it is under way', async () => {
    const outside = createOutside()
    outside.onArrival = () => new Promise((resolve) => setTimeout(resolve, 150))
    const table = defineTable('leads', { input })
      .column('owner', owner(teamOf([rep('ana', awayFor(dayMs))], hold())))
      .column('slow', deliver(outside, { needs: ['name'] }))
    const running = await runTables([table], { parkAfterMs: 20 })
    const [id = ''] = await insertRows(running, 'leads', [{ name: 'a' }])
    expect(await running.runtime.settled('leads', [id], null, 50)).toBe(false)
    expect(await running.runtime.settled('leads', [id], null, patienceMs)).toBe(true)
    expect(await cellOf(running, id, 'slow')).toMatchObject({ status: 'done' })
  })

  test('is decided again at once when its input is edited', async () => {
    const away = teamOf([rep('ana', awayFor(dayMs))], hold())
    const table = defineTable('leads', { input }).column(
      'owner',
      assignOwner({
        reads: ['name'],
        pools: [away],
        reps: [rep('dev')],
        rules: [
          {
            name: 'by name',
            decide: ({ name }, by) => (name === 'dev' ? by.person('dev') : by.no('another name')),
          },
        ],
        otherwise: { pool: 'team' },
      }),
    )
    const running = await runTables([table])
    const [id = '', other = ''] = await insertRows(running, 'leads', [{ name: 'a' }, { name: 'b' }])
    await running.runtime.idle()
    expect(await running.runtime.edit('leads', id, { name: 'dev' })).toEqual({ ok: true })
    await until(async () => (await cellOf(running, id))?.status === 'done', 'the edit woke it')
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'dev' })
    expect((await cellOf(running, other))?.status).toBe('waiting')
  })

  test('is decided again at once also while its row is still in memory', async () => {
    const { table } = heldTable(teamOf([rep('ana', awayFor(60_000))], hold()))
    const running = await runTables([table], { parkAfterMs: 10 * 60_000 })
    const [id = ''] = await insertRows(running, 'leads', [{ name: 'a' }])
    await until(async () => (await cellOf(running, id))?.status === 'waiting', 'it is held')
    await running.runtime.putRep(rep('ana'), 'boss')
    await until(async () => (await cellOf(running, id))?.status === 'done', 'the edit woke it')
  })

  test('is decided again after a restart, with the definition of then', async () => {
    const away = teamOf([rep('ana', awayFor(dayMs))], hold())
    const running = await runTables([heldTable(away).table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    const { table } = heldTable(teamOf([rep('ana', awayFor(dayMs))], hold()))
    const otherRules = defineTable('leads', { input })
      .column(
        'owner',
        assignOwner({
          pools: [away],
          reps: [rep('dev')],
          rules: [{ name: 'everything', decide: (_, by) => by.person('dev') }],
          otherwise: { pool: 'team' },
        }),
      )
      .column('told', deliver(createOutside(), { needs: ['owner'] }))
    expect(table.name).toBe('leads')
    const again = await running.restart([otherRules])
    await until(async () => (await cellOf(again, id))?.status === 'done', 'it was asked again')
    expect(await ownerOf(again, id)).toMatchObject({ rep: 'dev' })
  })

  test('stays held over a restart with its time, and says nothing twice', async () => {
    const { table } = heldTable(teamOf([rep('ana', awayFor(dayMs))], hold()))
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    const before = await cellOf(running, id)
    const again = await running.restart()
    await again.runtime.idle()
    expect(await cellOf(again, id)).toEqual(before)
    expect((await again.runtime.cell('leads', id, 'owner')).history).toHaveLength(1)
  })

  test('keeps the time since when it is held, whatever changes meanwhile', async () => {
    const { table } = heldTable(teamOf([rep('ana', awayFor(dayMs))], hold()))
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    const before = (await cellOf(running, id))?.waiting
    await new Promise((resolve) => setTimeout(resolve, 20))
    await running.runtime.putRep(rep('ana', awayFor(2 * dayMs)), 'boss')
    await until(
      async () => (await cellOf(running, id))?.waiting?.until !== before?.until,
      'it was asked again',
    )
    expect((await cellOf(running, id))?.waiting?.since).toBe(before?.since)
  })

  test('whose hold had its time goes on to the declared next step', async () => {
    const twoSeconds = 2 / 3_600
    // The opening comes within the hold, and then the rep is away for longer.
    const team = teamOf([rep('ana', awayFor(1_200))], hold(twoSeconds, { person: rep('dev') }))
    const running = await runTables([heldTable(team).table], { parkAfterMs: 20 })
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect((await cellOf(running, id))?.status).toBe('waiting')
    await running.runtime.putRep(rep('ana', awayFor(dayMs)), 'boss')
    await until(async () => (await cellOf(running, id))?.status === 'done', 'it was handed over')
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'dev' })
  })

  test('waits for a person as long as the rule says, then the next rule has it (traps 40, 55)', async () => {
    const table = defineTable('leads', { input }).column(
      'owner',
      assignOwner<{ name: string }, 'team'>({
        pools: [teamOf([rep('ana')])],
        rules: [
          {
            name: 'two accounts',
            decide: (_, by) => by.review('two accounts fit', { dwellHours: 1.5 / 3_600 }),
          },
          { name: 'rotation', decide: (_, by) => by.rotate('team') },
        ],
        otherwise: { pool: 'team' },
      }),
    )
    const running = await runTables([table], { parkAfterMs: 20 })
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect((await cellOf(running, id))?.waiting).toMatchObject({ on: 'human' })
    await until(async () => (await cellOf(running, id))?.status === 'done', 'the next rule has it')
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'ana', rule: 'rotation' })
  })

  test('is given away at once by a person', async () => {
    const { outside, table } = heldTable(
      teamOf([rep('ana', awayFor(dayMs)), rep('bo', awayFor(dayMs))], hold()),
    )
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    await running.runtime.override('leads', id, { rep: 'bo', reason: 'she knows them', who: 'boss' })
    await running.runtime.idle()
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'bo', method: 'manual_override' })
    expect(outside.taken).toHaveLength(1)
    expect((await running.runtime.row('leads', id)).atRest).toBe(true)
  })

  test('follows its company to the owner whom a person gave another lead of it', async () => {
    const hours = teamOf([rep('ana', awayFor(dayMs))], hold())
    const table = defineTable('leads', { input, account: () => 'acme' }).column(
      'owner',
      owner(hours, [rep('dev')]),
    )
    const running = await runTables([table])
    const [first = '', second = ''] = await insertRows(running, 'leads', [{ name: 'a' }, { name: 'b' }])
    await running.runtime.idle()
    await running.runtime.override('leads', first, { rep: 'dev', reason: 'hers', who: 'boss' })
    await until(async () => (await cellOf(running, second))?.status === 'done', 'the other followed')
    expect(await ownerOf(running, second)).toMatchObject({ rep: 'dev', method: 'sticky' })
  })

  test('keeps the version of the territory it began with, and later leads have the new one (trap 63)', async () => {
    const market = defineTerritory('market', {
      dimensions: [['region', z.enum(['EMEA', 'unknown'])]],
      destinations: { EMEA: { pool: 'team' }, unknown: { pool: 'team' } },
    })
    const table = defineTable('leads', { input }).column(
      'owner',
      assignOwner<{ name: string }, 'team'>({
        pools: [teamOf([rep('ana', awayFor(dayMs))], hold())],
        reps: [rep('dev')],
        territories: [market],
        rules: [{ name: 'territory', decide: (_, by) => by.territory(market, { region: 'EMEA' }) }],
        otherwise: { pool: 'team' },
      }),
    )
    const running = await runTables([table])
    const first = await insertOne(running, 'leads', { name: 'a' })
    expect((await cellOf(running, first))?.status).toBe('waiting')
    const entries = [{ match: {}, to: { person: 'dev' } }]
    await running.runtime.putTerritory(
      { territory: { ...market, entries }, effectiveFrom: Date.now() },
      'boss',
    )
    const second = await insertOne(running, 'leads', { name: 'b' })
    expect(await ownerOf(running, second)).toMatchObject({ rep: 'dev' })
    expect((await cellOf(running, first))?.status).toBe('waiting')
    await running.runtime.putRep(rep('ana'), 'boss')
    await until(async () => (await cellOf(running, first))?.status === 'done', 'it went on')
    expect(await ownerOf(running, first)).toMatchObject({ rep: 'ana' })
    const unknown = { ...market, name: 'markte' }
    await expect(
      running.runtime.putTerritory({ territory: unknown, effectiveFrom: Date.now() }, 'boss'),
    ).rejects.toMatchObject({
      code: 'territory-unknown',
    })
  })

  test('keeps what is behind it for whichever run takes the row over', async () => {
    const { outside, table } = heldTable(teamOf([rep('ana', awayFor(dayMs))], hold()))
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    const run = await rerun(running, 'leads', { columns: ['told'], mode: 'all' })
    expect(run.remaining).toBe(1)
    expect((await cellOf(running, id))?.status).toBe('waiting')
    await running.runtime.putRep(rep('ana'), 'boss')
    await until(() => outside.taken.length === 1, 'it was delivered')
    await running.runtime.idle()
    expect((await running.runtime.findRun(run.id)).status).toBe('done')
  })

  test('is dropped by a cancel of its run', async () => {
    const { outside, table } = heldTable(teamOf([rep('ana', awayFor(dayMs))], hold()))
    const running = await runTables([table])
    const { run, rows } = await running.runtime.insert('leads', [{ name: 'a' }])
    const id = rows[0]?.status === 'accepted' ? rows[0].id : ''
    await running.runtime.idle()
    await running.runtime.cancelRun(run?.id ?? '')
    await until(async () => (await running.runtime.row('leads', id)).atRest, 'it is at rest')
    expect((await cellOf(running, id))?.status).toBe('cancelled')
    await running.runtime.putRep(rep('ana'), 'boss')
    await running.runtime.idle()
    expect(outside.received).toEqual([])
  })
})
