import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Pool } from '../../../routing/pool.ts'
import type { Rep } from '../../../routing/rep.ts'
import { at } from '../suite/bench.ts'
import { sumOf } from '../suite/settling.ts'
import { type Member, openFairnessBench, poolOf, repOf, weight } from './fairness-bench.ts'

const hour = 3_600_000
const roster = Array.from({ length: 14 }, (_, index) => repOf(index))
const member = fc.nat({ max: roster.length - 1 })

/** What happens to one pool before its next draws. */
const edit = fc.record({
  kind: fc.constantFrom('join', 'leave', 'pause', 'reweigh', 'none', 'none'),
  member,
  weight,
  draws: fc.integer({ min: 0, max: 3 }),
})
type Edit = { kind: string; member: number; weight: number; draws: number }

/** What happens to the people of all pools. */
const turn = fc.record({
  kind: fc.constantFrom('gone', 'back', 'leave', 'hours', 'none'),
  member,
  hours: fc.integer({ min: 0, max: 9 }),
})
type Turn = { kind: string; member: number; hours: number }

const trace = fc.record({
  weights: fc.array(weight, { minLength: 2, maxLength: 12 }),
  edits: fc.array(edit, { minLength: 10, maxLength: 10 }),
})

function edited(members: readonly Member[], { kind, member, weight: given }: Edit): readonly Member[] {
  const rep = `rep-${member}`
  const present = members.some((each) => each.rep === rep)
  const set = (next: number) => members.map((each) => (each.rep === rep ? { rep, weight: next } : each))
  const left = members.filter((each) => each.rep !== rep)
  if (kind === 'join' && !present) return [...members, { rep, weight: given }]
  if (kind === 'reweigh' && present) return set(given)
  const isLast = !left.some((each) => each.weight > 0)
  if (kind === 'pause' && present && !isLast) return set(0)
  if (kind === 'leave' && present && !isLast) return left
  return members
}

function changed(rep: Rep, { kind }: Turn, now: number): Rep {
  const iso = (time: number) => new Date(time).toISOString()
  if (kind === 'gone') return { ...rep, active: false }
  if (kind === 'back') return { ...rep, active: true, leave: [], hours: null }
  if (kind === 'leave') return { ...rep, leave: [{ from: iso(now - hour), until: iso(now + 7 * hour) }] }
  if (kind === 'hours') return { ...rep, hours: { monday: [{ from: '08:00', until: '12:00' }] } }
  return rep
}

/** Who may be drawn, told in another way than routing does: everything here is in UTC, and the weeks have one working morning. */
function mayBeDrawn(rep: Rep, now: number): boolean {
  if (!rep.active) return false
  for (const { from, until } of rep.leave)
    if (Date.parse(from) <= now && now < Date.parse(until)) return false
  const time = new Date(now)
  return rep.hours === null || (time.getUTCDay() === 1 && time.getUTCHours() >= 8 && time.getUTCHours() < 12)
}

// 20 runs of 500 pools that live side by side: 10,000 traces of ten edits each.
test('over the store no balance leaves 1.5 leads in 10,000 traces of edits, and nobody is drawn who may not be', async () => {
  await using bench = await openFairnessBench(roster)
  let run = 0
  let draws = 0
  const traces = fc.array(trace, { minLength: 500, maxLength: 500 })
  const turns = fc.array(turn, { minLength: 10, maxLength: 10 })
  await fc.assert(
    fc.asyncProperty(traces, turns, async (given, people) => {
      run += 1
      bench.time.now = at + run * 7 * 24 * hour
      let reps = new Map(roster.map((rep) => [rep.id, rep]))
      await Promise.all(roster.map((rep) => bench.store.putRep(rep, 'tester')))
      let pools = given.map(({ weights }, index) =>
        poolOf(
          `t-${run}-${index}`,
          weights.map((each, at) => ({ rep: `rep-${at}`, weight: each })),
        ),
      )
      for (const [step, happening] of people.entries()) {
        bench.time.now += happening.hours * hour
        const { now } = bench.time
        const before = reps.get(`rep-${happening.member}`)
        if (before !== undefined && happening.kind !== 'none') {
          const rep = changed(before, happening, now)
          reps = new Map([...reps, [rep.id, rep]])
          await bench.store.putRep(rep, 'tester')
        }
        const next: Pool[] = []
        const edits: Pool[] = []
        for (const [index, pool] of pools.entries()) {
          const asked = given[index]?.edits[step]
          const members = asked === undefined ? pool.members : edited(pool.members, asked)
          const after = members === pool.members && step > 0 ? pool : poolOf(pool.name, members)
          if (after !== pool) edits.push(after)
          next.push(after)
        }
        pools = next
        await Promise.all(edits.map((pool) => bench.store.putPool(pool, 'tester')))
        await bench.draw((drawNext) => {
          for (const [index, { name, members }] of pools.entries()) {
            for (let count = given[index]?.edits[step]?.draws ?? 0; count > 0; count -= 1) {
              const { decision } = drawNext(name)
              const { draw } = decision
              const able = members.filter((each) => {
                const rep = reps.get(each.rep)
                return each.weight > 0 && rep !== undefined && mayBeDrawn(rep, now)
              })
              if (draw === null) {
                if (able.length > 0) throw new Error(`${name} drew nobody, though ${able[0]?.rep} is there`)
                continue
              }
              draws += 1
              if (!able.some(({ rep }) => rep === draw.member))
                throw new Error(`${name} drew ${draw.member}, who may not be drawn`)
              const worst = Math.max(...Object.values(draw.balances).map(Math.abs))
              if (worst > 1.5) throw new Error(`a balance of ${name} is ${worst} leads off`)
            }
          }
        })
      }
    }),
    { numRuns: 20 },
  )
  // A guard against a test that draws nothing.
  expect(draws).toBeGreaterThan(50_000)
})

