import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type StoreUnderTest, useBench } from './bench.ts'

export function purseSuite(under: StoreUnderTest): void {
  describe('purses', () => {
    const bench = useBench(under)
    const spent = (...keys: string[]) => Promise.all(keys.map((key) => bench.store.spent(key)))

    it('are charged together or not at all, and the first that has not enough is named', async () => {
      const run = { key: 'run', limitUsd: 1 }
      const day = { key: 'day', limitUsd: 0.5 }
      expect(await bench.store.charge(0.4, [run, day])).toEqual({ refused: null })
      expect(await bench.store.charge(0.4, [run, day])).toEqual({ refused: day })
      expect(await bench.store.charge(0.7, [day, run])).toEqual({ refused: day })
      expect(await spent('run', 'day', 'row')).toEqual([0.4, 0.4, 0])
    })

    it('may be emptied to the last bit, and nothing is free of the limit', async () => {
      const purse = { key: 'p', limitUsd: 0.3 }
      for (let call = 0; call < 3; call += 1)
        expect(await bench.store.charge(0.1, [purse])).toEqual({ refused: null })
      expect(await bench.store.charge(0.000_000_001, [purse])).toEqual({ refused: purse })
      expect(await bench.store.charge(0, [purse])).toEqual({ refused: null })
      expect(await spent('p')).toEqual([0.3])
    })

    it('get back what a call did not cost, and pay what it cost more', async () => {
      const purse = { key: 'p', limitUsd: 1 }
      await bench.store.charge(0.5, [purse])
      await bench.store.refund(0.499_85, ['p'])
      expect(await spent('p')).toEqual([0.000_15])
      await bench.store.refund(-2, ['p'])
      expect(await bench.store.charge(0, [purse])).toEqual({ refused: purse })
    })

    it('never hold more than their limit, however many ask in one turn', async () => {
      const amount = fc.integer({ min: 0, max: 1_000 })
      await fc.assert(
        fc.asyncProperty(fc.array(amount, { maxLength: 40 }), fc.nat(), async (cents, run) => {
          const purses = [
            { key: `run ${run}`, limitUsd: 40 },
            { key: `day ${run}`, limitUsd: 55 },
          ]
          const [before = 0] = await spent(`run ${run}`)
          const answers = await Promise.all(cents.map((each) => bench.store.charge(each / 100, purses)))
          const taken = cents.filter((_, index) => answers[index]?.refused === null)
          const sum = Math.round(before * 100) + taken.reduce((all, each) => all + each, 0)
          expect(sum).toBeLessThanOrEqual(4_000)
          expect(await spent(`run ${run}`, `day ${run}`)).toEqual([sum / 100, sum / 100])
        }),
        { numRuns: 40 },
      )
    })

    it.runIf(under.durable ?? true)('hold after a restart what was taken out of them', async () => {
      await bench.store.charge(0.25, [{ key: 'p', limitUsd: 1 }])
      await bench.reopen()
      expect(await spent('p')).toEqual([0.25])
    })
  })
}
