import { describe, expect, it } from 'vitest'
import type { Assignment, Decision, DecisionView } from '../../../routing/decision.ts'
import { at, attempt, clock, done, type StoreUnderTest, settlement, useBench } from './bench.ts'
import { draw, drawFrom, ownerOf, pool, rep, seedsOf } from './live.ts'
import { settleWith } from './settling.ts'

const noOwner = (): Decision => ({
  assignment: null,
  reason: 'not for us',
  hold: null,
  draw: null,
  claims: true,
  trace: { method: 'not_qualified', rules: [], fallbackUsed: false },
})

export function rotationSuite(under: StoreUnderTest): void {
  const durable = under.durable ?? true

  describe('the ledger', () => {
    const bench = useBench(under)

    const settle = settleWith(bench)
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
      await bench.store.seed(seedsOf(pool()))
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
          stratum: null,
          backfill: false,
          at,
        },
      ])
      expect(await bench.store.claim('acme.com', 'leads.owner')).toMatchObject({
        account: 'acme.com',
        owner: { rep: 'ana', email: 'ana@ours.example' },
        row: row.id,
        table: 'leads',
        at: new Date(at).toISOString(),
      })
      expect((await bench.reload(row)).cells.owner).toMatchObject({ value: { rep: 'ana' }, draw: id })
      expect(await bench.store.pool('emea')).toMatchObject({ lastDrawn: { ana: id } })
    })

    it('shows a draw the claim that an earlier one of the same step makes', async () => {
      await bench.store.seed(seedsOf(pool()))
      const row = await bench.row({ account: 'acme.com' })
      const seen: (string | null | undefined)[] = []
      await bench.build(row, (settling) => {
        const decide = (view: DecisionView) => {
          seen.push(view.claim?.owner.rep)
          return draw({ ...view, claim: null })
        }
        for (const column of ['first', 'second'])
          settling(settlement({ column, claimScope: 'shared', decide }))
        return { at, position: 0, entries: [attempt('first', done(1))], confirm: [] }
      })
      expect(seen).toEqual([undefined, 'ana'])
      expect(await bench.store.draws({ row: row.seq, limit: 10 })).toHaveLength(2)
    })

    it('keeps neither of two draws of a step that throws behind them', async () => {
      await bench.store.seed(seedsOf(pool()))
      const [row, next] = [await bench.row({ account: 'acme.com' }), await bench.row()]
      const step = bench.build(row, (settling) => {
        for (const column of ['first', 'second']) settling(settlement({ column, decide: draw }))
        throw new Error('after the draws')
      })
      const [failed] = await Promise.allSettled([step, settle(next)])
      expect(failed.status).toBe('rejected')
      expect(await bench.store.draws({ row: row.seq, limit: 10 })).toEqual([])
      expect(await bench.store.claim('acme.com', 'leads.owner')).toBeNull()
      expect(await counts()).toEqual({ ana: 1, bo: 0, cy: 0 })
    })

    it('keeps nothing of a step that throws behind its draw', async () => {
      await bench.store.seed(seedsOf(pool()))
      const [row, next] = [await bench.row({ account: 'acme.com' }), await bench.row()]
      const before = await bench.store.pool('emea')
      const step = bench.build(row, (settling) => {
        settling(settlement({ decide: draw }))
        throw new Error('after the draw')
      })
      const [failed, other] = await Promise.allSettled([step, settle(next)])
      expect(failed.status).toBe('rejected')
      expect(await bench.store.draws({ row: row.seq, limit: 10 })).toEqual([])
      expect(await bench.store.claim('acme.com', 'leads.owner')).toBeNull()
      expect(await bench.reload(row)).toEqual(row)
      expect(before).toMatchObject({ balances: {}, lastDrawn: {} })
      // The turn that was not taken went to the next row.
      expect(other).toMatchObject({ value: { decision: { assignment: { rep: 'ana' } } } })
      expect(await counts()).toEqual({ ana: 1, bo: 0, cy: 0 })
    })

    it('gives nothing back for a redraw whose decision throws, even where the step goes on', async () => {
      await bench.store.seed(seedsOf(pool()))
      const row = await bench.row()
      const first = await settle(row)
      const before = await balances()
      await bench.build({ ...row, entries: 1 }, (settling) => {
        const decide = () => {
          throw new Error('a rule threw')
        }
        const release = { draw: first.draw ?? 0, reason: 'redraw' }
        expect(() => settling(settlement({ generation: 2, release, decide }))).toThrow('a rule threw')
        const cell = { status: 'error', attempts: 2 } as const
        return { at, position: 1, entries: [attempt('owner', cell)], confirm: [] }
      })
      expect((await bench.reload(row)).cells.owner?.status).toBe('error')
      expect(await bench.store.draws({ row: row.seq, limit: 10 })).toMatchObject([{ state: 'reserved' }])
      expect(await balances()).toEqual(before)
    })

    it('holds one draw for a row, a column and a generation: asked again, the same rep answers (trap 67)', async () => {
      await bench.store.seed(seedsOf(pool()))
      const row = await bench.row({ account: 'acme.com' })
      const first = await settle(row)
      const [before, claim] = [await balances(), await bench.store.claim('acme.com', 'leads.owner')]
      clock.now = at + 1_000
      const again = await settle({ ...row, entries: 1 })
      expect(again.draw).toBe(first.draw)
      expect(again.decision).toMatchObject({ draw: null, claims: false, hold: null })
      expect(again.decision.assignment).toEqual(first.decision.assignment)
      expect(await counts()).toEqual({ ana: 1, bo: 0, cy: 0 })
      expect(await balances()).toEqual(before)
      expect(await bench.store.claim('acme.com', 'leads.owner')).toEqual(claim)
      await settle({ ...row, entries: 2 }, { column: 'second' })
      await settle({ ...row, entries: 3 }, { generation: 2 })
      expect(await bench.store.draws({ row: row.seq, limit: 10 })).toHaveLength(3)
    })

    it('gives a released turn back, once, and not to the share', async () => {
      await bench.store.seed(seedsOf(pool()))
      const row = await bench.row()
      const first = await settle(row)
      const release = { draw: first.draw ?? 0, reason: 'redraw' }
      const seen: (number | undefined)[] = []
      const spy = (view: DecisionView) => {
        seen.push(view.counter(pool(), null).balances.ana)
        return draw(view)
      }
      const second = await settle(row, {
        generation: 2,
        release,
        previous: [ownerOf(rep('ana'))],
        decide: spy,
      })
      // Owed nothing before the first draw, so nothing but rounding after it was given back.
      expect(seen[0]).toBeCloseTo(0)
      // Whoever gave the lead back does not get it again while somebody else is there.
      expect(second.decision.assignment?.rep).toBe('bo')
      expect(await bench.store.draws({ row: row.seq, limit: 10 })).toMatchObject([
        { state: 'released', reason: 'redraw', generation: 1 },
        { state: 'reserved', reason: null, generation: 2 },
      ])
      expect(await counts()).toEqual({ ana: 0, bo: 1, cy: 0 })
      await settle(row, { generation: 3, release, previous: [ownerOf(rep('ana'))], decide: spy })
      expect(Object.values(await counts()).reduce((sum, each) => sum + each, 0)).toBe(2)
      expect(seen[1]).toBeLessThan(0.5)
      const total = Object.values((await balances()) ?? {}).reduce((sum, each) => sum + each, 0)
      expect(total).toBeCloseTo(0)
      for (const { draws, expected, member } of await bench.store.drawCounts('emea'))
        expect(expected, member).toBeCloseTo(draws + ((await balances())?.[member] ?? 0))
    })

    it('gives a turn back to its own pool when the new draw is from another', async () => {
      await bench.store.seed(seedsOf(pool(), pool({ name: 'amer' })))
      const row = await bench.row()
      const first = await settle(row)
      const amer = drawFrom('amer')
      const release = { draw: first.draw ?? 0, reason: 'moved' }
      await settle(row, { generation: 2, release, previous: [ownerOf(rep('ana'))], decide: amer })
      expect((await balances())?.ana).toBeCloseTo(0)
      expect((await bench.store.drawCounts('amer')).find(({ member }) => member === 'bo')?.draws).toBe(1)
    })

    it('confirms a draw with the step that says so, and never one that was given back', async () => {
      await bench.store.seed(seedsOf(pool()))
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
      await bench.store.seed(seedsOf(pool()))
      const rows = await Promise.all(Array.from({ length: 41 }, () => bench.row()))
      await Promise.all(rows.map((row) => settle(row)))
      const owed = await balances()
      if (durable) await bench.reopen()
      expect(await balances()).toEqual(owed)
      await drawMany(39)
      expect(await counts()).toEqual({ ana: 40, bo: 20, cy: 20 })
    })

    it.runIf(durable)('gives the same turns with a restart between any two as without', async () => {
      await bench.store.seed(seedsOf(pool()))
      const members: (string | null)[] = []
      for (let index = 0; index < 8; index += 1) {
        members.push(...(await drawMany(1)))
        await bench.reopen()
      }
      expect(members).toEqual([...members.slice(0, 4), ...members.slice(0, 4)])
      expect(members.filter((each) => each === 'ana')).toHaveLength(4)
    })

    it('lists draws of one row, of one pool, of both and behind one', async () => {
      await bench.store.seed(seedsOf(pool(), pool({ name: 'amer' })))
      const [row, other] = [await bench.row(), await bench.row()]
      const amer = drawFrom('amer')
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
      await bench.store.seed(seedsOf(pool()))
      const [first, second] = await Promise.all([
        bench.row({ account: 'acme.com' }),
        bench.row({ account: 'acme.com' }),
      ])
      const [made, kept] = await Promise.all([settle(first), settle(second)])
      expect(kept.decision.assignment).toMatchObject({ rep: made.decision.assignment?.rep, method: 'sticky' })
      expect(kept.draw).toBeNull()
      expect((await bench.store.claim('acme.com', 'leads.owner'))?.row).toBe(first.id)
      expect(await bench.store.claim('other.com', 'leads.owner')).toBeNull()
      expect(await counts()).toEqual({ ana: 1, bo: 0, cy: 0 })
    })

    it('overwrites a claim with any decision that claims, and says by what method (trap 50, trap 54)', async () => {
      await bench.store.seed(seedsOf(pool()))
      const [first, second] = [
        await bench.row({ account: 'acme.com' }),
        await bench.row({ account: 'acme.com' }),
      ]
      await settle(first)
      expect(await bench.store.claim('acme.com', 'leads.owner')).toMatchObject({
        row: first.id,
        owner: { rep: 'ana' },
      })
      const moved = (view: DecisionView): Decision => {
        expect(view.claim).toMatchObject({ row: first.id, method: 'fallback_pool' })
        const assignment: Assignment = {
          ...ownerOf(rep('cy')),
          method: 'existing_owner',
          rule: 'customer',
          reason: 'owns the account',
          pool: null,
          alsoTell: null,
          previous: [],
        }
        const trace = { method: assignment.method, rules: [], fallbackUsed: false }
        return { assignment, reason: assignment.reason, hold: null, draw: null, claims: true, trace }
      }
      await settle(second, { decide: moved })
      if (durable) await bench.reopen()
      expect(await bench.store.claim('acme.com', 'leads.owner')).toEqual({
        account: 'acme.com',
        scope: 'leads.owner',
        owner: ownerOf(rep('cy')),
        table: 'leads',
        column: 'owner',
        row: second.id,
        rule: 'customer',
        method: 'existing_owner',
        at: new Date(at).toISOString(),
        renewedAt: new Date(at).toISOString(),
      })
      // Nobody to assign, or an answer that does not claim, leaves it.
      await settle({ ...second, entries: 1 }, { generation: 2, decide: noOwner })
      expect(await bench.store.claim('acme.com', 'leads.owner')).toMatchObject({ owner: { rep: 'cy' } })
    })

    it('makes no claim for a row without a company', async () => {
      await bench.store.seed(seedsOf(pool()))
      const seen: DecisionView[] = []
      const spy = (view: DecisionView) => {
        seen.push(view)
        return draw(view)
      }
      await settle(await bench.row(), { decide: spy })
      expect(seen).toMatchObject([{ account: null, claim: null, now: at }])
    })
  })
}
