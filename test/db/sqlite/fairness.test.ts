import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openFairnessBench, poolOf, repOf, tally, weight } from './fairness-bench.ts'

const roster = Array.from({ length: 50 }, (_, index) => repOf(index))
const membersOf = (given: readonly number[]) =>
  given.map((each, index) => ({ rep: `rep-${index}`, weight: each }))

/** Turns until every share comes out whole; null where that is beyond what a test can draw. */
function cycleOf(given: readonly number[]): number | null {
  if (!given.every(Number.isInteger)) return null
  const divisor = (one: number, other: number): number => (other === 0 ? one : divisor(other, one % other))
  const cycle = given.reduce((sum, each) => sum + each, 0) / given.reduce(divisor, 0)
  return cycle <= 60 ? cycle : null
}

const someone = (given: readonly number[]) => given.some((each) => each > 0)
const whole = (max: number, minLength: number, maxLength: number) =>
  fc.array(fc.integer({ min: 0, max }), { minLength, maxLength, size: 'max' }).filter(someone)
/** Teams as they are, with paused members: small, larger, the largest with few levels, and any weights at all. */
const vector = fc.oneof(
  { weight: 5, arbitrary: whole(5, 2, 6) },
  { weight: 3, arbitrary: whole(3, 7, 20) },
  { weight: 1, arbitrary: whole(2, 20, 50) },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.oneof(weight, weight, fc.constant(0)), { minLength: 2, maxLength: 50, size: 'max' })
      .filter(someone),
  },
)

// 25 runs of 400 pools: 10,000 random weight vectors, each over a full cycle where it has one of up to 60 turns.
test('over the store every prefix of 10,000 weighted pools is within 1 - 1/(2n - 2) of the fair share', async () => {
  await using bench = await openFairnessBench(roster)
  const commits = 4
  let run = 0
  let cycles = 0
  await fc.assert(
    fc.asyncProperty(fc.array(vector, { minLength: 400, maxLength: 400 }), async (vectors) => {
      run += 1
      const rotations = vectors.map((given, index) => {
        const pool = poolOf(`w-${run}-${index}`, membersOf(given))
        const sharing = given.filter((each) => each > 0).length
        const bound = (sharing === 1 ? 0 : 1 - 1 / (2 * sharing - 2)) + 1e-9
        return { pool, bound, drawn: tally(pool.members), cycle: cycleOf(given) }
      })
      await bench.store.seed({ reps: [], pools: rotations.map(({ pool }) => pool), territories: [] })
      for (let commit = 0; commit < commits; commit += 1) {
        // What was committed goes on after a restart as if there had been none.
        if (commit === 2) await bench.reopen()
        const leads = rotations.flatMap((rotation) => {
          const turns = rotation.cycle ?? 24
          const count = Math.ceil((turns * (commit + 1)) / commits) - Math.ceil((turns * commit) / commits)
          return Array.from({ length: count }, () => rotation)
        })
        const members = await bench.lead(leads.map(({ pool }) => pool.name))
        for (const [index, { pool, drawn, bound }] of leads.entries()) {
          drawn.add(members[index] ?? '')
          if (drawn.deviation() > bound)
            throw new Error(`${pool.name} is ${drawn.deviation()} leads off, bound ${bound}`)
        }
      }
      for (const { pool, drawn, cycle } of rotations) {
        if (cycle === null) continue
        cycles += 1
        if (drawn.deviation() > 1e-9) throw new Error(`${pool.name} is not even after its cycle of ${cycle}`)
      }
    }),
    { numRuns: 25, endOnFailure: true },
  )
  expect(cycles).toBeGreaterThan(7_000)
  // What was committed is what was counted.
  await bench.reopen()
  const [counts, draws] = [
    await bench.store.drawCounts('w-25-0'),
    await bench.store.draws({ pool: 'w-25-0', limit: 100 }),
  ]
  expect(counts.reduce((sum, each) => sum + each.draws, 0)).toBe(draws.length)
  expect(draws.length).toBeGreaterThan(0)
})

test('over the store counts of a standard rotation differ by at most one at every prefix', async () => {
  await using bench = await openFairnessBench(roster)
  const present = fc
    .array(fc.constantFrom(1, 1, 1, 0), { minLength: 1, maxLength: 50, size: 'max' })
    .filter(someone)
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(present, { minLength: 50, maxLength: 50 }), async (vectors) => {
      run += 1
      const pools = vectors.map((each, index) => poolOf(`s-${run}-${index}`, membersOf(each), 'standard'))
      await bench.store.seed({ reps: [], pools, territories: [] })
      await bench.draw((next) => {
        for (const { name, members } of pools) {
          const drawn = tally(members.filter((each) => each.weight > 0))
          for (let turn = 1; turn <= 2 * members.length + 3; turn += 1) {
            const member = next(name).decision.assignment?.rep ?? ''
            if (!drawn.counts.has(member)) throw new Error(`${name} drew ${member}, who is paused`)
            drawn.add(member)
            if (drawn.spread() > 1) throw new Error(`${name} is ${drawn.spread()} apart after ${turn} draws`)
          }
        }
      })
    }),
    { numRuns: 10, endOnFailure: true },
  )
})

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
})
