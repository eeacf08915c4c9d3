import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseFilter } from '../../../db/filter.ts'
import { createCellCounts } from '../../../db/sqlite/cell-counts.ts'
import { createClocks } from '../../../db/sqlite/clocks.ts'
import { createIdempotencyKeys } from '../../../db/sqlite/idempotency-keys.ts'
import { createLoads, type Loads } from '../../../db/sqlite/loads.ts'
import { openDatabase } from '../../../db/sqlite/open.ts'
import { createRotation } from '../../../db/sqlite/rotation.ts'
import { createRowReader, type RowReader } from '../../../db/sqlite/row-reader.ts'
import { Pool } from '../../../routing/pool.ts'

let folder = ''
let connection: Database.Database
let reader: RowReader
let statements: string[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rota-plans-'))
  const path = join(folder, 'rota.sqlite')
  openDatabase(path).close()
  connection = new Database(path, { verbose: (text) => statements.push(String(text)) })
  reader = createRowReader(connection, () => 'leads')
  statements = []
})

afterEach(() => {
  connection.close()
  rmSync(folder, { recursive: true })
})

/** How SQLite goes about what `ask` asks. */
function planOf(ask: () => void): string {
  ask()
  const [statement = ''] = statements.splice(0)
  expect(statement).not.toMatch(/OFFSET/i)
  const plan = connection.prepare(`EXPLAIN QUERY PLAN ${statement}`).all() as { detail: string }[]
  statements = []
  return plan.map(({ detail }) => detail).join('\n')
}
const filter = (text: string) => parseFilter(text, { columns: ['owner'], inputs: ['country'] })

describe('a window of a table', () => {
  it.each([false, true])('starts at its key and reads on from there (newest first: %s)', (newestFirst) => {
    const plan = planOf(() => reader.scan(1, { table: 'leads', limit: 50, after: 900_000, newestFirst }))
    expect(plan).toMatch(/^SEARCH rows USING INDEX rows_table \(table_id=\? AND rowid[<>]\?\)/)
    expect(plan).not.toMatch(/SCAN|TEMP B-TREE/)
  })

  it('of rows with open cells finds those once, not once for each row', () => {
    for (const text of ['status:error', 'owner.status:error', 'stale', 'stale:owner']) {
      const plan = planOf(() => reader.scan(1, { table: 'leads', limit: 50, filter: filter(text) }))
      expect(plan, text).toContain('open_cells')
      expect(plan, text).not.toMatch(/CORRELATED|TEMP B-TREE FOR ORDER/)
    }
  })

  it('of stale rows reads only marks, once no cell stands on an outdated definition', () => {
    const outdated = [{ column: 'owner', ran: [1], skipped: [1] }]
    const stale = parseFilter('stale:owner', { columns: ['owner'], inputs: [], outdated })
    const asked = () => {
      statements = []
      reader.scan(1, { table: 'leads', limit: 50, filter: stale })
      return statements.at(-1)
    }
    expect(asked()).not.toContain('json_extract')
    const counts = createCellCounts(connection)
    const tally = { status: 'done', definition: 1 }
    counts.change(1, {}, { owner: tally })
    counts.write()
    expect(asked()).toContain('json_extract')
    counts.change(1, { owner: tally }, { owner: { status: 'done', definition: 2 } })
    counts.write()
    expect(asked()).not.toContain('json_extract')
  })

  it('with a filter on values or a search reads rows in order too', () => {
    const query = { table: 'leads', limit: 50, filter: filter('country=DE, owner.name=Ana'), search: 'acme' }
    expect(planOf(() => reader.scan(1, query))).not.toContain('TEMP B-TREE')
  })
})

