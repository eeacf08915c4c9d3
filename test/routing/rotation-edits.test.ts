import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chooseMember, giveBack, type RotationMember, type RotationRequest } from '../../routing/rotation.ts'
import { drawNext, onLeave, pool, type Replay, startReplay, weight, worstBalance } from './replay.ts'

const edit = fc.record({
  kind: fc.constantFrom('add', 'remove', 'away', 'reweigh', 'none', 'none', 'none'),
  at: fc.nat(),
  weight,
})
type Edit = { kind: string; at: number; weight: number }

function applyEdit(members: RotationMember[], edit: Edit, fresh: string): RotationMember[] {
  const index = edit.at % members.length
  const change = (update: (member: RotationMember) => Partial<RotationMember>) =>
    members.map((each, at) => (at === index ? { ...each, ...update(each) } : each))
  if (edit.kind === 'add') return [...members, { id: fresh, weight: edit.weight, excluded: null }]
  if (edit.kind === 'remove' && members.length > 2) return members.filter((_, at) => at !== index)
  if (edit.kind === 'away') return change((each) => ({ excluded: each.excluded === null ? onLeave : null }))
  if (edit.kind === 'reweigh') return change(() => ({ weight: edit.weight }))
  return members
}

describe('a pool that is edited while it runs', () => {
  test('keeps every balance within 1.5 leads and never draws anybody who is excluded', () => {
    fc.assert(
      fc.property(
        fc.array(weight, { minLength: 2, maxLength: 12 }),
        fc.array(edit, { minLength: 20, maxLength: 100, size: 'max' }),
        (weights, edits) => {
          let members = pool(weights)
          const replay = startReplay()
          for (const [turn, each] of edits.entries()) {
            members = applyEdit(members, each, `joined-${turn}`)
            const { chosen } = drawNext(replay, members, 'weighted')
            const drawn = members.find(({ id }) => id === chosen)
            if (chosen !== null && drawn?.excluded !== null) throw new Error(`${chosen} was drawn while away`)
            if (worstBalance(replay) > 1.5) throw new Error(`a balance is ${worstBalance(replay)} leads off`)
          }
        },
      ),
      { numRuns: 10_000 },
    )
  })

  test('cannot be driven further than H_n - 1 by removing whoever was drawn', () => {
    for (let size = 2; size <= 50; size += 1) {
      let members = pool(Array.from({ length: size }, () => 1))
      const replay = startReplay()
      let harmonic = 0
      for (let part = 1; part <= size; part += 1) harmonic += 1 / part
      while (members.length > 0) {
        const { chosen } = drawNext(replay, members, 'standard')
        members = members.filter(({ id }) => id !== chosen)
        const remaining = members.map(({ id }) => replay.balances[id] ?? 0)
        expect(Math.max(0, ...remaining)).toBeLessThanOrEqual(harmonic - 1 + 0.01)
      }
    }
  })

  test('gives no catch-up burst to a rep who returns from leave', () => {
    const replay = startReplay()
    const members = pool([5, 3, 2])
    const away = members.map((each) => (each.id === 'rep-1' ? { ...each, excluded: onLeave } : each))
    for (let turn = 0; turn < 40; turn += 1) drawNext(replay, members, 'weighted')
    const before = replay.balances['rep-1']
    for (let turn = 0; turn < 60; turn += 1) drawNext(replay, away, 'weighted')
    expect(replay.balances['rep-1']).toBe(before)
    replay.draws = {}
    for (let turn = 0; turn < 20; turn += 1) drawNext(replay, members, 'weighted')
    expect(replay.draws['rep-1']).toBe(6)
  })

  test('makes no burst of a weight that was raised (trap 73)', () => {
    const replay = startReplay()
    const drawMany = (weights: number[], count: number) =>
      Array.from({ length: count }, () => drawNext(replay, pool(weights), 'weighted').chosen)
    drawMany([5, 3, 2], 33)
    const after = drawMany([5, 3, 5], 40)
    const drawn = after.filter((each) => each === 'rep-2').length
    expect(Math.abs(drawn - (40 * 5) / 13)).toBeLessThan(1.5)
    expect(after.join(' ')).not.toMatch(/rep-2 rep-2 rep-2/)
  })

  test('gives a member who joins the fair share from then on, and one who comes back no arrears (trap 74)', () => {
    const replay = startReplay()
    for (let turn = 0; turn < 200; turn += 1) drawNext(replay, pool([5, 3]), 'weighted')
    const joined = Array.from({ length: 40 }, () => drawNext(replay, pool([5, 3, 2]), 'weighted').chosen)
    expect(joined.filter((each) => each === 'rep-2')).toHaveLength(8)
    for (let turn = 0; turn < 200; turn += 1) drawNext(replay, pool([5, 3]), 'weighted')
    const back = Array.from({ length: 40 }, () => drawNext(replay, pool([5, 3, 2]), 'weighted').chosen)
    expect(back.filter((each) => each === 'rep-2')).toHaveLength(8)
  })

  test('does not shift turns when the list is reordered, nor mix up two people of one name (trap 75)', () => {
    const [left, right] = [startReplay(), startReplay()]
    for (let turn = 0; turn < 60; turn += 1) {
      const members = pool([5, 3, 2, 2])
      const turned = turn % 3 === 0 ? members.toReversed() : members
      expect(drawNext(left, members, 'weighted').chosen).toBe(drawNext(right, turned, 'weighted').chosen)
    }
  })

  test('keeps the balance of a member who has left', () => {
    const { balances } = chooseMember({
      strategy: 'weighted',
      members: pool([1, 1]),
      balances: { gone: 0.25 },
      lastDrawn: {},
    })
    expect(balances.gone).toBe(0.25)
  })
})

