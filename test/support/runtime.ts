import { randomUUIDv7 } from 'node:crypto'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { TableDefinition } from '../../columns/table.ts'
import { openSqliteStore } from '../../db/sqlite/store.ts'
import type { RunRequest, Store, StoredRow } from '../../db/store.ts'
import type { World } from '../../runtime/engine.ts'
import type { LaneLimits } from '../../runtime/lanes.ts'
import { type RunProgress, type Runtime, startRuntime } from '../../runtime/runtime.ts'
import { patienceMs } from './patience.ts'
import { type LogLine, quietLog } from './quiet-log.ts'
import { temporaryFolder } from './temp.ts'

export interface RunningRuntime {
  runtime: Runtime
  store: Store
  log: LogLine[]
  /** Milliseconds the runtime's clock is ahead of the real one: time that went by, unless it is put back. Timers stay real. */
  clock: { aheadMs: number }
  /** Ends this runtime and opens the same file again, with other tables where given. */
  restart(tables?: readonly TableDefinition[]): Promise<RunningRuntime>
  close(): Promise<void>
}

export interface RuntimeSetup {
  limits?: Partial<LaneLimits>
  parkAfterMs?: number
  random?: () => number
}

/** The real runtime over a real SQLite file of its own. Closed when the test is over. */
export async function runTables(
  tables: readonly TableDefinition[],
  setup: RuntimeSetup = {},
): Promise<RunningRuntime> {
  const folder = await temporaryFolder()
  const clock = { aheadMs: 0 }
  let furthestMs = 0
  let current: RunningRuntime | null = null
  onTestFinished(async () => {
    await current?.close()
    await folder.remove()
  })

  async function open(those: readonly TableDefinition[]): Promise<RunningRuntime> {
    const now = () => Date.now() + clock.aheadMs
    const world: World = {
      now,
      elapsed: () => {
        furthestMs = Math.max(furthestMs, clock.aheadMs)
        return performance.now() + furthestMs
      },
      random: setup.random ?? Math.random,
      id: (prefix) => `${prefix}_${randomUUIDv7()}`,
      fetch,
    }
    const store = await openSqliteStore({ path: join(folder.path, 'rota.db'), now })
    const log = quietLog()
    const { random: _, ...options } = setup
    const runtime = await startRuntime({ store, tables: those, world, log, ...options })
    let closed = false
    const close = async () => {
      if (closed) return
      closed = true
      await runtime.stop()
      await store.close()
    }
    const running: RunningRuntime = {
      runtime,
      store,
      log: log.lines,
      clock,
      close,
      async restart(next = those) {
        await close()
        return open(next)
      },
    }
    current = running
    return running
  }
  return open(tables)
}

/** Inserts rows and returns their ids. */
export async function insertRows(
  { runtime }: Pick<RunningRuntime, 'runtime'>,
  table: string,
  inputs: readonly object[],
): Promise<string[]> {
  const { rows } = await runtime.insert(table, inputs)
  return rows.map((row) => {
    if (row.status === 'invalid') throw new Error(`refused: ${JSON.stringify(row.problems)}`)
    return row.id
  })
}

/** Inserts one row, waits until nothing is under way, and returns its id. */
export async function insertOne(running: RunningRuntime, table: string, input: object): Promise<string> {
  const [id = ''] = await insertRows(running, table, [input])
  await running.runtime.idle()
  return id
}

/** A run as people ask for it; what is left out is off. */
export const request = (wish: Partial<RunRequest> = {}): RunRequest => ({
  columns: null,
  scope: { all: true },
  mode: 'all',
  limit: null,
  downstream: false,
  force: false,
  includeEffects: false,
  redraw: false,
  reason: null,
  who: 'tester',
  override: null,
  unpin: false,
  alarm: false,
  ...wish,
})

/** Runs and waits until nothing is under way. */
export async function rerun(
  { runtime }: RunningRuntime,
  table: string,
  wish: Partial<RunRequest> = {},
): Promise<RunProgress> {
  const run = await runtime.run(table, request(wish))
  await runtime.idle()
  return runtime.findRun(run.id)
}

/** Statuses of a row by column. */
export async function statuses(
  { runtime }: RunningRuntime,
  table: string,
  id: string,
): Promise<Record<string, string>> {
  const { cells } = await runtime.row(table, id)
  return Object.fromEntries(Object.entries(cells).map(([name, cell]) => [name, cell.status]))
}

/** A row as the store has it: what a crash would leave. */
export async function onDisk({ store }: RunningRuntime, table: string, id: string): Promise<StoredRow> {
  const row = await store.find(table, id)
  if (row === null) throw new Error(`table ${table} has no row ${id}`)
  return row
}

/** Resolves when the condition holds; fails when nothing brings it about, with what `saw` tells at the end. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  saw?: () => unknown,
): Promise<void> {
  const end = Date.now() + patienceMs
  while (!(await holds())) {
    if (Date.now() > end) {
      const last = saw === undefined ? '' : `; last seen: ${JSON.stringify(await saw())}`
      throw new Error(`not within ${patienceMs} ms: ${what}${last}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 3))
  }
}
