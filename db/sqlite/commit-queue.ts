import { TableError } from '../../columns/errors.ts'
import type { Connection } from './open.ts'

interface Waiting {
  work: (guard: () => void) => unknown
  guarded: boolean
  resolve: (value: never) => void
  reject: (error: unknown) => void
  /** What the work gave, or, when it failed, what it threw. */
  outcome: unknown
  failed: boolean
}

export interface CommitHooks {
  /** Runs before each piece of work: what it leaves in memory from here on may have to be undone. */
  beforeWork(): void
  /** Forgets what the present piece of work left in memory. */
  undoWork(): void
  /** Runs inside the transaction, behind all work of the batch. */
  beforeCommit(): void
  afterCommit(): void
  /** Forgets what was prepared in memory for a transaction that did not happen. */
  onRollback(): void
  /** The disk failed. What is on it is not known any more, so nothing is written from here on. Called once. */
  onBroken(error: Error): void
}

/**
 * Work asked for in one turn of the event loop shares one transaction, and so one flush to disk. Every piece is called exactly once:
 * it may have side effects of its own. One that throws is undone and rejected alone, the others of its batch commit.
 */
export interface CommitQueue {
  run<Result>(work: () => Result): Promise<Result>
  /**
   * The same for work that decides before it writes, and of whose writes only the first can be refused. It needs no savepoint, which is
   * a good part of what a small step costs: behind one, SQLite copies every page before it changes it. Other work calls `guard` for one
   * before it writes; should work fail between two writes without it, the whole batch is rolled back.
   */
  runUnguarded<Result>(work: (guard: () => void) => Result): Promise<Result>
  close(): Promise<void>
}

const maxBatch = 1000

export function createCommitQueue(connection: Connection, hooks: CommitHooks): CommitQueue {
  const waiting: Waiting[] = []
  let scheduled = false
  let closed = false
  let broken: TableError | null = null
  const begin = connection.prepare('BEGIN IMMEDIATE')
  const commit = connection.prepare('COMMIT')
  const rollback = connection.prepare('ROLLBACK')
  const mark = connection.prepare('SAVEPOINT work')
  const release = connection.prepare('RELEASE work')
  const undo = connection.prepare('ROLLBACK TO work')
  const changes = connection.prepare('SELECT total_changes()').pluck()

  /** The savepoint of the work under way is set. */
  let marked = false
  function guard(): void {
    if (!marked) mark.run()
    marked = true
  }

  function attempt(each: Waiting): void {
    marked = false
    if (each.guarded) guard()
    const before = marked ? 0 : (changes.get() as number)
    hooks.beforeWork()
    try {
      each.outcome = each.work(guard)
    } catch (error) {
      // A full disk takes the whole transaction with it; then there is nothing to go back to.
      if (!connection.inTransaction) throw error
      if (marked) undo.run()
      else if (changes.get() !== before) throw error
      hooks.undoWork()
      each.outcome = error
      each.failed = true
    }
    if (marked) release.run()
  }

  function transact(batch: Waiting[]): void {
    begin.run()
    try {
      for (const each of batch) attempt(each)
      hooks.beforeCommit()
      commit.run()
    } catch (error) {
      if (connection.inTransaction) rollback.run()
      hooks.onRollback()
      throw error
    }
  }

  function flush(): void {
    scheduled = false
    const batch = waiting.splice(0, maxBatch)
    if (waiting.length > 0) schedule()
    if (batch.length === 0) return
    try {
      transact(batch)
    } catch (error) {
      for (const each of batch) refuse(each, error)
      return
    }
    for (const each of batch) {
      if (each.failed) refuse(each, each.outcome)
      else each.resolve(each.outcome as never)
    }
    hooks.afterCommit()
  }

  function refuse(each: Waiting, error: unknown): void {
    const failure = failureOf(error)
    each.reject(failure)
    if (failure instanceof DiskFailure) breakOff(failure)
  }

  /**
   * After a failed flush the pages in memory count as written although they may not be: another commit would acknowledge what no disk
   * holds.
   */
  function breakOff(error: TableError): void {
    if (broken !== null) return
    broken = error
    for (const each of waiting.splice(0)) each.reject(error)
    hooks.onBroken(error)
  }

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    setImmediate(flush)
  }

  function enqueue<Result>(work: (guard: () => void) => Result, guarded: boolean): Promise<Result> {
    if (broken !== null) return Promise.reject(broken)
    if (closed) return Promise.reject(new TableError('store-closed', 'the store is closed'))
    return new Promise((resolve, reject) => {
      waiting.push({ work, guarded, resolve, reject, outcome: null, failed: false })
      schedule()
    })
  }

  return {
    run: (work) => enqueue(work, true),
    runUnguarded: (work) => enqueue(work, false),
    async close() {
      closed = true
      while (waiting.length > 0) flush()
    },
  }
}

/** The disk does not do what it was told. */
class DiskFailure extends TableError {}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** What callers are told: a full disk passes once there is room again, a failing one does not. */
function failureOf(error: unknown): unknown {
  const code = codeOf(error)
  if (code.startsWith('SQLITE_IOERR'))
    return new DiskFailure('store-broken', `the disk failed while the store was written (${code})`, {
      cause: error,
      wayOut:
        'look at the disk and the log of the system, then start again: what was acknowledged is in the file',
    })
  if (code !== 'SQLITE_FULL') return error
  return new TableError('store-full', 'the disk is full: nothing was written', {
    cause: error,
    wayOut: 'make room, then send it again; rows under way go on by themselves',
  })
}
