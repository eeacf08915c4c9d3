import type { Claim, Decision } from '../../routing/decision.ts'
import type { Connection } from './open.ts'

/** The row that a decision is made for. */
export interface ClaimingRow {
  row: number
  id: string
  table: string
  account: string | null
}

/** Account key -> owner, so that one company has one rep. */
export interface Claims {
  get(account: string): Claim | null
  write(decision: Decision, row: ClaimingRow, at: number): void
  /** Hands the claims of a row that is gone to the next row of their account; without one they are deleted. */
  passOn(row: number): void
}

export function createClaims(connection: Connection, nameOf: (tableId: number) => string): Claims {
  const select = connection.prepare('SELECT document FROM claims WHERE account = ?').pluck()
  const put = connection.prepare(
    'INSERT INTO claims (account, row_seq, document) VALUES (?, ?, ?) ON CONFLICT (account) DO UPDATE SET row_seq = excluded.row_seq, document = excluded.document',
  )
  const selectOf = connection.prepare('SELECT account, document FROM claims WHERE row_seq = ?')
  const selectHeir = connection.prepare(
    // By table, so that the index of accounts serves it.
    `SELECT seq, id, table_id AS tableId FROM rows
     WHERE table_id IN (SELECT id FROM tables) AND account = ? AND seq != ? ORDER BY seq LIMIT 1`,
  )
  const drop = connection.prepare('DELETE FROM claims WHERE account = ?')

  return {
    get(account) {
      const found = select.get(account) as string | undefined
      return found === undefined ? null : (JSON.parse(found) as Claim)
    },
    write({ claims, assignment }, { row, id, table, account }, at) {
      // A sticky answer leaves the claim with the row that made it.
      if (!claims || assignment === null || account === null || assignment.method === 'sticky') return
      const { rep, name, email, ids, rule, method } = assignment
      const owner = { rep, name, email, ids }
      const claim: Claim = { account, owner, table, row: id, rule, method, at: new Date(at).toISOString() }
      put.run(account, row, JSON.stringify(claim))
    },
    passOn(row) {
      for (const { account, document } of selectOf.all(row) as { account: string; document: string }[]) {
        const heir = selectHeir.get(account, row) as { seq: number; id: string; tableId: number } | undefined
        if (heir === undefined) {
          drop.run(account)
          continue
        }
        const claim: Claim = { ...(JSON.parse(document) as Claim), table: nameOf(heir.tableId), row: heir.id }
        put.run(account, heir.seq, JSON.stringify(claim))
      }
    },
  }
}
