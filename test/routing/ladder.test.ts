import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { DecisionView } from '../../routing/decision.ts'
import { findShadowed } from '../../routing/ladder/shadow.ts'
import { decideOwner, type Ladder, type Rule } from '../../routing/ladder.ts'
import { defineTerritory } from '../../routing/territory.ts'
import {
  barred,
  claimOf,
  days,
  hours,
  noon,
  onLeave,
  owner,
  pool,
  rep,
  viewOf,
  weekdays,
} from './decision-view.ts'

interface Lead {
  country: string | null
  employees: number | null
  segment: { region: string; size: string } | null
  note: string
}

const lead: Lead = { country: 'DE', employees: 250, segment: { region: 'EMEA', size: 'SMB' }, note: '' }
const [ana, bo, cy] = [rep('ana'), rep('bo'), rep('cy')]
const emea = pool('emea', [ana, bo])

const ladderOf = (rules: readonly Rule<Lead, string>[], over: Partial<Ladder<Lead>> = {}): Ladder<Lead> => ({
  rules,
  otherwise: { pool: 'emea' },
  ...over,
})
const decide = (rules: readonly Rule<Lead, string>[], view: DecisionView, row: Lead = lead) =>
  decideOwner(ladderOf(rules), row, view)

describe('the order of rules', () => {
  test('the first rule that answers wins, the others say why not, and what they read is kept', () => {
    const decision = decide(
      [
        {
          name: 'us',
          decide: ({ country }, by) => (country === 'US' ? by.rotate('emea') : by.no('not in the US')),
        },
        { name: 'rotation', decide: ({ segment }, by) => (segment === null ? by.no('') : by.rotate('emea')) },
        {
          name: 'never asked',
          decide: () => {
            throw new Error('asked all the same')
          },
        },
      ],
      viewOf({ pools: [emea] }),
    )
    expect(decision.assignment).toMatchObject({
      rep: 'ana',
      rule: 'rotation',
      method: 'round_robin',
      pool: 'emea',
    })
    expect(decision.trace).toMatchObject({
      method: 'round_robin',
      fallbackUsed: false,
      rules: [
        {
          rule: 'us',
          matched: false,
          reason: 'not in the US',
          conditions: [{ field: 'country', operator: 'read', seen: 'DE' }],
        },
        {
          rule: 'rotation',
          matched: true,
          chosen: 'ana',
          conditions: [{ seen: { region: 'EMEA', size: 'SMB' } }],
        },
      ],
    })
    expect(decision.draw).toMatchObject({ pool: 'emea', stratum: null, member: 'ana' })
  })

  test('a condition as data keeps the value it saw against the wish, for a blank as well (trap 66)', () => {
    const rules: Rule<Lead, string>[] = [
      { name: 'big', when: { employees: null }, decide: (_, by) => by.person('ana') },
      { name: 'abroad', when: { country: { not: ['DE', 'AT'] } }, decide: (_, by) => by.person('ana') },
      { name: 'apac', when: { segment: { region: ['APAC'] } }, decide: (_, by) => by.person('ana') },
      {
        name: 'test',
        when: { employees: (count) => (count ?? 0) > 999 },
        decide: (_, by) => by.person('ana'),
      },
      {
        name: 'mid',
        when: { country: 'DE', employees: 250 },
        decide: (_, by) => by.person('bo', 'mid-market'),
      },
    ]
    const { assignment, trace } = decide(rules, viewOf({ pools: [emea] }))
    expect(assignment).toMatchObject({ rep: 'bo', rule: 'mid' })
    expect(trace.rules.map((each) => each.conditions?.[0])).toMatchObject([
      { field: 'employees', operator: 'is', expected: null, seen: 250, matched: false },
      { field: 'country', operator: 'is not one of', expected: ['DE', 'AT'], seen: 'DE', matched: false },
      { field: 'segment.region', operator: 'is', expected: 'APAC', seen: 'EMEA', matched: false },
      { field: 'employees', operator: 'passes', seen: 250, matched: false },
      { field: 'country', operator: 'is', expected: 'DE', seen: 'DE', matched: true },
    ])
    expect(trace.rules[0]?.reason).toBe('not for this lead: employees is 250')
    const blank = { ...lead, employees: null, country: null, segment: null }
    expect(decide(rules, viewOf({ pools: [emea] }), blank).assignment).toMatchObject({
      rep: 'ana',
      rule: 'big',
    })
  })

  test('long texts are cut in the trace', () => {
    const rules: Rule<Lead, string>[] = [
      { name: 'note', decide: ({ note }, by) => by.no(`${note.length} letters`) },
    ]
    const { trace } = decide(rules, viewOf({ pools: [emea] }), { ...lead, note: 'x'.repeat(10_000) })
    expect(trace.rules[0]?.reason).toBe('10000 letters')
    expect(JSON.stringify(trace.rules[0]).length).toBeLessThan(400)
  })

  test('a lead that no rule answers goes to the declared end', () => {
    const rules: Rule<Lead, string>[] = [{ name: 'none', decide: (_, by) => by.no('not ours') }]
    const at = (otherwise: Ladder<Lead>['otherwise'], view = viewOf({ pools: [emea], reps: [cy] })) =>
      decideOwner(ladderOf(rules, { otherwise }), lead, view)
    expect(at({ pool: 'emea' })).toMatchObject({
      assignment: { rep: 'ana', method: 'fallback_pool', rule: 'otherwise' },
      trace: { fallbackUsed: true },
    })
    expect(at({ person: 'cy' }).assignment).toMatchObject({ rep: 'cy', method: 'fallback_person' })
    expect(at({ queue: { name: 'Triage', ids: { salesforce: '00G1' } } })).toMatchObject({
      assignment: { rep: null, name: 'Triage', ids: { salesforce: '00G1' }, method: 'no_eligible' },
      claims: false,
    })
    const empty = at(
      { pool: 'emea' },
      viewOf({ pools: [pool('emea', [rep('ana', { active: false })], { whenNobody: 'assign-anyway' })] }),
    )
    expect(empty).toMatchObject({
      assignment: null,
      hold: null,
      draw: null,
      trace: { method: 'no_eligible' },
    })
  })

  test('a lead that does not qualify gets nobody and draws nothing', () => {
    const decision = decide(
      [{ name: 'fit', decide: (_, by) => by.notQualified('a competitor') }],
      viewOf({ pools: [emea] }),
    )
    expect(decision).toMatchObject({
      assignment: null,
      hold: null,
      draw: null,
      reason: 'a competitor',
      trace: { method: 'not_qualified' },
    })
  })

  test('a rule behind one that always answers is an error, whatever data can tell (trap 65)', () => {
    const shadowed = (...rules: { name: string; when?: object; always?: boolean }[]) =>
      findShadowed(rules)?.rule.name ?? null
    expect(shadowed({ name: 'a', always: true }, { name: 'b', when: { country: 'DE' } })).toBe('b')
    expect(shadowed({ name: 'a' }, { name: 'b' })).toBeNull()
    const eu = { name: 'eu', when: { country: ['DE', 'FR'] }, always: true }
    expect(shadowed(eu, { name: 'de', when: { country: 'DE', employees: 5 } })).toBe('de')
    expect(shadowed(eu, { name: 'both', when: { country: ['DE', 'US'] } })).toBeNull()
    expect(shadowed(eu, { name: 'others', when: { country: { not: 'DE' } } })).toBeNull()
    const abroad = { name: 'abroad', when: { country: { not: 'DE' } }, always: true }
    expect(shadowed(abroad, { name: 'us', when: { country: 'US' } })).toBe('us')
    expect(shadowed(abroad, { name: 'home', when: { country: 'DE' } })).toBeNull()
    expect(shadowed(abroad, { name: 'far', when: { country: { not: ['DE', 'AT'] } } })).toBe('far')
    const none = { name: 'none', when: { account: null }, always: true }
    expect(shadowed(none, { name: 'same', when: { account: null } })).toBe('same')
    expect(shadowed(none, { name: 'any' })).toBeNull()
    const part = { name: 'part', when: { segment: { region: 'EMEA' } }, always: true }
    expect(shadowed(part, { name: 'narrow', when: { segment: { region: 'EMEA', size: 'SMB' } } })).toBe(
      'narrow',
    )
    const test = (value: unknown) => value === 1
    expect(
      shadowed({ name: 'test', when: { a: test }, always: true }, { name: 'same', when: { a: test } }),
    ).toBeNull()
  })
})