interface Deed {
  kind: string
  pick: number
  leads: number
}
const deed: fc.Arbitrary<Deed> = fc.record({
  kind: fc.constantFrom('draw', 'draw', 'draw', 'redraw', 'release', 'confirm', 'credit', 'edit', 'reopen'),
  pick: fc.nat({ max: 1_000 }),
  leads: fc.double({ min: -3, max: 3, noNaN: true }).filter((leads) => leads !== 0),
})

test('over the store draws, releases, retaken draws, credits and edits in any order add up', async () => {
  await using bench = await openFairnessBench(roster)
  let run = 0

  async function perform(pool: Pool, { kind, pick, leads }: Deed): Promise<void> {
    const { name, members } = pool
    const known = await bench.store.draws({ pool: name, limit: 100 })
    const draw = known[pick % Math.max(1, known.length)]?.id
    const reason = pick % 2 === 0 ? 'write_failed' : 'rejected'
    if (kind === 'draw') await bench.draw((next) => void next(name))
    else if (kind === 'redraw' && draw !== undefined) await bench.redraw(name, draw)
    else if (kind === 'release' && draw !== undefined) await bench.step({ release: [{ draw, reason }] })
    else if (kind === 'confirm' && draw !== undefined) await bench.step({ confirm: [draw] })
    else if (kind === 'reopen') await bench.reopen()
    else if (kind === 'credit') {
      const given = { pool: name, member: 'rep-0', leads, reason: 'manual', note: null, row: null } as const
      await bench.store.credit({ ...given, who: 'tester' })
    } else if (kind === 'edit') {
      const reweighed = members.map((each, index) =>
        index === pick % members.length ? { ...each, weight: 7 } : each,
      )
      // rep-0 stays, so that it can be credited.
      await bench.store.putPool(poolOf(name, pick % 2 === 0 ? reweighed : reweighed.slice(0, -1)), 'tester')
    }
  }

  await fc.assert(
    fc.asyncProperty(
      fc.array(weight, { minLength: 2, maxLength: 6 }),
      fc.array(deed, { minLength: 25, maxLength: 40, size: 'max' }),
      async (weights, deeds) => {
        run += 1
        const name = `d-${run}`
        const pool = poolOf(
          name,
          weights.map((each, index) => ({ rep: `rep-${index}`, weight: each })),
        )
        await bench.store.putPool(pool, 'tester')
        for (const each of deeds) await perform(pool, each)
        const all = await bench.store.draws({ pool: name, limit: 1_000 })
        const standing = all.filter(({ state }) => state !== 'released')
        const { balances = {} } = (await bench.store.pool(name)) ?? {}
        expect(sumOf(balances)).toBeCloseTo(0, 6)
        const counts = await bench.store.drawCounts(name)
        expect(counts.reduce((sum, { draws }) => sum + draws, 0)).toBe(standing.length)
        for (const { member, draws, expected } of counts) {
          expect(draws, member).toBe(standing.filter((each) => each.member === member).length)
          expect(expected, member).toBeCloseTo(draws + (balances[member] ?? 0), 6)
        }
      },
    ),
    { numRuns: 40, endOnFailure: true },
  )
})

test('over the store 1,000 leads of 100 companies that are decided at once have 100 owners (trap 51, trap 52)', async () => {
  await using bench = await openFairnessBench(roster)
  await bench.store.putPool(
    poolOf('p', [
      { rep: 'rep-0', weight: 5 },
      { rep: 'rep-1', weight: 3 },
      { rep: 'rep-2', weight: 2 },
    ]),
    'tester',
  )
  const owners = await bench.crowd(
    'p',
    Array.from({ length: 1_000 }, (_, index) => `company-${index % 100}`),
  )
  const byCompany = Map.groupBy(owners, ({ account }) => account)
  expect(byCompany.size).toBe(100)
  for (const [account, those] of byCompany) expect(new Set(those.map(({ rep }) => rep)).size, account).toBe(1)
  expect(await bench.store.drawCounts('p')).toEqual([
    { member: 'rep-0', draws: 50, expected: expect.closeTo(50) },
    { member: 'rep-1', draws: 30, expected: expect.closeTo(30) },
    { member: 'rep-2', draws: 20, expected: expect.closeTo(20) },
  ])
})
