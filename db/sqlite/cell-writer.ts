import { type CellState, isOpen, standsOn } from '../../columns/cell.ts'
import type { Cells } from '../journal.ts'
import type { CellCounts, Statuses, Tally } from './cell-counts.ts'
import type { Connection } from './open.ts'
import { packCells, unpackCells } from './packed.ts'

/** Writes the cells of a row as it comes to rest: the document, what is open in it, and the counts. */
export interface CellWriter {
  /** The row was inserted now: nothing of it has to be looked up before its first snapshot. */
  inserted(row: number): void
  write(row: number, tableId: number, cells: Cells): void
  erase(row: number, tableId: number): void
}

export function createCellWriter(connection: Connection, counts: CellCounts): CellWriter {
  const put = connection.prepare(
    'INSERT INTO row_cells (row_seq, cells) VALUES (?, jsonb(?)) ON CONFLICT (row_seq) DO UPDATE SET cells = excluded.cells',
  )
  const putOpen = connection.prepare(
    'INSERT INTO open_cells (row_seq, table_id, "column", status, stale) VALUES (?, ?, ?, ?, ?)',
  )
  const hasOpen = connection.prepare('SELECT 1 FROM open_cells WHERE row_seq = ? LIMIT 1').pluck()
  const dropOpen = connection.prepare('DELETE FROM open_cells WHERE row_seq = ?')
  const drop = connection.prepare('DELETE FROM row_cells WHERE row_seq = ?')
  const read = connection.prepare('SELECT json(cells) FROM row_cells WHERE row_seq = ?').pluck()

  /** Rows inserted by this process that have no snapshot yet. The number of one whose insert was undone goes to the next insert. */
  const bare = new Set<number>()

  function statusesBefore(row: number): Statuses {
    const text = read.get(row) as string | undefined
    return text === undefined ? {} : statusesOf(unpackCells(text))
  }

  return {
    inserted: (row) => void bare.add(row),
    write(row, tableId, cells) {
      const isFirst = bare.delete(row)
      counts.change(tableId, isFirst ? {} : statusesBefore(row), statusesOf(cells))
      put.run(row, packCells(cells))
      if (!isFirst && hasOpen.get(row) !== undefined) dropOpen.run(row)
      for (const column of Object.keys(cells)) {
        const cell = cells[column]
        if (cell !== undefined && isOpen(cell))
          putOpen.run(row, tableId, column, cell.status, cell.stale ? 1 : 0)
      }
    },
    erase(row, tableId) {
      counts.change(tableId, statusesBefore(row), {})
      dropOpen.run(row)
      drop.run(row)
      bare.delete(row)
    },
  }
}

function statusesOf(cells: Readonly<Record<string, CellState>>): Statuses {
  const statuses: Record<string, Tally> = {}
  for (const column of Object.keys(cells)) {
    const cell = cells[column]
    if (cell === undefined) continue
    statuses[column] = cell.stale
      ? { status: 'stale', definition: 0 }
      : { status: cell.status, definition: standsOn(cell) ?? 0 }
  }
  return statuses
}
