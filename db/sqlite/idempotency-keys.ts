import { TableError } from '../../columns/errors.ts'
import { type InsertAnswer, type InsertBatch, keptKeysMs, type OtherInputs } from '../store.ts'
import type { Connection } from './open.ts'

type KeyedBatch = Pick<InsertBatch, 'at' | 'idempotency'>
type Kept = Pick<InsertAnswer, 'rows' | 'others'>

/** What was answered under which idempotency key, for as long as keys are kept. */
export interface IdempotencyKeys {
  /**
   * The answer of the first time; null for a key that is new, or whose time is over.
   *
   * @throws {TableError} `idempotency-mismatch` when that was another body.
   */
  recall(batch: KeyedBatch & { rows: readonly unknown[]; others: OtherInputs }, tableId: number): Kept | null
  remember(batch: KeyedBatch, tableId: number, answer: Kept): void
  /** Forgets what came from people's own words in the batches that this row came with. */
  erase(tableId: number, row: string): void
}

/** Fingerprint of a body that held something about an erased person. */
const erasedBody = ''

export function createIdempotencyKeys(connection: Connection): IdempotencyKeys {
  const select = connection.prepare(
    'SELECT fingerprint, answer FROM idempotency_keys WHERE table_id = ? AND key = ? AND at > ?',
  )
  const insert = connection.prepare(
    'INSERT OR REPLACE INTO idempotency_keys (table_id, key, fingerprint, answer, at) VALUES (?, ?, ?, ?, ?)',
  )
  // Two go where one comes: those that are over are soon gone, and no insert waits for many of them.
  const prune = connection.prepare(
    `DELETE FROM idempotency_keys WHERE rowid IN (
       SELECT rowid FROM idempotency_keys WHERE at <= ? ORDER BY at LIMIT 2)`,
  )
  const forgetBody = connection.prepare(
    `UPDATE idempotency_keys SET fingerprint = '${erasedBody}' WHERE table_id = ? AND instr(answer, ?) > 0`,
  )

  return {
    recall({ idempotency, rows, others, at }, tableId) {
      if (idempotency === undefined) return null
      const found = select.get(tableId, idempotency.key, at - keptKeysMs) as
        | { fingerprint: string; answer: string }
        | undefined
      if (found === undefined) return null
      const kept = JSON.parse(found.answer) as Kept
      // Of a request with an erased row only the number of its inputs is left to compare with.
      const isSame =
        found.fingerprint === erasedBody
          ? inputsOf(kept) === inputsOf({ rows, others })
          : found.fingerprint === idempotency.fingerprint
      if (isSame) return kept
      throw new TableError('idempotency-mismatch', 'this Idempotency-Key was used with another body', {
        field: 'Idempotency-Key',
        value: idempotency.key,
        wayOut: 'use a new key for new rows, or send the same body again',
      })
    },
    remember({ idempotency, at }, tableId, { rows, others }) {
      if (idempotency === undefined) return
      const answer = JSON.stringify({
        rows: rows.map(({ id, status }) => ({ id, status, row: null })),
        others,
      })
      insert.run(tableId, idempotency.key, idempotency.fingerprint, answer, at)
      prune.run(at - keptKeysMs)
    },
    erase: (tableId, row) => void forgetBody.run(tableId, row),
  }
}

const inputsOf = ({ rows, others }: { rows: readonly unknown[]; others: OtherInputs }) =>
  rows.length + Object.keys(others).length
