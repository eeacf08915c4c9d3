import type { CreditRecord, DrawRecord } from '../store.ts'
import type { Connection } from './open.ts'

/** A draw as the ledger works with it. */
export interface StandingDraw {
  id: number
  pool: string
  row: number
  column: string
  member: string
  state: DrawRecord['state']
  reason: string | null
  backfill: 0 | 1
  counter: string | null
  at: number
}

export type NewDraw = Omit<StandingDraw, 'id' | 'state' | 'reason'> & {
  publicId: string
  tableId: number
  generation: number
  stratum: string | null
}

/** Writes the ledger: draws, and credits beside them, numbered in one order. */
export interface DrawWriter {
  /** The number of the draw or credit that is written next. */
  nextId(): number
  insert(id: number, draw: NewDraw): void
  find(id: number): StandingDraw | null
  /** The draw, unless it was given back. */
  standing(id: number): StandingDraw | null
  /** What the cell drew in this generation. */
  ofCell(row: number, cell: { column: string; generation: number }): StandingDraw | null
  /** False for a draw that was given back. */
  confirm(id: number): boolean
  /** Confirms a draw although it was given back. */
  retake(id: number): void
  release(id: number, reason: string): void
  /** Takes out what people wrote about a row that is gone. */
  eraseRow(row: number): void
  insertCredit(credit: Omit<CreditRecord, 'id'>): CreditRecord
}

export function createDrawWriter(connection: Connection): DrawWriter {
  const insert = connection.prepare(
    `INSERT INTO draws (id, pool, row_seq, row, table_id, "column", generation, member, stratum, backfill, counter, at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const insertCredit = connection.prepare(
    'INSERT INTO credits (id, pool, member, leads, reason, note, row, who, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const columns = 'id, pool, row_seq AS row, "column", member, state, reason, backfill, counter, at'
  const select = connection.prepare(`SELECT ${columns} FROM draws WHERE id = ?`)
  const selectCell = connection.prepare(
    `SELECT ${columns} FROM draws WHERE row_seq = ? AND "column" = ? AND generation = ?`,
  )
  const confirm = connection.prepare(
    `UPDATE draws SET state = 'confirmed' WHERE id = ? AND state != 'released'`,
  )
  const retake = connection.prepare(`UPDATE draws SET state = 'confirmed', reason = NULL WHERE id = ?`)
  const release = connection.prepare(`UPDATE draws SET state = 'released', reason = ? WHERE id = ?`)
  const blank = connection.prepare(
    `UPDATE draws SET reason = 'erased' WHERE row_seq = ? AND reason IS NOT NULL`,
  )
  const lastId = connection
    .prepare('SELECT max(ifnull((SELECT max(id) FROM draws), 0), ifnull((SELECT max(id) FROM credits), 0))')
    .pluck()
  // Numbers of work that was undone are not given again, which nothing minds.
  let last = lastId.get() as number

  function nextId(): number {
    last += 1
    return last
  }

  const find = (id: number) => (select.get(id) as StandingDraw | undefined) ?? null

  return {
    nextId,
    insert(id, draw) {
      const { pool, row, publicId, tableId, column, generation, member, stratum, backfill, counter, at } =
        draw
      insert.run(id, pool, row, publicId, tableId, column, generation, member, stratum, backfill, counter, at)
    },
    find,
    standing(id) {
      const draw = find(id)
      return draw === null || draw.state === 'released' ? null : draw
    },
    ofCell: (row, { column, generation }) =>
      (selectCell.get(row, column, generation) as StandingDraw | undefined) ?? null,
    confirm: (id) => confirm.run(id).changes > 0,
    retake: (id) => void retake.run(id),
    release: (id, reason) => void release.run(reason, id),
    eraseRow: (row) => void blank.run(row),
    insertCredit(credit) {
      const id = nextId()
      const { pool, member, leads, reason, note, row, who, at } = credit
      insertCredit.run(id, pool, member, leads, reason, note, row, who, at)
      return { id, ...credit }
    },
  }
}
