import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Decision, DecisionView } from '../../routing/decision.ts'
import { explainDecision, whyNot } from '../../routing/explain.ts'
import { recheckOwner } from '../../routing/ladder/override.ts'
import { decideOwner, type Ladder } from '../../routing/ladder.ts'
import { Pool, type PoolDefinition } from '../../routing/pool.ts'
import type { Rep } from '../../routing/rep.ts'
import { barred, claimOf, hours, noon, onLeave, owner, rep, viewOf, weekdays } from './decision-view.ts'

const ids = ['ana', 'bo', 'cy', 'di', 'ed', 'flo']
const names = ['p', 'q', 'r']
const maybe = (values: readonly string[]) => fc.option(fc.constantFrom(...values), { nil: null })

const rosterOf = fc
  .tuple(
    ...ids.map((id) =>
      fc.record({
        active: fc.boolean(),
        leave: fc.constantFrom([], onLeave.leave),
        hours: fc.constantFrom(null, weekdays('09:00', '17:00'), weekdays('18:00', '22:00')),
        caps: fc.constantFrom({}, { perDay: 2 }, { open: 1 }),
        successor: maybe(ids.filter((each) => each !== id)),
        manager: maybe(ids.filter((each) => each !== id)),
        backup: maybe(ids.filter((each) => each !== id)),
      }),
    ),
  )
  .map((all) => all.map((over, index) => rep(ids[index] ?? '', over)))

const handOver = (name: string) =>
  fc.oneof(
    fc.constantFrom(...names.filter((each) => each !== name)).map((pool) => ({ pool })),
    fc.constantFrom(...ids).map((person) => ({ person })),
    fc.constant({ queue: { name: 'Queue', ids: {} } }),
    fc.constant('assign-anyway' as const),
  )

const poolOf = (name: string) =>
  fc
    .record({
      strategy: fc.constantFrom('standard', 'weighted'),
      members: fc.uniqueArray(
        fc.record({ rep: fc.constantFrom(...ids), weight: fc.constantFrom(0, 1, 2.5) }),
        {
          minLength: 1,
          selector: (member) => member.rep,
        },
      ),
      whenNobody: fc.oneof(
        handOver(name),
        fc.record({
          hold: fc.constant('until-opening' as const),
          atMostHours: fc.constantFrom(2, 12, 200),
          otherwise: handOver(name),
        }),
      ),
      catchUp: fc.constantFrom('none', 'full', { bounded: 0.5 }),
    })
    .filter(({ members }) => members.some(({ weight }) => weight > 0))
    .map(({ members, ...document }) => ({
      ...document,
      // A standard rotation knows no other weights.
      members:
        document.strategy === 'weighted'
          ? members
          : members.map((member) => ({ ...member, weight: Math.min(1, member.weight) })),
    }))
    .map((document): PoolDefinition => ({ ...Pool.parse({ ...document, name }), name, reps: [] }))

const world = fc.record({
  reps: rosterOf,
  pools: fc.tuple(...names.map(poolOf)),
  load: fc.dictionary(fc.constantFrom(...ids), fc.record({ drawn: fc.nat(3), open: fc.nat(2) })),
  balances: fc.tuple(...ids.map(() => fc.double({ min: -1, max: 1, noNaN: true }).map((each) => each + 0))),
})

const situation = fc.record({
  claim: fc.option(fc.constantFrom(...ids), { nil: null }),
  own: fc.boolean(),
  previous: fc.uniqueArray(fc.constantFrom(...ids), { maxLength: 3 }),
  barred: fc.boolean(),
  heldFor: fc.option(fc.constantFrom(1, 12, 300), { nil: null }),
})

const ladderOf = (first: string, last: Ladder<object>['otherwise']): Ladder<object> => ({
  rules: [
    { name: 'territory', decide: (_, by) => (first === 'p' ? by.person('ana') : by.no('not there')) },
    { name: 'rotation', decide: (_, by) => by.rotate(first) },
  ],
  otherwise: last,
})
const end = fc.oneof(
  fc.constantFrom(...names).map((pool) => ({ pool })),
  fc.constantFrom(...ids).map((person) => ({ person })),
  fc.constant({ queue: { name: 'End', ids: {} } }),
)

