import { hash } from 'node:crypto'
import { TableError } from '../columns/errors.ts'
import { stableStringify } from '../columns/json.ts'
import type { Backfill, InsertAnswer, OtherInput, OtherInputs, Run, Store } from '../db/store.ts'
import { type CheckedInput, checkInput, type FieldProblem } from './check-input.ts'
import type { Engine } from './engine.ts'
import type { Lanes } from './lanes.ts'
import { type OwnWrite, ownWriteOf } from './own-writes.ts'
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
  /** Not inserted: it is the echo of a write of ours, and these are the row and the cell that made it. */
  | ({ status: 'ignored-own-write' } & OwnWrite)

type Accepted = Extract<CheckedInput, { ok: true }>

interface InsertParts {
  engine: Engine
  lanes: Lanes
  tables: readonly string[]
}

/** Inserts the valid ones of these inputs in one transaction, and hands them to their lane. The others are told what is wrong. */
export async function insertRows(
  { engine, lanes, tables }: InsertParts,
  plan: TablePlan,
  { inputs, idempotencyKey, lane = 'live', backfill }: InsertOptions & { inputs: readonly unknown[] },
): Promise<{ run: Run | null; rows: InsertResult[] }> {
  const { store, world } = engine
  const table = plan.table.name
  const at = world.now()
  const checked = inputs.map((input) => checkInput(plan, input))
  const others = await othersOf(checked, { store, tables, now: at })
  const accepted = checked.filter((each, index): each is Accepted => each.ok && others[index] === undefined)
  // Also without rows: the definition may have changed since the key was first used.
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
    others,
    ...(idempotencyKey !== undefined && {
      idempotency: {
        key: idempotencyKey,
        fingerprint: hash('sha256', stableStringify([inputs, backfill ?? null])),
      },
    }),
  })
  const { run } = answer
  for (const { row } of answer.rows) if (row !== null && run !== null) lanes.begin(row, run)
  return { run, rows: resultsOf(checked, answer) }
}

/** Which of the inputs become no rows: those that are refused, and echoes of writes of our own. */
async function othersOf(
  checked: readonly CheckedInput[],
  parts: { store: Store; tables: readonly string[]; now: number },
): Promise<OtherInputs> {
  const others: Record<number, OtherInput> = {}
  for (const [index, each] of checked.entries()) {
    if (!each.ok) others[index] = { status: 'invalid' }
    else if (each.origin !== null) {
      const by = await ownWriteOf(parts, each.origin)
      if (by !== null) others[index] = { status: 'ignored-own-write', ...by }
    }
  }
  return others
}

/** The answer by input, which under a key that was used before is that of the first time, whatever the check says today. */
function resultsOf(
  checked: readonly CheckedInput[],
  { rows, others }: Pick<InsertAnswer, 'rows' | 'others'>,
): InsertResult[] {
  let next = 0
  return checked.map((each, index): InsertResult => {
    const other = others[index]
    if (other?.status === 'ignored-own-write') return other
    if (other !== undefined) return { status: 'invalid', problems: each.ok ? [refusedBefore] : each.problems }
    const row = rows[next]
    next += 1
    if (row === undefined)
      throw new TableError('internal', 'the store answered for fewer rows than it was given')
    return { status: row.status, id: row.id, ignored: each.ok ? each.ignored : [] }
  })
}

const refusedBefore: FieldProblem = {
  field: '',
  message: 'it was refused when this Idempotency-Key was first used: send it under a new key',
  value: '',
}
