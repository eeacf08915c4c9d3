import { describe, expect, test } from 'vitest'
import type { DecisionView } from '../../routing/decision.ts'
import { explainDecision, notAsked, whyNot, whyOwner } from '../../routing/explain.ts'
import { overrideOwner } from '../../routing/ladder/override.ts'
import { by } from '../../routing/ladder/words.ts'
import { decideOwner, type Ladder } from '../../routing/ladder.ts'
import type { PoolOptions } from '../../routing/pool.ts'
import { onLeave, owner, pool, rep, viewOf, weekdays } from './decision-view.ts'

const [ana, bo, cy] = [rep('ana'), rep('bo', { caps: { perDay: 2 } }), rep('cy', onLeave)]
const emea = pool('emea', [ana, bo, cy], { strategy: 'weighted' })
const account = {
  name: 'Acme',
  relationship: 'customer',
  owner: { id: '5', name: 'Ruth', email: null, active: true, kind: 'person' },
  lastActivityAt: '2024-01-01T00:00:00Z',
} as const

const ladder: Ladder<{ country: string }> = {
  rules: [
    { name: 'customer', decide: (_, words) => words.owner(account, 'salesforce', { dormantAfterDays: 90 }) },
    { name: 'us', when: { country: 'US' }, decide: (_, words) => words.rotate('amer') },
    {
      name: 'rotation',
      decide: ({ country }, words) => (country === '' ? words.no('') : words.rotate('emea')),
    },
    { name: 'later', decide: (_, words) => words.no('never asked') },
  ],
  otherwise: { queue: { name: 'Triage', ids: {} } },
}
const at = (view: DecisionView) => decideOwner(ladder, { country: 'DE' }, view)

describe('a decision told as a person would', () => {
  test('names the owner, each rule with what it saw, and how the reps stood', () => {
    const { trace, assignment } = at(viewOf({ pools: [emea] }, { previous: [owner(cy)] }))
    expect(explainDecision(trace, assignment)).toEqual([
      'Ana got this lead by turn, with weights (rule "rotation", pool emea).',
      'First, rule "customer" did not decide: account Acme (customer) is dormant: last activity 2024-01-01.',
      '  It wants activity in the last 90 days, but the last one is of 2024-01-01.',
      'Then rule "us" did not decide: not for this lead: country is DE.',
      '  It wants country to be US, but it is DE.',
      'Then rule "rotation" decided: rotation of pool emea; Ana is next: share 50 %, 0.50 leads owed, 2 of 3 reps available.',
      '  Of 3 reps 2 could be drawn: Ana was owed 0.50 leads (share 50 %), Bo was owed 0.50 leads (share 50 %).',
      expect.stringMatching(/^ {2}Not to be drawn: Cy \(on leave until 2026-03-05 .*UTC\)\.$/),
      'Cy had this lead before.',
    ])
  })

  test('says why it was decided anew, and at whose word, unless that is the decision', () => {
    const { trace, assignment } = at(viewOf({ pools: [emea] }, { previous: [owner(cy)] }))
    const told = (anew: { reason: string; who?: string } | null, given = assignment) =>
      explainDecision(trace, given, anew).at(-1)
    expect(told({ reason: 'Cy asked', who: 'kim' })).toBe('It was decided anew by kim: Cy asked.')
    expect(told({ reason: 'no touch.' })).toBe('It was decided anew: no touch.')
    expect(told({ reason: 'Cy asked', who: 'kim' }, null)).toBe('It was decided anew by kim: Cy asked.')
    expect(told(null)).toBe('Cy had this lead before.')
    if (assignment === null) throw new Error('somebody got it')
    const given = { ...assignment, method: 'manual_override' as const }
    expect(told({ reason: 'Cy asked', who: 'kim' }, given)).toBe('Cy had this lead before.')
  })

  test('says that a fallback took it, and who is told as well', () => {
    const { trace, assignment } = at(viewOf({ pools: [pool('emea', [cy], { whenNobody: { person: ana } })] }))
    expect(explainDecision(trace, assignment)[0]).toBe(
      'Ana got this lead as the last person of the chain (rule "rotation", pool emea; the first choice was not there).',
    )
    const away = rep('ruth', { ...onLeave, ids: { salesforce: '5' }, backup: 'ana' })
    const kept = decideOwner(
      {
        rules: [{ name: 'owner', decide: () => by.owner(account, 'salesforce') }],
        otherwise: { pool: 'emea' },
      },
      {},
      viewOf({ pools: [emea], reps: [away] }),
    )
    expect(explainDecision(kept.trace, kept.assignment).at(-1)).toBe('Ana is told as well.')
  })

  test('tells a turn at the end of the ladder as one, and a first choice that was not there only where there was one', () => {
    const rules: Ladder<object>['rules'] = [{ name: 'r', decide: (_, words) => words.no('no owner yet') }]
    const ended = (end: Ladder<object>['otherwise'], view: DecisionView) => {
      const { trace, assignment } = decideOwner({ rules, otherwise: end }, {}, view)
      return [explainDecision(trace, assignment)[0], assignment && whyOwner(assignment, 'ana')]
    }
    expect(ended({ pool: 'emea' }, viewOf({ pools: [emea] }))).toEqual([
      'Ana got this lead by turn (the end of the ladder, pool emea; no rule before it decided).',
      expect.stringMatching(/^Ana has this lead by turn \(the end of the ladder, pool emea\): /),
    ])
    expect(ended({ person: 'ana' }, viewOf({ reps: [ana] }))[0]).toBe(
      'Ana got this lead as the last person of the chain (the end of the ladder; no rule before it decided).',
    )
    const missed = (whenNobody: PoolOptions['whenNobody']) =>
      ended(
        { pool: 'away' },
        viewOf({ pools: [pool('away', [cy], { whenNobody }), emea], reps: [ana, cy] }),
      )[0]
    expect(missed({ pool: 'emea' })).toBe(
      'Ana got this lead by turn (the end of the ladder, pool emea; the first choice was not there).',
    )
    expect(missed({ person: ana })).toBe(
      'Ana got this lead as the last person of the chain (the end of the ladder, pool away; the first choice was not there).',
    )
  })

  test('says that a lead is held, not qualified, or that nobody was there', () => {
    const late = rep('late', { hours: weekdays('18:00', '22:00') })
    const hold = pool('emea', [late], { whenNobody: { hold: 'until-opening', otherwise: 'assign-anyway' } })
    const told = (decision: ReturnType<typeof at>) => explainDecision(decision.trace, decision.assignment)
    const held = told(at(viewOf({ pools: [hold] })))
    expect(held[0]).toBe('Nobody has this lead yet: it is held, and decided again by itself.')
    expect(held.join('\n')).toContain('so it is held until 18:00 UTC, when Late can be drawn')
    const of = (rule: Ladder<object>['rules'][number]['decide']) =>
      told(decideOwner({ rules: [{ name: 'r', decide: rule }], otherwise: { pool: 'gone' } }, {}, viewOf({})))
    expect(of((_, words) => words.notQualified('a competitor'))[0]).toBe(
      'Nobody gets this lead: a competitor.',
    )
    expect(of((_, words) => words.no('no'))[0]).toMatch(/^Nobody got this lead: no rule answered/)
  })
})

