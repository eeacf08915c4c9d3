import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { assignOwner } from '../../columns/assign-owner.ts'
import { compute } from '../../columns/compute.ts'
import { roundRobin } from '../../columns/round-robin.ts'
import { defineTable } from '../../columns/table.ts'
import { definePool } from '../../routing/pool.ts'
import { createOutside, deliver } from '../support/outside.ts'
import { patienceMs } from '../support/patience.ts'
import { insertOne, insertRows, rerun, runTables } from '../support/runtime.ts'

const rep = (id: string, weight = 1) => ({
  rep: { id, name: id.toUpperCase(), email: `${id}@r.example` },
  weight,
})
const team = definePool('team', {
  strategy: 'standard',
  members: [rep('ana'), rep('bo'), rep('cy')],
  whenNobody: 'assign-anyway',
})
const input = z.object({ name: z.string(), company: z.string().optional(), go: z.boolean().optional() })

const leads = () =>
  defineTable('leads', { input, account: ({ company }) => company }).column(
    'owner',
    assignOwner({
      reads: ['name'],
      pools: [team],
      rules: [{ name: 'rotation', decide: (_, by) => by.rotate('team') }],
      otherwise: { pool: 'team' },
    }),
  )

type Running = Awaited<ReturnType<typeof runTables>>
const ownerOf = async ({ runtime }: Running, id: string, column = 'owner') => {
  const value = (await runtime.row('leads', id)).cells[column]?.value
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
const draws = ({ runtime }: Running) => runtime.draws({ limit: 10_000 })

describe('a draw', () => {
  test('is reserved with the cell and confirmed by the effect it is for', async () => {
    const outside = createOutside()
    const seen: string[] = []
    const table = leads().column('told', deliver(outside, { needs: ['owner'], confirms: ['owner'] }))
    const running = await runTables([table])
    outside.onArrival = async () => void seen.push(...(await draws(running)).map((each) => each.state))
    await insertOne(running, 'leads', { name: 'a' })
    expect(seen).toEqual(['reserved'])
    expect(await draws(running)).toMatchObject([{ state: 'confirmed', generation: 1 }])
  })

  test('that no effect confirms is confirmed when its row comes to rest, also when it was parked in between', async () => {
    const outside = createOutside()
    outside.plan('busy')
    const table = leads().column('slow', deliver(outside, { retry: { baseMs: 150, maxMs: 150 } }))
    const running = await runTables([table], { parkAfterMs: 20 })
    const [id = ''] = await insertRows(running, 'leads', [{ name: 'a' }])
    await running.runtime.idle()
    expect(await draws(running)).toMatchObject([{ state: 'reserved' }])
    await running.runtime.settled('leads', [id], null, patienceMs)
    expect(await draws(running)).toMatchObject([{ state: 'confirmed' }])
  })

  test('is given back when the write that should confirm it fails for good, and taken again when a retry succeeds (trap 70)', async () => {
    const outside = createOutside()
    outside.plan('refuse')
    const table = leads().column('told', deliver(outside, { needs: ['owner'], confirms: ['owner'] }))
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    const first = await ownerOf(running, id)
    expect(await draws(running)).toMatchObject([{ state: 'released', reason: 'write_failed' }])
    const [owed] = (await running.runtime.pool('team')).counts.filter(({ member }) => member === first.rep)
    expect(owed).toMatchObject({ draws: 0 })
    await rerun(running, 'leads', { mode: 'errored' })
    expect(await ownerOf(running, id)).toEqual(first)
    expect(await draws(running)).toMatchObject([{ state: 'confirmed' }])
  })

  test('is confirmed by a column that names one that draws: anything else is refused at definition', () => {
    const told = deliver<{ name: string }>(createOutside(), { confirms: ['name'] })
    expect(() => defineTable('leads', { input }).column('told', told)).toThrow('no earlier column that draws')
  })

  test('is made anew by redraw alone: the old one is given back with its credit, and the claim follows', async () => {
    const running = await runTables([leads()])
    const [first = ''] = await insertRows(running, 'leads', [{ name: 'a', company: 'acme' }])
    await running.runtime.idle()
    await insertOne(running, 'leads', { name: 'b' })
    const before = await ownerOf(running, first)
    expect(await running.runtime.claim('acme', 'leads.owner')).toMatchObject({
      owner: { rep: before.rep },
      row: first,
    })

    await rerun(running, 'leads', { scope: { rows: [first] }, redraw: true, reason: 'test' })
    const after = await ownerOf(running, first)
    const ledger = await draws(running)
    expect(ledger.map((each) => [each.row === first, each.state, each.generation])).toEqual([
      [true, 'released', 1],
      [false, 'confirmed', 1],
      [true, 'confirmed', 2],
    ])
    expect(ledger[0]).toMatchObject({ member: before.rep, reason: 'test' })
    expect(await running.runtime.claim('acme', 'leads.owner')).toMatchObject({
      owner: { rep: after.rep },
      row: first,
    })
    // The credit is back: over the standing draws nobody is further from the fair share than the bound.
    const { counts } = await running.runtime.pool('team')
    for (const { draws: got, expected } of counts) expect(Math.abs(got - expected)).toBeLessThanOrEqual(0.75)
    expect(counts.reduce((sum, each) => sum + each.draws, 0)).toBe(2)
    expect(counts.reduce((sum, each) => sum + each.expected, 0)).toBeCloseTo(2, 9)

    await rerun(running, 'leads', { scope: { rows: [first] }, redraw: true, reason: 'test' })
    expect((await draws(running)).filter((each) => each.state === 'released')).toHaveLength(2)
  })

  test('made anew does not disturb the rotation for the others', async () => {
    const running = await runTables([leads()])
    const ids = await insertRows(
      running,
      'leads',
      Array.from({ length: 30 }, (_, index) => ({ name: `n${index}` })),
    )
    await running.runtime.idle()
    for (const id of ids.slice(0, 7))
      await rerun(running, 'leads', { scope: { rows: [id] }, redraw: true, reason: 'test' })
    await insertRows(
      running,
      'leads',
      Array.from({ length: 30 }, (_, index) => ({ name: `m${index}` })),
    )
    await running.runtime.idle()
    const standing = (await draws(running)).filter((each) => each.state !== 'released')
    const counts = ['ana', 'bo', 'cy'].map(
      (member) => standing.filter((each) => each.member === member).length,
    )
    expect(counts.reduce((sum, each) => sum + each, 0)).toBe(60)
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2)
  })

  test('made anew by a ladder that throws leaves the old one, and the next redraw gives it back', async () => {
    let broken = false
    const table = defineTable('leads', { input }).column(
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
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    broken = true
    await rerun(running, 'leads', { redraw: true, reason: 'test' })
    expect((await running.runtime.row('leads', id)).cells.owner?.status).toBe('error')
    expect(await draws(running)).toMatchObject([{ state: 'confirmed' }])
    broken = false
    await rerun(running, 'leads', { mode: 'errored' })
    expect((await running.runtime.row('leads', id)).cells.owner?.status).toBe('done')
    expect((await draws(running)).map((each) => each.state)).toEqual(['released', 'confirmed'])
  })

  test('of a row whose condition no longer holds is kept and marked, not thrown away', async () => {
    const table = defineTable('leads', { input })
      .column('open', compute({ reads: ['go'], run: ({ go }) => go !== false }))
      .column('owner', roundRobin({ pool: team }), { when: { open: true } })
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    const before = await ownerOf(running, id)
    await running.runtime.edit('leads', id, { go: false })
    await rerun(running, 'leads', { mode: 'all', redraw: true, reason: 'test' })
    const { cells } = await running.runtime.row('leads', id)
    expect(cells.owner).toMatchObject({ status: 'done', stale: true, value: before })
    expect(await draws(running)).toMatchObject([{ state: 'confirmed' }])
  })
})

describe('a company', () => {
  test('has one owner, however many of its leads come at once', async () => {
    const running = await runTables([leads()])
    const batch = Array.from({ length: 200 }, (_, index) => ({
      name: `n${index}`,
      company: `c${index % 20}`,
    }))
    const parts = await Promise.all(
      [0, 50, 100, 150].map((from) => insertRows(running, 'leads', batch.slice(from, from + 50))),
    )
    await running.runtime.idle()
    const owners = new Map<number, Set<unknown>>()
    for (const [index, id] of parts.flat().entries()) {
      const known = owners.get(index % 20) ?? new Set()
      owners.set(index % 20, known.add((await ownerOf(running, id)).rep))
    }
    expect([...owners.values()].map((each) => each.size)).toEqual(Array.from({ length: 20 }, () => 1))
    const ledger = await draws(running)
    expect(ledger).toHaveLength(20)
    const counts = ['ana', 'bo', 'cy'].map((member) => ledger.filter((each) => each.member === member).length)
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
  })
})

describe('a pool', () => {
  test('is one rotation for every column that draws from it', async () => {
    const table = defineTable('leads', { input })
      .column('first', roundRobin({ pool: team }))
      .column('second', roundRobin({ pool: team }))
    const running = await runTables([table])
    await insertRows(
      running,
      'leads',
      Array.from({ length: 15 }, (_, index) => ({ name: `n${index}` })),
    )
    await running.runtime.idle()
    const ledger = await draws(running)
    expect(ledger).toHaveLength(30)
    const seen = { ana: 0, bo: 0, cy: 0 }
    for (const { member } of ledger) {
      seen[member as keyof typeof seen] += 1
      expect(Math.max(...Object.values(seen)) - Math.min(...Object.values(seen))).toBeLessThanOrEqual(1)
    }
  })

  test('with weights keeps every rep within the bound at every moment, under rows that come at once', async () => {
    const weighted = definePool('team', {
      strategy: 'weighted',
      members: [rep('ana', 5), rep('bo', 3), rep('cy', 2)],
      whenNobody: 'assign-anyway',
    })
    const running = await runTables([
      defineTable('leads', { input }).column('owner', roundRobin({ pool: weighted })),
    ])
    await insertRows(
      running,
      'leads',
      Array.from({ length: 300 }, (_, index) => ({ name: `n${index}` })),
    )
    await running.runtime.idle()
    const share = { ana: 0.5, bo: 0.3, cy: 0.2 }
    const got = { ana: 0, bo: 0, cy: 0 }
    for (const [index, { member }] of (await draws(running)).entries()) {
      got[member as keyof typeof got] += 1
      for (const name of ['ana', 'bo', 'cy'] as const) {
        expect(Math.abs(got[name] - share[name] * (index + 1))).toBeLessThanOrEqual(1 - 1 / 4 + 1e-9)
      }
    }
    expect(got).toEqual({ ana: 150, bo: 90, cy: 60 })
  })
})
