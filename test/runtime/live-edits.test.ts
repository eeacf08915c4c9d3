import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { assignOwner } from '../../columns/assign-owner.ts'
import { roundRobin } from '../../columns/round-robin.ts'
import { defineTable } from '../../columns/table.ts'
import { definePool } from '../../routing/pool.ts'
import { defineTerritory } from '../../routing/territory.ts'
import { createOutside, deliver } from '../support/outside.ts'
import { insertOne, insertRows, rerun, runTables } from '../support/runtime.ts'
import { awayFor, cellOf, dayMs, owner, ownerOf, rep, teamOf } from './teams.ts'

const input = z.object({ name: z.string(), company: z.string().optional() })

describe('a rep who leaves', () => {
  test('keeps the history, the leads are there to be given on, and new ones go elsewhere (trap 74)', async () => {
    const reps = [rep('ana'), rep('bo')]
    const table = defineTable('leads', { input }).column('owner', owner(teamOf(reps)))
    const running = await runTables([table])
    const names = Array.from({ length: 6 }, (_, index) => ({ name: `n${index}` }))
    await insertRows(running, 'leads', names)
    await running.runtime.idle()
    await running.runtime.putRep(rep('ana', { active: false }), 'boss')
    const { rows } = await running.runtime.rows('leads', { limit: 10, filter: 'owner.rep=ana' })
    expect(rows).toHaveLength(3)
    expect((await running.runtime.pool('team')).counts).toMatchObject([
      { member: 'ana', draws: 3 },
      { member: 'bo', draws: 3 },
    ])
    const next = await insertRows(running, 'leads', [{ name: 'x' }, { name: 'y' }])
    await running.runtime.idle()
    for (const id of next) expect((await ownerOf(running, id)).rep).toBe('bo')
    // A run over that list gives them on.
    const given = { scope: { filter: 'owner.rep=ana' }, redraw: true, reason: 'ana left us' }
    await rerun(running, 'leads', { columns: ['owner'], ...given })
    expect(await running.runtime.count('leads', 'owner.rep=ana')).toBe(0)
    expect(await running.runtime.count('leads', 'owner.rep=bo')).toBe(8)
  })
})

describe('a rep of two pools', () => {
  test('has one cap over both (trap 76)', async () => {
    const [ana, bo] = [rep('ana', { caps: { perDay: 3 } }), rep('bo')]
    const tables = ['north', 'south'].map((name) => {
      const members = [{ rep: ana }, { rep: bo }]
      const pool = definePool(name, { strategy: 'standard', members, whenNobody: 'assign-anyway' })
      return defineTable(name, { input }).column('owner', roundRobin({ pool }))
    })
    const running = await runTables(tables)
    for (let turn = 0; turn < 4; turn += 1)
      for (const name of ['north', 'south']) await insertOne(running, name, { name: `n${turn}` })
    const counts = await Promise.all(
      ['north', 'south'].map(async (name) => (await running.runtime.pool(name)).counts),
    )
    const ofAna = counts.flat().filter(({ member }) => member === 'ana')
    expect(ofAna.reduce((sum, { draws }) => sum + draws, 0)).toBe(3)
    expect(ofAna.map(({ draws }) => draws > 0)).toEqual([true, true])
  })
})

describe('a territory that is drawn anew', () => {
  const market = defineTerritory('market', {
    dimensions: [['region', z.enum(['north', 'south'])]],
    destinations: { north: { person: 'ana' }, south: { person: 'bo' } },
  })
  const table = defineTable('leads', {
    input: input.extend({ region: z.enum(['north', 'south']) }),
    account: ({ company }) => company,
  }).column(
    'owner',
    assignOwner({
      needs: ['region'],
      pools: [teamOf([rep('ana'), rep('bo')])],
      territories: [market],
      rules: [{ name: 'market', decide: ({ region }, by) => by.territory(market, { region }) }],
      otherwise: { pool: 'team' },
    }),
  )

  test('moves no owner, not by a run with force either; the next lead follows it (trap 63)', async () => {
    const running = await runTables([table])
    const lead = { region: 'north', company: 'acme' }
    const id = await insertOne(running, 'leads', { name: 'a', ...lead })
    expect((await ownerOf(running, id)).rep).toBe('ana')
    const entries = market.entries.map((entry) => ({ ...entry, to: { person: 'bo' } }))
    await running.runtime.putTerritory(
      { territory: { ...market, entries }, effectiveFrom: Date.now() },
      'boss',
    )
    await running.runtime.idle()
    for (const wish of [{ mode: 'stale' as const }, { force: true }]) {
      await rerun(running, 'leads', wish)
      expect((await ownerOf(running, id)).rep).toBe('ana')
    }
    const next = await insertOne(running, 'leads', { name: 'b', region: 'north' })
    expect((await ownerOf(running, next)).rep).toBe('bo')
    // And the company stays with whom it has.
    const same = await insertOne(running, 'leads', { name: 'c', ...lead })
    expect(await ownerOf(running, same)).toMatchObject({ rep: 'ana', method: 'sticky' })
  })
})

describe('a lead that is held', () => {
  test('is acknowledged at once: only what needs the owner waits for one (trap 78)', async () => {
    const [mail, crm] = [createOutside(), createOutside()]
    const team = teamOf([rep('ana', awayFor(dayMs))], {
      whenNobody: { hold: 'until-opening', atMostHours: 100, otherwise: 'assign-anyway' },
    })
    const table = defineTable('leads', { input })
      .column('owner', owner(team))
      .column('written', deliver(crm, { needs: ['owner'], confirms: ['owner'] }))
      .column('thanks', deliver(mail, { needs: ['name'], reaches: 'people' }))
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect((await cellOf(running, id))?.waiting?.on).toBe('hours')
    expect((await cellOf(running, id, 'thanks'))?.status).toBe('done')
    expect([mail.taken.length, crm.taken.length]).toEqual([1, 0])
  })
})
