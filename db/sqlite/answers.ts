import type { Json } from '../../columns/json.ts'
import type { Connection } from './open.ts'

/** Kept answers by the hash of their question. */
export interface Answers {
  get(key: string): Json | null
  /** Nothing for a row that is not there; an answer that is there stays, unless it is to be replaced. */
  keep(answer: {
    key: string
    value: Json
    row: string
    tableId: number
    at: number
    replace?: boolean
  }): void
  erase(row: number): void
}

export function createAnswers(connection: Connection): Answers {
  const select = connection.prepare('SELECT document FROM answers WHERE key = ?').pluck()
  const insert = connection.prepare(
    `INSERT INTO answers (key, row_seq, document, at)
     SELECT ?, seq, ?, ? FROM rows WHERE id = ? AND table_id = ? ON CONFLICT DO NOTHING`,
  )
  const drop = connection.prepare('DELETE FROM answers WHERE key = ?')
  const forget = connection.prepare('DELETE FROM answers WHERE row_seq = ?')

  return {
    get(key) {
      const found = select.get(key) as string | undefined
      return found === undefined ? null : (JSON.parse(found) as Json)
    },
    keep({ key, value, row, tableId, at, replace = false }) {
      if (replace) drop.run(key)
      insert.run(key, JSON.stringify(value), at, row, tableId)
    },
    erase: (row) => void forget.run(row),
  }
}