test('a condition is told as what the rule wants and what it met, and not where the reason says it', () => {
  const lead = { country: 'DE', employees: 20, domain: 'acme.com' }
  const rules: Ladder<typeof lead>['rules'] = [
    {
      name: 'big',
      when: { country: ['DE', 'AT'], employees: (many) => many > 99 },
      decide: (_, words) => words.no(''),
    },
    { name: 'abroad', when: { country: { not: 'DE' } }, decide: (_, words) => words.no('') },
    { name: 'named', decide: ({ domain }, words) => words.named({ 'other.com': 'ana' }, domain) },
    {
      name: 'kept',
      decide: (_, words) => words.keep({ owner: { ...account.owner, kind: 'queue' } }, 'salesforce'),
    },
  ]
  const { trace } = decideOwner({ rules, otherwise: { person: 'ana' } }, lead, viewOf({ reps: [ana] }))
  const told = explainDecision(trace, null).filter((line) => line.startsWith(' '))
  expect(told).toEqual([
    '  It wants country to be DE or AT, and it is DE; employees to pass employees, but it does not (20).',
    '  It wants country not to be DE, but it is DE.',
  ])
})

test('the rules that were never asked are named, and none where the last one decided', () => {
  const { trace } = at(viewOf({ pools: [emea] }))
  expect(
    notAsked(
      trace,
      ladder.rules.map(({ name }) => name),
    ),
  ).toBe('Rule "later" was never asked: rule "rotation" decided.')
  expect(notAsked(trace, ['customer', 'us', 'rotation'])).toBeNull()
  expect(notAsked(trace, [])).toBeNull()
})

describe('why not the rep who has it', () => {
  const has = (
    rule: Ladder<{ country: string }>['rules'][number]['decide'],
    view: DecisionView,
    rep: string,
  ) => {
    const asked = { rules: [{ name: 'r', decide: rule }], otherwise: { pool: 'emea' } } as const
    const { assignment } = decideOwner<{ country: string }>(asked, { country: 'DE' }, view)
    return assignment === null ? null : whyOwner(assignment, rep)
  }

  test('says that a person gave it, who and why', () => {
    const given = { rep: 'bo', reason: 'knows the buyer', who: 'maria', method: 'manual_override' } as const
    const { assignment } = overrideOwner(given, viewOf({ reps: [bo] }))
    expect(assignment && whyOwner(assignment, 'bo')).toBe(
      'Bo has this lead, given by hand: maria gave it to Bo: knows the buyer.',
    )
    expect(assignment && whyOwner(assignment, 'ana')).toBeNull()
  })

  test('says by which way the rules gave it: an owner before, a territory or a turn', () => {
    const ruth = rep('ruth', { ids: { salesforce: '5' } })
    const mine = { ...account, lastActivityAt: null }
    expect(has((_, words) => words.owner(mine, 'salesforce'), viewOf({ reps: [ruth] }), 'ruth')).toMatch(
      /^Ruth has this lead as the owner the CRM has already \(rule "r"\): .*\.$/,
    )
    expect(has((_, words) => words.rotate('emea'), viewOf({ pools: [emea] }), 'ana')).toMatch(
      /^Ana has this lead by turn, with weights \(rule "r", pool emea\): .*\.$/,
    )
    expect(has((_, words) => words.rotate('emea'), viewOf({ pools: [emea] }), 'bo')).toBeNull()
    const territory = {
      rep: 'ana',
      name: 'Ana',
      email: null,
      ids: {},
      method: 'territory',
      rule: 'market',
      reason: 'north is Ana',
      pool: null,
      alsoTell: null,
      previous: [],
    } as const
    expect(whyOwner({ ...territory, ids: {}, previous: [] }, 'ana')).toBe(
      'Ana has this lead as the one rep of the territory (rule "market"): north is Ana.',
    )
  })
})

