import { z } from 'zod'
import type { CellState } from '../../columns/cell.ts'
import { compute } from '../../columns/compute.ts'
import { roundRobin } from '../../columns/round-robin.ts'
import { defineTable } from '../../columns/table.ts'
import type { Run, RunRequest, StoredRow } from '../../db/store.ts'
import { definePool } from '../../routing/pool.ts'
import { type PlannedColumn, planTable } from '../../runtime/plan.ts'
import { noCounts } from '../../runtime/task.ts'
import { createOutside, deliver } from '../support/outside.ts'
import { request } from '../support/runtime.ts'

const pool = definePool('p', {
  strategy: 'standard',
  members: [{ rep: { id: 'ana', name: 'Ana', email: 'ana@r.example' } }],
  whenNobody: 'assign-anyway',
})

/** value -> doubled -> owner (a draw) -> told (an effect), and a column that stands alone. */
export const table = defineTable('plain', { input: z.object({ n: z.number(), word: z.string().optional() }) })
  .column('doubled', compute({ reads: ['n'], run: ({ n }) => (n ?? 0) * 2 }))
  .column('owner', roundRobin({ pool, needs: ['doubled'] }))
  .column('told', deliver(createOutside(), { needs: ['owner'], reads: ['word'] }))
  .column('alone', compute({ reads: ['word'], run: ({ word }) => word }))

export const plan = planTable(table, 3)

export function planned(name: string): PlannedColumn {
  const column = plan.byName.get(name)
  if (column === undefined) throw new Error(`no column ${name}`)
  return column
}

export const row = (cells: Record<string, CellState> = {}, more: Partial<StoredRow> = {}): StoredRow => ({
  seq: 1,
  id: 'row_1',
  table: 'plain',
  person: null,
  account: null,
  occurredAt: 0,
  createdAt: 0,
  input: { n: 2 },
  cells,
  active: null,
  generation: 1,
  dueAt: null,
  entries: 4,
  touches: 0,
  ...more,
})

/** A run with ordinal 7; `null` is the run of an insert. */
export const run = (wish: Partial<RunRequest> | null = {}): Run => ({
  id: 'run_1',
  table: 'plain',
  kind: wish === null ? 'insert' : 'rerun',
  lane: 'live',
  definition: 3,
  request: wish === null ? null : request(wish),
  backfill: null,
  rows: 1,
  at: 0,
  ordinal: 7,
  status: 'running',
  cursor: 0,
  handedOut: 0,
  counts: noCounts(),
  finishedAt: null,
})
