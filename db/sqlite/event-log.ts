import type { EventRecord } from '../store.ts'
import type { Connection } from './open.ts'
import { packChanges, unpackChanges } from './packed-changes.ts'

type Change = EventRecord['changes'][number]

/** The change feed. Changes gather while a transaction runs and are written as one record for each table. */
export interface EventLog {
  add(tableId: number, change: Change): void
  /** Writes the gathered changes; called inside the transaction. */
  write(at: number): void
  /** Hands the written records to the listeners; called after the commit. */
  publish(): void
  discard(): void
  /** Remembers how much was gathered, for `undo`. */
  mark(): void
  undo(): void
  since(tableId: number, after: number, limit: number): EventRecord[]
  last(tableId: number): number
  subscribe(listener: (events: readonly EventRecord[]) => void): () => void
}

/** Keeps so many events for clients that come back; older ones are dropped, and the client reads the table anew. */
export function createEventLog(
  connection: Connection,
  { nameOf, keptEvents }: { nameOf: (tableId: number) => string; keptEvents: number },
): EventLog {
  const insert = connection.prepare('INSERT INTO events (table_id, at, changes) VALUES (?, ?, ?)')
  const prune = connection.prepare('DELETE FROM events WHERE id <= ?')
  const select = connection.prepare(
    'SELECT id, at, changes FROM events WHERE table_id = ? AND id > ? ORDER BY id LIMIT ?',
  )
  const newest = connection.prepare('SELECT max(id) AS id FROM events WHERE table_id = ?')
  const listeners = new Set<(events: readonly EventRecord[]) => void>()
  let gathered: { tableId: number; change: Change }[] = []
  let marked = 0
  let written: EventRecord[] = []

  return {
    add(tableId, change) {
      gathered.push({ tableId, change })
    },
    write(at) {
      for (const [tableId, those] of Map.groupBy(gathered, (each) => each.tableId)) {
        const changes = those.map(({ change }) => change)
        const id = Number(insert.run(tableId, at, packChanges(changes)).lastInsertRowid)
        written.push({ id, table: nameOf(tableId), at, changes })
        if (id % 1_000 === 0) prune.run(id - keptEvents)
      }
      gathered = []
    },
    publish() {
      if (written.length === 0) return
      const events = written
      written = []
      for (const listener of listeners) tell(listener, events)
    },
    discard() {
      gathered = []
      written = []
    },
    mark() {
      marked = gathered.length
    },
    undo() {
      gathered.length = marked
    },
    since(tableId, after, limit) {
      const found = select.all(tableId, after, limit) as { id: number; at: number; changes: string }[]
      return found.map(({ id, at, changes }) => ({
        id,
        table: nameOf(tableId),
        at,
        changes: unpackChanges(changes),
      }))
    },
    last: (tableId) => (newest.get(tableId) as { id: number | null }).id ?? 0,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** A listener that throws is reported as an uncaught error; the commit, the other listeners and the store go on. */
function tell(listener: (events: readonly EventRecord[]) => void, events: readonly EventRecord[]): void {
  try {
    listener(events)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
