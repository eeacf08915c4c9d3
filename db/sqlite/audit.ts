import type { AuditQuery, AuditRecord, NewRun } from '../store.ts'
import type { Connection } from './open.ts'

interface StoredAudit extends Omit<AuditRecord, 'before' | 'after'> {
  before: string | null
  after: string | null
}

/** Who changed live data, a balance or the owner of a row. Lines are only added. */
export interface Audit {
  add(line: Omit<AuditRecord, 'id'>): void
  /** Adds a line for each row that somebody decided by hand: an override, a redraw, letting a pinned value go. */
  addRun(run: NewRun): void
  find(query: AuditQuery): AuditRecord[]
  /** Takes out what people wrote about a row that is erased; that something was done, and by whom, stays. */
  eraseRow(row: string): void
}

export function createAudit(connection: Connection): Audit {
  const insert = connection.prepare(
    'INSERT INTO audit (subject, name, who, at, before, after) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const columns = 'id, subject, name, who, at, before, after'
  const select = connection.prepare(
    `SELECT ${columns} FROM audit WHERE id < ? AND subject = ifnull(?, subject) ORDER BY id DESC LIMIT ?`,
  )
  const selectNamed = connection.prepare(
    `SELECT ${columns} FROM audit WHERE name = ? AND id < ? AND subject = ifnull(?, subject) ORDER BY id DESC LIMIT ?`,
  )
  const blank = connection.prepare(
    `UPDATE audit SET before = NULL, after = NULL WHERE name = ? AND subject = 'row'`,
  )
  const runsOf = connection
    .prepare(
      `SELECT json_extract(after, '$.run') FROM audit WHERE name = ? AND subject = 'row' AND after IS NOT NULL`,
    )
    .pluck()
  const blankRun = connection.prepare(
    `UPDATE runs SET document = json_set(document, '$.request.reason', NULL) WHERE id = ?`,
  )
  const text = (value: unknown) => (value === null || value === undefined ? null : JSON.stringify(value))
  const parsed = (document: string | null): unknown => (document === null ? null : JSON.parse(document))

  function add({ subject, name, who, at, before, after }: Omit<AuditRecord, 'id'>): void {
    insert.run(subject, name, who, at, text(before), text(after))
  }

  return {
    add,
    addRun({ id: run, request, table, at }) {
      if (request === null || !(request.override !== null || request.redraw || request.unpin)) return
      const { who, reason, columns, override, redraw, unpin, scope } = request
      // Rows that a filter names are not known yet: then one line says it of the table.
      const names = 'rows' in scope ? scope.rows : [table]
      const after = { run, columns, override, redraw, unpin, reason, ...('rows' in scope ? {} : { scope }) }
      for (const name of names) add({ subject: 'row', name, who, at, before: null, after })
    },
    find({ subject = null, name, before = Number.MAX_SAFE_INTEGER, limit }) {
      const found = (
        name === undefined
          ? select.all(before, subject, limit)
          : selectNamed.all(name, before, subject, limit)
      ) as StoredAudit[]
      return found.map((line) => ({ ...line, before: parsed(line.before), after: parsed(line.after) }))
    },
    eraseRow(row) {
      for (const run of runsOf.all(row)) blankRun.run(run)
      blank.run(row)
    },
  }
}
