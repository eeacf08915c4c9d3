import { describe, expect, it } from 'vitest'
import { assignOwner } from '../../columns/assign-owner.ts'
import type { Column } from '../../columns/column.ts'
import { roundRobin } from '../../columns/round-robin.ts'
import type { Claim, Decision, PoolState, RotationView } from '../../routing/decision.ts'
import { definePool, type Pool } from '../../routing/pool.ts'

const rep = (id: string) => ({ id, name: id.toUpperCase(), email: `${id}@ours.example` })
const members = [{ rep: rep('ana'), weight: 3 }, { rep: rep('bo') }]
const standard = definePool('emea', { strategy: 'standard', members, whenNobody: 'assign-anyway' })
const weighted = definePool('amer', { strategy: 'weighted', members, whenNobody: { pool: 'emea' } })
const claim: Claim = {
  account: 'acme.com',
  owner: { rep: 'cy', name: 'CY', email: null, ids: {} },
  table: 'leads',
  row: 'row_9',
  rule: 'rotation',
  at: '2026-03-02T09:00:00.000Z',
}

const viewOf = (pools: readonly Pool[], over: Partial<RotationView> = {}): RotationView => ({
  now: 0,
  claim: null,
  account: 'acme.com',
  previous: null,
  pool: (name): PoolState | null => {
    const pool = pools.find((each) => each.name === name)
    return pool === undefined ? null : { pool, balances: {}, lastDrawn: {} }
  },
  ...over,
})

function decide(column: Column<never, unknown>, values: object, view: RotationView): Decision {
  if (column.work.effect !== 'draw') throw new Error('the column does not draw')
  return column.work.decide({ ...values }, view)
}

/** Draws until `count` are made, each on the balances the one before left. */
function drawMany(column: Column<never, unknown>, pool: Pool, count: number): string {
  let state: PoolState = { pool, balances: {}, lastDrawn: {} }
  let drawn = ''
  for (let index = 1; index <= count; index += 1) {
    const { draw } = decide(column, {}, viewOf([], { pool: () => state }))
    if (draw === null) return `${drawn} nobody`
    state = { pool, balances: draw.balances, lastDrawn: { ...state.lastDrawn, [draw.member]: index } }
    drawn += draw.member.charAt(0)
  }
  return drawn
}

describe('a round-robin column', () => {
  it('takes equal turns, or turns by weight', () => {
    expect(drawMany(roundRobin({ pool: standard }), standard, 6)).toBe('ababab')
    const turns = drawMany(roundRobin({ pool: weighted }), weighted, 8)
    expect(turns.replaceAll('b', '')).toHaveLength(6)
  })

  it('knows neither claims nor companies', () => {
    const decision = decide(roundRobin({ pool: standard }), {}, viewOf([standard], { claim }))
    expect(decision).toMatchObject({ assignment: { rep: 'ana' }, claims: false })
  })

  it('shows its pool', () => {
    const column = roundRobin({ pool: weighted })
    expect(column).toMatchObject({
      kind: 'round-robin',
      describe: { pool: 'amer', strategy: 'weighted' },
      retry: { attempts: 1 },
    })
    expect(column.work).toMatchObject({ effect: 'draw', pools: [weighted] })
  })
})

describe('an assign-owner column', () => {
  const ladder = assignOwner<{ country: string | null }, 'emea' | 'amer', 'country'>({
    reads: ['country'],
    pools: [standard, weighted],
    otherwise: { pool: 'emea' },
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
  const of = (country: string | null, over: Partial<RotationView> = {}) =>
    decide(ladder, { country }, viewOf([standard, weighted], over))

  it('takes the first rule that answers and keeps why the others did not', () => {
    expect(of('US')).toMatchObject({
      assignment: { rep: 'ana', rule: 'rotation', pool: 'amer', method: 'weighted_round_robin' },
      claims: true,
      trace: [
        { rule: 'named', matched: false, reason: 'not named' },
        { rule: 'rotation', matched: true, pool: 'amer' },
      ],
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

  it('claims nothing for a row without a company', () => {
    expect(of('US', { account: null })).toMatchObject({ assignment: { rep: 'ana' }, claims: false })
  })

  it('gives a value its schema knows', () => {
    const { assignment } = of('US')
    expect(ladder.output?.safeParse(assignment).success).toBe(true)
  })
})
