import { describe, expect, it } from 'vitest'
import type { Settled, StoredRow } from '../../../db/store.ts'
import type { Decision, RotationView } from '../../../routing/decision.ts'
import { decideOwner } from '../../../routing/ladder.ts'
import { definePool, type Pool } from '../../../routing/pool.ts'
import { at, attempt, done, type StoreUnderTest, useBench } from './bench.ts'

const rep = (id: string) => ({ id, name: id.toUpperCase(), email: `${id}@ours.example` })
const pool = (over: Partial<Pool> = {}): Pool => ({
  ...definePool('emea', {
    strategy: 'weighted',
    members: [{ rep: rep('ana'), weight: 2 }, { rep: rep('bo') }, { rep: rep('cy') }],
    whenNobody: 'assign-anyway',
  }),
  ...over,
})

const ladder = { rules: [], otherwise: { pool: 'emea' }, reps: new Map() }
const draw = (view: RotationView): Decision => decideOwner(ladder, {}, view)

interface SettleOptions {
  column?: string
  generation?: number
  release?: { draw: number; reason: string }
  decide?: (view: RotationView) => Decision
}

export function rotationSuite(under: StoreUnderTest): void {
  const durable = under.durable ?? true

  describe('the ledger', () => {
    const bench = useBench(under)

    const settle = async (row: StoredRow, options: SettleOptions = {}): Promise<Settled> => {
      let answer: Settled | null = null
      const { column = 'owner', generation = 1, release = null, decide = draw } = options
      await bench.build(row, (settleWith) => {
        const settled = settleWith({ column, generation, release, decide })
        answer = settled
        const cell = done(
          settled.decision.assignment?.rep ?? null,
          settled.draw === null ? {} : { draw: settled.draw },
        )
        return { at, position: row.entries, entries: [attempt(column, cell)], confirm: [] }
      })
      if (answer === null) throw new Error('the step was fenced')
      return answer
    }
    const drawMany = async (count: number) => {
      const members: (string | null)[] = []
      for (let index = 0; index < count; index += 1)
        members.push((await settle(await bench.row())).decision.assignment?.rep ?? null)
      return members
    }
    const counts = async () =>
      Object.fromEntries((await bench.store.drawCounts('emea')).map(({ member, draws }) => [member, draws]))
    const balances = async () => (await bench.store.pool('emea'))?.balances

    it('commits draw, claim and cell together', async () => {
      await bench.store.seedPools([pool()])
      const row = await bench.row({ account: 'acme.com' })
      const { decision, draw: id } = await settle(row)
      expect(decision.assignment).toMatchObject({ rep: 'ana', pool: 'emea' })
      expect(await bench.store.draws({ pool: 'emea', limit: 10 })).toEqual([
        {
          id,
          pool: 'emea',
          member: 'ana',
          row: row.id,
          table: 'leads',
          column: 'owner',
          generation: 1,
          state: 'reserved',
          reason: null,
          at,
        },
      ])
      expect(await bench.store.claim('acme.com')).toMatchObject({
        account: 'acme.com',
        owner: { rep: 'ana', email: 'ana@ours.example' },
        row: row.id,
        table: 'leads',
        at: new Date(at).toISOString(),
      })
      expect((await bench.reload(row)).cells.owner).toMatchObject({ value: 'ana', draw: id })
      expect(await bench.store.pool('emea')).toMatchObject({ lastDrawn: { ana: id } })
    })

    it('keeps nothing of a step that throws behind its draw', async () => {
      await bench.store.seedPools([pool()])
      const [row, next] = [await bench.row({ account: 'acme.com' }), await bench.row()]
      const before = await bench.store.pool('emea')
      const step = bench.build(row, (settleWith) => {
        settleWith({ column: 'owner', generation: 1, release: null, decide: draw })
        throw new Error('after the draw')
      })
      const [failed, other] = await Promise.allSettled([step, settle(next)])
      expect(failed.status).toBe('rejected')
      expect(await bench.store.draws({ row: row.seq, limit: 10 })).toEqual([])
      expect(await bench.store.claim('acme.com')).toBeNull()
      expect(await bench.reload(row)).toEqual(row)
      expect(before).toMatchObject({ balances: {}, lastDrawn: {} })
      // The turn that was not taken went to the next row.
      expect(other).toMatchObject({ value: { decision: { assignment: { rep: 'ana' } } } })
      expect(await counts()).toEqual({ ana: 1, bo: 0, cy: 0 })
    })

    it('gives nothing back for a redraw whose decision throws, even where the step goes on', async () => {
      await bench.store.seedPools([pool()])
      const row = await bench.row()
      const first = await settle(row)
      const before = await balances()
      await bench.build({ ...row, entries: 1 }, (settleWith) => {
        const decide = () => {
          throw new Error('a rule threw')
        }
        const release = { draw: first.draw ?? 0, reason: 'redraw' }
        expect(() => settleWith({ column: 'owner', generation: 2, release, decide })).toThrow('a rule threw')
        const cell = { status: 'error', attempts: 2 } as const
        return { at, position: 1, entries: [attempt('owner', cell)], confirm: [] }
      })
      expect((await bench.reload(row)).cells.owner?.status).toBe('error')
      expect(await bench.store.draws({ row: row.seq, limit: 10 })).toMatchObject([{ state: 'reserved' }])
      expect(await balances()).toEqual(before)
    })

    it('holds one draw for a row, a column and a generation', async () => {
      await bench.store.seedPools([pool()])
      const row = await bench.row()
      await settle(row)
      const before = await balances()
      await expect(settle(row)).rejects.toThrow()
      expect(await counts()).toEqual({ ana: 1, bo: 0, cy: 0 })
      expect(await balances()).toEqual(before)
      await settle(row, { column: 'second' })
      await settle(row, { generation: 2 })
      expect(await bench.store.draws({ row: row.seq, limit: 10 })).toHaveLength(3)
    })

    it('gives a released turn back, once, and not to the share', async () => {
      await bench.store.seedPools([pool()])
      const row = await bench.row()
      const first = await settle(row)
      const release = { draw: first.draw ?? 0, reason: 'redraw' }
      const seen: (number | undefined)[] = []
      const spy = (view: RotationView) => {
        seen.push(view.pool('emea')?.balances.ana)
        return draw(view)
      }
      const second = await settle(row, { generation: 2, release, decide: spy })
      // Owed nothing before the first draw, so nothing but rounding after it was given back.
      expect(seen[0]).toBeCloseTo(0)
      // Whoever gave the lead back does not get it again while somebody else is there.
      expect(second.decision.assignment?.rep).toBe('bo')
      expect(await bench.store.draws({ row: row.seq, limit: 10 })).toMatchObject([
        { state: 'released', reason: 'redraw', generation: 1 },
        { state: 'reserved', reason: null, generation: 2 },
      ])
      expect(await counts()).toEqual({ ana: 0, bo: 1, cy: 0 })
      await settle(row, { generation: 3, release, decide: spy })
      expect(Object.values(await counts()).reduce((sum, each) => sum + each, 0)).toBe(2)
      expect(seen[1]).toBeLessThan(0.5)
      const total = Object.values((await balances()) ?? {}).reduce((sum, each) => sum + each, 0)
      expect(total).toBeCloseTo(0)
      for (const { draws, expected, member } of await bench.store.drawCounts('emea'))
        expect(expected, member).toBeCloseTo(draws + ((await balances())?.[member] ?? 0))
    })

    it('gives a turn back to its own pool when the new draw is from another', async () => {
      await bench.store.seedPools([pool(), pool({ name: 'amer' })])
      const row = await bench.row()
      const first = await settle(row)
      const amer = (view: RotationView) => decideOwner({ ...ladder, otherwise: { pool: 'amer' } }, {}, view)
      await settle(row, { generation: 2, release: { draw: first.draw ?? 0, reason: 'moved' }, decide: amer })
      expect((await balances())?.ana).toBeCloseTo(0)
      expect((await bench.store.drawCounts('amer')).find(({ member }) => member === 'bo')?.draws).toBe(1)
    })

    it('confirms a draw with the step that says so, and never one that was given back', async () => {
      await bench.store.seedPools([pool()])
      const row = await bench.row()
      const { draw: id } = await settle(row)
      await bench.step(row, [attempt('crm', done(1))], { position: 1, confirm: [id ?? 0] })
      expect(await bench.store.draws({ row: row.seq, limit: 10 })).toMatchObject([{ state: 'confirmed' }])
      const next = await settle(row, { generation: 2, release: { draw: id ?? 0, reason: 'redraw' } })
      await bench.step(row, [], { position: 3, confirm: [id ?? 0, next.draw ?? 0] })
      expect(await bench.store.draws({ row: row.seq, limit: 10 })).toMatchObject([
        { state: 'released' },
        { state: 'confirmed' },
      ])
      if (durable) await bench.reopen()
      expect(Object.values(await counts()).reduce((sum, each) => sum + each, 0)).toBe(1)
    })

    it('is fair over draws that share a commit, and after a restart goes on where it was', async () => {
      await bench.store.seedPools([pool()])
      const rows = await Promise.all(Array.from({ length: 41 }, () => bench.row()))
      await Promise.all(rows.map((row) => settle(row)))
      const owed = await balances()
      if (durable) await bench.reopen()
      expect(await balances()).toEqual(owed)
      await drawMany(39)
      expect(await counts()).toEqual({ ana: 40, bo: 20, cy: 20 })
    })

    it.runIf(durable)('gives the same turns with a restart between any two as without', async () => {
      await bench.store.seedPools([pool()])
      const members: (string | null)[] = []
      for (let index = 0; index < 8; index += 1) {
        members.push(...(await drawMany(1)))
        await bench.reopen()
      }
      expect(members).toEqual([...members.slice(0, 4), ...members.slice(0, 4)])
      expect(members.filter((each) => each === 'ana')).toHaveLength(4)
    })

    it('lists draws of one row, of one pool, of both and behind one', async () => {
      await bench.store.seedPools([pool(), pool({ name: 'amer' })])
      const [row, other] = [await bench.row(), await bench.row()]
      const amer = (view: RotationView) => decideOwner({ ...ladder, otherwise: { pool: 'amer' } }, {}, view)
      await settle(row)
      await settle(row, { column: 'second', decide: amer })
      await settle(other)
      const ids = async (query: { pool?: string; row?: number; after?: number }) =>
        (await bench.store.draws({ ...query, limit: 10 })).map(({ id }) => id)
      const all = await ids({})
      expect(all).toHaveLength(3)
      expect(await ids({ row: row.seq })).toEqual(all.slice(0, 2))
      expect(await ids({ pool: 'emea' })).toEqual([all[0], all[2]])
      expect(await ids({ pool: 'emea', row: row.seq })).toEqual([all[0]])
      expect(await ids({ after: all[0] ?? 0 })).toEqual(all.slice(1))
    })

    it('shows a claim to the next row of the company, and leaves it with the row that made it', async () => {
      await bench.store.seedPools([pool()])
      const [first, second] = await Promise.all([
        bench.row({ account: 'acme.com' }),
        bench.row({ account: 'acme.com' }),
      ])
      const [made, kept] = await Promise.all([settle(first), settle(second)])
      expect(kept.decision.assignment).toMatchObject({ rep: made.decision.assignment?.rep, method: 'sticky' })
      expect(kept.draw).toBeNull()
      expect((await bench.store.claim('acme.com'))?.row).toBe(first.id)
      expect(await bench.store.claim('other.com')).toBeNull()
      expect(await counts()).toEqual({ ana: 1, bo: 0, cy: 0 })
    })

    it('makes no claim for a row without a company', async () => {
      await bench.store.seedPools([pool()])
      const seen: RotationView[] = []
      const spy = (view: RotationView) => {
        seen.push(view)
        return draw(view)
      }
      await settle(await bench.row(), { decide: spy })
      expect(seen).toMatchObject([{ account: null, claim: null, now: at }])
    })
  })

  describe('a pool', () => {
    const bench = useBench(under)

    it('is seeded once; from then on it is live', async () => {
      await bench.store.seedPools([pool()])
      const paused = pool({
        members: pool().members.map((member) => ({ ...member, active: member.rep.id !== 'ana' })),
      })
      await bench.store.putPool(paused, 'tester')
      await bench.store.seedPools([pool(), pool({ name: 'amer' })])
      if (durable) await bench.reopen()
      await bench.store.seedPools([pool()])
      expect((await bench.store.pool('emea'))?.pool).toEqual(paused)
      expect((await bench.store.pools()).map((each) => each.pool.name)).toEqual(['amer', 'emea'])
      expect(await bench.store.pool('nowhere')).toBeNull()
    })

    it('keeps its balances when it is edited', async () => {
      await bench.store.seedPools([pool()])
      const row = await bench.row()
      await bench.build(row, (settleWith) => {
        settleWith({ column: 'owner', generation: 1, release: null, decide: draw })
        return null
      })
      const before = await bench.store.pool('emea')
      const edited = pool({
        members: [...pool().members, { rep: rep('di'), weight: 3, active: true, away: [] }],
      })
      expect(await bench.store.putPool(edited, 'tester')).toEqual({ ...before, pool: edited })
      if (durable) await bench.reopen()
      expect(await bench.store.pool('emea')).toEqual({ ...before, pool: edited })
    })

    it('that was asked for earlier is not changed under the reader', async () => {
      await bench.store.seedPools([pool()])
      const held = await bench.store.pool('emea')
      const copy = structuredClone(held)
      await bench.build(await bench.row(), (settleWith) => {
        settleWith({ column: 'owner', generation: 1, release: null, decide: draw })
        return null
      })
      expect(held).toEqual(copy)
      expect(await bench.store.pool('emea')).not.toEqual(copy)
    })
  })
}
