import type { ServiceLevelClock } from '../../routing/service-level/policy.ts'
import type { ClockRecord } from '../store.ts'
import type { Connection } from './open.ts'

interface StoredClock extends Omit<ClockRecord, 'breached'> {
  breached: number
}

/** The service-level clocks of rows. */
export interface Clocks {
  put(row: number, tableId: number, entry: { column: string; clock: ServiceLevelClock }): void
  erase(row: number): void
  /** Leads of this rep whose clock runs. */
  openOf(rep: string): number
  between(tableId: number, span: { from: number; until: number; limit: number }): ClockRecord[]
  /** Forgets what is remembered of the file. */
  forget(): void
}

export function createClocks(connection: Connection): Clocks {
  const fields =
    'captured, decided, assigned, notified, accepted, touched, state, breached, rep, hops, business_ms'
  const names = fields.split(', ')
  const put = connection.prepare(
    `INSERT INTO clocks (row_seq, "column", table_id, ${fields}) VALUES (?, ?, ?, ${names.map(() => '?').join(', ')})
     ON CONFLICT (row_seq, "column") DO UPDATE SET ${names.map((each) => `${each} = excluded.${each}`).join(', ')}`,
  )
  const drop = connection.prepare('DELETE FROM clocks WHERE row_seq = ?')
  const openRep = connection
    .prepare(`SELECT rep FROM clocks WHERE row_seq = ? AND "column" = ? AND state = 'open'`)
    .pluck()
  const countOpen = connection.prepare(`SELECT count(*) FROM clocks WHERE rep = ? AND state = 'open'`).pluck()
  const select = connection.prepare(
    `SELECT rows.id AS "row", "column", captured, decided, assigned, notified, accepted, touched, state, breached, rep, hops,
       business_ms AS businessMs
     FROM clocks JOIN rows ON rows.seq = clocks.row_seq
     WHERE clocks.table_id = ? AND captured >= ? AND captured < ? ORDER BY captured, row_seq LIMIT ?`,
  )
  /** Counts that were asked for: a decision asks for every member of its pool. */
  const open = new Map<string, number>()

  function move(rep: string | null, by: number): void {
    const known = rep === null ? undefined : open.get(rep)
    if (rep !== null && known !== undefined) open.set(rep, known + by)
  }

  return {
    put(row, tableId, { column, clock }) {
      if (open.size > 0) move((openRep.get(row, column) as string | null | undefined) ?? null, -1)
      if (clock.state === 'open') move(clock.rep, 1)
      const { captured, decided, assigned, notified, accepted, touched, state, breached, rep, hops } = clock
      put.run(
        row,
        column,
        tableId,
        captured,
        decided,
        assigned,
        notified,
        accepted,
        touched,
        state,
        breached ? 1 : 0,
        rep,
        hops,
        clock.businessMs,
      )
    },
    erase(row) {
      drop.run(row)
      open.clear()
    },
    openOf(rep) {
      const known = open.get(rep)
      if (known !== undefined) return known
      const count = countOpen.get(rep) as number
      open.set(rep, count)
      return count
    },
    between(tableId, { from, until, limit }) {
      const found = select.all(tableId, from, until, limit) as StoredClock[]
      return found.map((clock) => ({ ...clock, breached: clock.breached === 1 }))
    },
    forget: () => open.clear(),
  }
}
