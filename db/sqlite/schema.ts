import { sql } from 'drizzle-orm'
import {
  blob,
  index,
  integer,
  primaryKey,
  real,
  sqliteTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core'

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
    /** Of a parked row: it waits for hours or for a person, so that an edit of live data may end it. */
    held: integer({ mode: 'boolean' }).notNull().default(false),
    alarmAt: integer(),
  },
  (table) => [
    uniqueIndex('rows_id').on(table.id),
    index('rows_table').on(table.tableId),
    index('rows_person').on(table.tableId, table.person).where(sql`person IS NOT NULL`),
    index('rows_account').on(table.tableId, table.account).where(sql`account IS NOT NULL`),
    index('rows_active').on(table.active).where(sql`active IS NOT NULL`),
    index('rows_due').on(table.tableId, table.dueAt).where(sql`due_at IS NOT NULL`),
    index('rows_alarm').on(table.tableId, table.alarmAt).where(sql`alarm_at IS NOT NULL`),
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

/** How many cells have which status and stand on which definition (0 for none), kept as sums: `stale` for one that is marked so. */
export const cellCounts = sqliteTable(
  'cell_counts',
  {
    tableId: integer().notNull(),
    column: text().notNull(),
    status: text().notNull(),
    definition: integer().notNull(),
    count: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tableId, table.column, table.status, table.definition] })],
)

/** Like draws and events never deleted from the end, so a number is not given twice: AUTOINCREMENT would only make each insert dearer. */
export const runs = sqliteTable('runs', {
  ordinal: integer().primaryKey(),
  id: text().notNull().unique(),
  tableId: integer().notNull(),
  status: text().notNull(),
  document: text().notNull(),
})

/** Live data as documents: who can own leads, and what a rotation draws from. */
export const reps = sqliteTable('reps', {
  id: text().primaryKey(),
  document: text().notNull(),
  updatedAt: integer().notNull(),
})

export const pools = sqliteTable('pools', {
  name: text().primaryKey(),
  document: text().notNull(),
  updatedAt: integer().notNull(),
})

/** Every version of a territory; none that was in force is ever changed, since leads in flight keep what they began with. */
export const territories = sqliteTable(
  'territories',
  {
    seq: integer().primaryKey({ autoIncrement: true }),
    name: text().notNull(),
    version: integer().notNull(),
    document: text().notNull(),
    effectiveFrom: integer().notNull(),
    savedAt: integer().notNull(),
    who: text().notNull(),
    withdrawnAt: integer(),
  },
  (table) => [uniqueIndex('territories_version').on(table.name, table.version)],
)

/** Who changed live data, a balance or the owner of a row, and from what to what. */
export const audit = sqliteTable(
  'audit',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    subject: text().notNull(),
    name: text().notNull(),
    who: text().notNull(),
    at: integer().notNull(),
    before: text(),
    after: text(),
  },
  (table) => [index('audit_name').on(table.name, table.subject)],
)

/** What a rotation has done so far: the sums its draws and credits add up to, by member. */
export const counters = sqliteTable('counters', {
  key: text().primaryKey(),
  balances: text().notNull(),
  lastDrawn: text().notNull(),
  drawn: text().notNull(),
})

/**
 * The ledger of draws. A draw is a reservation; its state moves to confirmed or released, nothing is deleted. Ids are given by us, since
 * draws and credits share one order. `counter` is null where the pool draws from its own.
 */
export const draws = sqliteTable(
  'draws',
  {
    id: integer().primaryKey(),
    pool: text().notNull(),
    rowSeq: integer().notNull(),
    row: text().notNull(),
    tableId: integer().notNull(),
    column: text().notNull(),
    generation: integer().notNull(),
    member: text().notNull(),
    state: text().notNull().default('reserved'),
    reason: text(),
    stratum: text(),
    backfill: integer().notNull().default(0),
    counter: text(),
    at: integer().notNull(),
  },
  (table) => [
    uniqueIndex('draws_cell').on(table.rowSeq, table.column, table.generation),
    index('draws_pool').on(table.pool),
    index('draws_member').on(table.member, table.at).where(sql`state != 'released' AND backfill = 0`),
  ],
)

/** Adjustments of a balance beside the draws. */
export const credits = sqliteTable(
  'credits',
  {
    id: integer().primaryKey(),
    pool: text().notNull(),
    member: text().notNull(),
    stratum: text(),
    leads: real().notNull(),
    reason: text().notNull(),
    note: text(),
    row: text(),
    who: text().notNull(),
    at: integer().notNull(),
  },
  (table) => [
    index('credits_pool').on(table.pool),
    index('credits_row').on(table.row).where(sql`"row" IS NOT NULL`),
  ],
)

/** The service-level clocks of rows, apart from their cells: for reports, and for what is on a rep's plate. */
export const clocks = sqliteTable(
  'clocks',
  {
    rowSeq: integer().notNull(),
    column: text().notNull(),
    tableId: integer().notNull(),
    captured: integer().notNull(),
    decided: integer(),
    assigned: integer(),
    notified: integer(),
    accepted: integer(),
    touched: integer(),
    state: text().notNull(),
    breached: integer().notNull(),
    rep: text(),
    hops: integer().notNull(),
    businessMs: integer(),
  },
  (table) => [
    primaryKey({ columns: [table.rowSeq, table.column] }),
    index('clocks_captured').on(table.tableId, table.captured),
    index('clocks_open').on(table.rep).where(sql`state = 'open'`),
  ],
)

/** Which rep has a company, for each purpose. The document is its provenance and stays; `renewed_at` moves with every lead that stuck. */
export const claims = sqliteTable(
  'claims',
  {
    account: text().notNull(),
    scope: text().notNull(),
    rowSeq: integer().notNull(),
    document: text().notNull(),
    renewedAt: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.account, table.scope] })],
)

/** Answers kept under the hash of what was asked. They may tell of the person in the row that asked, and go with it. */
export const answers = sqliteTable(
  'answers',
  {
    key: text().primaryKey(),
    rowSeq: integer().notNull(),
    document: text().notNull(),
    at: integer().notNull(),
  },
  (table) => [index('answers_row').on(table.rowSeq)],
)

/** Money taken out of purses so far, in billionths of a dollar: sums of whole numbers stay exact. */
export const spend = sqliteTable('spend', {
  purse: text().primaryKey(),
  nanoUsd: integer().notNull(),
})

/** The change feed: one record for each table and commit. */
export const events = sqliteTable(
  'events',
  {
    id: integer().primaryKey(),
    tableId: integer().notNull(),
    at: integer().notNull(),
    changes: text().notNull(),
  },
  (table) => [index('events_table').on(table.tableId)],
)

/** What was answered under which key. Those whose time is over go, the oldest first, as new ones come. */
export const idempotencyKeys = sqliteTable(
  'idempotency_keys',
  {
    tableId: integer().notNull(),
    key: text().notNull(),
    fingerprint: text().notNull(),
    answer: text().notNull(),
    at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tableId, table.key] }), index('idempotency_keys_at').on(table.at)],
)
