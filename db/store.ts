import type { Json } from '../columns/json.ts'
import type { Claim, DecisionView, PoolState } from '../routing/decision.ts'
import type { Pool } from '../routing/pool.ts'
import type { Rep } from '../routing/rep.ts'
import type { ServiceLevelClock } from '../routing/service-level/policy.ts'
import type { Filter, Outdated } from './filter.ts'
import type { Cells, JournalEntry, LateEntry, Values } from './journal.ts'
import type {
  AuditQuery,
  AuditRecord,
  Check,
  ClockRecord,
  CreditRecord,
  DrawCount,
  DrawRecord,
  GivenBack,
  NewAuditRecord,
  NewCredit,
  PlannedTerritory,
  Seeds,
  TerritoryVersion,
} from './ledger-records.ts'
import type { NewRun, Run, RunChange, RunCounts } from './run-records.ts'
import type { Settle, ViewOf } from './settlement.ts'

export {
  type AuditQuery,
  type AuditRecord,
  type Check,
  type ClockRecord,
  type CreditReason,
  type CreditRecord,
  creditReasons,
  type DrawCount,
  type DrawRecord,
  type GivenBack,
  type NewAuditRecord,
  type NewCredit,
  type PlannedTerritory,
  type Seeds,
  type TerritoryVersion,
} from './ledger-records.ts'
export type { Backfill, NewRun, Run, RunChange, RunCounts, RunMode, RunRequest } from './run-records.ts'
export type { Settle, Settled, Settlement, ViewOf } from './settlement.ts'

/**
 * The durable side of Rota. Every method is asynchronous and takes batches; a promise resolves only after the commit is on disk.
 * Everything asked for in the same turn of the event loop may share one transaction. No notion of a particular database is in it.
 */
export interface Store {
  readonly info: StoreInfo

  /** Makes the table known and returns the number of this definition version, counting from 1. */
  registerTable(table: TableRegistration): Promise<{ definition: number }>
  /** Every definition version that the table was ever served with, the first one first. */
  definitions(table: string): Promise<StoredDefinition[]>

  insert(batch: InsertBatch): Promise<InsertAnswer>
  /** Writes what became true of one row. Refused (`fenced`) when the row has moved to a later generation. */
  step(request: StepRequest): Promise<StepAnswer>
  /** Hands rows to a run: their generation rises, so late writes of earlier work are refused. Returns them as they are now. */
  activate(request: Activation): Promise<StoredRow[]>
  editInput(edit: InputEdit): Promise<StoredRow | null>
  /**
   * Removes a row and everything it holds about a person; draws stay as a skeleton, and its claim goes to another row of the account.
   * False when there was no such row.
   */
  erase(table: string, id: string): Promise<boolean>

  load(rows: readonly number[]): Promise<StoredRow[]>
  find(table: string, id: string): Promise<StoredRow | null>
  findByKey(table: string, by: 'person' | 'account', key: string): Promise<StoredRow | null>
  /** The first row with this key, as another table's column reads it. */
  lookUp(table: string, by: 'person' | 'account', key: string): Promise<FoundRow | null>
  scan(query: ScanQuery): Promise<StoredRow[]>
  count(table: string, filter?: Filter): Promise<number>
  /** All cells of the table by column and status, as their rows last came to rest or were parked; outdated ones count as stale. */
  cellCounts(table: string, outdated?: readonly Outdated[]): Promise<CellCount[]>
  journal(row: number): Promise<JournalEntry[]>

  /** Rows handed to a run and not yet at rest, in order, without the parked ones. */
  activeRows(after: number, limit: number): Promise<ActiveRow[]>
  /** Parked rows of these tables whose time has come, the earliest first, and the time of the next. */
  dueRows(query: DueQuery): Promise<{ rows: number[]; nextAt: number | null }>

  createRun(run: NewRun): Promise<Run>
  updateRun(id: string, change: RunChange): Promise<Run>
  findRun(id: string): Promise<Run | null>
  runByOrdinal(ordinal: number): Promise<Run | null>
  /** Runs that still have rows to hand out. */
  openRuns(): Promise<Run[]>
  /** Rows of this run that are not at rest. */
  remaining(run: number): Promise<number>

