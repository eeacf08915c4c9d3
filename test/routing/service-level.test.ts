import { describe, expect, it } from 'vitest'
import {
  assignment,
  at,
  decide,
  facts,
  minute,
  plus,
  signal,
  standard,
  standing,
  start,
} from './service-level-facts.ts'

describe('the clock of a lead', () => {
  it('goes from open over reminders to breached, and looks again at each of these moments', () => {
    const quiet = { redraw: null, clock: 'open', breached: false }
    expect(standing(standard, facts(plus(0)))).toEqual({ state: 'open', reminders: 0, again: 5, ...quiet })
    expect(standing(standard, facts(plus(5)))).toEqual({
      state: 'reminded',
      reminders: 1,
      again: 10,
      ...quiet,
    })
    expect(standing(standard, facts(plus(10)))).toEqual({
      state: 'reminded',
      reminders: 2,
      again: 15,
      ...quiet,
    })
    expect(standing(standard, facts(plus(15)))).toEqual({
      ...quiet,
      state: 'breached',
      reminders: 2,
      again: 30,
      breached: true,
    })
  })

  it('begins at the submission, however late the row came in (trap 102)', () => {
    const late = facts(plus(40), {
      received: plus(40),
      decided: plus(40),
      assigned: plus(40),
      notified: null,
    })
    const { value, clock, redraw, again } = decide(standard, late)
    expect(value.capturedAt).toBe('2026-11-18T09:00:00.000Z')
    expect(value.deadline).toBe('2026-11-18T09:15:00.000Z')
    expect(value).toMatchObject({ state: 'breached', deliveredLateMs: 40 * minute, skewed: false })
    expect(clock).toMatchObject({ captured: start, breached: true })
    // The owner has had no chance yet: their own time begins now.
    expect(redraw).toBeNull()
    expect(again).toBe(plus(45))
  })

  it('reports no late delivery where it cannot tell, and none within five minutes (trap 102)', () => {
    const { received: _, ...unknown } = facts(plus(40), { decided: plus(39) })
    expect(decide(standard, unknown).value.deliveredLateMs).toBeNull()
    expect(decide(standard, facts(plus(6), { received: plus(5) })).value.deliveredLateMs).toBeNull()
  })

  it('takes a submission time in the future as the arrival and says so (trap 102)', () => {
    const ahead = { captured: plus(90), received: start }
    const { value, clock } = decide(standard, facts(plus(1), ahead))
    expect(value).toMatchObject({ skewed: true, capturedAt: '2026-11-18T09:00:00.000Z', state: 'open' })
    expect(clock.captured).toBe(start)
    expect(decide(standard, facts(plus(20), ahead)).value.state).toBe('breached')
    const alittle = decide(standard, facts(start, { captured: plus(4), received: start }))
    expect(alittle.value).toMatchObject({ skewed: false, capturedAt: '2026-11-18T09:04:00.000Z' })
  })

  it('counts from the assignment where the policy says so', () => {
    const held = facts(plus(60), { decided: plus(60), assigned: plus(60) })
    expect(decide({ ...standard, clockFrom: 'assignment' }, held).value).toMatchObject({
      state: 'open',
      deadline: '2026-11-18T10:15:00.000Z',
      capturedAt: '2026-11-18T09:00:00.000Z',
    })
  })

  it('ends when nobody owns the lead', () => {
    const { value, again, clock } = decide(standard, facts(plus(1), { owner: null, assigned: null }))
    expect(value).toMatchObject({
      state: 'ended',
      owner: null,
      assignedAt: null,
      reason: 'nobody owns the lead',
    })
    expect(again).toBeNull()
    expect(clock).toMatchObject({ state: 'ended', rep: null, assigned: null })
  })

  it('looks for activity in between where the policy says so, for thirty days at most', () => {
    const policy = { withinMinutes: 15, checkEveryMinutes: 60 }
    expect(standing(policy, facts(plus(0))).again).toBe(15)
    expect(standing(policy, facts(plus(20))).again).toBe(80)
    expect(standing(policy, facts(plus(30 * 24 * 60 - 30))).again).toBeNull()
    expect(standing({ withinMinutes: 15 }, facts(plus(20))).again).toBeNull()
  })
})

