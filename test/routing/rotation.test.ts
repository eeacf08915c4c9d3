import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chooseMember } from '../../routing/rotation.ts'
import { workMs } from '../support/own-time.ts'
import { drawNext, onLeave, pool, startReplay, weight } from './replay.ts'

describe('a fixed pool', () => {
  test('keeps every member of up to 50 within 1 - 1/(2n - 2) of the fair share at every prefix', () => {
    fc.assert(
      fc.property(fc.array(weight, { minLength: 2, maxLength: 50, size: 'max' }), (weights) => {
        const members = pool(weights)
        const total = weights.reduce((sum, each) => sum + each, 0)
        const bound = 1 - 1 / (2 * weights.length - 2) + 1e-9
        const replay = startReplay()
        for (let turn = 1; turn <= 100; turn += 1) {
          drawNext(replay, members, 'weighted')
          for (const { id, weight } of members) {
            const deviation = Math.abs((replay.draws[id] ?? 0) - (turn * weight) / total)
            if (deviation > bound) throw new Error(`${id} is ${deviation} leads off after ${turn} draws`)
          }
        }
      }),
      { numRuns: 10_000 },
    )
  })

  test('differs by at most one lead between any two members in the standard rotation, whatever the weights', () => {
    fc.assert(
      fc.property(fc.array(weight, { minLength: 1, maxLength: 50, size: 'max' }), (weights) => {
        const members = pool(weights)
        const replay = startReplay()
        for (let turn = 0; turn < 130; turn += 1) {
          drawNext(replay, members, 'standard')
          const counts = members.map(({ id }) => replay.draws[id] ?? 0)
          const spread = Math.max(...counts) - Math.min(...counts)
          if (spread > 1) throw new Error(`the counts are ${spread} apart after ${turn + 1} draws`)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('stays within the bound over a million draws, with integer and with irrational weights', () => {
    for (const weights of [
      [5, 3, 2, 1, 1],
      [Math.PI, Math.E, Math.SQRT2, 0.1],
      [1, 1, 1],
    ]) {
      const members = pool(weights)
      const total = weights.reduce((sum, each) => sum + each, 0)
      const replay = startReplay()
      let worst = 0
      for (let turn = 1; turn <= 1_000_000; turn += 1) {
        drawNext(replay, members, 'weighted')
        if (turn % 997 !== 0 && turn < 999_900) continue
        for (const { id, weight } of members) {
          const deviation = (replay.draws[id] ?? 0) - (turn * weight) / total
          worst = Math.max(worst, Math.abs(deviation))
          expect(replay.balances[id]).toBeCloseTo(-deviation, 6)
        }
      }
      expect(worst).toBeLessThanOrEqual(1 - 1 / (2 * weights.length - 2) + 1e-6)
    }
  })

  test('does not depend on the order of the members', () => {
    fc.assert(
      fc.property(fc.array(weight, { minLength: 2, maxLength: 12 }), fc.nat(), (weights, by) => {
        const members = pool(weights)
        const cut = by % members.length
        const turned = [...members.slice(cut), ...members.slice(0, cut)].reverse()
        const [left, right] = [startReplay(), startReplay()]
        for (let turn = 0; turn < 60; turn += 1) {
          expect(drawNext(left, members, 'weighted').chosen).toBe(drawNext(right, turned, 'weighted').chosen)
        }
      }),
    )
  })

  test('is off by less than a lead after the first seven of 50/30/20, which cannot come out even (trap 84)', () => {
    const replay = startReplay()
    for (let turn = 0; turn < 7; turn += 1) drawNext(replay, pool([5, 3, 2]), 'weighted')
    for (const [id, share] of Object.entries({ 'rep-0': 3.5, 'rep-1': 2.1, 'rep-2': 1.4 })) {
      expect(Math.abs((replay.draws[id] ?? 0) - share)).toBeLessThanOrEqual(1 - 1 / 4)
    }
  })

  test('gives the ramping rep of 50/30/20 four of twenty leads without a run of more than two (trap 84)', () => {
    const replay = startReplay()
    const sequence = Array.from({ length: 20 }, () => drawNext(replay, pool([5, 3, 2]), 'weighted').chosen)
    expect(replay.draws).toEqual({ 'rep-0': 10, 'rep-1': 6, 'rep-2': 4 })
    expect(sequence.join(' ')).not.toMatch(/(rep-\d) \1 \1/)
  })
})

describe('one draw', () => {
  test('breaks a tie by who was drawn longest ago, then by id', () => {
    const request = { strategy: 'standard', members: pool([1, 1, 1]), balances: {} } as const
    expect(chooseMember({ ...request, lastDrawn: {} }).chosen).toBe('rep-0')
    expect(chooseMember({ ...request, lastDrawn: { 'rep-0': 7, 'rep-1': 9 } }).chosen).toBe('rep-2')
    expect(chooseMember({ ...request, lastDrawn: { 'rep-0': 7, 'rep-1': 5, 'rep-2': 9 } }).chosen).toBe(
      'rep-1',
    )
  })

  test('pauses a member of weight 0 in both strategies and says so (trap 72)', () => {
    for (const strategy of ['standard', 'weighted'] as const) {
      const choice = chooseMember({ strategy, members: pool([0, 1]), balances: {}, lastDrawn: {} })
      expect(choice.chosen).toBe('rep-1')
      expect(choice.considered[0]).toMatchObject({
        share: 0,
        balance: 0,
        excluded: { code: 'paused', reason: 'paused: weight 0' },
      })
    }
  })

  test('draws nobody from a pool in which all are away, and leaves the balances alone', () => {
    const members = pool([1, 0]).map((each, at) => ({ ...each, excluded: at === 0 ? onLeave : null }))
    const balances = { 'rep-0': 0.5 }
    const choice = chooseMember({ strategy: 'weighted', members, balances, lastDrawn: {} })
    expect(choice.chosen).toBeNull()
    expect(choice.balances).toEqual(balances)
    expect(choice.reason).toBe('nobody can be drawn: rep-0 (on leave), rep-1 (paused: weight 0)')
    expect(chooseMember({ strategy: 'weighted', members: [], balances, lastDrawn: {} }).chosen).toBeNull()
  })

  test('takes the only available member without changing any balance', () => {
    const choice = chooseMember({
      strategy: 'weighted',
      members: pool([3]),
      balances: { 'rep-0': -0.4 },
      lastDrawn: {},
    })
    expect(choice.chosen).toBe('rep-0')
    expect(choice.balances['rep-0']).toBeCloseTo(-0.4, 12)
  })

  test('refuses weights that are not usable numbers and names member and value (trap 72)', () => {
    for (const weight of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const members = pool([1, weight])
      const draw = () => chooseMember({ strategy: 'standard', members, balances: {}, lastDrawn: {} })
      expect(draw).toThrow(RangeError)
      expect(draw).toThrow(`member 'rep-1' has weight ${weight}`)
    }
  })

  test('refuses a damaged balance instead of drawing by it', () => {
    const request = { strategy: 'standard', members: pool([1, 1]), lastDrawn: {} } as const
    expect(() => chooseMember({ ...request, balances: { 'rep-1': Number.NaN } })).toThrow(/rep-1.*NaN/)
  })

  test('shares stay correct for weights near the limits of a number', () => {
    const choice = chooseMember({
      strategy: 'weighted',
      members: pool([1e308, 1e308, 5e-324]),
      balances: {},
      lastDrawn: {},
    })
    expect(choice.considered.map(({ share }) => share)).toEqual([0.5, 0.5, expect.closeTo(0, 12)])
  })

  test('does not confuse an id with what every object inherits', () => {
    const members = ['constructor', 'toString'].map((id) => ({ id, weight: 1, excluded: null }))
    const replay = startReplay()
    expect([1, 2].map(() => drawNext(replay, members, 'standard').chosen)).toEqual([
      'constructor',
      'toString',
    ])
  })

  test('explains the choice in one sentence with share, balance and who else was there', () => {
    const { reason } = chooseMember({
      strategy: 'weighted',
      members: pool([5, 3, 0]),
      balances: {},
      lastDrawn: {},
    })
    expect(reason).toBe(
      'rep-0 is next: a share of 62.5 % of the weighted rotation, 0.63 leads owed, first due (2 available, 1 not)',
    )
  })

  test('leaves its arguments untouched', () => {
    const balances = Object.freeze({ 'rep-0': 0.2 })
    const members = Object.freeze(pool([1, 2]).map((each) => Object.freeze(each)))
    expect(() =>
      chooseMember({ strategy: 'weighted', members, balances, lastDrawn: Object.freeze({}) }),
    ).not.toThrow()
  })

  test('takes a few microseconds for 5 members', async () => {
    const replay = startReplay()
    const members = pool([5, 3, 2, 1, 1])
    const often = (work: () => unknown) => () => {
      for (let turn = 0; turn < 20_000; turn += 1) work()
    }
    const draw = often(() => drawNext(replay, members, 'weighted'))
    const asJson = often(() => JSON.stringify(replay))
    draw()
    asJson()
    const [drawn, written] = [await workMs(draw), await workMs(asJson)]
    // Measured at twice of what it takes to write down where it stands, a microsecond or two.
    expect(drawn).toBeLessThan(20 * written)
  })
})
