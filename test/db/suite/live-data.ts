import { describe, expect, it } from 'vitest'
import type { Seeds } from '../../../db/store.ts'
import { definePool } from '../../../routing/pool.ts'
import { at, clock, type StoreUnderTest, settlement, useBench } from './bench.ts'
import { draw, pool, rep, seedsOf, territory } from './live.ts'

const seeds = (): Seeds => ({ ...seedsOf(pool()), territories: [territory()] })
const anybody = {
  row: 'row_x',
  column: 'owner',
  account: null,
  claimScope: 'leads.owner',
  backfill: false,
  previous: [],
  heldSince: {},
}

export function liveDataSuite(under: StoreUnderTest): void {
  const durable = under.durable ?? true

  describe('live data', () => {
    const bench = useBench(under)
    const viewAt = (startedAt: number) => bench.store.decisionView({ ...anybody, startedAt })

    it('are seeded once; from then on they are live', async () => {
      await bench.store.seed(seeds())
      const away = rep('ana', { leave: [{ from: '2026-03-02', until: '2026-03-06' }] })
      const paused = pool({
        members: [
          { rep: 'ana', weight: 0 },
          { rep: 'bo', weight: 1 },
        ],
      })
      const moved = territory({ person: 'cy' })
      await bench.store.putRep(away, 'mia')
      await bench.store.putPool(paused, 'mia')
      await bench.store.putTerritory({ territory: moved, effectiveFrom: at }, 'mia')
      if (durable) await bench.reopen()
      await bench.store.seed({
        reps: [rep('ana'), rep('eve')],
        pools: [pool(), pool({ name: 'amer' })],
        territories: [territory(), { ...territory(), name: 'verticals' }],
      })
      expect((await bench.store.reps()).map(({ id }) => id)).toEqual(['ana', 'bo', 'cy', 'di', 'eve'])
      expect((await bench.store.reps())[0]).toEqual(away)
      expect((await bench.store.pool('emea'))?.pool).toEqual(paused)
      expect((await bench.store.pools()).map((each) => each.pool.name)).toEqual(['amer', 'emea'])
      expect(await bench.store.pool('nowhere')).toBeNull()
      expect((await bench.store.territories()).map((each) => [each.territory.name, each.version])).toEqual([
        ['world', 2],
        ['world', 1],
        ['verticals', 1],
      ])
    })

    it('of a definition may name each other, and carry more than the document', async () => {
      const first = definePool('first', {
        strategy: 'standard',
        members: [{ rep: { ...rep('ana'), successor: 'bo' } }],
        whenNobody: { hold: 'until-opening', otherwise: { pool: 'second' } },
      })
      const second = definePool('second', {
        strategy: 'standard',
        members: [{ rep: rep('bo') }],
        whenNobody: { person: rep('ana') },
      })
      await bench.store.seed({
        reps: [...first.reps, rep('bo')],
        pools: [first, second],
        territories: [territory({ pool: 'second' })],
      })
      if (durable) await bench.reopen()
      const { reps: _, ...document } = first
      expect((await bench.store.pool('first'))?.pool).toEqual(document)
      expect((await bench.store.reps())[0]).toMatchObject({ id: 'ana', successor: 'bo' })
    })

    it('that were asked for earlier are not changed under the reader', async () => {
      await bench.store.seed(seeds())
      const held = [await bench.store.pool('emea'), await bench.store.reps(), await bench.store.territories()]
      const copy = structuredClone(held)
      await bench.build(await bench.row(), (settle) => {
        settle(settlement({ decide: draw }))
        return null
      })
      await bench.store.putRep(rep('ana', { active: false }), 'mia')
      await bench.store.putTerritory({ territory: territory({ person: 'cy' }), effectiveFrom: at }, 'mia')
      expect(held).toEqual(copy)
      expect(await bench.store.pool('emea')).not.toEqual(copy[0])
    })

    it.each<[string, Partial<Seeds>, string, string]>([
      [
        'a pool of an unknown rep',
        {
          pools: [
            pool({
              members: [
                { rep: 'bo', weight: 1 },
                { rep: 'zed', weight: 1 },
              ],
            }),
          ],
        },
        'members.1.rep',
        'zed',
      ],
      [
        'a pool that hands over to an unknown pool',
        { pools: [pool({ whenNobody: { pool: 'zed' } })] },
        'whenNobody.pool',
        'zed',
      ],
      [
        'a pool that hands over to an unknown person behind its hold',
        {
          pools: [
            pool({ whenNobody: { hold: 'until-opening', atMostHours: 1, otherwise: { person: 'zed' } } }),
          ],
        },
        'whenNobody.otherwise.person',
        'zed',
      ],
      ['a rep whose successor is unknown', { reps: [rep('ana', { successor: 'zed' })] }, 'successor', 'zed'],
      ['a rep whose manager is unknown', { reps: [rep('ana', { manager: 'zed' })] }, 'manager', 'zed'],
      ['a rep whose backup is unknown', { reps: [rep('ana', { backup: 'zed' })] }, 'backup', 'zed'],
      [
        'a territory of an unknown pool',
        { territories: [territory({ pool: 'zed' })] },
        'entries.0.to.pool',
        'zed',
      ],
      [
        'a territory of an unknown rep',
        { territories: [territory({ person: 'zed' })] },
        'entries.0.to.person',
        'zed',
      ],
    ])('refuse %s, and save nothing of it', async (_, wrong, field, value) => {
      const refusal = {
        code: 'request-invalid',
        details: { field, value, wayOut: expect.stringContaining('zed') },
      }
      await expect(bench.store.seed({ ...seeds(), ...wrong })).rejects.toMatchObject(refusal)
      expect([await bench.store.reps(), await bench.store.pools(), await bench.store.territories()]).toEqual([
        [],
        [],
        [],
      ])
      await bench.store.seed(seeds())
      const before = [await bench.store.reps(), await bench.store.pools(), await bench.store.territories()]
      const { reps = [], pools = [], territories = [] } = wrong
      for (const each of reps) await expect(bench.store.putRep(each, 'mia')).rejects.toMatchObject(refusal)
      for (const each of pools) await expect(bench.store.putPool(each, 'mia')).rejects.toMatchObject(refusal)
      for (const each of territories)
        await expect(
          bench.store.putTerritory({ territory: each, effectiveFrom: at }, 'mia'),
        ).rejects.toMatchObject(refusal)
      if (durable) await bench.reopen()
      expect([await bench.store.reps(), await bench.store.pools(), await bench.store.territories()]).toEqual(
        before,
      )
      expect(await bench.store.audit({ limit: 10 })).toEqual([])
    })

    it('refuse pools that hand over in a circle, with the chain, however it comes about', async () => {
      const emea = pool({
        whenNobody: { hold: 'until-opening', atMostHours: 1, otherwise: { pool: 'amer' } },
      })
      const [amer, apac] = [pool({ name: 'amer' }), pool({ name: 'apac', whenNobody: { pool: 'emea' } })]
      const back = { ...amer, whenNobody: { pool: 'apac' } } as const
      const refusal = (chain: string, field: string) => ({
        code: 'request-invalid',
        message: `the pools hand over in a circle: ${chain}`,
        details: { field, wayOut: expect.stringContaining('end at a person') },
      })
      await expect(bench.store.seed(seedsOf(emea, back, apac))).rejects.toMatchObject(
        refusal('emea -> amer -> apac -> emea', 'whenNobody.otherwise.pool'),
      )
      expect(await bench.store.pools()).toEqual([])
      await bench.store.seed(seedsOf(emea, amer, apac))
      await expect(bench.store.putPool(back, 'mia')).rejects.toMatchObject(
        refusal('amer -> apac -> emea -> amer', 'whenNobody.pool'),
      )
      expect((await bench.store.pool('amer'))?.pool).toEqual(amer)
      expect(await bench.store.audit({ limit: 10 })).toEqual([])
    })

    it('refuse the address of another active rep, in whatever case', async () => {
      const twin = rep('eve', { email: 'ANA@Ours.example' })
      const refusal = {
        code: 'request-invalid',
        details: { field: 'email', value: twin.email, wayOut: expect.stringContaining('eve') },
      }
      await expect(bench.store.seed({ ...seeds(), reps: [...seeds().reps, twin] })).rejects.toMatchObject({
        code: 'request-invalid',
        details: { field: 'email' },
      })
      expect(await bench.store.reps()).toEqual([])
      await bench.store.seed(seeds())
      await expect(bench.store.putRep(twin, 'mia')).rejects.toMatchObject(refusal)
      await expect(bench.store.seed({ ...seeds(), reps: [twin] })).rejects.toMatchObject(refusal)
      expect(await bench.store.audit({ limit: 10 })).toEqual([])
      // Who left may keep it, and may not come back with it.
      await bench.store.putRep({ ...twin, active: false }, 'mia')
      await expect(bench.store.putRep(twin, 'mia')).rejects.toMatchObject(refusal)
      await bench.store.putRep(rep('ana', { active: false }), 'mia')
      await bench.store.putRep(twin, 'mia')
      await bench.store.putRep(rep('eve', { email: twin.email, name: 'Eve Lee' }), 'mia')
      expect((await bench.store.reps()).find(({ id }) => id === 'eve')).toMatchObject({ name: 'Eve Lee' })
    })

    it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])(
      'refuse a weight of %s, which could not be read again (trap 72)',
      async (weight) => {
        await bench.store.seed(seeds())
        const wrong = {
          ...pool(),
          members: [
            { rep: 'bo', weight: 1 },
            { rep: 'ana', weight },
          ],
        }
        await expect(bench.store.putPool(wrong, 'mia')).rejects.toMatchObject({
          code: 'request-invalid',
          details: { field: 'members.1.weight' },
        })
        if (durable) await bench.reopen()
        expect((await bench.store.pool('emea'))?.pool).toEqual(pool())
      },
    )

    it('that one piece of work could not save are as before for the others of its commit', async () => {
      await bench.store.seed(seeds())
      const answers = await Promise.allSettled([
        bench.store.putRep(rep('ana', { name: 'Ana' }), 'mia'),
        bench.store.putPool(pool({ members: [{ rep: 'zed', weight: 1 }] }), 'mia'),
        bench.store.putRep(rep('bo', { name: 'Bo' }), 'mia'),
      ])
      expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect((await bench.store.reps()).map(({ name }) => name)).toEqual(['Ana', 'Bo', 'CY', 'DI'])
    })

    it('finds a rep by the id at a vendor, else by e-mail, and rather one who is there', async () => {
      await bench.store.seed({
        ...seeds(),
        reps: [
          rep('aaa', { email: 'Ana@ours.example', active: false }),
          rep('ana', { ids: { salesforce: '005A', hubspot: '7' } }),
          rep('bo', { ids: { salesforce: '005B' } }),
          rep('cy', { email: 'Cy.Lee@Ours.example' }),
        ],
      })
      const { repOf } = await viewAt(at)
      const found = (vendor: string, id: string, email: string | null) =>
        repOf({ vendor, id, email })?.id ?? null
      expect(found('salesforce', '005B', 'ana@ours.example')).toBe('bo')
      expect(found('salesforce', '7', null)).toBeNull()
      expect(found('hubspot', '7', null)).toBe('ana')
      expect(found('hubspot', '8', 'ANA@OURS.EXAMPLE')).toBe('ana')
      expect(found('hubspot', '8', 'cy.lee@ours.example')).toBe('cy')
      expect(found('hubspot', '8', 'who@else.example')).toBeNull()
    })
  })

  describe('a territory', () => {
    const bench = useBench(under)
    const destination = async (startedAt: number) => {
      const view = await bench.store.decisionView({ ...anybody, startedAt })
      return view.territory('world')?.entries[0]?.to ?? null
    }

    it('is read as it stood when the lead’s run began (trap 63)', async () => {
      await bench.store.seed(seeds())
      clock.now = at + 10
      await bench.store.putTerritory({ territory: territory({ person: 'bo' }), effectiveFrom: at }, 'mia')
      clock.now = at + 20
      await bench.store.putTerritory(
        { territory: territory({ person: 'cy' }), effectiveFrom: at + 100 },
        'mia',
      )
      clock.now = at + 30
      const saved = await bench.store.putTerritory(
        { territory: territory({ person: 'di' }), effectiveFrom: at + 30 },
        'mia',
      )
      expect(saved).toMatchObject({ version: 4, effectiveFrom: at + 30, savedAt: at + 30, who: 'mia' })
      if (durable) await bench.reopen()
      // Before there was one: the first.
      expect(await destination(at - 1)).toEqual({ pool: 'emea' })
      expect(await destination(at + 9)).toEqual({ pool: 'emea' })
      expect(await destination(at + 10)).toEqual({ person: 'bo' })
      expect(await destination(at + 29)).toEqual({ person: 'bo' })
      expect(await destination(at + 30)).toEqual({ person: 'di' })
      expect(await destination(at + 99)).toEqual({ person: 'di' })
      expect(await destination(at + 100)).toEqual({ person: 'cy' })
      expect((await bench.store.territories()).map(({ version }) => version)).toEqual([4, 3, 2, 1])
      const view = await bench.store.decisionView({ ...anybody, startedAt: at })
      expect(view.territory('nowhere')).toBeNull()
    })

    it('in a decision is that of its run, whatever was saved since', async () => {
      await bench.store.seed(seeds())
      clock.now = at + 10
      await bench.store.putTerritory({ territory: territory({ person: 'bo' }), effectiveFrom: at }, 'mia')
      const seen: unknown[] = []
      await bench.build(await bench.row(), (settle) => {
        const { decide, ...of } = settlement({ decide: draw })
        seen.push(settle.view(of).territory('world')?.entries[0]?.to)
        settle({ ...of, decide, startedAt: at + 10, column: 'a' })
        seen.push(settle.view({ ...of, startedAt: at + 10 }).territory('world')?.entries[0]?.to)
        return null
      })
      expect(seen).toEqual([{ pool: 'emea' }, { person: 'bo' }])
    })
  })
}
