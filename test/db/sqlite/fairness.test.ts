import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openFairnessBench, poolOf, repOf, tally, weight } from './fairness-bench.ts'

const roster = Array.from({ length: 50 }, (_, index) => repOf(index))
const weights = (minLength: number) => fc.array(weight, { minLength, maxLength: 50, size: 'max' })
const membersOf = (given: readonly number[]) =>
  given.map((each, index) => ({ rep: `rep-${index}`, weight: each }))

// 25 runs of 400 pools: 10,000 random weight vectors. Each draw is decided, written and committed as a lead's would be.
test('over the store every prefix of 10,000 weighted pools is within 1 - 1/(2n - 2) of the fair share', async () => {
  await using bench = await openFairnessBench(roster)
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(weights(2), { minLength: 400, maxLength: 400 }), async (vectors) => {
      run += 1
      const pools = vectors.map((each, index) => poolOf(`w-${run}-${index}`, membersOf(each)))
      await bench.store.seed({ reps: [], pools, territories: [] })
      await bench.draw((next) => {
        for (const { name, members } of pools) {
          const drawn = tally(members)
          const bound = 1 - 1 / (2 * members.length - 2) + 1e-9
          for (let turn = 1; turn <= 24; turn += 1) {
            drawn.add(next(name).decision.assignment?.rep ?? '')
            if (drawn.deviation() > bound)
              throw new Error(`${name} is ${drawn.deviation()} leads off after ${turn} draws, bound ${bound}`)
          }
        }
      })
    }),
    { numRuns: 25 },
  )
  // What was committed is what was counted.
  await bench.reopen()
  const [some] = await bench.store.drawCounts(`w-${run}-0`)
  expect(some?.expected).toBeGreaterThan(0)
  expect((await bench.store.draws({ pool: `w-${run}-0`, limit: 100 })).length).toBe(24)
}, 180_000)

test('over the store counts of a standard rotation differ by at most one at every prefix', async () => {
  await using bench = await openFairnessBench(roster)
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(weights(1), { minLength: 50, maxLength: 50 }), async (vectors) => {
      run += 1
      const pools = vectors.map((each, index) => poolOf(`s-${run}-${index}`, membersOf(each), 'standard'))
      await bench.store.seed({ reps: [], pools, territories: [] })
      await bench.draw((next) => {
        for (const { name, members } of pools) {
          const drawn = tally(members)
          for (let turn = 1; turn <= 2 * members.length + 3; turn += 1) {
            drawn.add(next(name).decision.assignment?.rep ?? '')
            if (drawn.spread() > 1) throw new Error(`${name} is ${drawn.spread()} apart after ${turn} draws`)
          }
        }
      })
    }),
    { numRuns: 10 },
  )
}, 60_000)

test('over the store nobody is driven further than H_n - 1 by removing whoever was drawn', async () => {
  await using bench = await openFairnessBench(roster)
  const sizes = [2, 3, 5, 8, 13, 21, 34, 50]
  for (const size of sizes) {
    const name = `adversary-${size}`
    let members = membersOf(Array.from({ length: size }, () => 1))
    let harmonic = 0
    for (let part = 1; part <= size; part += 1) harmonic += 1 / part
    while (members.length > 0) {
      await bench.store.putPool(poolOf(name, members, 'standard'), 'adversary')
      let drawn: string | null = null
      await bench.draw((next) => {
        drawn = next(name).decision.assignment?.rep ?? null
      })
      members = members.filter(({ rep }) => rep !== drawn)
      const { balances = {} } = (await bench.store.pool(name)) ?? {}
      const owed = Math.max(0, ...members.map(({ rep }) => balances[rep] ?? 0))
      expect(owed).toBeLessThanOrEqual(harmonic - 1 + 0.01)
    }
  }
}, 60_000)
