import { describe, expect, test } from 'vitest'
import type { Assignment, Method } from '../../routing/decision.ts'
import { overrideOwner, recheckOwner, whyNotGiven } from '../../routing/ladder/override.ts'
import type { RepInput } from '../../routing/rep.ts'
import { claimOf, onLeave, owner, pool, rep, viewOf, weekdays } from './decision-view.ts'

const [ana, bo] = [rep('ana'), rep('bo')]

describe('a manual override (trap 49)', () => {
  const given = { rep: 'bo', reason: 'knows the CEO', who: 'mia', method: 'manual_override' } as const

  test('gives the lead to the named rep whoever is away, moves the claim and draws nothing', () => {
    const view = viewOf({ reps: [ana, rep('bo', onLeave)] }, { claim: claimOf(ana), previous: [owner(ana)] })
    expect(overrideOwner(given, view)).toMatchObject({
      assignment: {
        rep: 'bo',
        method: 'manual_override',
        reason: 'mia gave it to Bo: knows the CEO',
        previous: [{ rep: 'ana' }],
      },
      hold: null,
      draw: null,
      claims: true,
      trace: { method: 'manual_override', rules: [{ rule: 'override', matched: true }] },
    })
  })

  test('refuses somebody unknown or inactive and says why', () => {
    expect(whyNotGiven({ ...given, rep: 'xy' }, viewOf({}))).toBe('no rep has the id xy')
    expect(() => overrideOwner({ ...given, rep: 'xy' }, viewOf({}))).toThrow(RangeError)
    const gone = viewOf({ reps: [rep('bo', { active: false })] })
    expect(() => overrideOwner(given, gone)).toThrow('Bo is inactive, and a CRM refuses an inactive owner')
  })

  test('by the end of a service level is covered when the named rep is gone', () => {
    const view = viewOf({ reps: [rep('bo', { active: false, successor: 'ana' }), ana] })
    const decision = overrideOwner({ ...given, method: 'fallback_person', who: 'service level' }, view)
    expect(decision).toMatchObject({
      assignment: { rep: 'ana', method: 'fallback_person' },
      trace: { fallbackUsed: true },
    })
  })
})

describe('an answer that is about to be written', () => {
  const assignment = (method: Method, inPool: string | null): Assignment => ({
    ...owner(ana),
    method,
    rule: 'r',
    reason: 'because',
    pool: inPool,
    alsoTell: null,
    previous: [],
  })
  const check = (
    method: Method,
    over: Partial<RepInput>,
    {
      whenNobody = { queue: { name: 'Q', ids: {} } },
      others = [bo],
    }: {
      whenNobody?: 'assign-anyway' | { queue: { name: string; ids: Record<string, string> } }
      others?: ReturnType<typeof rep>[]
    } = {},
  ) => {
    const members = pool('p', [rep('ana', over), ...others], { whenNobody })
    const drawn = ['round_robin', 'weighted_round_robin', 'fallback_pool'].includes(method)
    const view = viewOf({ pools: [members], load: { ana: { drawn: 99, open: 99 } } })
    return recheckOwner(assignment(method, drawn ? 'p' : null), view)
  }
  const asleep = { hours: weekdays('20:00', '22:00') }

  test('stands while the rep is there, caps or not', () => {
    expect(check('round_robin', { caps: { perDay: 1, open: 1 } })).toBeNull()
  })

  test('is decided anew when the drawn rep has gone or gone away in the meantime', () => {
    expect(check('round_robin', { active: false })).toBe('Ana is inactive')
    expect(check('weighted_round_robin', onLeave)).toMatch(/^Ana is on leave until/)
    expect(check('fallback_pool', asleep)).toMatch(/^Ana is outside working hours until/)
  })

  test('of an owner or a claim is refused only when the owner is gone', () => {
    for (const method of ['existing_owner', 'open_opportunity', 'named_account', 'sticky'] as const) {
      expect(check(method, onLeave)).toBeNull()
      expect(check(method, asleep)).toBeNull()
      expect(check(method, { active: false })).toBe('Ana is inactive')
    }
    expect(check('territory', onLeave)).toMatch(/on leave/)
    expect(check('territory', asleep)).toBeNull()
  })

  test('of a person, the end of a chain or a queue stands', () => {
    for (const method of ['manual_override', 'fallback_person', 'no_eligible'] as const) {
      expect(check(method, { active: false })).toBeNull()
    }
  })

  test('of a pool that assigns anyway stands unless somebody else is there', () => {
    const whenNobody = 'assign-anyway' as const
    expect(check('round_robin', asleep, { whenNobody, others: [rep('bo', asleep)] })).toBeNull()
    expect(check('round_robin', asleep, { whenNobody })).toMatch(/outside working hours/)
    expect(check('round_robin', asleep, { others: [rep('bo', asleep)] })).toMatch(/outside working hours/)
  })

  test('for somebody only the CRM knows stands', () => {
    expect(
      recheckOwner({ ...assignment('existing_owner', null), rep: null, email: null }, viewOf({})),
    ).toBeNull()
  })
})
