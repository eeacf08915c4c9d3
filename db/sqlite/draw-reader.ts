import type { Pool } from '../../routing/pool.ts'
import type { DrawCount, DrawRecord } from '../store.ts'
import type { Counters } from './counters.ts'
import type { Connection } from './open.ts'

type StoredDraw = Omit<DrawRecord, 'table' | 'backfill'> & { tableId: number; backfill: number }

/** The ledger of draws as people read it. */
export interface DrawReader {
  draws(query: { pool?: string; row?: number; after?: number; limit: number }): DrawRecord[]
  /** Draws by member beside what they were due: `expected` is what a member got and what is still owed. */
  counts(pool: Pool | null): DrawCount[]
}

export function createDrawReader(
  connection: Connection,
  { counters, nameOf }: { counters: Counters; nameOf: (tableId: number) => string },
): DrawReader {
  const columns =
    'id, pool, row, table_id AS tableId, "column", generation, member, state, reason, stratum, backfill, at'
  const selectPool = connection.prepare(
    `SELECT ${columns} FROM draws WHERE pool = ? AND id > ? ORDER BY id LIMIT ?`,
  )
  const selectRow = connection.prepare(
    `SELECT ${columns} FROM draws WHERE row_seq = ? AND pool = ifnull(?, pool) AND id > ? ORDER BY id LIMIT ?`,
  )
  const selectAll = connection.prepare(`SELECT ${columns} FROM draws WHERE id > ? ORDER BY id LIMIT ?`)

  return {
    draws({ pool, row, after = 0, limit }) {
      const found = (
        row !== undefined
          ? selectRow.all(row, pool ?? null, after, limit)
          : pool !== undefined
            ? selectPool.all(pool, after, limit)
            : selectAll.all(after, limit)
      ) as StoredDraw[]
      return found.map(({ tableId, backfill, ...draw }) => ({
        ...draw,
        backfill: backfill === 1,
        table: nameOf(tableId),
      }))
    },
    counts(pool) {
      if (pool === null) return []
      const { drawn, balances } = counters.ofPool(pool)
      // Who left and holds no draw any more is not told.
      const left = Object.keys(drawn).filter((member) => drawn[member] !== 0)
      const members = new Set([...pool.members.map(({ rep }) => rep), ...left])
      return [...members].map((member) => {
        const draws = drawn[member] ?? 0
        // A balance is what a rep was due and did not get, so due = got + balance.
        return { member, draws, expected: draws + (balances[member] ?? 0) }
      })
    },
  }
}
