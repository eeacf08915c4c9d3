import { describe, expect, test } from 'vitest'
import type { DecisionView } from '../../routing/decision.ts'
import { decideOwner, type Ladder } from '../../routing/ladder.ts'
import type { PoolDefinition } from '../../routing/pool.ts'
import { barred, hours, noon, onLeave, owner, pool, rep, viewOf, weekdays } from './decision-view.ts'

const [ana, bo, cy] = [rep('ana'), rep('bo'), rep('cy')]
const away = (id: string) => rep(id, onLeave)
/** Open from 18:00 UTC on weekdays; the tests run at noon. */
const late = (id: string) => rep(id, { hours: weekdays('18:00', '22:00') })
const triage = { queue: { name: 'Triage', ids: { hubspot: '7' } } }

const draw = (from: string, view: DecisionView, stratum?: string) =>
  decideOwner(ladderOf(from, stratum), {}, view)
const ladderOf = (from: string, stratum?: string): Ladder<object> => ({
  rules: [
    {
      name: 'rotation',
      decide: (_, by) => by.rotate(from, stratum === undefined ? {} : { stratum }),
    },
  ],
  otherwise: { queue: { name: 'End', ids: {} } },
})

describe('a draw', () => {
  test('tells every rep considered, why excluded, and what each is owed', () => {
    const members = [
      ana,
      away('bo'),
      late('cy'),
      rep('di', { active: false }),
      rep('ed', { caps: { perDay: 2 } }),
    ]
    const view = viewOf({ pools: [pool('p', members)], load: { ed: { drawn: 2 } } })
    const { assignment, trace } = draw('p', view)
    expect(assignment).toMatchObject({ rep: 'ana', pool: 'p' })
    expect(assignment?.reason).toBe(
      'rotation of pool p; Ana is next: share 100 %, 1.00 leads owed, 1 of 5 reps available',
    )
    expect(trace.rules[0]?.considered).toMatchObject([
      { member: 'ana', name: 'Ana', share: 1, excluded: null },
      { member: 'bo', share: 0, excluded: { code: 'leave' } },
      { member: 'cy', excluded: { code: 'hours', until: noon + hours(6) } },
      { member: 'di', excluded: { code: 'inactive', until: null } },
      { member: 'ed', excluded: { code: 'cap' } },
    ])
  })

  test('leaves out a member who is not in the roster any more', () => {
    const definition = pool('p', [ana, bo])
    const view = { ...viewOf({ pools: [definition] }), rep: (id: string) => (id === 'bo' ? bo : null) }
    const { assignment, trace } = draw('p', view)
    expect(assignment?.rep).toBe('bo')
    expect(trace.rules[0]?.considered?.[0]?.excluded).toEqual({
      code: 'unknown-rep',
      reason: 'no rep has the id ana',
      until: null,
    })
  })

  test('goes back to who had the lead before only when nobody else is there', () => {
    const view = (members: PoolDefinition) =>
      viewOf({ pools: [members] }, { previous: [owner(ana), owner(bo)] })
    expect(draw('p', view(pool('p', [ana, bo, cy]))).assignment?.rep).toBe('cy')
    const alone = draw('p', view(pool('p', [ana, bo, away('cy')])))
    expect(alone.assignment?.rep).toBe('ana')
    const { trace } = draw('p', view(pool('p', [ana, bo, cy])))
    expect(trace.rules[0]?.considered?.map(({ excluded }) => excluded?.code ?? null)).toEqual([
      'previous',
      'previous',
      null,
    ])
  })

  test('never goes back to a rep who let the lead lie (trap 105)', () => {
    const view = (
      over: Partial<DecisionView>,
      members = pool('p', [ana, away('cy')], { whenNobody: 'assign-anyway' }),
    ) => viewOf({ pools: [members] }, { previous: [barred(ana)], ...over })
    expect(draw('p', view({})).assignment?.rep).toBe('cy')
    expect(draw('p', view({}, pool('p', [ana], { whenNobody: 'assign-anyway' }))).assignment?.name).toBe(
      'End',
    )
    expect(draw('p', view({}, pool('p', [ana], { whenNobody: { person: ana } }))).assignment?.name).toBe(
      'End',
    )
  })

  test('ends at the person of the ladder even for a lead they had before', () => {
    const view = viewOf(
      { pools: [pool('p', [ana], { whenNobody: { person: ana } })], reps: [bo] },
      { previous: [barred(ana), barred(bo)] },
    )
    const ladder = { ...ladderOf('p'), otherwise: { person: 'bo' } }
    expect(decideOwner(ladder, {}, view).assignment).toMatchObject({ rep: 'bo', method: 'fallback_person' })
  })

  test('of one tier has turns of its own (trap 80)', () => {
    const counters = {
      p: { balances: { ana: 0.5, bo: -0.5 }, lastDrawn: {} },
      'p#enterprise': { balances: { ana: -0.5, bo: 0.5 }, lastDrawn: {} },
    }
    const view = viewOf({ pools: [pool('p', [ana, bo])], counters })
    expect(draw('p', view).draw).toMatchObject({ member: 'ana', stratum: null })
    expect(draw('p', view, 'enterprise').draw).toMatchObject({ member: 'bo', stratum: 'enterprise' })
  })

  test('comes from the counter the pool names (trap 76)', () => {
    const counters = { shared: { balances: { ana: -0.5, bo: 0.5 }, lastDrawn: {} } }
    expect(
      draw('p', viewOf({ pools: [pool('p', [ana, bo], { counter: 'shared' })], counters })).draw?.member,
    ).toBe('bo')
  })

  test('from a pool that does not exist leaves the lead to the next rule', () => {
    expect(draw('gone', viewOf({ pools: [] }))).toMatchObject({
      assignment: { name: 'End' },
      trace: {
        rules: [{ reason: 'rotation of pool gone, but pool gone does not exist' }, { rule: 'otherwise' }],
      },
    })
  })
})