describe('business time', () => {
  const block = [{ from: '09:00', until: '17:00' }]
  const calendar = {
    zone: 'Europe/Berlin',
    hours: { monday: block, tuesday: block, wednesday: block, thursday: block, friday: block },
    holidays: { country: 'DE' },
  }

  it('carries a lead of Friday 16:58 into Monday, and both times are reported (trap 104)', () => {
    const friday = at('2026-11-20T15:58:00Z')
    const given = facts(friday, { captured: friday, received: friday, decided: friday, assigned: friday })
    const policy = { withinMinutes: 5, calendar, remindAfterMinutes: [3] }
    const open = decide(policy, given)
    expect(open.value.deadline).toBe('2026-11-23T08:03:00.000Z')
    expect(open.value.reason).toContain('by 2026-11-23 09:03 Europe/Berlin')
    expect(open.again).toBe(at('2026-11-23T08:01:00Z'))
    const touch = { kind: 'touched', by: 'ada', at: at('2026-11-23T08:02:00Z') }
    const met = decide(policy, { ...given, signals: [touch], now: at('2026-11-23T08:02:30Z') })
    expect(met.value).toMatchObject({ state: 'met', wallMinutes: 64 * 60 + 4, businessMinutes: 4 })
    expect(met.clock).toMatchObject({ breached: false, businessMs: 4 * minute })
    expect(met.value.reason).toBe(
      'first touch (touched) by ada after 3844 minutes (4 minutes of business time), in time',
    )
  })

  it('stands still on holidays, without a calendar it does not (trap 104)', () => {
    const eve = at('2026-12-24T15:50:00Z')
    const given = facts(eve, { captured: eve, received: eve, decided: eve, assigned: eve })
    expect(decide({ withinMinutes: 15, calendar }, given).value.deadline).toBe('2026-12-28T08:05:00.000Z')
    const wall = decide({ withinMinutes: 15 }, given)
    expect(wall.value).toMatchObject({ deadline: '2026-12-24T16:05:00.000Z', businessMinutes: null })
    expect(wall.clock.businessMs).toBeNull()
  })
})

describe('a touch', () => {
  it('by a person meets the service level', () => {
    const { value, clock, again, redraw } = decide(
      standard,
      facts(plus(9), { signals: [signal('touched', 8)] }),
    )
    expect(value).toMatchObject({
      state: 'met',
      touchedAt: '2026-11-18T09:08:00.000Z',
      touchedBy: 'ada',
      wallMinutes: 8,
      reminders: 1,
      reassignAt: null,
    })
    expect(clock).toMatchObject({ state: 'met', touched: plus(8), breached: false })
    expect([again, redraw]).toEqual([null, null])
  })

  it('made by a machine is none (trap 103)', () => {
    const signals = [signal('touched', 1, { by: 'sequencer', automated: true })]
    expect(standing(standard, facts(plus(16), { signals })).state).toBe('breached')
    expect(standing(standard, facts(plus(31), { signals })).redraw).toEqual({
      reason: 'not touched by ada within 30 minutes',
    })
  })

  it('found in the CRM counts from the assignment on (trap 103)', () => {
    const given = facts(plus(20), { assigned: plus(2), decided: plus(1) })
    const call = { at: plus(12), kind: 'call', by: 'Ada Fox' }
    const met = decide(standard, { ...given, activity: call })
    expect(met.value).toMatchObject({ state: 'met', touchedBy: 'Ada Fox', wallMinutes: 12 })
    expect(met.value.reason).toBe('first touch (CRM call) by Ada Fox after 12 minutes, in time')
    expect(decide(standard, { ...given, activity: { ...call, at: plus(1) } }).value.state).toBe('breached')
  })

  it('that came first counts, whoever tells it later', () => {
    const signals = [signal('touched', 14), signal('touched', 11)]
    const activity = { at: plus(12), kind: 'email' }
    expect(decide(standard, facts(plus(20), { signals, activity })).value.wallMinutes).toBe(11)
  })

  it('after the deadline meets it late, and stays a breach', () => {
    const { value, clock } = decide(standard, facts(plus(50), { signals: [signal('touched', 22)] }))
    expect(value.state).toBe('met')
    expect(value.reason).toBe(
      'first touch (touched) by ada after 22 minutes, too late, it was due 2026-11-18 09:15 UTC',
    )
    expect(clock).toMatchObject({ state: 'met', breached: true })
    expect(decide(standard, facts(plus(50), { signals: [signal('touched', 15)] })).clock.breached).toBe(false)
  })

  it('from long before the submission is of another lead, one from the future is now', () => {
    expect(standing(standard, facts(plus(1), { signals: [signal('touched', -60)] })).state).toBe('open')
    const ahead = decide(standard, facts(plus(3), { signals: [signal('touched', 60)] }))
    expect(ahead.clock.touched).toBe(plus(3))
  })
})

