import { hash } from 'node:crypto'
import { TableError } from '../columns/errors.ts'
import { stableStringify } from '../columns/json.ts'
import type { Backfill, InsertedRow, Run } from '../db/store.ts'
import { type CheckedInput, checkInput, type FieldProblem } from './check-input.ts'
import type { Engine } from './engine.ts'
import type { Lanes } from './lanes.ts'
import type { TablePlan } from './plan.ts'

export interface InsertOptions {
  idempotencyKey?: string
  /** Rows of a backlog go to the bulk lane. */
  lane?: Run['lane']
  /** The rows are a backlog: they go to the bulk lane and do what is said here. */
  backfill?: Backfill
}

export type InsertResult =
  /** `ignored`: fields that were sent and that the table does not have. */
  | { status: 'accepted' | 'touched'; id: string; ignored: string[] }
  | { status: 'invalid'; problems: FieldProblem[] }

/** Inserts the valid ones of these inputs in one transaction, and hands them to their lane. The others are told what is wrong. */
export async function insertRows(
  { engine, lanes }: { engine: Engine; lanes: Lanes },
  plan: TablePlan,
  { inputs, idempotencyKey, lane = 'live', backfill }: InsertOptions & { inputs: readonly unknown[] },
): Promise<{ run: Run | null; rows: InsertResult[] }> {
  const { store, world } = engine
  const table = plan.table.name
  const at = world.now()
  const checked = inputs.map((input) => checkInput(plan, input))
  const accepted = checked.filter((each): each is Extract<CheckedInput, { ok: true }> => each.ok)
  let inserted: InsertedRow[] = []
  let run: Run | null = null
  if (accepted.length > 0) {
    const answer = await store.insert({
      table,
      at,
      run: {
        id: world.id('run'),
        table,
        kind: 'insert',
        lane: backfill === undefined ? lane : 'bulk',
        definition: plan.definition,
        request: null,
        backfill: backfill ?? null,
        rows: accepted.length,
        at,
      },
      rows: accepted.map(({ input, person, account, occurredAt }) => ({
        id: world.id('row'),
        person,
        account,
        input,
        occurredAt: occurredAt ?? at,
      })),
      ...(idempotencyKey !== undefined && {
        idempotency: { key: idempotencyKey, fingerprint: hash('sha256', stableStringify(inputs)) },
      }),
    })
    inserted = answer.rows
    run = answer.run
    for (const { row } of inserted) if (row !== null && run !== null) lanes.begin(row, run)
  }
  let next = 0
  const rows = checked.map((each): InsertResult => {
    if (!each.ok) return { status: 'invalid', problems: each.problems }
    const row = inserted[next]
    next += 1
    if (row === undefined)
      throw new TableError('internal', 'the store answered for fewer rows than it was given')
    return { status: row.status, id: row.id, ignored: each.ignored }
  })
  return { run, rows }
}
