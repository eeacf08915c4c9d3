import type { Run, RunRequest } from '../db/store.ts'
import { chooseCells } from './choose.ts'
import type { Engine } from './engine.ts'
import type { Lanes } from './lanes.ts'
import type { TablePlan } from './plan.ts'
import { windows } from './run-rows.ts'
import { keepPending } from './takeover.ts'

/** A run on its way over its rows. */
export interface HandedOut {
  run: Run
  cancelled: boolean
}

export interface HandOutParts {
  engine: Engine
  lanes(): Lanes
  known(ordinal: number): Promise<Run | null>
  /** A row was taken out of this run. */
  lost(ordinal: number): Promise<void>
}

/** Hands the rows of a run to their lane, window by window; ends early when the run is cancelled or the lanes stop. */
export async function handOut(
  parts: HandOutParts,
  each: HandedOut,
  { plan, request }: { plan: TablePlan; request: RunRequest },
): Promise<void> {
  const limit = request.limit ?? Number.POSITIVE_INFINITY
  for await (const rows of windows(parts.engine.store, plan, { ...each.run, request })) {
    const wanted = rows
      .filter((row) => chooseCells(plan, row, each.run).size > 0)
      .slice(0, limit - each.run.handedOut)
    const goesOn = await handOutSome(parts, each, {
      plan,
      rows: wanted.map((row) => row.seq),
      cursor: rows.at(-1)?.seq ?? each.run.cursor,
    })
    if (!goesOn || each.run.handedOut >= limit) return
  }
}

/** In ascending order everywhere, so that two runs over the same rows never wait for each other in a circle. */
async function handOutSome(
  parts: HandOutParts,
  each: HandedOut,
  { plan, rows, cursor }: { plan: TablePlan; rows: number[]; cursor: number },
): Promise<boolean> {
  const { engine, lanes, lost } = parts
  const held = new Set<number>()
  try {
    for (const row of rows) {
      if (!(await lanes().hold(row))) return false
      held.add(row)
    }
    if (each.cancelled) return false
    const before = await takeOver(parts, plan, rows)
    const change = { cursor, handedOut: each.run.handedOut + rows.length }
    const progress = { id: each.run.id, change }
    const active = await engine.store.activate({
      table: plan.table.name,
      run: each.run.ordinal,
      rows,
      progress,
    })
    Object.assign(each.run, change)
    for (const ordinal of before) await lost(ordinal)
    for (const row of active) {
      if (!(await lanes().capacity(each.run.lane))) return false
      held.delete(row.seq)
      lanes().begin(row, each.run)
    }
    return true
  } finally {
    for (const row of held) lanes().release(row)
  }
}

/** Parked rows keep what their earlier runs owe them. Answers with those runs. */
async function takeOver(
  { engine, known }: HandOutParts,
  plan: TablePlan,
  rows: readonly number[],
): Promise<Set<number>> {
  const ordinals = new Set<number>()
  for (const row of await engine.store.load(rows)) {
    if (row.active === null) continue
    ordinals.add(row.active)
    const run = await known(row.active)
    if (run !== null) await keepPending(engine, plan, row, run)
  }
  return ordinals
}
