import { describe, expect, it } from 'vitest'
import type { Check } from '../../../db/store.ts'
import { inForceAt } from '../../../routing/territory.ts'
import { at, clock, type StoreUnderTest, useBench } from './bench.ts'
import { pool, rep, seedsOf, territory } from './live.ts'

/** Refuses an edit of anything but this. */
const only =
  <Before>(seen: Before): Check<Before> =>
  (before) => {
    if (JSON.stringify(before) !== JSON.stringify(seen)) throw new Error('somebody else was faster')
  }

export function liveEditsSuite(under: StoreUnderTest): void {
  const durable = under.durable ?? true

  describe('an edit of live data that checks what it replaces', () => {
    const bench = useBench(under)
    const seeded = () => bench.store.seed({ ...seedsOf(pool()), territories: [territory()] })

    it('is shown the document as it is at that moment, null where there is none', async () => {
      await seeded()
      const seen: unknown[] = []
      const look: Check<unknown> = (before) => void seen.push(before)
      const renamed = rep('ana', { name: 'Ana Lee' })
      const full = pool({ catchUp: 'full' })
      await Promise.all([
        bench.store.putRep(renamed, 'mia', look),
        bench.store.putRep(rep('ana'), 'noor', look),
        bench.store.putRep(rep('eve'), 'mia', look),
        bench.store.putPool(full, 'mia', look),
        bench.store.putPool(pool(), 'noor', look),
        bench.store.putPool(pool({ name: 'amer' }), 'mia', look),
      ])
      expect(seen).toEqual([rep('ana'), renamed, null, pool(), full, null])
    })

    it('is made by one of two who saw the same, and refused to the other, whatever comes first', async () => {
      await seeded()
      const [ana, emea, world] = [rep('ana'), pool(), await bench.store.territories()]
      const answers = await Promise.allSettled([
        bench.store.putRep({ ...ana, name: 'One' }, 'mia', only<unknown>(ana)),
        bench.store.putRep({ ...ana, name: 'Two' }, 'noor', only<unknown>(ana)),
        bench.store.putPool({ ...emea, catchUp: 'full' }, 'mia', only<unknown>(emea)),
        bench.store.putPool({ ...emea, catchUp: { bounded: 2 } }, 'noor', only<unknown>(emea)),
        bench.store.putTerritory(
          { territory: territory({ person: 'bo' }), effectiveFrom: at },
          'mia',
          only<unknown>(world),
        ),
        bench.store.putTerritory(
          { territory: territory({ person: 'cy' }), effectiveFrom: at },
          'noor',
          only<unknown>(world),
        ),
        bench.store.putRep(rep('bo', { name: 'Bo' }), 'mia', only<unknown>(rep('bo'))),
      ])
      expect(answers.map(({ status }) => status === 'fulfilled')).toEqual([
        true,
        false,
        true,
        false,
        true,
        false,
        true,
      ])
      if (durable) await bench.reopen()
      const names = (await bench.store.reps()).map(({ name }) => name)
      expect(names).toEqual(['One', 'Bo', 'CY', 'DI'])
      expect((await bench.store.pool('emea'))?.pool.catchUp).toBe('full')
      expect((await bench.store.territories()).map(({ version, who }) => [version, who])).toEqual([
        [2, 'mia'],
        [1, 'definition'],
      ])
      expect((await bench.store.audit({ limit: 10 })).map(({ who }) => who)).toEqual(Array(4).fill('mia'))
    })
  })

  describe('a version of a territory that is still to come', () => {
    const bench = useBench(under)
    const plan = (person: string, effectiveFrom: number) =>
      bench.store.putTerritory({ territory: territory({ person }), effectiveFrom }, 'mia')
    const withdraw = (version: number, check?: Check<unknown>) =>
      bench.store.withdrawTerritory({ name: 'world', version }, 'noor', check)
    const deciding = async (when: number) => {
      const versions = await bench.store.territories()
      return inForceAt(versions, when)?.version
    }

    it('can be withdrawn, so that it never decides; its number is not given again', async () => {
      await bench.store.seed({ ...seedsOf(pool()), territories: [territory()] })
      await plan('bo', at + 100)
      await plan('cy', at + 200)
      clock.now = at + 50
      const withdrawn = await withdraw(3)
      expect(withdrawn).toMatchObject({ version: 3, who: 'mia', withdrawnAt: at + 50 })
      expect(await deciding(at + 300)).toBe(2)
      if (durable) await bench.reopen()
      expect(await deciding(at + 300)).toBe(2)
      const view = await bench.store.decisionView({
        row: 'row_x',
        column: 'owner',
        account: null,
        claimScope: 'leads.owner',
        startedAt: at + 300,
        backfill: false,
        previous: [],
        heldSince: {},
      })
      expect(view.territory('world')?.entries[0]?.to).toEqual({ person: 'bo' })
      expect(await plan('di', at + 200)).toMatchObject({ version: 4, withdrawnAt: null })
      const lines = await bench.store.audit({ subject: 'territory', limit: 2 })
      expect(lines).toMatchObject([
        { who: 'mia', before: { version: 2 }, after: { version: 4 } },
        {
          who: 'noor',
          at: at + 50,
          before: { version: 3, effectiveFrom: at + 200, entries: [{ to: { person: 'cy' } }] },
          after: null,
        },
      ])
    })

    it('is withdrawn once, whoever asks again', async () => {
      await bench.store.seed({ ...seedsOf(pool()), territories: [territory()] })
      await plan('bo', at + 100)
      const first = await withdraw(2)
      clock.now = at + 500
      expect(await withdraw(2)).toEqual(first)
      expect(await bench.store.audit({ limit: 10 })).toHaveLength(2)
    })

    it('stays where it is in force, was, is not there, or a check says no', async () => {
      await bench.store.seed({ ...seedsOf(pool()), territories: [territory()] })
      await plan('bo', at + 100)
      await plan('cy', at + 200)
      const before = await bench.store.territories()
      const refuse = () => {
        throw new Error('somebody else was faster')
      }
      await expect(withdraw(3, refuse)).rejects.toThrow('faster')
      clock.now = at + 200
      for (const version of [1, 2, 3]) {
        await expect(withdraw(version)).rejects.toMatchObject({
          code: 'version-in-force',
          details: { field: 'version', value: version, wayOut: expect.stringContaining('new version') },
        })
      }
      await expect(withdraw(9)).rejects.toMatchObject({ code: 'version-unknown', details: { value: 9 } })
      if (durable) await bench.reopen()
      expect(await bench.store.territories()).toEqual(before)
      expect(await bench.store.audit({ limit: 10 })).toHaveLength(2)
    })

    it('stays withdrawn when other work of the same commit is refused', async () => {
      await bench.store.seed({ ...seedsOf(pool()), territories: [territory()] })
      await plan('bo', at + 100)
      clock.now = at + 50
      const [gone, saved] = await Promise.allSettled([withdraw(2), plan('zed', at + 100)])
      expect([gone.status, saved.status]).toEqual(['fulfilled', 'rejected'])
      expect(await deciding(at + 300)).toBe(1)
    })
  })
}