describe('a pool with nobody available (trap 71)', () => {
  test('hands over to its next pool, which then owns the draw (trap 83)', () => {
    const pools = [
      pool('a', [away('ana')], { whenNobody: { pool: 'b' } }),
      pool('b', [late('bo')], { whenNobody: { pool: 'c' } }),
      pool('c', [cy], { whenNobody: 'assign-anyway', strategy: 'weighted' }),
    ]
    const decision = draw('a', viewOf({ pools }))
    expect(decision).toMatchObject({
      assignment: { rep: 'cy', pool: 'c', method: 'fallback_pool' },
      draw: { pool: 'c', member: 'cy' },
      trace: { method: 'fallback_pool', fallbackUsed: true },
    })
    expect(
      decision.trace.rules.map(({ pool, matched, considered }) => [pool, matched, considered?.length]),
    ).toEqual([
      ['a', false, 1],
      ['b', false, 1],
      ['c', true, 1],
    ])
  })

  test('does not go round in a circle of pools', () => {
    const pools = [
      pool('a', [away('ana')], { whenNobody: { pool: 'b' } }),
      pool('b', [away('bo')], { whenNobody: { pool: 'a' } }),
    ]
    const { assignment, trace } = draw('a', viewOf({ pools }))
    expect(assignment?.name).toBe('End')
    expect(trace.rules.map(({ reason }) => reason)).toContainEqual(
      'the pools a, b hand over to each other and have nobody',
    )
  })

  test('sends it to a queue, which owns nothing', () => {
    const decision = draw('a', viewOf({ pools: [pool('a', [away('ana')], { whenNobody: triage })] }))
    expect(decision).toMatchObject({
      assignment: { rep: null, name: 'Triage', ids: { hubspot: '7' }, method: 'no_eligible', pool: 'a' },
      draw: null,
      claims: false,
    })
  })

  test('gives it to the named person at any hour, and to the successor of one who is gone', () => {
    const to = (person: ReturnType<typeof rep>, ...others: ReturnType<typeof rep>[]) =>
      draw('a', viewOf({ pools: [pool('a', [away('ana')], { whenNobody: { person } })], reps: others }))
        .assignment
    expect(to(late('mia'))).toMatchObject({ rep: 'mia', method: 'fallback_person' })
    expect(to(rep('mia', { active: false, successor: 'sue' }), rep('sue'))).toMatchObject({ rep: 'sue' })
    expect(to(rep('mia', { active: false }))).toMatchObject({ name: 'End' })
  })

  test('gives it to the manager of a person who is gone, where the successor is gone too, even what the end had before', () => {
    const gone = rep('mia', { active: false, successor: 'sue', manager: 'max' })
    const reps = [rep('sue', { active: false }), rep('max')]
    const handed = pool('a', [away('ana')], { whenNobody: { person: gone } })
    const covered = draw('a', viewOf({ pools: [handed], reps }))
    expect(covered.assignment).toMatchObject({ rep: 'max', method: 'fallback_person', pool: 'a' })
    expect(covered.reason).toContain('Mia takes it, who is inactive; Max covers as manager of Mia')
    const ladder = { ...ladderOf('a'), otherwise: { person: 'mia' } }
    const had = { previous: [barred(rep('max'))] }
    expect(decideOwner(ladder, {}, viewOf({ pools: [handed], reps }, had))).toMatchObject({
      assignment: { rep: 'max', rule: 'otherwise' },
      trace: { rules: [{ matched: false }, { matched: true }] },
    })
  })

  test('and nobody behind it says who was asked, and why each could not take it', () => {
    const gone = rep('mia', { active: false, manager: 'max' })
    const [out, twenty] = [rep('max', { active: false }), Array.from({ length: 20 }, (_, at) => `r${at}`)]
    const crowd = twenty.map((id) => rep(id, { active: false }))
    const pools = [
      pool('a', [away('ana'), rep('bo', { active: false })], { whenNobody: { pool: 'b' } }),
      pool('b', [late('cy')], { whenNobody: { person: gone } }),
      pool('c', [rep('ed')], { whenNobody: 'assign-anyway' }),
      pool('d', crowd, { whenNobody: 'assign-anyway' }),
    ]
    const endsIn = (otherwise: Ladder<object>['otherwise'], over: Partial<DecisionView> = {}) => {
      const rules: Ladder<object>['rules'] = [
        { name: 'one', decide: (_, by) => by.person('eve', 'for Eve') },
        { name: 'two', decide: (_, by) => by.rotate('a') },
      ]
      const eve = rep('eve', { active: false, successor: 'xy' })
      return decideOwner({ rules, otherwise }, {}, viewOf({ pools, reps: [out, eve] }, over))
    }
    const asked =
      'no rule answered and nobody could take it: Eve (inactive: successor xy is not in the roster, no manager), ' +
      'pool a (Ana: on leave until 2026-03-05 00:00 UTC; Bo: is not active), ' +
      'pool b (Cy: outside working hours until 18:00 UTC), Mia (inactive: no successor, manager Max is inactive)'
    const wayOut = '; add an active member to a pool, or name a person or a queue'
    const twice = endsIn({ pool: 'a' })
    expect(twice).toMatchObject({ assignment: null, hold: null, trace: { method: 'no_eligible' } })
    expect(twice.reason).toBe(`${asked}${wayOut}`)
    const refused = { previous: [barred(rep('ed'))] }
    expect(endsIn({ pool: 'c' }, refused).reason).toContain('pool c (Ed: had this lead before)')
    expect(endsIn({ pool: 'gone' }).reason).toBe(`${asked}, pool gone (does not exist)${wayOut}`)
    expect(endsIn({ person: 'xy' }).reason).toBe(`${asked}, rep xy (is not in the roster)${wayOut}`)
    expect(endsIn({ pool: 'd' }).reason).toContain('R7: is not active; and 12 more)')
  })

  test('assigns anyway, by the same rotation, but never to the gone and the paused', () => {
    const members = [late('ana'), rep('bo', { active: false }), away('cy')]
    const counters = { a: { balances: { ana: -0.5, cy: 0.5 }, lastDrawn: {} } }
    const decision = draw(
      'a',
      viewOf({ pools: [pool('a', members, { whenNobody: 'assign-anyway' })], counters }),
    )
    expect(decision.draw?.member).toBe('cy')
    expect(decision.assignment?.reason).toContain('the pool assigns anyway')
    const gone = pool('a', [rep('bo', { active: false })], { whenNobody: 'assign-anyway' })
    expect(draw('a', viewOf({ pools: [gone] })).assignment?.name).toBe('End')
  })

  test('holds it until the first opening of a member (trap 78)', () => {
    const early = rep('early', { hours: weekdays('14:00', '22:00') })
    const members = [late('ana'), early, away('cy')]
    const hold = pool('a', members, {
      whenNobody: { hold: 'until-opening', atMostHours: 24, otherwise: triage },
    })
    const decision = draw('a', viewOf({ pools: [hold] }))
    expect(decision).toMatchObject({
      assignment: null,
      draw: null,
      claims: false,
      hold: { on: 'hours', until: noon + hours(2) },
      trace: { method: null },
    })
    expect(decision.reason).toBe(
      'rotation of pool a; nobody of it is available, so it is held until 14:00 UTC, when Early can be drawn',
    )
    expect(decision.trace.rules[0]?.considered).toHaveLength(3)
  })

  test('hands it over at once when nobody opens in time, or the hold had its time', () => {
    const hold = pool('a', [late('ana')], {
      whenNobody: { hold: 'until-opening', atMostHours: 4, otherwise: triage },
    })
    const tooFar = draw('a', viewOf({ pools: [hold] }))
    expect(tooFar.assignment).toMatchObject({ name: 'Triage', method: 'no_eligible' })
    expect(tooFar.reason).toContain('nobody will be within 4 h')
    const longer = pool('a', [late('ana')], {
      whenNobody: { hold: 'until-opening', atMostHours: 8, otherwise: triage },
    })
    const since = (count: number) =>
      draw('a', viewOf({ pools: [longer] }, { heldSince: { 'hours a': noon - hours(count) } }))
    expect(since(1).hold?.until).toBe(noon + hours(6))
    expect(since(3).assignment?.name).toBe('Triage')
    expect(since(8).reason).toContain('it was held for 8 h')
  })

  test('waits for nobody who may not get this lead again', () => {
    const hold = pool('a', [late('ana'), rep('bo', { hours: weekdays('20:00', '22:00') })], {
      whenNobody: { hold: 'until-opening', otherwise: triage },
    })
    const view = viewOf({ pools: [hold] }, { previous: [barred(ana)] })
    expect(draw('a', view).hold?.until).toBe(noon + hours(8))
  })

  test('waits for the day on which a cap is over', () => {
    const capped = rep('ana', { caps: { perDay: 2 } })
    const hold = pool('a', [capped], { whenNobody: { hold: 'until-opening', otherwise: triage } })
    expect(draw('a', viewOf({ pools: [hold], load: { ana: { drawn: 2 } } })).hold).toEqual({
      on: 'hours',
      until: noon + hours(12),
      since: { 'hours a': noon },
    })
    const full = pool('a', [rep('ana', { caps: { open: 1 } })], {
      whenNobody: { hold: 'until-opening', otherwise: triage },
    })
    expect(draw('a', viewOf({ pools: [full], load: { ana: { open: 1 } } })).assignment?.name).toBe('Triage')
  })
})

test('the shares of members on leave go on where the pool lets them catch up', () => {
  const members = [ana, away('bo')]
  const balances = (catchUp: 'none' | 'full' | { bounded: number }) =>
    draw('p', viewOf({ pools: [pool('p', members, { catchUp })] })).draw?.balances
  expect(balances('none')).toEqual({ ana: 0 })
  expect(balances('full')).toEqual({ ana: -0.5, bo: 0.5 })
  expect(balances({ bounded: 0.2 })).toEqual({ ana: expect.closeTo(-0.2, 9), bo: 0.2 })
})
