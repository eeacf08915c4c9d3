import type { Claim, Decision } from '../../routing/decision.ts'
import type { Connection } from './open.ts'

/** The row that a decision is made for. */
export interface ClaimingRow {
  row: number
  id: string
  table: string
  account: string | null
}

/** Account key -> owner within a scope, so that one company has one rep for each purpose. */
export interface Claims {
  get(account: string, scope: string): Claim | null
  write(decision: Decision, row: ClaimingRow, of: { column: string; claimScope: string; at: number }): void
  /** Hands the claims of a row that is gone to the next row of their account; without one they are deleted. */
  passOn(row: number): void
}

type StoredClaim = Omit<Claim, 'renewedAt'>

export function createClaims(connection: Connection, nameOf: (tableId: number) => string): Claims {
  const select = connection.prepare(
    'SELECT document, renewed_at AS renewedAt FROM claims WHERE account = ? AND scope = ?',
  )
  const put = connection.prepare(
    `INSERT INTO claims (account, scope, row_seq, document, renewed_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (account, scope) DO UPDATE SET row_seq = excluded.row_seq, document = excluded.document, renewed_at = excluded.renewed_at`,
  )
  const renew = connection.prepare('UPDATE claims SET renewed_at = ? WHERE account = ? AND scope = ?')
  const selectOf = connection.prepare('SELECT document FROM claims WHERE row_seq = ?').pluck()
  const selectHeir = connection.prepare(
    // By table, so that the index of accounts serves it.
    `SELECT seq, id, table_id AS tableId FROM rows
     WHERE table_id IN (SELECT id FROM tables WHERE name = ifnull(?, name)) AND account = ? AND seq != ? ORDER BY seq LIMIT 1`,
  )
  const move = connection.prepare(
    'UPDATE claims SET row_seq = ?, document = ? WHERE account = ? AND scope = ?',
  )
  const drop = connection.prepare('DELETE FROM claims WHERE account = ? AND scope = ?')

  return {
    get(account, scope) {
      const found = select.get(account, scope) as { document: string; renewedAt: number } | undefined
      if (found === undefined) return null
      return {
        ...(JSON.parse(found.document) as StoredClaim),
        renewedAt: new Date(found.renewedAt).toISOString(),
      }
    },
    write({ claims, assignment }, { row, id, table, account }, { column, claimScope: scope, at }) {
      if (!claims || assignment === null || account === null) return
      const { rep, name, email, ids, rule, method } = assignment
      // A sticky answer leaves the claim with the row that made it.
      if (method === 'sticky') {
        renew.run(at, account, scope)
        return
      }
      const owner = { rep, name, email, ids }
      const time = new Date(at).toISOString()
      const claim: StoredClaim = { account, scope, owner, table, column, row: id, rule, method, at: time }
      put.run(account, scope, row, JSON.stringify(claim), at)
    },
    passOn(row) {
      for (const document of selectOf.all(row) as string[]) {
        const claim = JSON.parse(document) as StoredClaim
        const { account, scope, table, column } = claim
        // A column's own claims are for its table; under a shared name a row of any table will do.
        const among = scope === `${table}.${column}` ? table : null
        const heir = selectHeir.get(among, account, row) as
          | { seq: number; id: string; tableId: number }
          | undefined
        if (heir === undefined) {
          drop.run(account, scope)
          continue
        }
        const passed: StoredClaim = { ...claim, table: nameOf(heir.tableId), row: heir.id }
        move.run(heir.seq, JSON.stringify(passed), account, scope)
      }
    },
  }
}