describe('an account claim', () => {
  const rotation: Rule<Lead, string>[] = [{ name: 'rotation', decide: (_, by) => by.rotate('emea') }]
  const world = { pools: [emea], reps: [cy] }

  test('keeps a company with its rep before anything is drawn (traps 51, 53)', () => {
    const decision = decide(rotation, viewOf(world, { claim: claimOf(cy) }))
    expect(decision.assignment).toMatchObject({ rep: 'cy', method: 'sticky', pool: null })
    expect(decision.draw).toBeNull()
    expect(decision.reason).toContain('acme.com already went to Cy')
  })

  test('of the lead itself does not stick: a redraw decides anew (trap 54)', () => {
    const view = viewOf(world, { claim: claimOf(ana, { row: 'row_1' }), previous: [owner(ana)] })
    expect(decide(rotation, view).assignment).toMatchObject({
      rep: 'bo',
      method: 'round_robin',
      previous: [{ rep: 'ana' }],
    })
  })

  test('whose owner is gone goes to the successor, then the manager, else it is decided anew (trap 42)', () => {
    const gone = rep('gone', { active: false, successor: 'out', manager: 'mia' })
    const out = rep('out', { active: false })
    const reps = [cy, gone, out, rep('mia')]
    expect(decide(rotation, viewOf({ ...world, reps }, { claim: claimOf(gone) })).assignment).toMatchObject({
      rep: 'mia',
      method: 'sticky',
      reason: expect.stringContaining('Mia covers as manager of Gone'),
    })
    const alone = decide(rotation, viewOf({ ...world, reps: [out] }, { claim: claimOf(out) }))
    expect(alone).toMatchObject({ assignment: { rep: 'ana', method: 'round_robin' }, claims: true })
    expect(alone.trace.rules[0]).toMatchObject({
      rule: 'claim',
      matched: false,
      reason: expect.stringContaining('inactive and has neither an active successor nor manager'),
    })
  })

  test('whose owner is on leave follows the policy of the ladder (trap 43)', () => {
    const away = rep('away', { ...onLeave, backup: 'cy' })
    const view = viewOf({ ...world, reps: [away, cy] }, { claim: claimOf(away) })
    expect(decide(rotation, view).assignment).toMatchObject({ rep: 'away', alsoTell: { rep: 'cy' } })
    const next = decideOwner(ladderOf(rotation, { claims: { onLeave: 'next-rule' } }), lead, view)
    expect(next.assignment).toMatchObject({ rep: 'ana' })
    expect(next.trace.rules[0]?.reason).toMatch(/who is on leave until 2026-03-05/)
  })

  test('that nobody renewed for long is let go (trap 57)', () => {
    const view = viewOf(world, { claim: claimOf(cy, { at: new Date(noon - days(200)).toISOString() }) })
    expect(
      decideOwner(ladderOf(rotation, { claims: { dormantDays: 180 } }), lead, view).assignment?.rep,
    ).toBe('ana')
    expect(
      decideOwner(ladderOf(rotation, { claims: { dormantDays: 365 } }), lead, view).assignment?.rep,
    ).toBe('cy')
    const renewedAt = new Date(noon - days(20)).toISOString()
    const renewed = {
      ...view,
      claim: claimOf(cy, { at: new Date(noon - days(200)).toISOString(), renewedAt }),
    }
    expect(
      decideOwner(ladderOf(rotation, { claims: { dormantDays: 180 } }), lead, renewed).assignment?.rep,
    ).toBe('cy')
  })

  test('under a shared name holds for the other columns of its own row', () => {
    const claim = claimOf(cy, { row: 'row_1', column: 'ae', scope: 'company' })
    expect(decide(rotation, viewOf(world, { claim, column: 'sdr' })).assignment).toMatchObject({ rep: 'cy' })
    expect(decide(rotation, viewOf(world, { claim, column: 'ae' })).assignment).toMatchObject({ rep: 'ana' })
  })

  test('never brings a lead back to a rep who let it lie (trap 105)', () => {
    const view = viewOf(world, { claim: claimOf(cy), previous: [barred(cy)] })
    expect(decide(rotation, view).assignment?.rep).toBe('ana')
  })

  test('is told once in the trace when it is refused, and asked before the end of the ladder', () => {
    const rules: Rule<Lead, string>[] = [
      { name: 'one', decide: (_, by) => by.person('nobody-knows') },
      { name: 'two', decide: (_, by) => by.no('no') },
    ]
    const stale = rep('stale', { active: false })
    const { trace } = decide(rules, viewOf({ ...world, reps: [stale] }, { claim: claimOf(stale) }))
    expect(trace.rules.filter(({ rule }) => rule === 'claim')).toHaveLength(1)
    const second = rules.slice(1)
    expect(decide(second, viewOf(world, { claim: claimOf(cy) })).assignment).toMatchObject({
      rep: 'cy',
      method: 'sticky',
      rule: 'otherwise',
    })
  })

  test('claims nothing for a row without a company', () => {
    expect(decide(rotation, viewOf(world, { account: null })).claims).toBe(false)
    expect(decide(rotation, viewOf(world)).claims).toBe(true)
  })
})

