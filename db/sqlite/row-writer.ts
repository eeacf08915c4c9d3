import { type CellState, isHeld } from '../../columns/cell.ts'
import { applyEntries, type JournalEntry, type LateEntry } from '../journal.ts'
import type {
  Activation,
  InputEdit,
  InsertAnswer,
  InsertBatch,
  InsertedRow,
  NewRow,
  RowStep,
  Settlement,
  StepAnswer,
  StepRequest,
  StoredRow,
  ViewOf,
} from '../store.ts'
import type { Answers } from './answers.ts'
import type { CellWriter } from './cell-writer.ts'
import type { EventLog } from './event-log.ts'
import { createIdempotencyKeys } from './idempotency-keys.ts'
import type { Connection } from './open.ts'
import { packEntries } from './packed.ts'
import type { Rotation } from './rotation.ts'
import { lateBand, type RowReader, touchBand } from './row-reader.ts'
import type { RunStore } from './run-store.ts'

export interface RowWriter {
  /** `guard` is called in front of whatever may still be refused when something was written already. */
  insert(batch: InsertBatch, tableId: number, guard: () => void): InsertAnswer
  step(request: StepRequest, tableId: number, guard: () => void): StepAnswer
  activate(request: Activation, tableId: number): StoredRow[]
  editInput(edit: InputEdit, tableId: number): StoredRow | null
  append(tableId: number, id: string, entry: LateEntry): boolean
  erase(tableId: number, id: string): boolean
  /** Makes some of the parked rows of one table due that wait for something that may be there; tells how many, 0 when none is left. */
  wakeHeld(tableId: number, now: number, account?: string): number
  /** Forgets what was remembered of work that was undone. */
  discard(): void
}

interface Parts {
  cells: CellWriter
  events: EventLog
  rotation: Rotation
  runs: RunStore
  reader: RowReader
  answers: Answers
}

