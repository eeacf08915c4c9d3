import type { DecisionView, RepLoad } from '../../routing/decision.ts'
import type { ViewOf } from '../store.ts'
import type { Claims } from './claims.ts'
import { type Counters, counterKey, type LiveCounter } from './counters.ts'
import type { LiveData } from './live-data.ts'
import type { LoadingDraw, Loads } from './loads.ts'

/** A draw as if it had been given back: seen by the decision that takes its place, and written only when that stands. */
export interface Returned {
  key: string
  counter: LiveCounter
  /** Null for the draw of a backfill, which counts in nobody's load. */
  load: LoadingDraw | null
}

export interface ViewParts {
  live: LiveData
  counters: Counters
  loads: Loads
  claims: Claims
}

/** What a decision may see, read from the store as it stands at the moment of each question. */
export function decisionView(
  { live, counters, loads, claims }: ViewParts,
  of: ViewOf,
  at: { now: number; returned?: Returned | null },
): DecisionView {
  const { row, column, account, claimScope, startedAt, backfill, previous, heldSince } = of
  const { now, returned = null } = at
  return {
    now,
    account,
    claim: account === null ? null : claims.get(account, claimScope),
    row,
    column,
    previous,
    heldSince,
    rep: live.rep,
    repOf: live.repOf,
    load: (rep) => (returned?.load?.member === rep ? without(returned.load, loads.of(rep)) : loads.of(rep)),
    pool: live.pool,
    counter(pool, stratum) {
      const key = counterKey(pool, { stratum, backfill })
      return returned?.key === key ? returned.counter : counters.get(key)
    },
    territory: (name) => live.territory(name, startedAt),
  }
}

function without(draw: LoadingDraw, load: RepLoad): RepLoad {
  return {
    drawnSince: (at) => load.drawnSince(at) - (draw.at >= at ? 1 : 0),
    open: load.open,
  }
}
