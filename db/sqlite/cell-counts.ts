import type { Outdated } from '../filter.ts'
import type { CellCount } from '../store.ts'
import type { Connection } from './open.ts'

/** What a cell counts as: `stale` where it is marked so. `definition` is the one it stands on, 0 for none. */
export interface Tally {
  status: string
  definition: number
}

/** The cells of a row by column. */
export type Statuses = Readonly<Record<string, Tally>>

interface Difference {
  tableId: number
  before: Statuses
  after: Statuses
}

interface Sum extends Tally {
  tableId: number
  column: string
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
  /** The sums by column and status; what stands on a definition that is outdated counts as `stale`. */
  of(tableId: number, outdated: readonly Outdated[]): CellCount[]
}

export function createCellCounts(connection: Connection): CellCounts {
  const add = connection.prepare(
    `INSERT INTO cell_counts (table_id, "column", status, definition, count) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET count = count + excluded.count`,
  )
  const select = connection.prepare(
    'SELECT "column", status, definition, count FROM cell_counts WHERE table_id = ? AND count > 0',
  )
  let gathered: Difference[] = []
  let marked = 0

  return {
    change(tableId, before, after) {
      gathered.push({ tableId, before, after })
    },
    write() {
      for (const { tableId, column, status, definition, by } of summed(gathered)) {
        if (by !== 0) add.run(tableId, column, status, definition, by)
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
    of: (tableId, outdated) => folded(select.all(tableId) as (CellCount & Tally)[], outdated),
  }
}

/** One count for each column and status, in order of both. */
function folded(counts: readonly (CellCount & Tally)[], outdated: readonly Outdated[]): CellCount[] {
  const sums = new Map<string, CellCount>()
  for (const { column, status: given, definition, count } of counts) {
    const { ran = [], skipped = [] } = outdated.find((each) => each.column === column) ?? {}
    const status = (given === 'skipped' ? skipped : ran).includes(definition) ? 'stale' : given
    const sum = sums.get(`${column} ${status}`)
    if (sum === undefined) sums.set(`${column} ${status}`, { column, status, count })
    else sum.count += count
  }
  return [...sums].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, sum]) => sum)
}

/** One difference for each column and status. There are few of them, so looking through a list is cheaper than making keys. */
function summed(differences: readonly Difference[]): Sum[] {
  const byColumn = new Map<string, Sum[]>()
  const add = (tableId: number, statuses: Statuses, by: 1 | -1) => {
    for (const column of Object.keys(statuses)) {
      const tally = statuses[column]
      if (tally === undefined) continue
      const { status, definition } = tally
      const sums = byColumn.get(column) ?? []
      if (sums.length === 0) byColumn.set(column, sums)
      const sum = sums.find(
        (each) => each.status === status && each.definition === definition && each.tableId === tableId,
      )
      if (sum === undefined) sums.push({ tableId, column, status, definition, by })
      else sum.by += by
    }
  }
  for (const { tableId, before, after } of differences) {
    add(tableId, before, -1)
    add(tableId, after, 1)
  }
  return [...byColumn.values()].flat()
}