describe('a territory', () => {
  const definition = defineTerritory('market', {
    dimensions: [['region', z.enum(['EMEA', 'NA'])]],
    destinations: { EMEA: { pool: 'emea' }, NA: { person: 'cy' } },
  })
  const rules: Rule<Lead, string>[] = [
    {
      name: 'territory',
      decide: ({ country }, by) => by.territory(definition, { region: country === 'US' ? 'NA' : 'EMEA' }),
    },
  ]

  test('is looked up in its live version, and in the definition while there is none (trap 63)', () => {
    const live = { ...definition, entries: [{ match: {}, to: { person: 'cy' } }] }
    expect(decide(rules, viewOf({ pools: [emea], reps: [cy] })).assignment).toMatchObject({
      rep: 'ana',
      method: 'round_robin',
    })
    expect(
      decide(rules, viewOf({ pools: [emea], reps: [cy], territories: [live] })).assignment,
    ).toMatchObject({
      rep: 'cy',
      method: 'territory',
    })
  })

  test('with one rep has the availability chain of a pool (trap 64)', () => {
    const us = { ...lead, country: 'US' }
    const of = (over: Parameters<typeof rep>[1]) =>
      decide(rules, viewOf({ pools: [emea], reps: [rep('cy', over), rep('di'), rep('ed')] }), us).assignment
    expect(of({})).toMatchObject({ rep: 'cy', method: 'territory' })
    expect(of({ ...onLeave, backup: 'di' })).toMatchObject({ rep: 'di', method: 'territory' })
    expect(of({ active: false, successor: 'ed', backup: 'di' })).toMatchObject({
      rep: 'ed',
      method: 'territory',
    })
    expect(of(onLeave)).toMatchObject({ rep: 'ana', rule: 'otherwise', method: 'fallback_pool' })
    expect(of({ hours: weekdays('20:00', '22:00') })).toMatchObject({ rep: 'cy' })
  })

  test('without a place for the key does not answer', () => {
    const narrow = { ...definition, dimensions: [{ name: 'region', values: ['APAC'] }] }
    const { trace } = decide(rules, viewOf({ pools: [emea], territories: [narrow] }))
    expect(trace.rules[0]).toMatchObject({
      matched: false,
      reason: expect.stringContaining('no place for region "EMEA"'),
    })
  })
})

