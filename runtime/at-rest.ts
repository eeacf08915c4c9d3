import { applyEntries, type JournalEntry } from '../db/journal.ts'
import type { StoredRow } from '../db/store.ts'
import { ringsAt } from './alarm-of.ts'
import type { Engine } from './engine.ts'

/** Writes entries for a row that nobody works on: at rest, or parked. It stays as it is otherwise. */
export async function writeBeside(
  engine: Engine,
  row: StoredRow,
  entries: readonly JournalEntry[],
): Promise<void> {
  const { seq, id, table, generation, account, dueAt } = row
  const atRest = row.active === null
  const cells = applyEntries({ ...row.cells }, entries)
  const alarms = Object.values(cells).flatMap((cell) => ringsAt(cell) ?? [])
  const alarmAt = atRest && alarms.length > 0 ? Math.min(...alarms) : null
  await engine.store.step({
    row: seq,
    id,
    table,
    generation,
    account,
    build: () => ({
      at: engine.world.now(),
      position: row.entries,
      entries,
      confirm: [],
      snapshot: { cells, atRest, dueAt, alarmAt },
    }),
  })
}
