import { hash } from 'node:crypto'
import { TableError } from '../columns/errors.ts'
import { stableStringify } from '../columns/json.ts'
import type { Backfill, InsertedRow, Run, Store } from '../db/store.ts'
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
  const echoes = await echoesIn(checked, { store, tables, now: at })
  const accepted = checked.filter((each): each is Accepted => each.ok && !echoes.has(each))
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
    if (answer.replayed && inserted.length < accepted.length) {
      // The first time some of them were taken for echoes, and that is too long ago by now to be told by the time.
      for (const [each, by] of await echoesIn(accepted, { store, tables, now: at, anyTime: true }))
        echoes.set(each, by)
    }
    for (const { row } of inserted) if (row !== null && run !== null) lanes.begin(row, run)
  }
  let next = 0
  const rows = checked.map((each): InsertResult => {
    if (!each.ok) return { status: 'invalid', problems: each.problems }
    const by = echoes.get(each)
    if (by !== undefined) return { status: 'ignored-own-write', ...by }
    const row = inserted[next]
    next += 1
    if (row === undefined)
      throw new TableError('internal', 'the store answered for fewer rows than it was given')
    return { status: row.status, id: row.id, ignored: each.ignored }
  })
  return { run, rows }
}

/** The inputs that are echoes of writes of our own, with the cell that wrote. */
async function echoesIn(
  checked: readonly CheckedInput[],
  { anyTime = false, ...parts }: { store: Store; tables: readonly string[]; now: number; anyTime?: boolean },
): Promise<Map<CheckedInput, OwnWrite>> {
  const echoes = new Map<CheckedInput, OwnWrite>()
  for (const each of checked) {
    if (!each.ok || each.origin === null) continue
    const by = await ownWriteOf(parts, each.origin, { anyTime })
    if (by !== null) echoes.set(each, by)
  }
  return echoes
}
