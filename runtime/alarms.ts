import type { JournalEntry } from '../db/journal.ts'
import type { Run, RunRequest } from '../db/store.ts'
import { writeBeside } from './at-rest.ts'
import type { Engine } from './engine.ts'
import type { TablePlan } from './plan.ts'

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
  planOf(table: string): TablePlan | null
  /** Starts a run; `handedOut` resolves when its rows are with their lane. */
  start(plan: TablePlan, request: RunRequest): Promise<{ run: Run; handedOut: Promise<void> }>
  /** Nobody else works on the row while `work` does. */
  alone<Result>(row: number, work: () => Promise<Result>): Promise<Result>
}

const batch = 500
/** Pause before alarms are looked for again when there are more, or when they could not be read, in milliseconds. */
const mendMs = 1_000

export function createAlarms({ engine, planOf, start, alone }: AlarmParts): Alarms {
  const { store, world } = engine
  /** Rows whose run is on its way to them: the store still calls them due. */
  const underway = new Set<string>()
  let timer: NodeJS.Timeout | null = null
  let timerAt = Number.POSITIVE_INFINITY
  let stopped = false

  async function ring(plan: TablePlan, rows: readonly string[], columns: readonly string[]): Promise<Run> {
    for (const row of rows) underway.add(row)
    const done = () => {
      for (const row of rows) underway.delete(row)
    }
    try {
      const { run, handedOut } = await start(plan, requestFor(rows, columns))
      void handedOut.finally(done)
      return run
    } catch (error) {
      done()
      throw error
    }
  }

  async function look(): Promise<void> {
    timerAt = Number.POSITIVE_INFINITY
    const { due, nextAt } = await store.alarms(world.now(), batch)
    const groups = new Map<string, { plan: TablePlan; columns: string[]; rows: string[] }>()
    for (const { table, id, columns } of due) {
      const plan = planOf(table)
      if (plan === null || underway.has(id)) continue
      const known = columns.filter((name) => plan.byName.has(name))
      if (known.length === 0) await silence(plan, id)
      else {
        const key = JSON.stringify([table, ...known])
        const group = groups.get(key) ?? { plan, columns: known, rows: [] }
        groups.set(key, group)
        group.rows.push(id)
      }
    }
    for (const { plan, rows, columns } of groups.values()) if (!stopped) await ring(plan, rows, columns)
    if (due.length === batch) alarms.wakeAt(world.now() + mendMs)
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
    wakeAt(at) {
      if (at >= timerAt || stopped) return
      if (timer !== null) clearTimeout(timer)
      timerAt = at
      // A longer pause would overflow the timer and fire at once.
      timer = setTimeout(lookNow, Math.min(Math.max(1, at - world.now()), 2 ** 31 - 1))
    },
    ring,
    stop() {
      stopped = true
      if (timer !== null) clearTimeout(timer)
    },
  }
  return alarms
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