  /** Adds reps, pools and territories that are not there yet. Existing ones are live data and stay as they are. */
  seed(seeds: Seeds): Promise<void>
  reps(): Promise<Rep[]>
  pools(): Promise<PoolState[]>
  pool(name: string): Promise<PoolState | null>
  /** Every version of every territory, the latest saved first. */
  territories(): Promise<TerritoryVersion[]>
  /** Writes one document of live data with its line of the audit log. */
  putRep(rep: Rep, who: string, check?: Check<Rep | null>): Promise<Rep>
  putPool(pool: Pool, who: string, check?: Check<Pool | null>): Promise<PoolState>
  putTerritory(
    planned: PlannedTerritory,
    who: string,
    check?: Check<readonly TerritoryVersion[]>,
  ): Promise<TerritoryVersion>
  /** Takes back a version that is still to come; again, it stays as it is. Else `version-unknown` or `version-in-force`. */
  withdrawTerritory(
    of: { name: string; version: number },
    who: string,
    check?: Check<readonly TerritoryVersion[]>,
  ): Promise<TerritoryVersion>
  /** Who changed what, the latest first. */
  audit(query: AuditQuery): Promise<AuditRecord[]>
  /** Adds a line about what a person did to a row beside runs: an owner let go, a lead refused. What it holds goes with the row. */
  recordAudit(line: NewAuditRecord): Promise<void>
  /** Gives leads back to a member (or takes them, below 0) beside the draws, with the reason. */
  credit(credit: NewCredit): Promise<CreditRecord>
  credits(query: { pool?: string; after?: number; limit: number }): Promise<CreditRecord[]>
  draws(query: { pool?: string; row?: number; after?: number; limit: number }): Promise<DrawRecord[]>
  drawCounts(pool: string): Promise<DrawCount[]>
  /** What a decision would see now; for previews, nothing is written. */
  decisionView(at: ViewOf): Promise<DecisionView>

  /** Clocks of one table whose lead was captured in the span, in order of capture. */
  clocks(query: { table: string; from: number; until: number; limit: number }): Promise<ClockRecord[]>
  /** Rows at rest of these tables one of whose cells is to run again by now, the earliest first, and when the next one is. */
  alarms(query: DueQuery): Promise<{ due: DueAlarm[]; nextAt: number | null }>
  /**
   * Makes the parked rows of these tables due that wait for hours, for a person or for credentials, all of them or those of one account:
   * what they wait for may be there. Rows that wait for a retry or an answer keep their time.
   */
  wakeHeld(of: { tables: readonly string[]; account?: string }): Promise<void>

  /** Who has the company for this purpose: see `ViewOf.claimScope`. */
  claim(account: string, scope: string): Promise<Claim | null>

  /** A kept answer; null for none. */
  memo(key: string): Promise<Json | null>
  /** Keeps an answer under its key, for as long as the row that asked is there: nothing for a row that is gone. The first one stays, unless this is to `replace` it. */
  remember(answer: { key: string; value: Json; row: string; table: string; replace?: boolean }): Promise<void>
  /**
   * Takes money out of every one of these purses, or out of none: the answer names the first that has not enough. Amounts are exact to a
   * billionth of a dollar.
   */
  charge(usd: number, purses: readonly Purse[]): Promise<{ refused: Purse | null }>
  /** Gives back (or takes, below 0) the difference between what was reserved and what was spent. */
  refund(usd: number, purses: readonly string[]): Promise<void>
  spent(purse: string): Promise<number>
  /** Appends to the journal of a row, at rest or not, what sets none of its cells. False when the row is gone. */
  append(table: string, row: string, entry: LateEntry): Promise<boolean>

  events(query: { table: string; after: number; limit: number }): Promise<EventRecord[]>
  lastEvent(table: string): Promise<number>
  /** Called after each commit with the events it made. Returns the way to stop. */
  onCommit(listener: (events: readonly EventRecord[]) => void): () => void

  close(): Promise<void>
}

export interface StoreInfo {
  engine: string
  /** What durability the store runs with, in the database's own words. */
  durability: string
  location: string
}

/** Which tables are asked: what is due of tables that are not served must not stand in front of those that are. */
export interface DueQuery {
  tables: readonly string[]
  now: number
  limit: number
}

export interface ActiveRow {
  row: number
  /** Ordinal of its run. */
  run: number
}

export interface DueAlarm {
  table: string
  id: string
  /** The cells whose time has come. */
  columns: string[]
  /** Ordinal of the run that touched the first of them last. */
  run: number | null
}

export interface TableRegistration {
  name: string
  version: string
  document: object
}

export interface StoredDefinition {
  number: number
  /** As it was registered. */
  document: object
}

export interface NewRow {
  id: string
  person: string | null
  account: string | null
  occurredAt: number
  input: Values
}

