import type { JournalEntry } from '../db/journal.ts'
import type { Run, RunRequest } from '../db/store.ts'
import { writeBeside } from './at-rest.ts'
import type { Engine } from './engine.ts'
import type { TablePlan } from './plan.ts'
import { createWakeTimer } from './wake-timer.ts'

/** Runs cells again when their own time has come. */
export interface Alarms {
  /** Looks for alarms at this time, unless it does so earlier. */
  wakeAt(at: number): void
  /** Runs these columns of a row now, whatever their alarms say. */
  ring(plan: TablePlan, rows: readonly string[], columns: readonly string[]): Promise<Run>
  stop(): void
}

interface AlarmParts {
  engine: Engine
  plans: ReadonlyMap<string, TablePlan>
  runOf(ordinal: number): Promise<Run | null>
  /** Starts a run; `handedOut` resolves when its rows are with their lane. */
  start(
    plan: TablePlan,
    request: RunRequest,
    lane: Run['lane'],
  ): Promise<{ run: Run; handedOut: Promise<void> }>
  /** Nobody else works on the row while `work` does. */
  alone<Result>(row: number, work: () => Promise<Result>): Promise<Result>
}

const batch = 500
/** Pause before alarms are looked for again when there are more, or when they could not be read, in milliseconds. */
const mendMs = 1_000

/** Rows that ring together. */
interface Group {
  plan: TablePlan
  lane: Run['lane']
  columns: string[]
  rows: string[]
}

export function createAlarms({ engine, plans, runOf, start, alone }: AlarmParts): Alarms {
  const { store, world } = engine
  const tables = [...plans.keys()]
  /** Rows whose run is on its way to them: the store still calls them due. */
  const underway = new Set<string>()
  const timer = createWakeTimer(world.now, lookNow)
  let stopped = false

  async function ring({ plan, lane, rows, columns }: Readonly<Group>): Promise<Run> {
    for (const row of rows) underway.add(row)
    const done = () => {
      for (const row of rows) underway.delete(row)
    }
    try {
      const { run, handedOut } = await start(plan, requestFor(rows, columns), lane)
      void handedOut.finally(done)
      return run
    } catch (error) {
      done()
      throw error
    }
  }

  async function look(): Promise<void> {
    // Those under way are among the first that are due.
    const limit = batch + underway.size
    const { due, nextAt } = await store.alarms({ tables, now: world.now(), limit })
    const groups = new Map<string, Group>()
    for (const { table, id, columns, run } of due) {
      const plan = plans.get(table)
      if (plan === undefined || underway.has(id)) continue
      const known = columns.filter((name) => plan.byName.has(name))
      if (known.length === 0) await silence(plan, id)
      else {
        const lane = laneAfter(run === null ? null : await runOf(run))
        const key = JSON.stringify([table, lane, ...known])
        const group = groups.get(key) ?? { plan, lane, columns: known, rows: [] }
        groups.set(key, group)
        group.rows.push(id)
      }
    }
    for (const group of groups.values()) if (!stopped) await ring(group)
    if (due.length === limit) alarms.wakeAt(world.now() + mendMs)
    else if (nextAt !== null) alarms.wakeAt(nextAt)
  }

  /** The column that set the alarm is no longer defined: nobody will ever run it. */
  async function silence(plan: TablePlan, id: string): Promise<void> {
    const found = await store.find(plan.table.name, id)
    if (found === null) return
    await alone(found.seq, async () => {
      const row = await store.find(plan.table.name, id)
      if (row === null || row.active !== null) return
      const entries = Object.entries(row.cells).flatMap(([column, { again, ...cell }]): JournalEntry[] => {
        if (again === undefined || plan.byName.has(column)) return []
        const reason = 'the column is no longer defined'
        return [{ kind: 'passed', column, cell, outcome: 'cancelled', reason, at: world.now() }]
      })
      if (entries.length > 0) await writeBeside(engine, row, entries)
    })
  }

  function lookNow(): void {
    if (stopped) return
    look().catch((error: unknown) => {
      if (stopped || engine.stopping) return
      engine.log.error({ error }, 'alarms could not be looked for; they are looked for again')
      alarms.wakeAt(world.now() + mendMs)
    })
  }

  const alarms: Alarms = {
    wakeAt: timer.at,
    ring: (plan, rows, columns) => ring({ plan, lane: 'live', rows: [...rows], columns: [...columns] }),
    stop() {
      stopped = true
      timer.stop()
    },
  }
  return alarms
}

/** Leads of a backfill stay out of the way of live ones, however many of either ring at once. */
const laneAfter = (last: Run | null): Run['lane'] => {
  if (last === null) return 'live'
  if (last.backfill !== null) return 'bulk'
  return last.request?.alarm === true ? last.lane : 'live'
}

/** The named columns run although nothing changed; what follows from them runs as for a first time. */
const requestFor = (rows: readonly string[], columns: readonly string[]): RunRequest => ({
  columns: [...columns],
  scope: { rows: [...rows] },
  mode: 'all',
  limit: null,
  downstream: true,
  force: false,
  includeEffects: true,
  redraw: false,
  reason: null,
  who: 'alarm',
  override: null,
  unpin: false,
  alarm: true,
})