const sum = (balances: Readonly<Record<string, number>>) =>
  Object.values(balances).reduce((all, each) => all + each, 0)

function viewAt(
  given: typeof world extends fc.Arbitrary<infer World> ? World : never,
  at: typeof situation extends fc.Arbitrary<infer Situation> ? Situation : never,
) {
  const { reps, pools, load } = given
  const balances = Object.fromEntries(ids.map((id, index) => [id, given.balances[index] ?? 0]))
  const counters = Object.fromEntries(names.map((name) => [name, { balances, lastDrawn: {} }]))
  const of = (id: string): Rep => reps.find((each) => each.id === id) ?? rep(id)
  return viewOf(
    { reps, pools, load, counters },
    {
      claim: at.claim === null ? null : claimOf(of(at.claim), { row: at.own ? 'row_1' : 'row_2' }),
      previous: at.previous.map((id) => (at.barred ? barred : owner)(of(id))),
      heldSince: Object.fromEntries(
        names.flatMap((name) => (at.heldFor === null ? [] : [[`hours ${name}`, noon - hours(at.heldFor)]])),
      ),
    },
  )
}

/** What holds for every decision, whatever the roster, the pools and the situation. */
function check(decision: Decision, view: DecisionView): void {
  const { assignment, hold, draw, trace, claims } = decision
  const rule = trace.rules.at(-1)
  if (hold !== null) {
    expect([assignment, draw, claims, trace.method]).toEqual([null, null, false, null])
    expect(hold.until).toBeGreaterThan(view.now)
  }
  if (assignment !== null) {
    expect(rule).toMatchObject({ rule: assignment.rule, matched: true })
    const taker = assignment.rep === null ? null : view.rep(assignment.rep)
    // Nothing is ever written to somebody who has gone, and no lead goes back to who let it lie, but at the very end.
    expect(taker?.active ?? true).toBe(true)
    const again = view.previous.some(
      (each) => each.barred && each.rep !== null && each.rep === assignment.rep,
    )
    if (again) expect([assignment.rule, assignment.method]).toEqual(['otherwise', 'fallback_person'])
    // A fresh answer is good to be written: drawing anew because of it would go round in a circle.
    expect(recheckOwner(assignment, view)).toBeNull()
  }
  if (draw !== null) {
    const pool = view.pool(draw.pool)
    const own = rule?.considered?.find(({ member }) => member === draw.member)
    expect([assignment?.rep, assignment?.pool]).toEqual([draw.member, draw.pool])
    expect(pool?.members.find((member) => member.rep === draw.member)?.weight).toBeGreaterThan(0)
    expect(own?.excluded).toBeNull()
    if (pool === null) throw new Error('a draw from no pool')
    expect(sum(draw.balances)).toBeCloseTo(sum(view.counter(pool, null).balances), 6)
  }
}

test('every decision is sound, whoever is away, gone, capped, claimed or had the lead before', () => {
  const seen = { assigned: 0, held: 0, nobody: 0, drawn: 0 }
  fc.assert(
    fc.property(world, situation, fc.constantFrom(...names), end, (given, at, first, last) => {
      const view = viewAt(given, at)
      const decision = decideOwner(ladderOf(first, last), {}, view)
      check(decision, view)
      seen[decision.assignment !== null ? 'assigned' : decision.hold !== null ? 'held' : 'nobody'] += 1
      if (decision.draw !== null) seen.drawn += 1
      // Told without a hole, for everybody.
      const told = [
        ...explainDecision(decision.trace, decision.assignment),
        ...whyNot(decision.trace, 'flo', 'Flo'),
      ]
      for (const line of told) expect(line).not.toMatch(/undefined|null|NaN|\.\.$/)
      expect(JSON.parse(JSON.stringify(decision))).toEqual(decision)
    }),
    { numRuns: 3_000 },
  )
  // The property is worth something only where all of it happened.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(30)
})
