import type { z } from 'zod'
import { memberExclusion, openingOf } from '../routing/availability.ts'
import type { DecisionView, Exclusion } from '../routing/decision.ts'
import type { Pool } from '../routing/pool.ts'
import type { Rep } from '../routing/rep.ts'
import { startOfDay, startOfWeek } from '../routing/time/zone.ts'
import type { ExclusionView, RepView } from './contract-routing.ts'

/** How far ahead an opening is looked for: somebody on a long leave still has an end in it. */
const horizonMs = 366 * 24 * 60 * 60 * 1_000

/** Epoch ms as an ISO time. */
export const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

/** A number as answers carry it: two decimals, since what lies behind them is the noise of binary fractions. */
export const inHundredths = (value: number): number => Math.round(value * 100) / 100

/** An exclusion as answers carry it. */
export const exclusionView = (excluded: Exclusion | null): z.output<typeof ExclusionView> | null =>
  excluded === null ? null : { ...excluded, until: iso(excluded.until) }

/** Whether a rep can be drawn now and when next; without a pool, as far as the rep alone decides it. */
export function availabilityOf(
  view: DecisionView,
  id: string,
  { pool, weight }: { pool: Pool | null; weight: number } = { pool: null, weight: 1 },
): RepView['availability'] {
  const excluded = memberExclusion(view, pool, { rep: id, weight })
  const rep = view.rep(id)
  const opens =
    rep === null || excluded === null
      ? null
      : openingOf({ rep, weight, pool, load: view.load(id), now: view.now, horizonMs })
  return { excluded: exclusionView(excluded), opensAt: iso(opens) }
}

/** Standing draws of the day and the week in the rep's zone, and leads not touched yet. */
export function loadOf(rep: Rep, view: DecisionView): RepView['load'] {
  const load = view.load(rep.id)
  return {
    today: load.drawnSince(startOfDay(rep.zone, view.now)),
    week: load.drawnSince(startOfWeek(rep.zone, view.now)),
    open: load.open(),
  }
}

/** When the first member of a pool can be drawn, null when none can be in a year. */
export function openingOfPool(view: DecisionView, pool: Pool): number | null {
  const openings = pool.members.flatMap((member) => {
    const rep = view.rep(member.rep)
    if (rep === null) return []
    const at = openingOf({ ...member, rep, pool, load: view.load(member.rep), now: view.now, horizonMs })
    return at === null ? [] : [at]
  })
  return openings.length === 0 ? null : Math.min(...openings)
}
