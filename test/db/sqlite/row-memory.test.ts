import { afterEach, beforeEach, expect, it } from 'vitest'
import { createAnswers } from '../../../db/sqlite/answers.ts'
import { createCellCounts } from '../../../db/sqlite/cell-counts.ts'
import { createCellWriter } from '../../../db/sqlite/cell-writer.ts'
import { createEventLog } from '../../../db/sqlite/event-log.ts'
import { type Connection, openDatabase } from '../../../db/sqlite/open.ts'
import { createRotation } from '../../../db/sqlite/rotation.ts'
import { createRowReader } from '../../../db/sqlite/row-reader.ts'
import { createRowWriter, type RowWriter } from '../../../db/sqlite/row-writer.ts'
import { createRunStore } from '../../../db/sqlite/run-store.ts'
import type { Snapshot, StoredRow } from '../../../db/store.ts'
import { at, attempt, done, newRow, newRun } from '../suite/bench.ts'

let connection: Connection
let writer: RowWriter

beforeEach(() => {
  connection = openDatabase(':memory:')
  const nameOf = () => 'leads'
  writer = createRowWriter(connection, {
    cells: createCellWriter(connection, createCellCounts(connection)),
    events: createEventLog(connection, { nameOf, keptEvents: 20_000 }),
    rotation: createRotation(connection, { now: () => at, nameOf }),
    runs: createRunStore(connection),
    reader: createRowReader(connection, nameOf),
    answers: createAnswers(connection),
  })
})

afterEach(() => void connection.close())

function inserted(): StoredRow {
  const [first] = writer.insert({ table: 'leads', at, run: newRun(), rows: [newRow()] }, 1, () => {}).rows
  if (!first?.row) throw new Error('the row was not accepted')
  return first.row
}

function step({ seq, id, table, account }: StoredRow, generation: number, snapshot?: Snapshot): boolean {
  const build = () => ({
    at,
    position: 0,
    entries: [attempt('a', done(1))],
    confirm: [],
    ...(snapshot && { snapshot }),
  })
  return writer.step({ row: seq, id, table, generation, account, build }, 1, () => {}).fenced
}

// The file is changed behind the writer's back: what it remembers shows, and memory of a row that left would never be given back.
const raise = (row: StoredRow) =>
  connection.prepare('UPDATE rows SET generation = generation + 1 WHERE seq = ?').run(row.seq)

it('a row in flight is remembered, so that a step does not ask the file for it', () => {
  const row = inserted()
  expect(step(row, 1)).toBe(false)
  raise(row)
  expect(step(row, 1)).toBe(false)
})

it.each([
  ['at rest', { cells: {}, atRest: true, dueAt: null, alarmAt: null }],
  ['parked', { cells: {}, atRest: false, dueAt: at + 1, alarmAt: null }],
])('a row %s is not remembered', (_, snapshot) => {
  const row = inserted()
  expect(step(row, 1, snapshot)).toBe(false)
  raise(row)
  expect(step(row, 1)).toBe(true)
  expect(step(row, 2)).toBe(false)
})
