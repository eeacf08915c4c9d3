import { describe, expect, it } from 'vitest'
import type { ServiceLevelClock } from '../../routing/service-level/policy.ts'
import { reportServiceLevel } from '../../routing/service-level/report.ts'

const minute = 60_000

const clock = (fields: Partial<ServiceLevelClock> = {}): ServiceLevelClock => ({
  captured: 0,
  decided: 1000,
  assigned: 3000,
  notified: 4000,
  accepted: null,
  touched: null,
  state: 'open',
  breached: false,
  rep: 'ada',
  hops: 0,
  businessMs: null,
  ...fields,
})

const touchedAfter = (minutes: number, fields: Partial<ServiceLevelClock> = {}) =>
  clock({ touched: minutes * minute, state: 'met', businessMs: (minutes * minute) / 2, ...fields })

describe('the service-level report', () => {
  it('gives the median and the 95th percentile of each link of the chain', () => {
    const clocks = Array.from({ length: 20 }, (_, index) =>
      clock({
        decided: (index + 1) * 100,
        assigned: (index + 1) * 300,
        accepted: index < 10 ? 10_000 : null,
      }),
    )
    const { links } = reportServiceLevel(clocks)
    expect(links.capturedToDecided).toEqual({ count: 20, p50Ms: 1000, p95Ms: 1900 })
    expect(links.decidedToAssigned).toEqual({ count: 20, p50Ms: 2000, p95Ms: 3800 })
    expect(links.capturedToAssigned).toEqual({ count: 20, p50Ms: 3000, p95Ms: 5700 })
    expect(links.notifiedToAccepted).toEqual({ count: 10, p50Ms: 6000, p95Ms: 6000 })
    expect(links.acceptedToTouched).toEqual({ count: 0, p50Ms: null, p95Ms: null })
  })

  it('counts leads never assigned and never touched, which a median hides (trap 106)', () => {
    const report = reportServiceLevel([
      touchedAfter(2),
      touchedAfter(4),
      clock({ breached: true }),
      clock({ breached: true, state: 'ended' }),
      clock({ decided: null, assigned: null, notified: null, rep: null, state: 'ended', breached: true }),
    ])
    expect(report).toMatchObject({ leads: 5, met: 2, open: 1, ended: 2, breached: 3 })
    expect(report).toMatchObject({ neverAssigned: 1, neverTouched: 3 })
    expect(report.toTouch.wall).toEqual({ count: 2, p50Ms: 2 * minute, p95Ms: 4 * minute })
    // Over all leads the median lead was not touched at all.
    expect(report.toTouch.everyLead).toEqual({ count: 5, p50Ms: null, p95Ms: null })
    expect(report.toTouch.business).toEqual({ count: 2, p50Ms: minute, p95Ms: 2 * minute })
  })

  it('tells late touches from those in time, and sums up the moves', () => {
    const report = reportServiceLevel([
      touchedAfter(5),
      touchedAfter(50, { breached: true, hops: 2 }),
      clock({ hops: 1 }),
    ])
    expect(report).toMatchObject({ met: 2, metLate: 1, breached: 1 })
    expect(report.hops).toEqual({ total: 3, most: 2, leadsMoved: 2 })
    expect(report.toTouch.everyLead).toEqual({ count: 3, p50Ms: 50 * minute, p95Ms: null })
  })

  it('never shows a time below zero when another clock was ahead', () => {
    const { links } = reportServiceLevel([clock({ captured: 5000, decided: 3000 })])
    expect(links.capturedToDecided).toEqual({ count: 1, p50Ms: 0, p95Ms: 0 })
  })

  it('of no leads has no times', () => {
    const report = reportServiceLevel([])
    expect(report).toMatchObject({ leads: 0, neverTouched: 0, hops: { total: 0, most: 0, leadsMoved: 0 } })
    expect(report.toTouch.everyLead).toEqual({ count: 0, p50Ms: null, p95Ms: null })
  })
})
