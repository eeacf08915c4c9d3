import { TableError } from '../columns/errors.ts'
import type { InsertedRow, WaitedRow } from './contract.ts'
import type { Parts } from './parts.ts'
import { rowPath } from './paths.ts'
import { ProblemError } from './problem.ts'

const defaultTimeoutMs = 30_000

/** What an insert waits for: the whole row, or one column. */
export interface WaitWish {
  column: string | null
  timeoutMs: number
}

/** `?wait=` of an insert. */
export interface Waiting {
  /** Checked before anything is inserted, so that a misspelt column costs nothing. */
  wishOf(table: string, wait: string | undefined, timeoutMs: number | undefined): Promise<WaitWish | null>
  /** The rows as they are when the wish holds. Throws `wait-timeout`, naming the rows, which are accepted all the same. */
  settled(table: string, rows: readonly InsertedRow[], wish: WaitWish): Promise<WaitedRow[]>
}

export function createWaiting({ runtime, definitions }: Parts): Waiting {
  /** Null for a row that was erased meanwhile: the others of its request are answered all the same. */
  const detailOf = (table: string, id: string) =>
    runtime.row(table, id).catch((error: unknown) => {
      if (TableError.isInstance(error) && error.code === 'row-unknown') return null
      throw error
    })

  return {
    async wishOf(table, wait, timeoutMs) {
      if (wait === undefined) {
        if (timeoutMs === undefined) return null
        throw new TableError('request-invalid', 'timeoutMs says how long to wait, and there is no wait', {
          field: 'timeoutMs',
          value: timeoutMs,
          wayOut: 'add wait=done or wait={column}',
        })
      }
      const { columns } = await definitions.of(table)
      if (wait !== 'done' && !columns.includes(wait)) {
        throw new TableError('column-unknown', `table ${table} has no column "${wait}" to wait for`, {
          field: 'wait',
          value: wait,
          wayOut: `use done, or one of: ${columns.join(', ')}`,
        })
      }
      return { column: wait === 'done' ? null : wait, timeoutMs: timeoutMs ?? defaultTimeoutMs }
    },
    async settled(table, rows, { column, timeoutMs }) {
      const ids = rows.flatMap((row) => row.id ?? [])
      if (!(await runtime.settled(table, ids, column, timeoutMs))) {
        throw new ProblemError(
          'wait-timeout',
          `the rows are accepted and go on, but were not there after ${timeoutMs} ms`,
          {
            wayOut: 'read the rows at their url; do not send them again',
            rows: [...rows],
          },
        )
      }
      return Promise.all(
        rows.map(async (row) => {
          if (row.id === undefined || row.status === 'invalid' || row.status === 'ignored-own-write')
            return row
          const detail = await detailOf(table, row.id)
          if (detail === null) return row
          const { status, ignored } = row
          return { ...detail, url: rowPath(table, row.id), status, ...(ignored !== undefined && { ignored }) }
        }),
      )
    },
  }
}
