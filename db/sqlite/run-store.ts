import type { NewRun, Run, RunChange } from '../store.ts'
import type { Connection } from './open.ts'

/** What is kept of a run. Progress is left out where it says nothing yet, since every insert writes one of these. */
type Document = NewRun & { progress?: Progress }
type Progress = Pick<Run, 'cursor' | 'handedOut' | 'counts' | 'finishedAt'>

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

  const runOf = ({ ordinal, status, document }: StoredRun): Run => {
    const { progress, ...run } = JSON.parse(document) as Document
    return { ordinal, status, ...run, ...(progress ?? noProgress(run)) }
  }

  return {
    create(run, tableId) {
      // The rows of an insert are handed out with it; whether it is finished is asked of the rows.
      const status = run.kind === 'insert' ? 'done' : 'running'
      const { lastInsertRowid } = insert.run(run.id, tableId, status, JSON.stringify(run))
      return { ordinal: Number(lastInsertRowid), status, ...run, ...noProgress(run) }
    },
    update(id, change) {
      const next: Run = { ...runOf(selectId.get(id) as StoredRun), ...change }
      const { ordinal, status, cursor, handedOut, counts, finishedAt, ...run } = next
      update.run(
        status,
        JSON.stringify({ ...run, progress: { cursor, handedOut, counts, finishedAt } }),
        ordinal,
      )
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

const noProgress = (run: NewRun): Progress => ({
  cursor: 0,
  handedOut: run.kind === 'insert' ? run.rows : 0,
  counts: { ran: 0, unchanged: 0, kept: 0, skipped: 0, failed: 0, cancelled: 0 },
  finishedAt: null,
})
