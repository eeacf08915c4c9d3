import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ServiceLevelPolicy, type ServiceLevelPolicyInput } from '../../routing/service-level/policy.ts'
import { assignment, decide, facts, plus, standard, start } from './service-level-facts.ts'

describe('for any policy and any time', () => {
  const newYork: ServiceLevelPolicyInput['calendar'] = {
    zone: 'America/New_York',
    hours: { wednesday: [{ from: '05:00', until: '09:00' }] },
  }
  const minutes = fc.integer({ min: 1, max: 600 })
  const anyPolicy = fc.record({
    withinMinutes: minutes,
    remindAfterMinutes: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 3 }),
    calendar: fc.constantFrom(null, newYork),
    reassign: fc.constantFrom(null, { afterMinutes: 41, maxHops: 1, finally: 'mia' }),
    checkEveryMinutes: fc.constantFrom(null, 7),
  })

  it('nothing changes between now and the moment to look again', () => {
    fc.assert(
      fc.property(
        anyPolicy,
        fc.nat(2000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (policy, now, share) => {
          const first = decide(policy, facts(plus(now)))
          if (first.redraw !== null) return
          const end = first.again ?? plus(now) + 40 * 86_400_000
          expect(end).toBeGreaterThan(plus(now))
          const between = Math.min(end - 1, plus(now) + Math.floor(share * (end - plus(now))))
          const second = decide(policy, facts(between))
          expect(second.value).toEqual(first.value)
          expect(second.redraw).toBeNull()
        },
      ),
      { numRuns: 500 },
    )
  })

  it('a lead that nobody touches comes to rest at the named person after at most maxHops owners by the rules', () => {
    fc.assert(
      fc.property(fc.nat(5), fc.integer({ min: 1, max: 60 }), (maxHops, afterMinutes) => {
        const policy = { withinMinutes: 15, reassign: { afterMinutes, maxHops, finally: 'mia' } }
        let given = facts(start)
        const owners = ['rep-0']
        for (let step = 0; step < 100; step += 1) {
          given = { ...given, owner: assignment(owners[0] ?? null, owners.slice(1)) }
          const { again, redraw } = decide(policy, given)
          if (redraw !== null) {
            owners.unshift(redraw.to ?? `rep-${owners.length}`)
            given = { ...given, decided: given.now, assigned: given.now }
          } else if (again === null) break
          else given = { ...given, now: again }
        }
        expect(owners[0]).toBe('mia')
        expect(owners).toHaveLength(maxHops + 2)
        expect(new Set(owners).size).toBe(owners.length)
      }),
    )
  })
})

describe('a policy', () => {
  const problems = (policy: ServiceLevelPolicyInput) =>
    ServiceLevelPolicy.safeParse(policy).error?.issues.map(
      ({ path, message }) => `${path.join('.')}: ${message}`,
    )

  it('is refused where it could not work, naming the field', () => {
    expect(problems({ ...standard, withinMinutes: 0 })?.[0]).toMatch(/^withinMinutes: /)
    expect(problems({ ...standard, withinMinutes: Number.NaN })?.[0]).toMatch(/^withinMinutes: /)
    expect(problems({ ...standard, remindAfterMinutes: [5, 30] })).toEqual([
      'remindAfterMinutes.1: the lead is given to somebody else after 30 minutes; remind earlier',
    ])
    expect(problems({ withinMinutes: 5, calendar: { zone: 'Mars/Olympus' } })?.[0]).toMatch(
      /^calendar.zone: is not a time zone/,
    )
    expect(problems({ withinMinutes: 5, calendar: { zone: 'UTC', hours: { monday: [] } } })).toEqual([
      'calendar.hours: never opens; give one weekday a block, or leave hours out for any hour',
    ])
    expect(
      problems({ withinMinutes: 5, calendar: { zone: 'UTC', holidays: { country: 'XX' } } })?.[0],
    ).toMatch(/^calendar.holidays: no holidays are known for country XX/)
  })
})
