import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type AssignOwnerOptions, assignOwner } from '../../columns/assign-owner.ts'
import type { Column } from '../../columns/column.ts'
import { TableError } from '../../columns/errors.ts'
import { roundRobin } from '../../columns/round-robin.ts'
import type { Counter, Decision, DecisionView } from '../../routing/decision.ts'
import { definePool, type PoolDefinition, type PoolOptions } from '../../routing/pool.ts'
import type { RepInput } from '../../routing/rep.ts'
import { defineTerritory } from '../../routing/territory.ts'
import { claimOf, onLeave, rep as repOf, viewOf } from '../routing/decision-view.ts'

const rep = (id: string): RepInput => ({ id, name: id.toUpperCase(), email: `${id}@ours.example` })
const members = [{ rep: rep('ana'), weight: 3 }, { rep: rep('bo') }]
const equal = members.map(({ rep }) => ({ rep }))
const standard = definePool('emea', { strategy: 'standard', members: equal, whenNobody: 'assign-anyway' })
const weighted = definePool('amer', { strategy: 'weighted', members, whenNobody: { pool: 'emea' } })
const claim = claimOf(repOf('cy'))
const pools = [standard, weighted]

function drawing(column: Column<never, unknown>) {
  if (column.work.effect !== 'draw') throw new Error('the column does not draw')
  return column.work
}

const decide = (column: Column<never, unknown>, values: object, view: DecisionView): Decision =>
  drawing(column).decide({ ...values }, view)

/** Draws until `count` are made, each on the balances the one before left. */
function drawMany(column: Column<never, unknown>, pool: PoolDefinition, count: number): string {
  let counter: Counter = { balances: {}, lastDrawn: {} }
  let drawn = ''
  for (let index = 1; index <= count; index += 1) {
    const { draw } = decide(column, {}, viewOf({ pools: [pool], counters: { [pool.name]: counter } }))
    if (draw === null) return `${drawn} nobody`
    counter = { balances: draw.balances, lastDrawn: { ...counter.lastDrawn, [draw.member]: index } }
    drawn += draw.member.charAt(0)
  }
  return drawn
}

