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
  stratum: string | null
  backfill: 0 | 1
  counter: string | null
  at: number
}

export type NewDraw = Omit<StandingDraw, 'id' | 'state' | 'reason'> & {
  publicId: string
  tableId: number
  generation: number
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
  /** The latest draw of the cell before this generation. */
  before(row: number, cell: { column: string; generation: number }): StandingDraw | null
  /** Leads that a rep was charged for being named in the place of this draw, and not given back since: 0 or below. */
  chargedFor(draw: StandingDraw, to: { row: string; member: string }): number
  /** False for a draw that was given back. */
  confirm(id: number): boolean
  /** Confirms a draw although it was given back. */
  retake(id: number): void
  release(id: number, reason: string): void
  /** The stratum that a row was drawn from a pool in, rather for this member than for another. Undefined for a row that was not. */
  stratumOf(row: string, of: { pool: string; member: string }): string | null | undefined
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
    'INSERT INTO credits (id, pool, member, stratum, leads, reason, note, row, who, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const columns = 'id, pool, row_seq AS row, "column", member, state, reason, stratum, backfill, counter, at'
  const select = connection.prepare(`SELECT ${columns} FROM draws WHERE id = ?`)
  const selectCell = connection.prepare(
    `SELECT ${columns} FROM draws WHERE row_seq = ? AND "column" = ? AND generation = ?`,
  )
  const selectBefore = connection.prepare(
    `SELECT ${columns} FROM draws WHERE row_seq = ? AND "column" = ? AND generation < ? ORDER BY generation DESC LIMIT 1`,
  )
  const selectCharged = connection
    .prepare(
      // The credits of one row are few, those of a pool are not: the sign keeps the index of pools out.
      `SELECT ifnull(sum(leads), 0) FROM credits
       WHERE row = ? AND +pool = ? AND member = ? AND id > ? AND reason IN ('reassigned_to', 'reassigned_from')`,
    )
    .pluck()
  const confirm = connection.prepare(
    `UPDATE draws SET state = 'confirmed' WHERE id = ? AND state != 'released'`,
  )
  const retake = connection.prepare(`UPDATE draws SET state = 'confirmed', reason = NULL WHERE id = ?`)
  const release = connection.prepare(`UPDATE draws SET state = 'released', reason = ? WHERE id = ?`)
  const blank = connection.prepare(
    `UPDATE draws SET reason = 'erased' WHERE row_seq = ? AND reason IS NOT NULL`,
  )
  const selectStratum = connection
    .prepare(
      `SELECT stratum FROM draws WHERE row_seq = (SELECT seq FROM rows WHERE id = ?) AND +pool = ? AND backfill = 0
       ORDER BY member = ? DESC, id DESC LIMIT 1`,
    )
    .pluck()
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
    before: (row, { column, generation }) =>
      (selectBefore.get(row, column, generation) as StandingDraw | undefined) ?? null,
    chargedFor: ({ id, pool }, { row, member }) =>
      Math.min(0, selectCharged.get(row, pool, member, id) as number),
    confirm: (id) => confirm.run(id).changes > 0,
    retake: (id) => void retake.run(id),
    release: (id, reason) => void release.run(reason, id),
    stratumOf: (row, { pool, member }) => selectStratum.get(row, pool, member) as string | null | undefined,
    eraseRow: (row) => void blank.run(row),
    insertCredit(credit) {
      const id = nextId()
      const { pool, member, stratum, leads, reason, note, row, who, at } = credit
      insertCredit.run(id, pool, member, stratum, leads, reason, note, row, who, at)
      return { id, ...credit }
    },
  }
}