/**
 * How long an idempotency key is known: 7 days by `at` of the batches. Used again later it is a new key. Keys whose time is over are
 * dropped as new ones come, so that there are never many more than those of the last days (decision 018).
 */
export const keptKeysMs = 7 * 24 * 3_600_000

export interface InsertBatch {
  table: string
  at: number
  run: NewRun
  /** Without any nothing is written, and only what is known under the key is told. */
  rows: readonly NewRow[]
  /** Kept with the answer. */
  others?: OtherInputs
  idempotency?: { key: string; fingerprint: string }
}

/** Inputs of a request that became no rows, by their position in it: refused ones, and echoes of writes of ours. */
export type OtherInputs = Readonly<Record<number, OtherInput>>
export type OtherInput =
  | { status: 'invalid' }
  | { status: 'ignored-own-write'; table: string; id: string; column: string }

export interface InsertedRow {
  id: string
  status: 'accepted' | 'touched'
  /** The stored row, for accepted rows that were not replayed. */
  row: StoredRow | null
}

export interface InsertAnswer {
  run: Run | null
  rows: InsertedRow[]
  /**
   * True when the same idempotency key had been used within `keptKeysMs`: nothing was inserted now. Once a row of that batch was
   * erased, any body with as many inputs is answered with the ids of that time.
   */
  replayed: boolean
  /** Those of the batch, or of the first time where it is replayed. */
  others: OtherInputs
}

export interface StoredRow {
  /** Integer that orders all rows of the store. */
  seq: number
  id: string
  table: string
  person: string | null
  account: string | null
  occurredAt: number
  createdAt: number
  input: Values
  cells: Cells
  /** Ordinal of the run the row is in, null at rest. */
  active: number | null
  generation: number
  dueAt: number | null
  /** Journal entries written so far; the next batch goes behind them. */
  entries: number
  touches: number
}

/** A limit of money: what was spent under its key may reach `limitUsd`. */
export interface Purse {
  /** For instance `leads.segment.day.2026-03-02`. */
  key: string
  limitUsd: number
}

/** A row as a column of another table sees it. */
export type FoundRow = Pick<StoredRow, 'id' | 'input' | 'cells'>

export interface Snapshot {
  cells: Cells
  /** True: the row is at rest. False: it is parked until `dueAt`. */
  atRest: boolean
  dueAt: number | null
  /** When the first of its cells is to run again by itself, null for never. */
  alarmAt: number | null
}

/** What became true of one row. */
export interface RowStep {
  at: number
  /** Position of these entries in the row's journal. */
  position: number
  entries: readonly JournalEntry[]
  /** Draws that are confirmed by it. One that was given back for a failed write is taken again. */
  confirm: readonly number[]
  /** Draws given back without another in their place. */
  release?: readonly GivenBack[]
  /** The service-level clocks of this row, by column. */
  clock?: { column: string; clock: ServiceLevelClock }
  /** What the entries add to the counts of a run. */
  count?: { run: number; counts: RunCounts }
  snapshot?: Snapshot
}

export interface StepRequest {
  row: number
  id: string
  table: string
  generation: number
  account: string | null
  /**
   * Called once, when the transaction that will hold the step is under way, so that everything that became true until then goes
   * with it. Not called when the row has moved to a later generation. Null writes nothing.
   */
  build(settle: Settle): RowStep | null
}

export interface StepAnswer {
  fenced: boolean
}

export interface Activation {
  table: string
  run: number
  rows: readonly number[]
  /** Progress of the run that is true together with the activation. */
  progress?: { id: string; change: RunChange }
}

/** A change of a row's input. */
export interface InputEdit {
  table: string
  id: string
  at: number
  input: Values
  person: string | null
  account: string | null
  occurredAt: number
  /** What follows for the cells of the edited row, written with it. Pure. */
  mark?(row: StoredRow): JournalEntry[]
}

export interface ScanQuery {
  table: string
  /** Rows behind this one. */
  after?: number
  limit: number
  filter?: Filter | null
  /** Text somewhere in the input. */
  search?: string | null
  newestFirst?: boolean
}

export interface CellCount {
  column: string
  /** The status of the cells, or `stale` for those whose inputs or column changed since. */
  status: string
  count: number
}

/** Cells of rows that changed in one commit. */
export interface EventRecord {
  id: number
  table: string
  at: number
  changes: {
    row: string
    cells: Record<string, string>
    event: 'row-inserted' | 'row-touched' | 'cells-changed' | 'row-erased'
  }[]
}