/** The error of a definition that is refused. */
function refused(define: () => unknown): TableError {
  try {
    define()
  } catch (error) {
    if (TableError.isInstance(error)) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe('a round-robin column', () => {
  const column = roundRobin({ pool: weighted, nextPools: [standard] })

  it('takes equal turns, or turns by weight', () => {
    expect(drawMany(roundRobin({ pool: standard }), standard, 6)).toBe('ababab')
    expect(drawMany(column, weighted, 8).replaceAll('b', '')).toHaveLength(6)
  })

  it('knows neither claims nor companies', () => {
    const decision = decide(roundRobin({ pool: standard }), {}, viewOf({ pools }, { claim }))
    expect(decision).toMatchObject({ assignment: { rep: 'ana' }, claims: false })
    const given = { rep: 'bo', reason: 'asked', who: 'mia', method: 'manual_override' } as const
    expect(drawing(column).override(given, viewOf({ pools }))).toMatchObject({
      assignment: { rep: 'bo' },
      claims: false,
    })
  })

  it('shows its pool and seeds live data with pools and reps', () => {
    expect(column).toMatchObject({
      kind: 'round-robin',
      describe: { pool: 'amer', strategy: 'weighted' },
      retry: { attempts: 1 },
    })
    const work = drawing(column)
    expect(work.pools.map(({ name }) => name)).toEqual(['amer', 'emea'])
    expect(work.pools[0]).not.toHaveProperty('reps')
    expect(work.reps.map(({ id, zone }) => [id, zone])).toEqual([
      ['ana', 'UTC'],
      ['bo', 'UTC'],
    ])
  })

  it('refuses a pool that hands over to one it does not hold', () => {
    const { code, details } = refused(() => roundRobin({ pool: weighted }))
    expect(code).toBe('definition-invalid')
    expect(details).toMatchObject({ field: 'pools.amer.whenNobody', value: 'emea' })
  })
})

type Options = AssignOwnerOptions<{ country: string | null }, 'country', never, 'emea' | 'amer'>
const base = { reads: ['country'], pools, otherwise: { pool: 'emea' }, rules: [] } satisfies Options
const define = (over: Partial<Options>) =>
  assignOwner<{ country: string | null }, 'emea' | 'amer', 'country'>({ ...base, ...over })

describe('an assign-owner column', () => {
  const ladder = define({
    reps: [rep('di')],
    rules: [
      {
        name: 'named',
        decide: ({ country }, by) =>
          country === 'XX' ? by.person(rep('di'), 'named by hand') : by.no('not named'),
      },
      {
        name: 'rotation',
        decide: ({ country }, by) => (country === 'US' ? by.rotate('amer') : by.no('not ours')),
      },
    ],
  })
  const world = { pools, reps: [repOf('di'), repOf('cy')] }
  const of = (country: string | null, over: Partial<DecisionView> = {}) =>
    decide(ladder, { country }, viewOf(world, over))

  it('takes the first rule that answers and keeps why the others did not', () => {
    expect(of('US')).toMatchObject({
      assignment: { rep: 'ana', rule: 'rotation', pool: 'amer', method: 'weighted_round_robin' },
      claims: true,
      trace: {
        rules: [
          { rule: 'named', matched: false, reason: 'not named' },
          { rule: 'rotation', matched: true, pool: 'amer' },
        ],
      },
    })
    expect(of('XX')).toMatchObject({ assignment: { rep: 'di', rule: 'named' }, draw: null })
  })

  it('ends somewhere when no rule answers', () => {
    expect(of('DE')).toMatchObject({
      assignment: { rule: 'otherwise', pool: 'emea', method: 'fallback_pool' },
    })
  })

  it('keeps the rep the company has, and takes no turn for it', () => {
    expect(of('US', { claim })).toMatchObject({ assignment: { rep: 'cy', method: 'sticky' }, draw: null })
  })

  it('shares its claims under a name that is no name of a column', () => {
    expect(drawing(ladder)).not.toHaveProperty('claimScope')
    expect(drawing(define({ claims: { scope: 'company' } }))).toMatchObject({ claimScope: 'company' })
    expect(refused(() => define({ claims: { scope: 'leads.owner' } })).details).toMatchObject({
      field: 'claims.scope',
      value: 'leads.owner',
    })
  })

  it('claims nothing for a row without a company', () => {
    expect(of('US', { account: null })).toMatchObject({ assignment: { rep: 'ana' }, claims: false })
  })

  it('gives a value its schema knows', () => {
    const { assignment } = of('US')
    expect(ladder.output?.safeParse(assignment).success).toBe(true)
  })

  it('takes a person’s word, and refuses a rep who is not in the roster with the way out', () => {
    const given = { rep: 'bo', reason: 'knows them', who: 'mia', method: 'manual_override' } as const
    const { override } = drawing(ladder)
    expect(override(given, viewOf(world)).assignment).toMatchObject({ rep: 'bo', method: 'manual_override' })
    const { code, message, details } = refused(() => override({ ...given, rep: 'xy' }, viewOf(world)))
    expect([code, message]).toEqual(['request-invalid', 'rep xy cannot get this lead: no rep has the id xy'])
    expect(details).toMatchObject({ field: 'rep', value: 'xy', wayOut: expect.stringContaining('/v1/reps') })
  })

  it('asks a standing answer again before it is written', () => {
    const { assignment } = of('US')
    if (assignment === null) throw new Error('nobody was drawn')
    const { recheck } = drawing(ladder)
    expect(recheck(assignment, viewOf(world))).toBeNull()
    const away = { pools, reps: [repOf('ana', onLeave)] }
    expect(recheck(assignment, viewOf(away))).toMatch(/^Ana is on leave/)
  })

  it('changes its version with rules, conditions and policies', () => {
    const rule: Options['rules'][number] = { name: 'r', decide: (_, by) => by.no('x') }
    const versions = [
      define({ rules: [rule] }),
      define({ rules: [{ ...rule, when: { country: 'DE' } }] }),
      define({ rules: [{ ...rule, when: { country: 'FR' } }] }),
      define({ rules: [rule], claims: { onLeave: 'next-rule' } }),
      define({ rules: [rule], otherwise: { queue: { name: 'Q', ids: {} } } }),
    ].map(({ version }) => version)
    expect(new Set(versions).size).toBe(versions.length)
  })
})

describe('a ladder that cannot be right is refused where it is defined', () => {
  const always = { name: 'all', always: true, decide: () => ({ kind: 'no' as const, reason: '' }) }

  it('for a rule that is never reached (trap 65)', () => {
    const { code, message, details } = refused(() => define({ rules: [always, { ...always, name: 'late' }] }))
    expect(code).toBe('definition-invalid')
    expect(message).toBe(
      'rule "late" is never reached: "all" before it always answers where it would be asked',
    )
    expect(details.field).toBe('rules.1')
    expect(() =>
      define({
        rules: [
          { ...always, when: { country: 'DE' } },
          { ...always, name: 'late' },
        ],
      }),
    ).not.toThrow()
  })

  it('for two rules of one name, and a pool nobody holds', () => {
    const rule = { ...always, always: false }
    expect(refused(() => define({ rules: [rule, rule] })).details).toMatchObject({
      field: 'rules.1.name',
      value: 'all',
    })
    const named = refused(() => define({ rules: [{ ...rule, name: 'claim' }] }))
    expect(named.message).toBe('a rule cannot be called "claim": claims and traces tell rules apart by name')
    expect(refused(() => define({ pools: [weighted] })).details).toMatchObject({ value: 'emea' })
  })

  it('for a rep who is defined twice, or whose successor is nobody', () => {
    const other = { ...rep('ana'), email: 'other@ours.example' }
    expect(refused(() => define({ reps: [other] })).message).toBe(
      'rep "ana" is defined twice, with different data',
    )
    const { details } = refused(() => define({ reps: [{ ...rep('di'), successor: 'xy' }] }))
    expect(details).toMatchObject({ field: 'reps.di.successor', value: 'xy' })
    expect(() => define({ reps: [rep('ana'), { ...rep('di'), successor: 'bo' }] })).not.toThrow()
  })

  it('for pools that hand over in a circle, also behind a hold, with the chain', () => {
    const pool = (name: string, whenNobody: PoolOptions['whenNobody']) =>
      definePool(name, { strategy: 'standard', members: [{ rep: rep('ana') }], whenNobody })
    const circle = [
      pool('emea', { pool: 'amer' }),
      pool('amer', { hold: 'until-opening', otherwise: { pool: 'apac' } }),
      pool('apac', { pool: 'emea' }),
    ]
    const define = (pools: readonly PoolDefinition[]) =>
      assignOwner<object, string>({ pools, otherwise: { pool: 'emea' }, rules: [] })
    const { code, message, details } = refused(() => define(circle))
    expect([code, message]).toEqual([
      'definition-invalid',
      'the pools hand over in a circle: emea -> amer -> apac -> emea',
    ])
    expect(details).toMatchObject({
      field: 'pools.emea.whenNobody',
      wayOut: 'let one of them end at a person, a queue, or "assign-anyway"',
    })
    expect(() => define([...circle.slice(0, 2), pool('apac', 'assign-anyway')])).not.toThrow()
    const [first, ...next] = circle
    if (first === undefined) throw new Error('there is no pool')
    expect(refused(() => roundRobin({ pool: first, nextPools: next })).message).toBe(message)
  })

  it('for two reps of one address, unless one of them has left', () => {
    const twin = { ...rep('di'), email: 'ANA@ours.example' }
    const { message, details } = refused(() => define({ reps: [twin] }))
    expect(message).toBe('reps "di" and "ana" have the same e-mail, so a CRM cannot tell them apart')
    expect(details).toMatchObject({ field: 'reps.ana.email', value: 'ana@ours.example' })
    expect(() => define({ reps: [{ ...twin, active: false }] })).not.toThrow()
  })

  it('for a territory that sends leads where nobody is', () => {
    const territory = defineTerritory('market', {
      dimensions: [['region', z.enum(['EMEA'])]],
      destinations: { EMEA: { pool: 'nowhere' } },
    })
    const { message, details } = refused(() => define({ territories: [territory] }))
    expect(message).toContain('territory "market": there is no pool nowhere')
    expect(details.value).toBe('nowhere')
  })
})