describe('what is asked for every row or start', () => {
  it.each<[string, (rows: RowReader) => void, string]>([
    ['a row by number', (rows) => rows.load(5), 'INTEGER PRIMARY KEY'],
    ['a row by id', (rows) => rows.find(1, 'row_1'), 'rows_id'],
    ['a row by person', (rows) => rows.findByKey(1, 'person', 'ana'), 'rows_person'],
    ['a row by account', (rows) => rows.findByKey(1, 'account', 'acme'), 'rows_account'],
    ['the history of a row', (rows) => rows.journal(5), 'journal_row'],
    ['the rows that are due', (rows) => rows.due([1], { now: 1, limit: 10 }), 'rows_due'],
    ['the rows whose alarm rings', (rows) => rows.alarms([1], { now: 1, limit: 10 }), 'rows_alarm'],
    ['how many rows a run has left', (rows) => rows.remaining(1), 'rows_active'],
    ['how many rows a table has', (rows) => rows.count(1, []), 'rows_table'],
  ])('%s is found by its index', (_, ask, index) => {
    const plan = planOf(() => ask(reader))
    expect(plan).toContain('SEARCH')
    expect(plan).toContain(index)
    expect(plan).not.toContain('SCAN rows')
  })
})

describe('what an insert under an idempotency key asks', () => {
  it('old keys to drop are found by their time', () => {
    const keys = createIdempotencyKeys(connection)
    const idempotency = { key: 'k', fingerprint: 'f' }
    statements = []
    keys.remember({ idempotency, at: 0 }, 1, { rows: [], others: {} })
    const plan = planOf(() => statements.splice(0, statements.length - 1))
    expect(plan).toContain('SEARCH idempotency_keys USING COVERING INDEX idempotency_keys_at (at<?)')
    expect(plan).not.toMatch(/SCAN|TEMP B-TREE/)
  })
})

describe('what a page that is open asks every second', () => {
  it('counts of a table come from the sums, not from its rows', () => {
    const counts = createCellCounts(connection)
    const plan = planOf(() => counts.of(1, []))
    expect(plan).toContain('SEARCH cell_counts')
    expect(plan).not.toContain('SCAN')
  })

  it('counts of a pool ask the file nothing, however many draws there are', () => {
    const pool = Pool.parse({
      name: 'emea',
      strategy: 'standard',
      members: [{ rep: 'ana' }],
      whenNobody: 'assign-anyway',
    })
    const rotation = createRotation(connection, { now: Date.now, nameOf: () => 'leads' })
    statements = []
    expect(rotation.draws.counts(pool)).toEqual([{ member: 'ana', draws: 0, expected: 0 }])
    expect(rotation.stateOf(pool)).toEqual({ pool, balances: {}, lastDrawn: {} })
    expect(statements).toEqual([])
  })
})

describe('what a decision asks of the file', () => {
  it.each<[string, (loads: Loads) => void, string[]]>([
    [
      'the draws of a rep since a time',
      (loads) => loads.of('ana').drawnSince(5),
      ['draws_member (member=? AND at>?)'],
    ],
    ['the open leads of a rep', (loads) => loads.of('ana').open(), ['clocks_open']],
  ])('%s are found by their index', (_, ask, indexes) => {
    const loads = createLoads(connection, createClocks(connection))
    const plan = planOf(() => ask(loads))
    for (const index of indexes) expect(plan).toContain(index)
    expect(plan).not.toMatch(/SCAN (draws|clocks)/)
  })

  it('leads in flight are found once, from the rows in flight; then nothing is asked again', () => {
    const loads = createLoads(connection, createClocks(connection))
    statements = []
    const load = loads.of('ana')
    load.open()
    load.drawnSince(5)
    const asked = statements.splice(0)
    const plan = connection.prepare(`EXPLAIN QUERY PLAN ${asked[1]}`).all() as { detail: string }[]
    expect(plan.map(({ detail }) => detail).join('\n')).toMatch(/rows_active[\s\S]*draws_cell/)
    statements = []
    for (const at of [5, 6, 7]) load.drawnSince(at)
    load.open()
    loads.drawn({ row: 1, column: 'owner', member: 'ana', at: 8 })
    expect(load.drawnSince(8)).toBe(1)
    expect(load.open()).toBe(1)
    expect(statements).toEqual([])
  })

  it('clocks of a report are found by table and time of capture', () => {
    const clocks = createClocks(connection)
    const plan = planOf(() => clocks.between(1, { from: 0, until: 9, limit: 10 }))
    expect(plan).toContain('clocks_captured')
    expect(plan).not.toContain('SCAN')
  })
})
