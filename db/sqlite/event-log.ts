import type { EventRecord } from '../store.ts'
import type { Connection } from './open.ts'

/** Events kept for clients that come back; older ones are dropped and the client reads the table anew. */
const keptEvents = 20_000

type Change = EventRecord['changes'][number]

/** The change feed. Changes gather while a transaction runs and are written as one record for each table. */
export interface EventLog {
  add(tableId: number, change: Change): void
  /** Writes the gathered changes; called inside the transaction. */
  write(at: number): void
  /** Hands the written records to the listeners; called after the commit. */
  publish(): void
  discard(): void
  since(tableId: number, after: number, limit: number): EventRecord[]
  last(tableId: number): number
  subscribe(listener: (events: readonly EventRecord[]) => void): () => void
}

export function createEventLog(connection: Connection, nameOf: (tableId: number) => string): EventLog {
  const insert = connection.prepare('INSERT INTO events (table_id, at, changes) VALUES (?, ?, ?)')
  const prune = connection.prepare('DELETE FROM events WHERE id <= ?')
  const select = connection.prepare(
    'SELECT id, at, changes FROM events WHERE table_id = ? AND id > ? ORDER BY id LIMIT ?',
  )
  const newest = connection.prepare('SELECT max(id) AS id FROM events WHERE table_id = ?')
  const listeners = new Set<(events: readonly EventRecord[]) => void>()
  let gathered = new Map<number, Change[]>()
  let written: EventRecord[] = []

  return {
    add(tableId, change) {
      const changes = gathered.get(tableId)
      if (changes === undefined) gathered.set(tableId, [change])
      else changes.push(change)
    },
    write(at) {
      for (const [tableId, changes] of gathered) {
        const id = Number(insert.run(tableId, at, JSON.stringify(changes)).lastInsertRowid)
        written.push({ id, table: nameOf(tableId), at, changes })
        if (id % 1_000 === 0) prune.run(id - keptEvents)
      }
      gathered = new Map()
    },
    publish() {
      if (written.length === 0) return
      const events = written
      written = []
      for (const listener of listeners) listener(events)
    },
    discard() {
      gathered = new Map()
      written = []
    },
    since(tableId, after, limit) {
      const found = select.all(tableId, after, limit) as { id: number; at: number; changes: string }[]
      return found.map(({ id, at, changes }) => ({
        id,
        table: nameOf(tableId),
        at,
        changes: JSON.parse(changes) as Change[],
      }))
    },
    last: (tableId) => (newest.get(tableId) as { id: number | null }).id ?? 0,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
