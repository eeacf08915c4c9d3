import { afterEach, beforeEach } from 'vitest'
import type { CellState } from '../../../columns/cell.ts'
import type { JournalEntry, Values } from '../../../db/journal.ts'
import type {
  InsertAnswer,
  InsertBatch,
  NewRow,
  NewRun,
  RowStep,
  Settle,
  Settlement,
  StepAnswer,
  Store,
  StoredRow,
} from '../../../db/store.ts'

/** One open store, and the same data opened again, as after a restart. */
export interface Opened {
  store: Store
  reopen(): Promise<Store>
  close(): Promise<void>
}

export interface StoreUnderTest {
  /** An empty store. */
  open(): Promise<Opened>
  /** False for a store that forgets everything when it is closed: what a restart must find is not asked of it. */
  durable?: boolean
}

/** The time at which every test begins: a Monday. */
export const at = Date.parse('2026-03-02T09:00:00Z')

/** The clock of the stores under test; each test begins at `at`. */
export const clock = { now: at }

/** What the tests of one suite work with: a fresh store for each test, with two tables in it. */
export interface Bench {
  readonly store: Store
  reopen(): Promise<void>
  insert(rows: readonly Partial<NewRow>[], options?: Partial<InsertBatch>): Promise<InsertAnswer>
  /** Inserts one row that is accepted. */
  row(given?: Partial<NewRow>): Promise<StoredRow>
  /** Writes one step of a row as it stands; `over` replaces parts of it. */
  step(row: StoredRow, entries: readonly JournalEntry[], over?: Partial<RowStep>): Promise<StepAnswer>
  build(row: StoredRow, build: (settle: Settle) => RowStep | null): Promise<StepAnswer>
  /** Brings a row to rest with these cells. */
  rest(row: StoredRow, cells: Record<string, CellState>): Promise<StepAnswer>
  reload(row: StoredRow): Promise<StoredRow>
}

let counter = 0
export function nextId(prefix: string): string {
  counter += 1
  return `${prefix}_${String(counter).padStart(8, '0')}`
}

export const newRun = (over: Partial<NewRun> = {}): NewRun => ({
  id: nextId('run'),
  table: 'leads',
  kind: 'insert',
  lane: 'live',
  definition: 1,
  request: null,
  backfill: null,
  rows: 1,
  at,
  ...over,
})

/** What most draws are asked for with. */
export const settlement = (over: Partial<Settlement> & Pick<Settlement, 'decide'>): Settlement => ({
  column: 'owner',
  claimScope: `leads.${over.column ?? 'owner'}`,
  generation: 1,
  release: null,
  startedAt: at,
  backfill: false,
  previous: [],
  heldSince: {},
  ...over,
})

export const newRow = (over: Partial<NewRow> = {}): NewRow => ({
  id: nextId('row'),
  person: null,
  account: null,
  occurredAt: at - 60_000,
  input: {},
  ...over,
})

export const done = (value: CellState['value'], over: Partial<CellState> = {}): CellState => ({
  status: 'done',
  ...(value !== undefined && { value }),
  attempts: 1,
  ...over,
})

export const attempt = (column: string, cell: CellState, detail?: object): JournalEntry => ({
  kind: 'attempt',
  column,
  cell,
  ...(detail && { detail }),
})

/** Registers the hooks that give every test of the present block a store of its own. */
export function useBench(under: StoreUnderTest): Bench {
  let opened: Opened | null = null
  let store: Store | null = null
  const present = (): Store => {
    if (store === null) throw new Error('the store is open inside a test only')
    return store
  }

  beforeEach(async () => {
    clock.now = at
    opened = await under.open()
    store = opened.store
    await store.registerTable({ name: 'leads', version: 'one', document: {} })
    await store.registerTable({ name: 'customers', version: 'one', document: {} })
  })

  afterEach(async () => {
    await opened?.close()
    opened = null
    store = null
  })

  const bench: Bench = {
    get store() {
      return present()
    },
    async reopen() {
      store = (await opened?.reopen()) ?? null
    },
    insert: (rows, options = {}) =>
      present().insert({
        table: 'leads',
        at,
        run: newRun({ rows: rows.length, ...(options.table !== undefined && { table: options.table }) }),
        ...options,
        rows: rows.map(newRow),
      }),
    async row(given = {}) {
      const { rows } = await bench.insert([given])
      const row = rows[0]?.row
      if (row === undefined || row === null) throw new Error('the row was not accepted')
      return row
    },
    step: (row, entries, over = {}) =>
      bench.build(row, () => ({ at, position: row.entries, entries, confirm: [], ...over })),
    build: ({ seq, id, table, generation, account }, build) =>
      present().step({ row: seq, id, table, generation, account, build }),
    async rest(row, cells) {
      const entries = Object.entries(cells).map(([column, cell]) => attempt(column, cell))
      return bench.step(row, entries, { snapshot: { cells, atRest: true, dueAt: null, alarmAt: null } })
    },
    async reload(row) {
      const [found] = await present().load([row.seq])
      if (found === undefined) throw new Error(`row ${row.id} is gone`)
      return found
    },
  }
  return bench
}

/** An input as people send it: everything JSON can hold. */
export const nastyInput: Values = {
  email: 'ana@müller-söhne.example',
  text: 'quote " backslash \\ newline \n tab \t nul \u0000 emoji 🦊 lone \ud800',
  markup: '</script><b>&amp;',
  sql: `'; DROP TABLE rows; --`,
  number: 0.1,
  big: 9_007_199_254_740_991,
  yes: true,
  no: false,
  nothing: null,
  list: [1, 'two', null, { three: 3 }],
  nested: { a: { b: { c: [] } } },
}
