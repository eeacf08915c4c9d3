import { TableError } from '../../columns/errors.ts'
import type { Connection } from './open.ts'

interface Waiting {
  work: () => unknown
  resolve: (value: never) => void
  reject: (error: unknown) => void
  result?: unknown
}

export interface CommitHooks {
  /** Runs inside the transaction, behind all work of the batch. */
  beforeCommit(): void
  afterCommit(): void
  /** Forgets what was prepared in memory for a transaction that did not happen. */
  onRollback(): void
}

/** Work asked for in one turn of the event loop shares one transaction, and so one flush to disk. */
export interface CommitQueue {
  run<Result>(work: () => Result): Promise<Result>
  close(): Promise<void>
}

const maxBatch = 1_000

export function createCommitQueue(connection: Connection, hooks: CommitHooks): CommitQueue {
  const waiting: Waiting[] = []
  let scheduled = false
  let closed = false
  const begin = connection.prepare('BEGIN IMMEDIATE')
  const commit = connection.prepare('COMMIT')
  const rollback = connection.prepare('ROLLBACK')

  function transact(batch: Waiting[]): void {
    begin.run()
    try {
      for (const each of batch) each.result = each.work()
      hooks.beforeCommit()
      commit.run()
    } catch (error) {
      if (connection.inTransaction) rollback.run()
      hooks.onRollback()
      throw error
    }
  }

  function settle(batch: Waiting[]): void {
    hooks.afterCommit()
    for (const each of batch) each.resolve(each.result as never)
  }

  function flush(): void {
    scheduled = false
    const batch = waiting.splice(0, maxBatch)
    if (waiting.length > 0) schedule()
    try {
      transact(batch)
    } catch (error) {
      if (batch.length === 1) batch[0]?.reject(error)
      else for (const each of batch) alone(each)
      return
    }
    settle(batch)
  }

  /** One piece of work that fails must not take the others of its batch with it. */
  function alone(each: Waiting): void {
    try {
      transact([each])
    } catch (error) {
      each.reject(error)
      return
    }
    settle([each])
  }

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    setImmediate(flush)
  }

  return {
    run(work) {
      if (closed) return Promise.reject(new TableError('store-closed', 'the store is closed'))
      return new Promise((resolve, reject) => {
        waiting.push({ work, resolve, reject })
        schedule()
      })
    },
    async close() {
      closed = true
      while (waiting.length > 0) flush()
    },
  }
}