describe('a review', () => {
  const rules: Rule<Lead, string>[] = [
    {
      name: 'conflict',
      decide: (_, by) =>
        by.review('parent of Ana, subsidiary of Bo', {
          dwellHours: 4,
          candidates: [{ name: 'Acme', owner: 'Ana', why: 'parent' }],
        }),
    },
    { name: 'rotation', decide: (_, by) => by.rotate('emea') },
  ]

  test('holds the lead for a person, and goes on to the next rule when nobody decided in time (trap 55)', () => {
    const held = decide(rules, viewOf({ pools: [emea] }))
    expect(held).toMatchObject({
      assignment: null,
      draw: null,
      hold: { on: 'human', until: noon + hours(4) },
      trace: { method: null, rules: [{ candidates: [{ name: 'Acme' }] }] },
    })
    const again = decide(
      rules,
      viewOf({ pools: [emea] }, { heldSince: { 'human conflict': noon - hours(1) } }),
    )
    expect(again.hold).toMatchObject({ on: 'human', until: noon + hours(3) })
    const over = decide(
      rules,
      viewOf({ pools: [emea] }, { heldSince: { 'human conflict': noon - hours(4) } }),
    )
    expect(over.assignment).toMatchObject({ rep: 'ana', rule: 'rotation' })
    expect(over.trace.rules[0]?.reason).toMatch(/nobody decided within 4 h/)
  })

  test('of nothing is no review', () => {
    const nothing: Rule<Lead, string>[] = [
      { name: 'r', decide: (_, by) => by.review(null, { dwellHours: 1 }) },
    ]
    expect(decide(nothing, viewOf({ pools: [emea] })).assignment?.rule).toBe('otherwise')
  })
})