describe('why not a certain rep', () => {
  const { trace } = at(viewOf({ pools: [emea], load: {} }))

  test('says what each was owed, whom nothing kept out', () => {
    expect(whyNot(trace, 'bo', 'Bo')).toEqual([
      'Rule "customer": account Acme (customer) is dormant: last activity 2024-01-01.',
      'Rule "us": not for this lead: country is DE.',
      'Rule "rotation": Ana was before Bo in pool emea: Bo was owed 0.50 leads, Ana was owed 0.50 leads; owed alike, the turn goes to Ana, who waited longer or comes first by id.',
    ])
    expect(whyNot(trace, 'ana', 'Ana')).toContain('Rule "rotation": Ana was next in pool emea, and got it.')
  })

  test('says what kept the rep out, or that the rep is not in the pool', () => {
    expect(whyNot(trace, 'cy', 'Cy')[2]).toMatch(
      /^Rule "rotation": in pool emea Cy could not be drawn: was on leave until 2026-03-05 .*UTC\.$/,
    )
    expect(whyNot(trace, 'di', 'Di')[2]).toBe('Rule "rotation": Di is not in pool emea.')
  })

  test('tells a leave by the time of the decision, also one that was still to come', () => {
    const leaveBuffer = { stopDaysBefore: 5, resumeDaysBefore: 0 }
    const soon = rep('cy', { leave: [{ from: '2026-03-05', until: '2026-03-06' }] })
    const kept = decideOwner(
      { rules: [], otherwise: { pool: 'emea' } },
      {},
      viewOf({ pools: [pool('emea', [ana, soon], { leaveBuffer })] }),
    )
    expect(whyNot(kept.trace, 'cy', 'Cy')[0]).toMatch(
      /Cy could not be drawn: was to be on leave from 2026-03-05 00:00 UTC, draws stop before it until/,
    )
  })

  test('tells the leave of an owner as one of that time', () => {
    const ruth = rep('ruth', { ...onLeave, ids: { salesforce: '5' }, backup: 'ana' })
    const owned = (onLeaveToo: 'keep' | 'next-rule') =>
      decideOwner(
        {
          rules: [{ name: 'owner', decide: () => by.owner(account, 'salesforce', { onLeave: onLeaveToo }) }],
          otherwise: { pool: 'emea' },
        },
        {},
        viewOf({ pools: [emea], reps: [ruth] }),
      )
    expect(whyNot(owned('next-rule').trace, 'ruth', 'Ruth')[0]).toMatch(
      /^Rule "owner": RUTH owns .* and was on leave until 2026-03-05/i,
    )
    const { assignment } = owned('keep')
    expect(assignment && whyOwner(assignment, 'ruth')).toMatch(/Ruth was on leave until 2026-03-05/i)
  })

  test('says that no pool was asked', () => {
    const { trace: named } = decideOwner(
      { rules: [{ name: 'named', decide: () => by.person('ana') }], otherwise: { pool: 'emea' } },
      {},
      viewOf({ reps: [ana] }),
    )
    expect(whyNot(named, 'bo', 'Bo')).toEqual([
      'Rule "named" decided without a rotation: named by the rule: Ana.',
      'No pool was asked, so Bo never stood for a turn.',
    ])
  })

  test('explains a turn that fell due first although less was owed', () => {
    const rule = { rule: 'r', matched: true, reason: 'x', pool: 'p', chosen: 'ana' }
    const member = (name: string, share: number, balance: number) => ({
      member: name,
      name,
      weight: 1,
      share,
      balance,
      excluded: null,
    })
    const lines = whyNot(
      {
        method: 'round_robin',
        fallbackUsed: false,
        rules: [{ ...rule, considered: [member('ana', 0.6, 0.6), member('bo', 0.1, 0.7)] }],
      },
      'bo',
      'bo',
    )
    expect(lines[0]).toBe(
      'Rule "r": ana was before bo in pool p: bo was owed 0.70 leads, ana was owed 0.60 leads; with a share of 60 % against 10 % the turn of ana fell due first.',
    )
  })
})
