import type { Condition, Filter, Outdated } from '../filter.ts'
import { applyEntries, type Cells, type JournalEntry, type Values } from '../journal.ts'
import type { ActiveRow, DueAlarm, DueQuery, FoundRow, ScanQuery, StoredRow } from '../store.ts'
import { conditionSql } from './filter-sql.ts'
import type { Connection } from './open.ts'
import { unpackCells, unpackEntries } from './packed.ts'

/** A row as its columns come, by position: reading names for each of them costs more than the query. */
type RowRecord = [
  seq: number,
  id: string,
  tableId: number,
  person: string | null,
  account: string | null,
  occurredAt: number,
  createdAt: number,
  input: string,
  cells: string | null,
  entries: number,
  touches: number,
  generation: number,
  active: number | null,
  dueAt: number | null,
]

const columns = `seq, id, table_id, person, account, occurred_at, created_at, json(input), json(cells), entries, touches,
  generation, active, due_at`
const from = 'FROM rows LEFT JOIN row_cells ON row_cells.row_seq = rows.seq'

/** First journal position of touches; everything a run writes stands below it. */
export const touchBand = 1_000_000_000
/** First journal position of late answers, which come whether a run is at the row or not. */
export const lateBand = 2_000_000_000

/** The text of the document tells quickly where a search may succeed; its values, without the names of the fields, tell where it does. */
function searchSql(text: string): string {
  // SQLite's own knows the case of ASCII letters only, and is several times as fast.
  const fold = /^[ -~]*$/.test(text) ? 'lower' : 'fold'
  return ` AND instr(${fold}(json(input)), ${fold}(?)) > 0 AND EXISTS (
    SELECT 1 FROM json_tree(rows.input) AS part WHERE instr(${fold}(CAST(part.atom AS TEXT)), ${fold}(?)) > 0)`
}

type Span = Pick<DueQuery, 'now' | 'limit'>

/** Reads rows: the snapshot, and for a row in flight the journal behind it. */
export interface RowReader {
  load(seq: number): StoredRow | null
  find(tableId: number, id: string): StoredRow | null
  findByKey(tableId: number, by: 'person' | 'account', key: string): StoredRow | null
  /** The same without what a column of another table has no use for. */
  lookUp(tableId: number, by: 'person' | 'account', key: string): FoundRow | null
  scan(tableId: number, query: ScanQuery): StoredRow[]
  count(tableId: number, filter: Filter): number
  journal(seq: number, from?: number): JournalEntry[]
  active(after: number, limit: number): ActiveRow[]
  due(tableIds: readonly number[], span: Span): { rows: number[]; nextAt: number | null }
  /** Rows at rest one of whose cells is to run again by now, with those cells, and when the next row is. */
  alarms(tableIds: readonly number[], span: Span): { due: DueAlarm[]; nextAt: number | null }
  remaining(run: number): number
}

