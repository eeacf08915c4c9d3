import type { CellState } from '../columns/cell.ts'
import type { JournalEntry } from '../db/journal.ts'
import type { Run, StoredRow } from '../db/store.ts'
import { writeBeside } from './at-rest.ts'
import { backfillSkip } from './backfill.ts'
import { chooseCells } from './choose.ts'
import type { Engine } from './engine.ts'
import type { PlannedColumn, TablePlan } from './plan.ts'

const reason = 'its run was still waiting when another run took the row'

/**
 * Before a parked row goes to another run, the cells that its present run would have come to are written down as queued: every run
 * finishes what is unfinished, so nothing of an insert is lost because somebody re-ran one column in the meantime.
 */
export async function keepPending(engine: Engine, plan: TablePlan, row: StoredRow, run: Run): Promise<void> {
  const entries = [...chooseCells(plan, row, run)].flatMap((index): JournalEntry[] => {
    const column = plan.columns[index]
    if (column === undefined || row.cells[column.name] !== undefined) return []
    // What a backfill must not do, the run that takes its row must not do either.
    const skip = backfillSkip(column, run)
    const cell: CellState =
      skip === null
        ? { status: 'queued', attempts: 0, reason, ...(isBeside(column, run) && { backfill: true }) }
        : {
            status: 'skipped',
            attempts: 0,
            reason: skip.reason,
            skipped: { rule: skip.rule, values: skip.values },
          }
    return [{ kind: 'attempt', column: column.name, cell }]
  })
  if (entries.length > 0) await writeBeside(engine, row, entries)
}

/** A draw that its backfill keeps out of the live rotation. */
const isBeside = ({ column: { work } }: PlannedColumn, { backfill }: Run): boolean =>
  work.effect === 'draw' && backfill?.consumeDraws === false