/** Everything that changes rows. Each method runs inside a transaction that the commit queue holds. */
export function createRowWriter(connection: Connection, parts: Parts): RowWriter {
  const { cells, events, rotation, runs, reader, answers } = parts
  const keys = createIdempotencyKeys(connection)
  const insertRow = connection.prepare(
    `INSERT INTO rows (id, table_id, person, account, occurred_at, created_at, input, active)
     VALUES (?, ?, ?, ?, ?, ?, jsonb(?), ?)`,
  )
  const append = connection.prepare('INSERT INTO journal (row_seq, position, entries) VALUES (?, ?, ?)')
  const readSeq = connection.prepare('SELECT seq FROM rows WHERE id = ? AND table_id = ?').pluck()
  const nextLate = connection
    .prepare('SELECT ifnull(max(position) + 1, ?) FROM journal WHERE row_seq = ? AND position >= ?')
    .pluck()
  const readGeneration = connection.prepare('SELECT generation FROM rows WHERE seq = ?').pluck()
  const leave = connection.prepare(
    'UPDATE rows SET entries = ?, active = NULL, due_at = NULL, alarm_at = ? WHERE seq = ?',
  )
  const park = connection.prepare('UPDATE rows SET entries = ?, due_at = ?, held = ? WHERE seq = ?')
  const addTouch = connection.prepare('UPDATE rows SET touches = touches + 1 WHERE seq = ?')
  const activateRow = connection.prepare(
    'UPDATE rows SET generation = generation + 1, active = ?, due_at = NULL, alarm_at = NULL WHERE seq = ? AND table_id = ?',
  )
  const editRow = connection.prepare(
    // In flight the snapshot stays where it is: what the journal holds behind it is not in its cells yet.
    'UPDATE rows SET input = jsonb(?), person = ?, account = ?, occurred_at = ?, entries = CASE WHEN active IS NULL THEN ? ELSE entries END WHERE seq = ?',
  )
  // Not all at once: whoever inserts a lead meanwhile waits for the transaction to end.
  const wake = connection.prepare(
    `UPDATE rows SET due_at = ? WHERE seq IN (
       SELECT seq FROM rows INDEXED BY rows_due WHERE table_id = ? AND due_at > ? AND held = 1 LIMIT 1000)`,
  )
  const wakeOfAccount = connection.prepare(
    'UPDATE rows INDEXED BY rows_account SET due_at = ? WHERE table_id = ? AND due_at > ? AND held = 1 AND account = ?',
  )
  const forgetJournal = connection.prepare('DELETE FROM journal WHERE row_seq = ?')
  const forgetRow = connection.prepare('DELETE FROM rows WHERE seq = ?')

  /** Generations of the rows in flight. This process alone writes the file, so what it remembers is what is there. */
  const generations = new Map<number, number>()

  function generationOf(row: number): number | undefined {
    const known = generations.get(row)
    if (known !== undefined) return known
    const found = readGeneration.get(row) as number | undefined
    if (found !== undefined) generations.set(row, found)
    return found
  }

  /** Touches have a band of the journal to themselves, so that a row in flight can go on numbering its own entries. */
  function touch(row: StoredRow, given: NewRow, at: number): void {
    const entry: JournalEntry = { kind: 'touch', at, occurredAt: given.occurredAt, input: given.input }
    append.run(row.seq, touchBand + row.touches, packEntries([entry]))
    addTouch.run(row.seq)
  }

  function insertOne(given: NewRow, batch: InsertBatch, tableId: number, run: number): InsertedRow {
    if (given.person !== null) {
      const known = reader.findByKey(tableId, 'person', given.person)
      if (known !== null) {
        touch(known, given, batch.at)
        events.add(tableId, { row: known.id, event: 'row-touched', cells: {} })
        return { id: known.id, status: 'touched', row: null }
      }
    }
    const { id, person, account, occurredAt, input } = given
    const { lastInsertRowid } = insertRow.run(
      id,
      tableId,
      person,
      account,
      occurredAt,
      batch.at,
      JSON.stringify(input),
      run,
    )
    events.add(tableId, { row: id, event: 'row-inserted', cells: {} })
    generations.set(Number(lastInsertRowid), 1)
    cells.inserted(Number(lastInsertRowid))
    const row: StoredRow = {
      seq: Number(lastInsertRowid),
      id,
      table: batch.table,
      person,
      account,
      occurredAt,
      createdAt: batch.at,
      input,
      cells: {},
      active: run,
      generation: 1,
      dueAt: null,
      entries: 0,
      touches: 0,
    }
    return { id, status: 'accepted', row }
  }

  function writeSnapshot(request: StepRequest, tableId: number, step: RowStep): void {
    const { snapshot: taken } = step
    if (taken === undefined) return
    const { atRest, dueAt, alarmAt } = taken
    const entries = step.position + step.entries.length
    cells.write(request.row, tableId, taken.cells)
    if (atRest) {
      leave.run(entries, alarmAt, request.row)
      rotation.rested(request.row)
    } else park.run(entries, dueAt, Object.values(taken.cells).some(isWakeable) ? 1 : 0, request.row)
    generations.delete(request.row)
  }

  return {
    insert(batch, tableId, guard) {
      const { others = {} } = batch
      const known = keys.recall({ ...batch, others }, tableId)
      if (known !== null) return { ...known, run: null, replayed: true }
      if (batch.rows.length === 0) return { run: null, rows: [], others, replayed: false }
      // A single row comes first, so that the id that may be taken already is looked at before anything is written.
      if (batch.rows.length > 1) guard()
      const ordinal = runs.nextOrdinal()
      const rows = batch.rows.map((each) => insertOne(each, batch, tableId, ordinal))
      const run = runs.create(batch.run, tableId)
      keys.remember(batch, tableId, { rows, others })
      return { run, rows, others, replayed: false }
    },

    step(request, tableId, guard) {
      const { row, id, generation } = request
      if (generationOf(row) !== generation) return { fenced: true }
      // One draw is written when the step stands, so that nothing has to be undone. What sees it sooner has it written in front.
      let decided: (() => void)[] = []
      const writeDecided = () => {
        for (const write of decided) write()
        decided = []
      }
      const settled = () => {
        if (decided.length === 0) return
        guard()
        writeDecided()
      }
      const settle = (settlement: Settlement) => {
        settled()
        // A later draw may give something back, which is written at once.
        if (settlement.release === null && settlement.generation === 1)
          return rotation.settle(settlement, { ...request, tableId }, (write) => decided.push(write))
        guard()
        return rotation.settle(settlement, { ...request, tableId }, (write) => write())
      }
      settle.view = (of: Omit<ViewOf, 'row' | 'account'>) => {
        settled()
        return rotation.view({ ...of, row: id, account: request.account })
      }
      const step = request.build(settle)
      // What cannot be written as JSON throws here, before anything is written.
      const entries = packEntries(step?.entries ?? [])
      writeDecided()
      if (step === null) return { fenced: false }
      for (const draw of step.confirm) rotation.confirm(draw)
      for (const each of step.release ?? []) rotation.release(each)
      if (step.clock !== undefined) rotation.clock(row, tableId, step.clock)
      if (step.entries.length > 0) {
        append.run(row, step.position, entries)
        events.add(tableId, { row: id, event: 'cells-changed', cells: statusesOf(step.entries) })
      }
      if (step.snapshot !== undefined) writeSnapshot(request, tableId, step)
      // Behind everything that may throw: what is counted of one piece of work cannot be undone alone.
      if (step.count !== undefined) runs.count(step.count.run, step.count.counts)
      return { fenced: false }
    },

    activate({ run, rows, progress }, tableId) {
      if (progress !== undefined) runs.update(progress.id, progress.change)
      return rows.flatMap((seq) => {
        if (activateRow.run(run, seq, tableId).changes === 0) return []
        const row = reader.load(seq)
        if (row !== null) generations.set(seq, row.generation)
        return row === null ? [] : [row]
      })
    },

    editInput(edit, tableId) {
      const row = reader.find(tableId, edit.id)
      if (row === null) return null
      const { input, person, account, occurredAt } = edit
      const edited = { ...row, input, person, account, occurredAt }
      const marks = edit.mark?.(edited) ?? []
      const entries: JournalEntry[] = [
        { kind: 'edit', at: edit.at, before: row.input, after: input },
        ...marks,
      ]
      append.run(row.seq, row.entries, packEntries(entries))
      const next = row.entries + entries.length
      editRow.run(JSON.stringify(input), person, account, occurredAt, next, row.seq)
      // The count of entries moves with the snapshot, so a row in flight is written as it is.
      cells.write(row.seq, tableId, applyEntries(row.cells, marks))
      events.add(tableId, { row: row.id, event: 'cells-changed', cells: statusesOf(entries) })
      return { ...edited, entries: next }
    },

    append(tableId, id, entry) {
      const seq = readSeq.get(id, tableId) as number | undefined
      if (seq === undefined) return false
      const position = nextLate.get(lateBand, seq, lateBand) as number
      append.run(seq, position, packEntries([entry]))
      events.add(tableId, { row: id, event: 'cells-changed', cells: {} })
      return true
    },

    erase(tableId, id) {
      const row = reader.find(tableId, id)
      if (row === null) return false
      forgetJournal.run(row.seq)
      answers.erase(row.seq)
      cells.erase(row.seq, tableId)
      keys.erase(tableId, id)
      forgetRow.run(row.seq)
      rotation.erase(row.seq, id)
      generations.delete(row.seq)
      events.add(tableId, { row: id, event: 'row-erased', cells: {} })
      return true
    },

    wakeHeld: (tableId, now, account) =>
      account === undefined
        ? wake.run(now, tableId, now).changes
        : wakeOfAccount.run(now, tableId, now, account).changes,

    discard: () => generations.clear(),
  }
}

/** It may be there before its time: an opening, a person's word, another key. */
const isWakeable = (cell: CellState): boolean =>
  isHeld(cell) || (cell.status === 'waiting' && cell.waiting?.on === 'credentials')

function statusesOf(entries: readonly JournalEntry[]): Record<string, string> {
  const statuses: Record<string, string> = {}
  for (const entry of entries) if ('cell' in entry) statuses[entry.column] = entry.cell.status
  return statuses
}
