import { describe, expect, it } from 'vitest'
import type { StoredRow } from '../../../db/store.ts'
import { at, type StoreUnderTest, useBench } from './bench.ts'
import { drawFrom, drawTier, pool, seedsOf } from './live.ts'
import { settleWith, sumOf } from './settling.ts'

export function balanceSuite(under: StoreUnderTest): void {
  const durable = under.durable ?? true

  describe('the balances of a pool', () => {
    const bench = useBench(under)
    const settle = settleWith(bench)
    const countsOf = async (name = 'emea') =>
      Object.fromEntries((await bench.store.drawCounts(name)).map(({ member, draws }) => [member, draws]))
    const balancesOf = async (name = 'emea') => (await bench.store.pool(name))?.balances ?? {}
    const release = (row: StoredRow, draws: readonly { draw: number; reason: string }[]) =>
      bench.step(row, [], { position: 1, release: draws })

    const expectBooked = async () => {
      const balances = await balancesOf()
      expect(sumOf(balances)).toBeCloseTo(0)
      for (const { member, draws, expected } of await bench.store.drawCounts('emea'))
        expect(expected, member).toBeCloseTo(draws + (balances[member] ?? 0))
    }

    it('take a draw back that its write failed for good, and again when the write succeeds later (trap 70)', async () => {
      await bench.store.seed(seedsOf(pool()))
      const row = await bench.row()
      const { draw: id } = await settle(row)
      const owed = await balancesOf()
      await release(row, [{ draw: id ?? 0, reason: 'write_failed' }])
      expect(await bench.store.draws({ row: row.seq, limit: 10 })).toMatchObject([
        { state: 'released', reason: 'write_failed' },
      ])
      expect((await balancesOf()).ana).toBeCloseTo(0)
      expect(await countsOf()).toEqual({ ana: 0, bo: 0, cy: 0 })
      await release(row, [{ draw: id ?? 0, reason: 'write_failed' }])
      expect((await balancesOf()).ana).toBeCloseTo(0)
      if (durable) await bench.reopen()
      await bench.step(row, [], { position: 1, confirm: [id ?? 0] })
      expect(await bench.store.draws({ row: row.seq, limit: 10 })).toMatchObject([
        { state: 'confirmed', reason: null },
      ])
      for (const [member, balance] of Object.entries(await balancesOf()))
        expect(balance, member).toBeCloseTo(owed[member] ?? 0)
      expect(await countsOf()).toEqual({ ana: 1, bo: 0, cy: 0 })
      await bench.step(row, [], { position: 1, confirm: [id ?? 0] })
      expect(await countsOf()).toEqual({ ana: 1, bo: 0, cy: 0 })
      await expectBooked()
    })

    it('do not take again what was given back for another reason', async () => {
      await bench.store.seed(seedsOf(pool()))
      const row = await bench.row()
      const { draw: id } = await settle(row)
      await release(row, [{ draw: id ?? 0, reason: 'rejected' }])
      await bench.step(row, [], { position: 1, confirm: [id ?? 0] })
      expect(await bench.store.draws({ row: row.seq, limit: 10 })).toMatchObject([
        { state: 'released', reason: 'rejected' },
      ])
      expect(await countsOf()).toEqual({ ana: 0, bo: 0, cy: 0 })
    })

    it('survive a member who joins, leaves, is paused or changes weight (trap 73, trap 74)', async () => {
      await bench.store.seed(seedsOf(pool()))
      for (let index = 0; index < 5; index += 1) await settle(await bench.row())
      const before = await bench.store.pool('emea')
      for (const members of [
        [
          { rep: 'ana', weight: 0 },
          { rep: 'bo', weight: 1 },
        ],
        [
          { rep: 'di', weight: 3 },
          { rep: 'bo', weight: 0.5 },
        ],
      ]) {
        const edited = pool({ members })
        expect(await bench.store.putPool(edited, 'tester')).toEqual({ ...before, pool: edited })
      }
      if (durable) await bench.reopen()
      expect((await bench.store.pool('emea'))?.balances).toEqual(before?.balances)
      await settle(await bench.row())
      await expectBooked()
      // Whoever left keeps what they drew.
      expect(await countsOf()).toMatchObject({ ana: 3, cy: 1 })
    })

    it('are one rotation for pools that share a counter (trap 76)', async () => {
      await bench.store.seed(
        seedsOf(
          pool({ counter: 'shared' }),
          pool({ name: 'amer', counter: 'shared' }),
          pool({ name: 'apac' }),
        ),
      )
      for (let index = 0; index < 8; index += 1)
        await settle(await bench.row(), { decide: drawFrom(index % 2 === 0 ? 'emea' : 'amer') })
      for (const name of ['emea', 'amer']) expect(await countsOf(name)).toEqual({ ana: 4, bo: 2, cy: 2 })
      expect(await countsOf('apac')).toEqual({ ana: 0, bo: 0, cy: 0 })
      expect(await bench.store.draws({ pool: 'amer', limit: 10 })).toHaveLength(4)
      const { draw: id } = await settle(await bench.row(), { decide: drawFrom('amer') })
      // The turn goes back to the counter it came from, also when the pool has another one since.
      await bench.store.putPool(pool({ name: 'amer', counter: null }), 'tester')
      await release(await bench.row(), [{ draw: id ?? 0, reason: 'rejected' }])
      expect(await countsOf('emea')).toEqual({ ana: 4, bo: 2, cy: 2 })
      expect(await countsOf('amer')).toEqual({ ana: 5, bo: 2, cy: 2 })
      await expectBooked()
    })

    it('go along to a counter of another name and back, with counts, strata and turns given back later', async () => {
      await bench.store.seed(seedsOf(pool()))
      const first = await settle(await bench.row())
      for (let index = 0; index < 4; index += 1) await settle(await bench.row())
      const gold = await settle(await bench.row(), { decide: drawTier('gold') })
      await settle(await bench.row(), { backfill: true })
      const [state, counts] = [await bench.store.pool('emea'), await bench.store.drawCounts('emea')]
      const named = pool({ counter: 'shared' })
      expect(await bench.store.putPool(named, 'tester')).toEqual({ ...state, pool: named })
      if (durable) await bench.reopen()
      expect(await bench.store.drawCounts('emea')).toEqual(counts)
      await release(await bench.row(), [{ draw: gold.draw ?? 0, reason: 'rejected' }])
      expect(await countsOf()).toMatchObject({ ana: 3 })
      await expectBooked()
      // The draws of `shared` go back with the pool.
      const late = await settle(await bench.row())
      await bench.store.putPool(pool(), 'tester')
      if (durable) await bench.reopen()
      const draws = [first.draw, late.draw].map((draw) => ({ draw: draw ?? 0, reason: 'rejected' }))
      await release(await bench.row(), draws)
      expect(Object.values(await countsOf()).reduce((sum, each) => sum + each, 0)).toBe(4)
      expect(sumOf(await balancesOf())).toBeCloseTo(0)
      await expectBooked()
    })

    it('stay with a counter that others draw from already, and with those who share it', async () => {
      await bench.store.seed(seedsOf(pool(), pool({ name: 'amer' }), pool({ name: 'apac' })))
      await settle(await bench.row())
      for (let index = 0; index < 3; index += 1) await settle(await bench.row(), { decide: drawFrom('amer') })
      const amer = await countsOf('amer')
      await bench.store.putPool(pool({ name: 'amer', counter: 'shared' }), 'tester')
      await bench.store.putPool(pool({ counter: 'shared' }), 'tester')
      expect(await countsOf()).toEqual(amer)
      await bench.store.putPool(pool({ name: 'apac', counter: 'shared' }), 'tester')
      await bench.store.putPool(pool({ name: 'apac', counter: 'other' }), 'tester')
      for (const name of ['emea', 'amer', 'apac']) expect(await countsOf(name)).toEqual(amer)
      // What it counted by itself before is still there.
      await bench.store.putPool(pool(), 'tester')
      expect(await countsOf()).toEqual({ ana: 1, bo: 0, cy: 0 })
    })

    it('stay where they are when the edit that would have moved them fails', async () => {
      await bench.store.seed(seedsOf(pool()))
      await settle(await bench.row())
      const before = await bench.store.pool('emea')
      const unknown = pool({ counter: 'shared', members: [{ rep: 'nobody', weight: 1 }] })
      await expect(bench.store.putPool(unknown, 'tester')).rejects.toMatchObject({ code: 'request-invalid' })
      expect(await bench.store.pool('emea')).toEqual(before)
    })

    it('are kept apart by tier, and told together (trap 80)', async () => {
      await bench.store.seed(seedsOf(pool()))
      for (const tier of ['big', 'small', 'big', 'big', 'big', 'small'])
        await settle(await bench.row(), { decide: drawTier(tier) })
      const drawn = (await bench.store.draws({ pool: 'emea', limit: 10 })).filter(
        ({ stratum }) => stratum === 'big',
      )
      expect(drawn.map(({ member }) => member).sort()).toEqual(['ana', 'ana', 'bo', 'cy'])
      expect(sumOf(await countsOf())).toBe(6)
      await expectBooked()
      if (durable) await bench.reopen()
      const view = await bench.store.decisionView({
        row: 'row_x',
        column: 'owner',
        account: null,
        claimScope: 'leads.owner',
        startedAt: at,
        backfill: false,
        previous: [],
        heldSince: {},
      })
      expect(sumOf(view.counter(pool(), 'big').balances)).toBeCloseTo(0)
      for (const balance of Object.values(view.counter(pool(), 'big').balances))
        expect(balance).toBeCloseTo(0)
      expect(view.counter(pool(), null)).toMatchObject({ balances: {}, lastDrawn: {} })
      expect(view.counter(pool(), 'small').balances).toMatchObject({ bo: -0.5, cy: 0.5 })
    })

    it('do not move for a backfill that does not consume draws (trap 79)', async () => {
      await bench.store.seed(seedsOf(pool()))
      const first = await settle(await bench.row(), { backfill: true })
      await settle(await bench.row(), { backfill: true })
      const tier = await settle(await bench.row(), { backfill: true, decide: drawTier('big') })
      await release(await bench.row(), [{ draw: tier.draw ?? 0, reason: 'rejected' }])
      expect(await balancesOf()).toEqual({})
      expect(await countsOf()).toEqual({ ana: 0, bo: 0, cy: 0 })
      expect(await bench.store.draws({ pool: 'emea', limit: 10 })).toMatchObject([
        { member: 'ana', backfill: true },
        { member: 'bo', backfill: true },
        { stratum: 'big', backfill: true, state: 'released' },
      ])
      expect((await settle(await bench.row())).decision.assignment?.rep).toBe('ana')
      const before = await balancesOf()
      await release(await bench.row(), [{ draw: first.draw ?? 0, reason: 'rejected' }])
      expect(await balancesOf()).toEqual(before)
    })
  })
}
