import { TableError } from '../../columns/errors.ts'
import type { Pool } from '../../routing/pool.ts'
import type { CreditRecord, NewCredit } from '../store.ts'
import type { Audit } from './audit.ts'
import type { Counters } from './counters.ts'
import type { Ledger } from './ledger.ts'
import type { LiveData } from './live-data.ts'
import type { Connection } from './open.ts'

/** Adjustments of balances beside the draws. */
export interface Credits {
  /** @throws {TableError} for a pool, a member or a number of leads that cannot be. */
  give(credit: NewCredit): CreditRecord
  find(query: { pool?: string; after?: number; limit: number }): CreditRecord[]
  /** Takes the notes about a row that is erased out. */
  eraseRow(row: string): void
}

interface Parts {
  live: LiveData
  counters: Counters
  ledger: Ledger
  audit: Audit
}

export function createCredits(connection: Connection, { live, counters, ledger, audit }: Parts): Credits {
  const columns = 'id, pool, member, stratum, leads, reason, note, row, who, at'
  const select = connection.prepare(`SELECT ${columns} FROM credits WHERE id > ? ORDER BY id LIMIT ?`)
  const selectPool = connection.prepare(
    `SELECT ${columns} FROM credits WHERE pool = ? AND id > ? ORDER BY id LIMIT ?`,
  )
  const blank = connection.prepare('UPDATE credits SET note = NULL WHERE row = ?')

  function checkedPool({ pool: name, member, leads }: NewCredit) {
    const pool = live.pool(name)
    if (pool === null) {
      throw new TableError('pool-unknown', `there is no pool ${name}`, {
        field: 'pool',
        value: name,
        wayOut: 'use the name of a pool that is there',
      })
    }
    // Who left the pool may still be owed something.
    const isMember = pool.members.some(({ rep }) => rep === member)
    if (!isMember && counters.ofPool(pool).drawn[member] === undefined) {
      throw new TableError('request-invalid', `${member} is not in the pool ${name}`, {
        field: 'member',
        value: member,
        wayOut: `name one of: ${pool.members.map(({ rep }) => rep).join(', ')}`,
      })
    }
    if (!Number.isFinite(leads) || leads === 0) {
      throw new TableError('request-invalid', `${leads} is no number of leads to credit`, {
        field: 'leads',
        value: leads,
        wayOut: 'give a number above 0 for leads that are owed, below 0 for leads that were had',
      })
    }
    return pool
  }

  /** The tier that is credited. One that nothing is drawn from would take the leads, and nobody would ever notice. */
  function checkedStratum(pool: Pool, { stratum, row, member }: NewCredit): string | null {
    if (stratum === null) return null
    const ofRow =
      row === null || stratum !== undefined ? undefined : ledger.stratumOf(row, { pool: pool.name, member })
    if (ofRow !== undefined) return ofRow
    const { strata, hasOwn } = counters.strataOf(pool)
    const isFresh = strata.length === 0 && !hasOwn
    if (stratum === undefined ? hasOwn || isFresh : isFresh || strata.includes(stratum))
      return stratum ?? null
    const message =
      stratum === undefined
        ? `the pool ${pool.name} is drawn from by strata, and the credit names none`
        : `nothing was drawn from the pool ${pool.name} in a stratum ${stratum}`
    throw new TableError('request-invalid', message, {
      field: 'stratum',
      value: stratum ?? 'missing',
      wayOut:
        strata.length === 0
          ? 'leave it out: this pool keeps all its turns together'
          : `name one of: ${strata.join(', ')}`,
    })
  }

  return {
    give(credit) {
      const from = checkedPool(credit)
      const given = ledger.credit(from, checkedStratum(from, credit), credit)
      const { id, pool, member, stratum, leads, reason, row, who, at } = given
      // Without the note: the line stays when the row it tells about is erased.
      audit.add({
        subject: 'credit',
        name: pool,
        who,
        at,
        before: null,
        after: { id, member, stratum, leads, reason, row },
      })
      return given
    },
    find: ({ pool, after = 0, limit }) =>
      (pool === undefined ? select.all(after, limit) : selectPool.all(pool, after, limit)) as CreditRecord[],
    eraseRow: (row) => void blank.run(row),
  }
}