/** The same, with everybody on leave who is named. */
const without = (members: RotationMember[], ...ids: string[]) =>
  members.map((each) => (ids.includes(each.id) ? { ...each, excluded: onLeave } : each))

const sumOf = (balances: Record<string, number>) =>
  Object.values(balances).reduce((sum, each) => sum + each, 0)

describe('catching up after leave or a holiday', () => {
  const draw = (replay: Replay, members: RotationMember[], catchUp: RotationRequest['catchUp']) => {
    const { balances, lastDrawn } = replay
    const choice = chooseMember({
      strategy: 'weighted',
      members,
      balances,
      lastDrawn,
      ...(catchUp && { catchUp }),
    })
    replay.balances = choice.balances
    if (choice.chosen === null) return choice
    replay.turn += 1
    replay.lastDrawn[choice.chosen] = replay.turn
    replay.draws[choice.chosen] = (replay.draws[choice.chosen] ?? 0) + 1
    return choice
  }
  const members = pool([5, 3, 2])

  /** Owed to rep-1 after 40 draws with everybody and 60 without, and how many of the next 100 it gets. */
  const comeBack = (catchUp: RotationRequest['catchUp']) => {
    const replay = startReplay()
    for (let turn = 0; turn < 40; turn += 1) draw(replay, members, catchUp)
    for (let turn = 0; turn < 60; turn += 1) draw(replay, without(members, 'rep-1'), catchUp)
    const owed = replay.balances['rep-1'] ?? 0
    const before = replay.draws['rep-1'] ?? 0
    for (let turn = 0; turn < 100; turn += 1) draw(replay, members, catchUp)
    return { owed, got: (replay.draws['rep-1'] ?? 0) - before, sum: sumOf(replay.balances) }
  }

  test('gives nothing, so many leads, or everything, as the pool says', () => {
    expect(comeBack('none')).toEqual({ owed: 0, got: 30, sum: expect.closeTo(0, 9) })
    expect(comeBack({ bounded: 4 })).toEqual({ owed: 4, got: 34, sum: expect.closeTo(0, 9) })
    expect(comeBack('full')).toEqual({ owed: expect.closeTo(18, 9), got: 48, sum: expect.closeTo(0, 9) })
  })

  test('is not for the paused, the inactive, off hours and caps', () => {
    for (const code of ['inactive', 'paused', 'hours', 'cap', 'previous', 'unknown-rep'] as const) {
      const excluded = { code, reason: code, until: null }
      const away = members.map((each) => (each.id === 'rep-1' ? { ...each, excluded } : each))
      const { balances } = draw(startReplay(), away, 'full')
      expect(balances['rep-1']).toBeUndefined()
    }
  })

  test('draws nobody and moves nothing while everybody is away', () => {
    const replay = startReplay()
    expect(draw(replay, without(members, 'rep-0', 'rep-1', 'rep-2'), 'full')).toMatchObject({
      chosen: null,
      balances: {},
    })
  })

  test('keeps the balances at what was drawn, whoever comes and goes', () => {
    const change = fc.record({
      who: fc.nat({ max: 7 }),
      away: fc.boolean(),
      leads: fc.integer({ min: -2, max: 2 }),
    })
    const policy = fc.constantFrom('none' as const, 'full' as const, { bounded: 1.5 })
    fc.assert(
      fc.property(
        fc.array(weight, { minLength: 1, maxLength: 8 }),
        policy,
        fc.array(change),
        (weights, catchUp, changes) => {
          let now = pool(weights)
          const replay = startReplay()
          for (const { who, away, leads } of changes) {
            now = now.map((each, at) => (at === who ? { ...each, excluded: away ? onLeave : null } : each))
            const { chosen } = draw(replay, now, catchUp)
            if (chosen !== null) expect(now.find(({ id }) => id === chosen)?.excluded).toBeNull()
            const member = now[who % now.length]?.id ?? ''
            const { balances } = replay
            replay.balances = giveBack(
              { strategy: 'weighted', members: now, balances, catchUp },
              member,
              leads,
            )
            expect(sumOf(replay.balances)).toBeCloseTo(0, 6)
          }
        },
      ),
      { numRuns: 1_000 },
    )
  })
})

describe('a turn that is given back (trap 81)', () => {
  const request = { strategy: 'weighted', members: pool([5, 3, 2]), balances: {} } as const

  test('undoes the draw exactly', () => {
    const { balances, chosen } = chooseMember({ ...request, lastDrawn: {} })
    const back = giveBack({ ...request, balances }, chosen ?? '')
    for (const balance of Object.values(back)) expect(balance).toBeCloseTo(0, 12)
  })

  test('is owed to the member again, the others bear it by their shares', () => {
    expect(giveBack(request, 'rep-2')).toEqual({ 'rep-0': -0.5, 'rep-1': -0.3, 'rep-2': 0.8 })
    expect(giveBack(request, 'rep-2', -2)).toEqual({ 'rep-0': 1, 'rep-1': 0.6, 'rep-2': -1.6 })
    expect(sumOf(giveBack(request, 'has-left'))).toBeCloseTo(0, 12)
  })

  test('keeps the sum when nobody can be drawn', () => {
    const nobody = without(pool([5, 3, 2]), 'rep-0', 'rep-1', 'rep-2')
    expect(giveBack({ ...request, members: nobody }, 'rep-2')).toEqual({
      'rep-0': -0.5,
      'rep-1': -0.3,
      'rep-2': 0.8,
    })
    expect(sumOf(giveBack({ ...request, members: pool([0, 0]) }, 'rep-0'))).toBeCloseTo(0, 12)
  })
})