export function createRowReader(connection: Connection, nameOf: (tableId: number) => string): RowReader {
  const bySeq = connection.prepare(`SELECT ${columns} ${from} WHERE seq = ?`).raw()
  const byId = connection.prepare(`SELECT ${columns} ${from} WHERE id = ? AND table_id = ?`).raw()
  // The index holds the rows of a key in order. Saying ORDER BY as well would change nothing but the price: SQLite then prepares the
  // statement anew at every call, which takes four times as long as the look-up.
  const firstWith = (key: 'person' | 'account') =>
    connection
      .prepare(`SELECT seq FROM rows INDEXED BY rows_${key} WHERE table_id = ? AND ${key} = ? LIMIT 1`)
      .pluck()
  const firstBy = { person: firstWith('person'), account: firstWith('account') }
  /** Most look-ups find nothing, and the index alone says so. */
  const firstSeq = (tableId: number, by: 'person' | 'account', key: string) =>
    firstBy[by].get(tableId, key) as number | undefined
  const brief = connection
    .prepare(`SELECT id, json(input), json(cells), active, entries ${from} WHERE seq = ?`)
    .raw()
  const entriesFrom = connection.prepare(
    'SELECT position, entries FROM journal WHERE row_seq = ? AND position >= ? ORDER BY position',
  )
  // By its own choice SQLite would read every row that ever was, for the sake of the order.
  const activeRows = connection.prepare(
    `SELECT seq AS row, active AS run FROM rows INDEXED BY rows_active
     WHERE active IS NOT NULL AND due_at IS NULL AND seq > ? ORDER BY seq LIMIT ?`,
  )
  const due = timed('due_at')
  const alarms = timed('alarm_at')
  const alarmCells = connection.prepare(`SELECT id, table_id, json(cells) ${from} WHERE seq = ?`).raw()
  const definitionsOf = connection
    .prepare('SELECT DISTINCT definition FROM cell_counts WHERE table_id = ? AND "column" = ? AND count > 0')
    .pluck()
  const remaining = connection.prepare('SELECT count(*) FROM rows WHERE active = ?').pluck()

  function journal(seq: number, from = 0): { entries: JournalEntry[]; next: number } {
    const found = entriesFrom.all(seq, from) as { position: number; entries: string }[]
    const entries: JournalEntry[] = []
    let next = from
    for (const each of found) {
      const some = unpackEntries(each.entries)
      entries.push(...some)
      if (each.position < touchBand) next = each.position + some.length
    }
    return { entries, next }
  }

  function rowOf(record: RowRecord): StoredRow {
    const [
      seq,
      id,
      tableId,
      person,
      account,
      occurredAt,
      createdAt,
      input,
      text,
      entries,
      touches,
      generation,
    ] = record
    const [active, dueAt] = [record[12], record[13]]
    const cells = unpackCells(text)
    const row: StoredRow = {
      seq,
      id,
      table: nameOf(tableId),
      person,
      account,
      occurredAt,
      createdAt,
      input: JSON.parse(input) as Values,
      cells,
      entries,
      touches,
      generation,
      active,
      dueAt,
    }
    if (active !== null) {
      const behind = journal(seq, entries)
      applyEntries(cells, behind.entries)
      row.entries = behind.next
    }
    return row
  }

  /** Rows by a moment of theirs. The index begins with the table, so that each table is asked alone. */
  function timed(column: 'due_at' | 'alarm_at') {
    const until = connection
      .prepare(
        `SELECT seq, ${column} FROM rows WHERE table_id = ? AND ${column} <= ? ORDER BY ${column} LIMIT ?`,
      )
      .raw()
    const next = connection
      .prepare(`SELECT min(${column}) FROM rows WHERE table_id = ? AND ${column} > ?`)
      .pluck()
    return (tableIds: readonly number[], { now, limit }: Span) => {
      const found = tableIds.flatMap((id) => until.all(id, now, limit) as [seq: number, at: number][])
      const later = tableIds.flatMap((id) => (next.get(id, now) as number | null) ?? [])
      return {
        rows: found
          .sort(([, one], [, other]) => one - other)
          .slice(0, limit)
          .map(([seq]) => seq),
        nextAt: later.length === 0 ? null : Math.min(...later),
      }
    }
  }

  const one = (found: unknown) => (found === undefined ? null : rowOf(found as RowRecord))

  /** Without the definitions that no cell stands on any more: once all of them have run again, no row is read for their sake. */
  function stoodOn(condition: Condition, tableId: number): Condition {
    if (condition.of !== 'stale') return condition
    const outdated = condition.outdated.flatMap(({ column, ran, skipped }): Outdated[] => {
      const there = new Set(definitionsOf.all(tableId, column) as number[])
      const left = {
        column,
        ran: ran.filter((each) => there.has(each)),
        skipped: skipped.filter((each) => there.has(each)),
      }
      return left.ran.length + left.skipped.length === 0 ? [] : [left]
    })
    return { ...condition, outdated }
  }

  function where(filter: Filter, tableId: number): { sql: string; values: unknown[] } {
    const parts = filter.map((condition) => conditionSql(stoodOn(condition, tableId), tableId))
    return {
      sql: parts.map((part) => ` AND ${part.sql}`).join(''),
      values: parts.flatMap((part) => part.values),
    }
  }

  return {
    load: (seq) => one(bySeq.get(seq)),
    find: (tableId, id) => one(byId.get(id, tableId)),
    findByKey(tableId, by, key) {
      const seq = firstSeq(tableId, by, key)
      return seq === undefined ? null : one(bySeq.get(seq))
    },
    lookUp(tableId, by, key) {
      const seq = firstSeq(tableId, by, key)
      if (seq === undefined) return null
      const found = brief.get(seq) as [string, string, string | null, number | null, number]
      const [id, input, text, active, entries] = found
      const cells = unpackCells(text)
      if (active !== null) applyEntries(cells, journal(seq, entries).entries)
      return { id, input: JSON.parse(input) as Values, cells }
    },
    scan(tableId, query) {
      const { sql, values } = where(query.filter ?? [], tableId)
      const order = query.newestFirst ? 'DESC' : 'ASC'
      const start = query.newestFirst ? (query.after ?? Number.MAX_SAFE_INTEGER) : (query.after ?? 0)
      const search = query.search ? searchSql(query.search) : ''
      const statement = connection.prepare(
        `SELECT ${columns} ${from} WHERE table_id = ? AND seq ${query.newestFirst ? '<' : '>'} ?${sql}${search} ORDER BY seq ${order} LIMIT ?`,
      )
      const bound = [
        tableId,
        start,
        ...values,
        ...(query.search ? [JSON.stringify(query.search).slice(1, -1), query.search] : []),
        query.limit,
      ]
      return (statement.raw().all(...bound) as RowRecord[]).map(rowOf)
    },
    count(tableId, filter) {
      const { sql, values } = where(filter, tableId)
      return connection
        .prepare(`SELECT count(*) ${filter.length === 0 ? 'FROM rows' : from} WHERE table_id = ?${sql}`)
        .pluck()
        .get(tableId, ...values) as number
    },
    journal: (seq, from) => journal(seq, from).entries,
    active: (after, limit) => activeRows.all(after, limit) as ActiveRow[],
    due,
    alarms(tableIds, span) {
      const { rows, nextAt } = alarms(tableIds, span)
      const ring = (seq: number): DueAlarm => {
        const [id, tableId, text] = alarmCells.get(seq) as [string, number, string | null]
        const cells = unpackCells(text)
        const columns = ringing(cells, span.now)
        return { table: nameOf(tableId), id, columns, run: cells[columns[0] ?? '']?.run ?? null }
      }
      return { due: rows.map(ring), nextAt }
    },
    remaining: (run) => remaining.get(run) as number,
  }
}

function ringing(cells: Cells, now: number): string[] {
  return Object.entries(cells).flatMap(([column, { again }]) =>
    again !== undefined && again <= now ? [column] : [],
  )
}