describe('acceptance and refusal', () => {
  it('an acceptance is recorded and stops nothing', () => {
    const given = facts(plus(31), { signals: [signal('accepted', 2)] })
    const { value, clock, redraw } = decide(standard, given)
    expect(value.acceptedAt).toBe('2026-11-18T09:02:00.000Z')
    expect(clock.accepted).toBe(plus(2))
    expect(redraw).not.toBeNull()
  })

  it('a refusal gives the lead to somebody else at once, with the reason', () => {
    const signals = [signal('rejected', 3, { note: 'wrong region' })]
    expect(standing(standard, facts(plus(3), { signals })).redraw).toEqual({
      reason: 'rejected by ada: wrong region',
    })
    expect(standing({ withinMinutes: 15 }, facts(plus(3), { signals })).redraw).toEqual({
      reason: 'rejected by ada: wrong region',
    })
  })

  it('of an earlier owner says nothing about the present one', () => {
    const signals = [signal('accepted', 2), signal('rejected', 3)]
    const moved = { owner: assignment('ben', ['ada']), decided: plus(3), assigned: plus(4) }
    const second = decide(standard, facts(plus(5), { signals, ...moved }))
    expect(second.redraw).toBeNull()
    expect(second.value).toMatchObject({ state: 'open', acceptedAt: null, hops: 1 })
    // Not even when it is told once more.
    const again = [...signals, signal('rejected', 6)]
    expect(decide(standard, facts(plus(7), { signals: again, ...moved })).redraw).toBeNull()
    const ofBen = [...signals, signal('rejected', 6, { by: 'ben' })]
    expect(decide(standard, facts(plus(7), { signals: ofBen, ...moved })).redraw).toEqual({
      reason: 'rejected by ben',
    })
  })

  it('by a caller without a name of an owner counts for the owner of that time only', () => {
    const signals = [signal('rejected', 3, { by: 'local' })]
    expect(decide(standard, facts(plus(3), { signals })).redraw).not.toBeNull()
    const moved = { owner: assignment('ben', ['ada']), decided: plus(3), assigned: plus(4) }
    expect(decide(standard, facts(plus(5), { signals, ...moved })).redraw).toBeNull()
  })

  it('by the last in line ends the waiting, and a touch still counts', () => {
    const mia = { owner: assignment('mia', ['cleo', 'ben', 'ada']), decided: plus(90), assigned: plus(90) }
    const signals = [signal('rejected', 95, { by: 'mia' })]
    const ended = decide(standard, facts(plus(96), { ...mia, signals }))
    expect(ended.redraw).toBeNull()
    expect(ended.value).toMatchObject({
      state: 'ended',
      reason: 'rejected by mia; it stays because the owner is the last in line',
    })
    const touched = [...signals, signal('touched', 97, { by: 'mia' })]
    expect(decide(standard, facts(plus(98), { ...mia, signals: touched })).value.state).toBe('met')
  })
})

describe('a silent owner', () => {
  it('loses the lead after the time of the policy, first by the rules, in the end to the named person (trap 105)', () => {
    const hop = (rep: string, previous: string[], from: number) => ({
      owner: assignment(rep, previous),
      decided: plus(from),
      assigned: plus(from),
    })
    expect(standing(standard, facts(plus(29), hop('ada', [], 0))).redraw).toBeNull()
    expect(standing(standard, facts(plus(30), hop('ada', [], 0))).redraw).toEqual({
      reason: 'not touched by ada within 30 minutes',
    })
    expect(standing(standard, facts(plus(59), hop('ben', ['ada'], 30))).redraw).toBeNull()
    expect(standing(standard, facts(plus(60), hop('ben', ['ada'], 30))).redraw).toEqual({
      reason: 'not touched by ben within 30 minutes',
    })
    expect(standing(standard, facts(plus(90), hop('cleo', ['ben', 'ada'], 60))).redraw).toEqual({
      reason: 'not touched by cleo within 30 minutes',
      to: 'mia',
    })
    const last = standing(standard, facts(plus(999), hop('mia', ['cleo', 'ben', 'ada'], 90)))
    expect(last).toMatchObject({ redraw: null, again: null, state: 'breached', clock: 'open' })
  })

  it('is reminded anew after a hop, while the first-touch deadline stays (trap 105)', () => {
    const ben = { owner: assignment('ben', ['ada']), decided: plus(12), assigned: plus(12) }
    const { value, again } = decide(standard, facts(plus(13), ben))
    expect(value).toMatchObject({
      state: 'open',
      reminders: 0,
      deadline: '2026-11-18T09:15:00.000Z',
      reassignAt: '2026-11-18T09:42:00.000Z',
    })
    expect(again).toBe(plus(15))
    expect(standing(standard, facts(plus(17), ben))).toMatchObject({
      state: 'breached',
      reminders: 1,
      again: 22,
    })
  })

  it('who is the named person anyway keeps it, and so does one a person chose', () => {
    expect(standing(standard, facts(plus(31), { owner: assignment('mia') })).redraw).toBeNull()
    const chosen = assignment('ada', [], { method: 'manual_override' })
    expect(standing(standard, facts(plus(31), { owner: chosen, pinned: true }))).toMatchObject({
      redraw: null,
      state: 'breached',
      again: null,
    })
  })

  it('whom a person chose and let go of loses it as anybody does (trap 49)', () => {
    const chosen = { owner: assignment('ada', [], { method: 'manual_override' }), pinned: false }
    expect(standing(standard, facts(plus(29), chosen))).toMatchObject({ redraw: null, again: 30 })
    expect(standing(standard, facts(plus(31), chosen)).redraw).not.toBeNull()
  })

  it('behind the last hop never loses it, whoever it is: no loop is possible (trap 105)', () => {
    const moved = assignment('dan', ['mia', 'cleo', 'ben', 'ada'])
    expect(standing(standard, facts(plus(500), { owner: moved })).redraw).toBeNull()
    const none = { ...standard, reassign: { afterMinutes: 30, maxHops: 0, finally: 'mia' } }
    expect(standing(none, facts(plus(30))).redraw).toEqual({
      reason: 'not touched by ada within 30 minutes',
      to: 'mia',
    })
  })

  it('that is a queue loses it too', () => {
    expect(standing(standard, facts(plus(30), { owner: assignment(null) })).redraw).toEqual({
      reason: 'not touched by Triage within 30 minutes',
    })
  })
})

