import { Assignment, type Decision } from '../../routing/decision.ts'

import type { StandingDraw } from './draw-writer.ts'
import type { LiveData } from './live-data.ts'
import type { Connection } from './open.ts'
import { unpackEntries } from './packed.ts'

/** Answers for a cell that drew before in the same generation: a turn is taken once, however often it is asked for. */
export interface Repeats {
  /** The decision of that time, with nothing left to write. */
  decisionOf(draw: StandingDraw): Decision
}

export function createRepeats(connection: Connection, live: LiveData): Repeats {
  const select = connection
    .prepare('SELECT entries FROM journal WHERE row_seq = ? ORDER BY position DESC')
    .pluck()

  /** The answer as the row's journal has it; null where the step that drew wrote none. */
  function journaled({ id, row, column }: StandingDraw): Assignment | null {
    for (const text of select.all(row) as string[]) {
      for (const entry of unpackEntries(text)) {
        if (entry.kind !== 'attempt' || entry.column !== column || entry.cell.draw !== id) continue
        const read = Assignment.safeParse(entry.cell.value)
        if (read.success) return read.data
      }
    }
    return null
  }

  /** What the ledger alone knows. */
  function rebuilt({ pool, member }: StandingDraw): Assignment {
    const rep = live.rep(member)
    return {
      rep: member,
      name: rep?.name ?? member,
      email: rep?.email ?? null,
      ids: rep?.ids ?? {},
      method: live.pool(pool)?.strategy === 'standard' ? 'round_robin' : 'weighted_round_robin',
      rule: pool,
      reason: `drawn from ${pool} for this cell before`,
      pool,
      alsoTell: null,
      previous: [],
    }
  }

  return {
    decisionOf(draw) {
      const assignment = journaled(draw) ?? rebuilt(draw)
      const { method, rule, reason } = assignment
      const rules = [{ rule, matched: true, reason: `${reason} (the draw of that time stands)` }]
      const trace = { method, rules, fallbackUsed: false }
      return { assignment, reason, hold: null, draw: null, claims: false, trace }
    },
  }
}
