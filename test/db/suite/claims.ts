import { describe, expect, it } from 'vitest'
import type { StoredRow } from '../../../db/store.ts'
import { decideOwner } from '../../../routing/ladder.ts'
import { at, clock, type StoreUnderTest, useBench } from './bench.ts'
import { drawFrom, pool, seedsOf } from './live.ts'
import { settleWith } from './settling.ts'

const weekMs = 7 * 24 * 3_600_000

export function claimSuite(under: StoreUnderTest): void {
  const durable = under.durable ?? true

  describe('a claim', () => {
    const bench = useBench(under)
    const settle = settleWith(bench)
    const seed = () =>
      bench.store.seed(
        seedsOf(
          pool({ name: 'sdr', members: [{ rep: 'ana', weight: 1 }] }),
          pool({ name: 'ae', members: [{ rep: 'bo', weight: 1 }] }),
        ),
      )
    const lead = (over = {}) => bench.row({ account: 'acme.com', ...over })
    /** The rep a column of its own pool gives the lead to. */
    const sdrOf = (row: StoredRow) =>
      settle(row, { column: 'sdr', claimScope: 'leads.sdr', decide: drawFrom('sdr') })
    const aeOf = (row: StoredRow) =>
      settle({ ...row, entries: 1 }, { column: 'ae', claimScope: 'leads.ae', decide: drawFrom('ae') })

    it('is for one purpose: the second lead keeps its SDR beside its AE (trap 51)', async () => {
      await seed()
      for (const method of ['fallback_pool', 'sticky']) {
        const row = await lead()
        expect((await sdrOf(row)).decision.assignment).toMatchObject({ rep: 'ana', method })
        expect((await aeOf(row)).decision.assignment).toMatchObject({ rep: 'bo', method })
      }
      if (durable) await bench.reopen()
      expect(await bench.store.claim('acme.com', 'leads.sdr')).toMatchObject({
        scope: 'leads.sdr',
        column: 'sdr',
        owner: { rep: 'ana' },
      })
      expect(await bench.store.claim('acme.com', 'leads.ae')).toMatchObject({ owner: { rep: 'bo' } })
      expect(await bench.store.claim('acme.com', 'leads.owner')).toBeNull()
    })

    it('under a shared name holds for other columns and tables, and for the other columns of its own row', async () => {
      await seed()
      const claimScope = 'company'
      const first = await lead()
      const owner = await settle(first, { column: 'owner', claimScope, decide: drawFrom('ae') })
      const second = await settle(
        { ...first, entries: 1 },
        { column: 'helper', claimScope, decide: drawFrom('sdr') },
      )
      const { rows } = await bench.insert([{ account: 'acme.com' }], { table: 'customers' })
      const customer = rows[0]?.row
      if (!customer) throw new Error('the row was not accepted')
      const third = await settle(customer, { column: 'keeper', claimScope, decide: drawFrom('sdr') })
      for (const { decision } of [owner, second, third]) expect(decision.assignment?.rep).toBe('bo')
      expect(third.decision.reason).toContain(`acme.com already went to BO (${first.id}`)
      expect(await bench.store.claim('acme.com', 'company')).toMatchObject({ table: 'leads', row: first.id })
      // A redraw of the cell that made it does not stick to it.
      const again = await settle(
        { ...first, entries: 2 },
        { column: 'owner', claimScope, generation: 2, decide: drawFrom('sdr') },
      )
      expect(again.decision.assignment?.rep).toBe('ana')
    })

    it('is renewed by every lead that sticks, and keeps who made it and when (trap 57)', async () => {
      await seed()
      const decide = (view: Parameters<ReturnType<typeof drawFrom>>[0]) =>
        decideOwner({ rules: [], otherwise: { pool: 'sdr' }, claims: { dormantDays: 10 } }, {}, view)
      const first = await lead()
      await settle(first, { decide })
      for (let week = 1; week <= 4; week += 1) {
        clock.now = at + week * weekMs
        expect((await settle(await lead(), { decide })).decision.assignment?.method).toBe('sticky')
      }
      if (durable) await bench.reopen()
      expect(await bench.store.claim('acme.com', 'leads.owner')).toMatchObject({
        row: first.id,
        at: new Date(at).toISOString(),
        renewedAt: new Date(at + 4 * weekMs).toISOString(),
      })
      clock.now = at + 6 * weekMs
      const late = await settle(await lead(), { decide })
      expect(late.decision.assignment?.method).toBe('fallback_pool')
      expect(late.decision.trace.rules[0]?.reason).toContain('whose last lead is more than 10 days ago')
    })

    it('of a column passes on within its table, one under a shared name to any table', async () => {
      await seed()
      const [row, other] = [await lead(), await lead()]
      const { rows } = await bench.insert([{ account: 'acme.com' }], { table: 'customers' })
      await sdrOf(row)
      await settle({ ...row, entries: 1 }, { column: 'ae', claimScope: 'company', decide: drawFrom('ae') })
      const claims = async () =>
        Promise.all(['leads.sdr', 'company'].map((scope) => bench.store.claim('acme.com', scope)))
      const made = await claims()
      await bench.store.erase('leads', row.id)
      expect(await claims()).toEqual(made.map((claim) => ({ ...claim, row: other.id })))
      await bench.store.erase('leads', other.id)
      expect(await claims()).toEqual([null, { ...made[1], table: 'customers', row: rows[0]?.id }])
    })
  })
}