describe('what was found out once', () => {
  const from = (signals: ReturnType<typeof decide>['learnt'], more: Parameters<typeof facts>[1] = {}) => ({
    signals,
    ...more,
  })

  it('is the moment an owner got the lead: writing it again gives them no more time (trap 105)', () => {
    const { learnt } = decide(standard, facts(plus(1)))
    expect(learnt).toEqual([{ kind: 'assigned', by: 'ada', at: start }])
    const again = decide(standard, facts(plus(29), from(learnt, { assigned: plus(28) })))
    expect(again.value).toMatchObject({
      assignedAt: '2026-11-18T09:00:00.000Z',
      reassignAt: '2026-11-18T09:30:00.000Z',
      reminders: 2,
    })
    expect(again.clock.assigned).toBe(start)
    expect(again.learnt).toEqual([])
    expect(decide(standard, facts(plus(31), from(learnt, { assigned: plus(28) }))).redraw).not.toBeNull()
  })

  it('is told of each owner, and of none before the lead is written', () => {
    const first = [{ kind: 'assigned', by: 'ada', at: start }]
    const ben = { owner: assignment('ben', ['ada']), decided: plus(30), assigned: plus(31) }
    expect(decide(standard, facts(plus(32), from(first, ben))).learnt).toEqual([
      { kind: 'assigned', by: 'ben', at: plus(31) },
    ])
    expect(decide(standard, facts(plus(32), from(first, { ...ben, assigned: null }))).learnt).toEqual([])
  })

  it('is a touch seen in the CRM, also when it cannot be asked later (trap 103)', () => {
    for (const by of ['Ada Fox', null]) {
      const call = { at: plus(12), kind: 'call', by }
      const met = decide(standard, facts(plus(13), { activity: call }))
      expect(met.value).toMatchObject({ state: 'met', touchedBy: by })
      const later = decide(standard, facts(plus(90), from(met.learnt, { assigned: plus(80) })))
      expect(later.value).toEqual(met.value)
      expect(later.learnt).toEqual([])
    }
  })

  it('is a deadline that passed, where every owner has one of their own', () => {
    const policy = { ...standard, clockFrom: 'assignment' as const }
    const late = decide(policy, facts(plus(30)))
    expect(late.redraw).not.toBeNull()
    const ben = { owner: assignment('ben', ['ada']), decided: plus(30), assigned: plus(30) }
    const hopped = decide(policy, facts(plus(31), from(late.learnt, ben)))
    expect(hopped.value).toMatchObject({ state: 'open', deadline: '2026-11-18T09:45:00.000Z' })
    expect(hopped.clock.breached).toBe(true)
    const told = (minutes: number) =>
      decide(policy, facts(plus(32), from([...late.learnt, signal('touched', minutes)], ben))).clock.breached
    // A touch that is told late was in time all the same.
    expect([told(31), told(14)]).toEqual([true, false])
  })
})
