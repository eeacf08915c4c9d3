import type { NewRun, Run, RunChange } from '../store.ts'
import type { Connection } from './open.ts'

type Document = Omit<Run, 'ordinal' | 'status'>

interface StoredRun {
  ordinal: number
  status: Run['status']
  document: string
}

/** Runs as documents; the status is a column because open runs are looked for at every start. */
export interface RunStore {
  create(run: NewRun, tableId: number): Run
  update(id: string, change: RunChange): Run
  find(id: string): Run | null
  byOrdinal(ordinal: number): Run | null
  open(): Run[]
}

export function createRunStore(connection: Connection): RunStore {
  const insert = connection.prepare('INSERT INTO runs (id, table_id, status, document) VALUES (?, ?, ?, ?)')
  const update = connection.prepare('UPDATE runs SET status = ?, document = ? WHERE ordinal = ?')
  const selectId = connection.prepare('SELECT ordinal, status, document FROM runs WHERE id = ?')
  const selectOrdinal = connection.prepare('SELECT ordinal, status, document FROM runs WHERE ordinal = ?')
  const selectOpen = connection.prepare(
    `SELECT ordinal, status, document FROM runs WHERE status = 'running' ORDER BY ordinal`,
  )

  const runOf = ({ ordinal, status, document }: StoredRun): Run => ({
    ordinal,
    status,
    ...(JSON.parse(document) as Document),
  })

  return {
    create(run, tableId) {
      const document: Document = {
        ...run,
        cursor: 0,
        handedOut: run.kind === 'insert' ? run.rows : 0,
        counts: { ran: 0, unchanged: 0, kept: 0, skipped: 0, failed: 0, cancelled: 0 },
        finishedAt: null,
      }
      // The rows of an insert are handed out with it; whether it is finished is asked of the rows.
      const status = run.kind === 'insert' ? 'done' : 'running'
      const { lastInsertRowid } = insert.run(run.id, tableId, status, JSON.stringify(document))
      return { ordinal: Number(lastInsertRowid), status, ...document }
    },
    update(id, change) {
      const { ordinal, status, ...document } = runOf(selectId.get(id) as StoredRun)
      const next: Run = { ordinal, status, ...document, ...change }
      const { ordinal: _, status: nextStatus, ...nextDocument } = next
      update.run(nextStatus, JSON.stringify(nextDocument), ordinal)
      return next
    },
    find(id) {
      const found = selectId.get(id) as StoredRun | undefined
      return found === undefined ? null : runOf(found)
    },
    byOrdinal(ordinal) {
      const found = selectOrdinal.get(ordinal) as StoredRun | undefined
      return found === undefined ? null : runOf(found)
    },
    open: () => (selectOpen.all() as StoredRun[]).map(runOf),
  }
}
