import type { NewRun, Run, RunChange, RunCounts } from '../store.ts'
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
  /** The ordinal of the run that is created next: rows can be written in front of their run. */
  nextOrdinal(): number
  create(run: NewRun, tableId: number): Run
  update(id: string, change: RunChange): Run
  find(id: string): Run | null
  byOrdinal(ordinal: number): Run | null
  open(): Run[]
  /** Adds to the counts of a run with the coming commit, since many rows of a run share one. */
  count(ordinal: number, counts: RunCounts): void
  /** Writes what was counted. */
  write(): void
  /** Forgets what was counted for a transaction that did not happen. */
  discard(): void
}

export function createRunStore(connection: Connection): RunStore {
  const insert = connection.prepare(
    'INSERT INTO runs (ordinal, id, table_id, status, document) VALUES (?, ?, ?, ?, ?)',
  )
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

  function write({ ordinal, status, cursor, handedOut, counts, finishedAt, ...run }: Run): void {
    const progress: Progress = { cursor, handedOut, counts, finishedAt }
    update.run(status, JSON.stringify({ ...run, progress }), ordinal)
  }

  /** Not set back when work is undone: a number left out harms nobody. */
  let last = connection.prepare('SELECT ifnull(max(ordinal), 0) FROM runs').pluck().get() as number

  /** Counted since the last commit, by run. */
  const counted = new Map<number, RunCounts>()

  return {
    nextOrdinal: () => last + 1,
    create(run, tableId) {
      // The rows of an insert are handed out with it; whether it is finished is asked of the rows.
      const status = run.kind === 'insert' ? 'done' : 'running'
      const ordinal = last + 1
      insert.run(ordinal, run.id, tableId, status, JSON.stringify(run))
      last = ordinal
      return { ordinal, status, ...run, ...noProgress(run) }
    },
    update(id, change) {
      const next: Run = { ...runOf(selectId.get(id) as StoredRun), ...change }
      write(next)
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
    count(ordinal, counts) {
      counted.set(ordinal, sumOf(counted.get(ordinal) ?? noCounts, counts))
    },
    write() {
      for (const [ordinal, counts] of counted) {
        const found = selectOrdinal.get(ordinal) as StoredRun | undefined
        if (found === undefined) continue
        const run = runOf(found)
        write({ ...run, counts: sumOf(run.counts, counts) })
      }
      counted.clear()
    },
    discard: () => counted.clear(),
  }
}

const noCounts: RunCounts = { ran: 0, unchanged: 0, kept: 0, skipped: 0, failed: 0, cancelled: 0 }

const sumOf = (one: RunCounts, other: RunCounts): RunCounts => ({
  ran: one.ran + other.ran,
  unchanged: one.unchanged + other.unchanged,
  kept: one.kept + other.kept,
  skipped: one.skipped + other.skipped,
  failed: one.failed + other.failed,
  cancelled: one.cancelled + other.cancelled,
})

const noProgress = (run: NewRun): Progress => ({
  cursor: 0,
  handedOut: run.kind === 'insert' ? run.rows : 0,
  counts: noCounts,
  finishedAt: null,
})
