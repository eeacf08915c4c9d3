import { describe, expect, it } from 'vitest'
import type { Settlement, StoredRow } from '../../../db/store.ts'
import type { DecisionView } from '../../../routing/decision.ts'
import { overrideOwner } from '../../../routing/ladder/override.ts'
import { at, attempt, done, type StoreUnderTest, settlement, useBench } from './bench.ts'
import { draw, drawTier, ownerOf, pool, rep, seedsOf } from './live.ts'
import { settleWith, sumOf } from './settling.ts'

export function creditSuite(under: StoreUnderTest): void {
  const durable = under.durable ?? true

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
        stratum: null,
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

    it('in a stratum moves the turns of that stratum alone, and is given back by the row it is about', async () => {
      await bench.store.seed(
        seedsOf(
          pool({ strategy: 'standard', members: ['ana', 'bo', 'cy'].map((rep) => ({ rep, weight: 1 })) }),
        ),
      )
      const row = await bench.row()
      expect((await settle(row, { decide: drawTier('gold') })).decision.assignment?.rep).toBe('ana')
      await settle(await bench.row(), { decide: drawTier('silver') })
      const balances = async (stratum: string | null) => {
        const seen: Readonly<Record<string, number>>[] = []
        await bench.build(row, (settling) => {
          const of = settlement({ decide: drawTier('gold') })
          seen.push(settling.view(of).counter(pool(), stratum).balances)
          return null
        })
        return seen[0]
      }
      const [gold, silver] = [await balances('gold'), await balances('silver')]
      expect(await credit({ member: 'cy', leads: 2, stratum: 'gold' })).toMatchObject({ stratum: 'gold' })
      expect((await balances('gold'))?.cy).toBeCloseTo((gold?.cy ?? 0) + 2 - 2 / 3)
      expect(await balances('silver')).toEqual(silver)
      for (let index = 0; index < 2; index += 1)
        expect((await settle(await bench.row(), { decide: drawTier('gold') })).decision.assignment?.rep).toBe(
          'cy',
        )
      if (durable) await bench.reopen()
      // Without a word the tier is the one of the row's draw.
      expect(await credit({ member: 'ana', row: row.id })).toMatchObject({ stratum: 'gold' })
      expect(await bench.store.credits({ limit: 10 })).toMatchObject([
        { stratum: 'gold' },
        { stratum: 'gold' },
      ])
      expect(sumOf(await balances('gold'))).toBeCloseTo(0)
      expect((await bench.store.audit({ limit: 1 }))[0]?.after).toMatchObject({ stratum: 'gold' })
    })

    it('in a stratum that nothing is drawn from is refused, and so is one in none where all is drawn by strata', async () => {
      await bench.store.seed(seedsOf(pool()))
      await settle(await bench.row(), { decide: drawTier('gold') })
      for (const stratum of ['glod', undefined])
        await expect(credit({ stratum })).rejects.toMatchObject({
          code: 'request-invalid',
          details: { field: 'stratum', wayOut: 'name one of: gold' },
        })
      expect(await credit({ stratum: null })).toMatchObject({ stratum: null })
      expect(await credit()).toMatchObject({ stratum: null })
    })

    it('for who is named in the place of a draw is in the stratum of that draw', async () => {
      await bench.store.seed(seedsOf(pool()))
      const row = await bench.row()
      const first = await settle(row, { decide: drawTier('gold') })
      const given = { rep: 'bo', reason: 'knows them', who: 'mia', method: 'manual_override' } as const
      const release = { draw: first.draw ?? 0, reason: 'reassigned_from', who: 'mia' }
      await settle(
        { ...row, entries: 1 },
        { generation: 2, release, decide: (view) => overrideOwner(given, view) },
      )
      expect(await bench.store.credits({ limit: 10 })).toMatchObject([
        { member: 'bo', leads: -1, stratum: 'gold' },
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
      expect(await bench.store.claim('acme.com', 'leads.owner')).toMatchObject({
        owner: { rep: 'bo' },
        method: 'manual_override',
      })
    })

    const give = (row: StoredRow, to: string, over: Partial<Settlement> = {}) => {
      const given = { rep: to, reason: `asked for ${to}`, who: 'mia', method: 'manual_override' } as const
      return settle({ ...row, entries: 1 }, { decide: (view) => overrideOwner(given, view), ...over })
    }
    /** Drawn for ana, then given to bo by hand. */
    const overridden = async () => {
      await bench.store.seed(seedsOf(pool()))
      const row = await bench.row({ account: 'acme.com' })
      const { draw: first } = await settle(row)
      await give(row, 'bo', {
        generation: 2,
        release: { draw: first ?? 0, reason: 'reassigned_from: asked' },
      })
      return { row, previous: [ownerOf(rep('bo')), ownerOf(rep('ana'))] }
    }
    const creditsOf = async () =>
      (await bench.store.credits({ limit: 10 })).map(({ member, leads, reason }) => [member, leads, reason])
    const charged = ['bo', -1, 'reassigned_to']

    it('is given back when the lead is decided anew, and seen by the decision', async () => {
      const { row, previous } = await overridden()
      let seen: DecisionView['previous'] | null = null
      const redrawn = await settle(
        { ...row, entries: 2 },
        {
          generation: 3,
          previous,
          decide(view) {
            seen = view.previous
            for (const balance of Object.values(view.counter(pool(), null).balances))
              expect(balance).toBeCloseTo(0)
            return draw(view)
          },
        },
      )
      expect(seen).toEqual(previous)
      // Neither bo, who gives it up, nor ana before; so the whole turn was cy's.
      expect(redrawn.decision.assignment?.rep).toBe('cy')
      expect(await creditsOf()).toEqual([charged, ['bo', 1, 'reassigned_from']])
      for (const balance of Object.values((await bench.store.pool('emea'))?.balances ?? {}))
        expect(balance).toBeCloseTo(0)
      // The charge of a second override is another one, which goes back in its turn.
      const release = { draw: redrawn.draw ?? 0, reason: 'reassigned_from: asked' }
      await give({ ...row, entries: 3 }, 'bo', { generation: 4, release })
      const decide = draw
      await settle({ ...row, entries: 4 }, { generation: 5, previous: [ownerOf(rep('bo'))], decide })
      expect((await creditsOf()).slice(2)).toEqual([charged, ['bo', 1, 'reassigned_from']])
      if (durable) await bench.reopen()
      expect(sumOf((await bench.store.pool('emea'))?.balances)).toBeCloseTo(0)
    })

    it('is given back once, also for a lead that is held before it is decided', async () => {
      const { row, previous } = await overridden()
      const held = (view: DecisionView) => ({
        ...draw(view),
        assignment: null,
        draw: null,
        claims: false,
        hold: { on: 'hours', until: at + 1, since: { 'hours emea': at } } as const,
      })
      for (const decide of [held, held, draw])
        await settle({ ...row, entries: 2 }, { generation: 3, previous, decide })
      expect(await creditsOf()).toEqual([charged, ['bo', 1, 'reassigned_from']])
    })

    it('moves on with the lead to whom a person names next, and stays where that is the same rep', async () => {
      const { row, previous } = await overridden()
      await give({ ...row, entries: 2 }, 'bo', { generation: 3, previous })
      expect(await creditsOf()).toEqual([charged])
      await give({ ...row, entries: 3 }, 'cy', { generation: 4, previous })
      expect(await creditsOf()).toEqual([charged, ['bo', 1, 'reassigned_from'], ['cy', -1, 'reassigned_to']])
      // As if cy had been drawn instead of ana.
      expect((await bench.store.pool('emea'))?.balances).toMatchObject({
        ana: expect.closeTo(0.5),
        bo: expect.closeTo(0.25),
        cy: expect.closeTo(-0.75),
      })
      await give({ ...row, entries: 4 }, 'di', { generation: 5, previous: [ownerOf(rep('cy'))] })
      expect((await creditsOf()).slice(3)).toEqual([['cy', 1, 'reassigned_from']])
      expect(sumOf((await bench.store.pool('emea'))?.balances)).toBeCloseTo(0)
    })

    it('is not given back twice to a rep who has got it by hand already', async () => {
      const { row, previous } = await overridden()
      await credit({ row: row.id, member: 'bo', reason: 'reassigned_from', leads: 1 })
      await settle({ ...row, entries: 2 }, { generation: 3, previous })
      expect(await bench.store.credits({ limit: 10 })).toHaveLength(2)
    })

    it('stays when the decision anew throws, even where the step goes on', async () => {
      const { row, previous } = await overridden()
      const before = await bench.store.pool('emea')
      const decide = () => {
        throw new Error('a rule of the table')
      }
      await bench.build({ ...row, entries: 2 }, (settling) => {
        expect(() => settling(settlement({ generation: 3, previous, decide }))).toThrow('a rule of the table')
        return { at, position: 2, entries: [attempt('a', done(1))], confirm: [] }
      })
      const failed = bench.build({ ...row, entries: 3 }, (settling) => {
        settling(settlement({ generation: 3, previous, decide: draw }))
        throw new Error('behind the draw')
      })
      const answers = await Promise.allSettled([failed, bench.row()])
      expect(answers.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
      expect(await creditsOf()).toEqual([charged])
      expect(await bench.store.pool('emea')).toEqual(before)
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
