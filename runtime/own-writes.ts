import { finishOf } from '../columns/cell.ts'
import type { Origin } from '../columns/table.ts'
import type { JournalEntry } from '../db/journal.ts'
import type { Store } from '../db/store.ts'

/** The cell that made a write whose echo came back. */
export interface OwnWrite {
  table: string
  id: string
  column: string
}

/** How long after a write the change it made may be dated, and how long before it where clocks differ, in milliseconds. */
const windowMs = 60_000

/** A send id as the runtime makes it: row, column, generation, and the first of the hash. */
const sendIdPattern = /^(row_[^.]+)\.([A-Za-z][\w-]*)\.\d+\.[\w-]{8}$/

/**
 * The write of this store that an input is the echo of, null for none. A record keeps our stamp after others have changed it, so the
 * change counts as ours only when it is dated within a minute of the write.
 */
export async function ownWriteOf(
  { store, tables, now }: { store: Store; tables: readonly string[]; now: number },
  origin: Origin | null,
): Promise<OwnWrite | null> {
  const [sendId, id, column] = sendIdPattern.exec(origin?.sendId ?? '') ?? []
  if (origin === null || sendId === undefined || id === undefined || column === undefined) return null
  const dated = Date.parse(origin.at ?? '')
  const changedAt = Number.isNaN(dated) ? now : dated
  for (const table of tables) {
    const row = await store.find(table, id)
    if (row === null) continue
    const spans = spansOf(await store.journal(row.seq), column, sendId)
    const isOurs = spans.some(
      ({ from, until }) => changedAt >= from - windowMs && changedAt <= until + windowMs,
    )
    return isOurs ? { table, id, column } : null
  }
  return null
}

/** From when the intent was on disk until the outcome was known, for each time that this effect was sent. */
function spansOf(
  entries: readonly JournalEntry[],
  column: string,
  sendId: string,
): { from: number; until: number }[] {
  return entries.flatMap((entry, index) => {
    if (entry.kind !== 'intent' || entry.column !== column || entry.cell.intent?.sendId !== sendId) return []
    const known = entries.find(
      (later, at) =>
        at > index && later.kind === 'attempt' && later.column === column && later.cell.intent === undefined,
    )
    const ended = known?.kind === 'attempt' ? finishOf(known.cell) : null
    return [{ from: entry.cell.intent.at, until: ended ?? Number.POSITIVE_INFINITY }]
  })
}
