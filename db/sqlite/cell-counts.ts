import type { CellCount } from '../store.ts'
import type { Connection } from './open.ts'

/** Statuses of a row's cells by column; a stale cell counts as `stale`. */
export type Statuses = Readonly<Record<string, string>>

interface Difference {
  tableId: number
  before: Statuses
  after: Statuses
}

interface Sum {
  tableId: number
  column: string
  status: string
  by: number
}

/**
 * How many cells of a column have which status, kept as sums so that no question counts a million rows. Differences gather while a
 * transaction runs and are written as one statement for each sum that changed.
 */
export interface CellCounts {
  /** The cells of one row were `before` and are `after`. */
  change(tableId: number, before: Statuses, after: Statuses): void
  /** Writes the gathered differences; called inside the transaction. */
  write(): void
  discard(): void
  /** Remembers how much was gathered, for `undo`. */
  mark(): void
  undo(): void
  of(tableId: number): CellCount[]
}

export function createCellCounts(connection: Connection): CellCounts {
  const add = connection.prepare(
    `INSERT INTO cell_counts (table_id, "column", status, count) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET count = count + excluded.count`,
  )
  const select = connection.prepare(
    'SELECT "column", status, count FROM cell_counts WHERE table_id = ? AND count > 0 ORDER BY 1, 2',
  )
  let gathered: Difference[] = []
  let marked = 0

  return {
    change(tableId, before, after) {
      gathered.push({ tableId, before, after })
    },
    write() {
      for (const { tableId, column, status, by } of summed(gathered)) {
        if (by !== 0) add.run(tableId, column, status, by)
      }
      gathered = []
    },
    discard() {
      gathered = []
    },
    mark() {
      marked = gathered.length
    },
    undo() {
      gathered.length = marked
    },
    of: (tableId) => select.all(tableId) as CellCount[],
  }
}

/** One difference for each column and status. There are few of them, so looking through a list is cheaper than making keys. */
function summed(differences: readonly Difference[]): Sum[] {
  const byColumn = new Map<string, Sum[]>()
  const add = (tableId: number, statuses: Statuses, by: 1 | -1) => {
    for (const column of Object.keys(statuses)) {
      const status = statuses[column]
      if (status === undefined) continue
      const sums = byColumn.get(column) ?? []
      if (sums.length === 0) byColumn.set(column, sums)
      const sum = sums.find((each) => each.status === status && each.tableId === tableId)
      if (sum === undefined) sums.push({ tableId, column, status, by })
      else sum.by += by
    }
  }
  for (const { tableId, before, after } of differences) {
    add(tableId, before, -1)
    add(tableId, after, 1)
  }
  return [...byColumn.values()].flat()
}
