import type { Decision, Method } from '../../routing/decision.ts'
import type { Pool } from '../../routing/pool.ts'
import type { CreditRecord, Settlement } from '../store.ts'
import type { Counters } from './counters.ts'
import type { Returned } from './decision-view.ts'
import type { DrawWriter, StandingDraw } from './draw-writer.ts'
import type { LiveData } from './live-data.ts'

/** A turn that is charged to a rep who was named in the place of whom the pool drew. */
export interface Charge {
  /** The draw they were named in the place of. */
  of: StandingDraw
  member: string
  leads: number
  /** The counter with the turn given back. */
  returned: Returned
}

/** What a person's word does to a rotation: the turn moves with the lead, and goes back when the lead goes elsewhere. */
export interface NamedTurns {
  /** What whoever has the lead was charged with for being named. Null for a rep who was drawn. */
  standing(settlement: Settlement, row: { row: number; id: string }, at: number): Charge | null
  /** Gives the charge back unless the same rep is named again, and charges who is named now. */
  move(decision: Decision, from: { draw: StandingDraw | null; charge: Charge | null }, of: Why): void
}

/** For the record: which row, who asked for it and why. */
type Why = Pick<CreditRecord, 'row' | 'note' | 'who' | 'at'>

interface Parts {
  live: LiveData
  counters: Counters
  draws: DrawWriter
  /** The balances of the counter with so many leads owed to the member again. */
  owed(pool: Pool, key: string, change: { member: string; leads: number; at: number }): Returned
}

/** Methods by which a rep is named, not drawn. */
const named: ReadonlySet<Method> = new Set(['manual_override', 'fallback_person'])

export function createNamedTurns({ live, counters, draws, owed }: Parts): NamedTurns {
  /** The rep whom the decision names, where it is one of the pool. */
  function namedOf({ assignment, draw }: Decision, pool: Pool): string | null {
    if (draw !== null || assignment === null || !named.has(assignment.method)) return null
    return pool.members.find(({ rep }) => rep === assignment.rep)?.rep ?? null
  }

  return {
    standing({ previous, ...cell }, { row, id }, at) {
      const member = previous[0]?.rep ?? null
      if (member === null || cell.generation === 1) return null
      const of = draws.before(row, cell)
      const pool = of === null ? null : live.pool(of.pool)
      if (of?.state !== 'released' || pool === null) return null
      const leads = Math.min(1, -draws.chargedFor(of, { row: id, member }))
      return leads > 0
        ? { of, member, leads, returned: owed(pool, counters.keyOf(pool, of), { member, leads, at }) }
        : null
    },
    move(decision, { draw, charge }, why) {
      const of = draw ?? charge?.of ?? null
      const pool = of === null ? null : live.pool(of.pool)
      if (of === null || pool === null) return
      const member = namedOf(decision, pool)
      const line = { ...why, pool: pool.name, stratum: of.stratum }
      if (charge !== null) {
        if (member === charge.member) return
        counters.put(charge.returned.key, charge.returned.counter)
        const { member: back, leads } = charge
        draws.insertCredit({ ...line, member: back, leads, reason: 'reassigned_from' })
      }
      if (member === null) return
      const change = { member, leads: -1, at: why.at }
      const { key, counter } = owed(pool, counters.keyOf(pool, of), change)
      counters.put(key, counter)
      draws.insertCredit({ ...line, member, leads: -1, reason: 'reassigned_to' })
    },
  }
}
