import { describe, expect, it } from 'vitest'
import type { StoredRow } from '../../../db/store.ts'
import type { DecisionView } from '../../../routing/decision.ts'
import { overrideOwner } from '../../../routing/ladder/override.ts'
import { chooseMember } from '../../../routing/rotation.ts'
import { at, attempt, done, type StoreUnderTest, useBench } from './bench.ts'
import { draw, drawFrom, pool, seedsOf } from './live.ts'
import { settleWith, sumOf } from './settling.ts'

/** A draw from the counter of one tier. */
const drawTier = (stratum: string) => (view: DecisionView) => {
  const from = pool()
  const { balances, lastDrawn } = view.counter(from, stratum)
  const members = from.members.map(({ rep: id, weight }) => ({ id, weight, excluded: null }))
  const choice = chooseMember({ strategy: from.strategy, members, balances, lastDrawn })
  const decision = draw(view)
  return {
    ...decision,
    draw: { pool: 'emea', stratum, member: choice.chosen ?? '', balances: choice.balances },
  }
}

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
      expect(await countsOf('amer')).toEqual({ ana: 0, bo: 0, cy: 0 })
      await expectBooked()
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
        account: null,
        startedAt: at,
        backfill: false,
        previous: [],
        neverAgain: false,
        heldSince: null,
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

  describe('a credit', () => {
    const bench = useBench(under)
    const settle = settleWith(bench)
    const credit = (over = {}) =>
      bench.store.credit({
        pool: 'emea',
        member: 'bo',
        leads: 1,
        reason: 'rejected',
        note: 'spam',
        row: null,
        who: 'mia',
        ...over,
      })

    it('owes leads to a member at the cost of the others, with its reason, in the order of the draws (trap 81)', async () => {
      await bench.store.seed(seedsOf(pool()))
      const first = await settle(await bench.row())
      const before = await bench.store.drawCounts('emea')
      const given = await credit()
      expect(given).toEqual({
        id: (first.draw ?? 0) + 1,
        pool: 'emea',
        member: 'bo',
        leads: 1,
        reason: 'rejected',
        note: 'spam',
        row: null,
        who: 'mia',
        at,
      })
      if (durable) await bench.reopen()
      const balances = (await bench.store.pool('emea'))?.balances
      expect(sumOf(balances)).toBeCloseTo(0)
      const after = await bench.store.drawCounts('emea')
      expect(after.map(({ draws }) => draws)).toEqual(before.map(({ draws }) => draws))
      for (const { member, draws, expected } of after)
        expect(expected, member).toBeCloseTo(draws + (balances?.[member] ?? 0))
      const was = (name: string) => before.find(({ member }) => member === name)?.expected ?? 0
      const is = (name: string) => after.find(({ member }) => member === name)?.expected ?? 0
      expect(is('bo') - was('bo')).toBeCloseTo(0.75)
      expect(is('ana') - was('ana')).toBeCloseTo(-0.5)
      const second = await settle(await bench.row())
      expect(second.decision.assignment?.rep).toBe('bo')
      expect(second.draw).toBe(given.id + 1)
      expect(await bench.store.credits({ limit: 10 })).toEqual([given])
      expect(await bench.store.credits({ pool: 'emea', after: given.id, limit: 10 })).toEqual([])
      expect(await bench.store.credits({ pool: 'amer', limit: 10 })).toEqual([])
      expect(await bench.store.audit({ subject: 'credit', limit: 10 })).toMatchObject([
        { name: 'emea', who: 'mia', after: { member: 'bo', leads: 1, reason: 'rejected' } },
      ])
    })

    it('below 0 is owed by the member, and parts of a lead are fine', async () => {
      await bench.store.seed(seedsOf(pool()))
      await credit({ member: 'ana', leads: -2.5, reason: 'manual' })
      const balances = (await bench.store.pool('emea'))?.balances
      expect(balances?.ana).toBeCloseTo(-1.25)
      expect(sumOf(balances)).toBeCloseTo(0)
    })

    it.each([
      [{ pool: 'nowhere' }, 'pool-unknown', 'pool'],
      [{ member: 'zed' }, 'request-invalid', 'member'],
      [{ member: 'di' }, 'request-invalid', 'member'],
      [{ leads: 0 }, 'request-invalid', 'leads'],
      [{ leads: Number.NaN }, 'request-invalid', 'leads'],
      [{ leads: Number.POSITIVE_INFINITY }, 'request-invalid', 'leads'],
    ])('of %o is refused and leaves nothing', async (over, code, field) => {
      await bench.store.seed(seedsOf(pool()))
      await expect(credit(over)).rejects.toMatchObject({
        code,
        details: { field, wayOut: expect.any(String) },
      })
      expect((await bench.store.pool('emea'))?.balances).toEqual({})
      expect(await bench.store.credits({ limit: 1 })).toEqual([])
      expect(await bench.store.audit({ limit: 1 })).toEqual([])
    })

    it('moves the turn along when a person names another rep of the pool (trap 82)', async () => {
      await bench.store.seed(seedsOf(pool()))
      const row = await bench.row({ account: 'acme.com' })
      const first = await settle(row)
      const given = { rep: 'bo', reason: 'knows them', who: 'mia', method: 'manual_override' } as const
      const second = await settle(
        { ...row, entries: 1 },
        {
          generation: 2,
          release: { draw: first.draw ?? 0, reason: 'reassigned_from: knows them', who: 'mia' },
          decide: (view) => overrideOwner(given, view),
        },
      )
      expect(second).toMatchObject({ draw: null, decision: { assignment: { rep: 'bo' } } })
      expect(await bench.store.credits({ limit: 10 })).toMatchObject([
        { pool: 'emea', member: 'bo', leads: -1, reason: 'reassigned_to', row: row.id, who: 'mia' },
      ])
      const balances = (await bench.store.pool('emea'))?.balances
      expect(sumOf(balances)).toBeCloseTo(0)
      // As if bo had been drawn instead of ana.
      expect(balances).toMatchObject({
        ana: expect.closeTo(0.5),
        bo: expect.closeTo(-0.75),
        cy: expect.closeTo(0.25),
      })
      expect(await bench.store.claim('acme.com')).toMatchObject({
        owner: { rep: 'bo' },
        method: 'manual_override',
      })
    })

    it('is not made for a rep of another pool', async () => {
      await bench.store.seed(seedsOf(pool()))
      const row = await bench.row()
      const first = await settle(row)
      const given = { rep: 'di', reason: 'knows them', who: 'mia', method: 'manual_override' } as const
      await settle(
        { ...row, entries: 1 },
        {
          generation: 2,
          release: { draw: first.draw ?? 0, reason: 'reassigned_from' },
          decide: (view) => overrideOwner(given, view),
        },
      )
      expect(await bench.store.credits({ limit: 10 })).toEqual([])
      expect((await bench.store.pool('emea'))?.balances.ana).toBeCloseTo(0)
    })

    it('loses its note with the row it is about, and a release what was written of it (trap 116)', async () => {
      await bench.store.seed(seedsOf(pool()))
      const row = await bench.row()
      const { draw: id } = await settle(row)
      await bench.step(row, [attempt('a', done(1))], {
        position: 1,
        release: [{ draw: id ?? 0, reason: 'rejected: it is John Doe again' }],
      })
      await credit({ row: row.id, note: 'it is John Doe again' })
      await bench.store.erase('leads', row.id)
      expect(await bench.store.credits({ limit: 10 })).toMatchObject([{ row: row.id, note: null, leads: 1 }])
      expect(await bench.store.draws({ limit: 10 })).toMatchObject([
        { row: row.id, member: 'ana', state: 'released', reason: 'erased' },
      ])
      expect(JSON.stringify(await bench.store.audit({ limit: 10 }))).not.toContain('John')
    })
  })
}
