import { sql } from 'drizzle-orm'
import { blob, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** Tables people defined. User-chosen names are values here, never SQL identifiers. */
export const tables = sqliteTable('tables', {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
})

/** Every version of a table's definition that was ever served, as a document. */
export const definitions = sqliteTable(
  'definitions',
  {
    tableId: integer().notNull(),
    number: integer().notNull(),
    version: text().notNull(),
    document: text({ mode: 'json' }).notNull().$type<object>(),
    createdAt: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tableId, table.number] })],
)

/** One row of a table. `input` is a JSONB document; the snapshot of its cells was taken after `entries` journal entries. */
export const rows = sqliteTable(
  'rows',
  {
    seq: integer().primaryKey({ autoIncrement: true }),
    id: text().notNull(),
    tableId: integer().notNull(),
    person: text(),
    account: text(),
    occurredAt: integer().notNull(),
    createdAt: integer().notNull(),
    input: blob().notNull(),
    entries: integer().notNull().default(0),
    touches: integer().notNull().default(0),
    generation: integer().notNull().default(1),
    active: integer(),
    dueAt: integer(),
  },
  (table) => [
    uniqueIndex('rows_id').on(table.id),
    index('rows_table').on(table.tableId),
    index('rows_person').on(table.tableId, table.person).where(sql`person IS NOT NULL`),
    index('rows_account').on(table.tableId, table.account).where(sql`account IS NOT NULL`),
    index('rows_active').on(table.active).where(sql`active IS NOT NULL`),
    index('rows_due').on(table.dueAt).where(sql`due_at IS NOT NULL`),
  ],
)

/** The cells of a row as one JSONB document, written when the row comes to rest. Apart from `rows`, so that no row has to grow. */
export const rowCells = sqliteTable('row_cells', {
  rowSeq: integer().primaryKey(),
  cells: blob().notNull(),
})

/** What happened to a row, in order: attempts, intents, touches, edits. Append-only. */
export const journal = sqliteTable(
  'journal',
  {
    rowSeq: integer().notNull(),
    position: integer().notNull(),
    entries: text().notNull(),
  },
  (table) => [index('journal_row').on(table.rowSeq)],
)

/** Cells that are not plainly done: the sparse side table behind filters and error lists. */
export const openCells = sqliteTable(
  'open_cells',
  {
    rowSeq: integer().notNull(),
    tableId: integer().notNull(),
    column: text().notNull(),
    status: text().notNull(),
    stale: integer({ mode: 'boolean' }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.rowSeq, table.column] }),
    index('open_cells_status').on(table.tableId, table.status, table.column),
  ],
)

/** How many cells have which status, kept as sums: `stale` for a stale one. */
export const cellCounts = sqliteTable(
  'cell_counts',
  {
    tableId: integer().notNull(),
    column: text().notNull(),
    status: text().notNull(),
    count: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tableId, table.column, table.status] })],
)

export const runs = sqliteTable('runs', {
  ordinal: integer().primaryKey({ autoIncrement: true }),
  id: text().notNull().unique(),
  tableId: integer().notNull(),
  status: text().notNull(),
  document: text().notNull(),
})

/** Live pools with the balances and counts of draws their ledger adds up to. */
export const pools = sqliteTable('pools', {
  name: text().primaryKey(),
  document: text().notNull(),
  balances: text().notNull().default('{}'),
  lastDrawn: text().notNull().default('{}'),
  drawn: text().notNull().default('{}'),
  updatedAt: integer().notNull(),
})

/** Who changed a pool, and from what to what. */
export const poolChanges = sqliteTable('pool_changes', {
  seq: integer().primaryKey({ autoIncrement: true }),
  pool: text().notNull(),
  who: text().notNull(),
  at: integer().notNull(),
  before: text(),
  after: text().notNull(),
})

/** The draw ledger. A draw is a reservation; its state moves to confirmed or released, nothing is deleted. */
export const draws = sqliteTable(
  'draws',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    pool: text().notNull(),
    rowSeq: integer().notNull(),
    row: text().notNull(),
    tableId: integer().notNull(),
    column: text().notNull(),
    generation: integer().notNull(),
    member: text().notNull(),
    state: text().notNull().default('reserved'),
    reason: text(),
    at: integer().notNull(),
  },
  (table) => [
    uniqueIndex('draws_cell').on(table.rowSeq, table.column, table.generation),
    index('draws_pool').on(table.pool),
  ],
)

export const claims = sqliteTable('claims', {
  account: text().primaryKey(),
  rowSeq: integer().notNull(),
  document: text().notNull(),
})

/** The change feed: one record for each table and commit. */
export const events = sqliteTable(
  'events',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    tableId: integer().notNull(),
    at: integer().notNull(),
    changes: text().notNull(),
  },
  (table) => [index('events_table').on(table.tableId)],
)

export const idempotencyKeys = sqliteTable(
  'idempotency_keys',
  {
    tableId: integer().notNull(),
    key: text().notNull(),
    fingerprint: text().notNull(),
    answer: text().notNull(),
    at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tableId, table.key] })],
)
