import { randomUUIDv7 } from 'node:crypto'
import { cp } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { TableDefinition } from '../../columns/table.ts'
import { openSqliteStore } from '../../db/sqlite/store.ts'
import type { Store } from '../../db/store.ts'
import { type Runtime, startRuntime } from '../../runtime/runtime.ts'
import { type LogLine, quietLog } from '../support/quiet-log.ts'
import { temporaryFolder } from '../support/temp.ts'

export interface FaultyRuntime {
  runtime: Runtime
  store: Store
  log: LogLine[]
  /** Another runtime on the files as they are now: what a kill at this moment would leave. */
  afterKill(): Promise<FaultyRuntime>
}

export interface Faults {
  /** The store with the faults of a test in front of it: a full disk, a file that cannot be read. */
  faults?: (store: Store) => Partial<Store>
  parkAfterMs?: number
  /** Folder with the files to go on from. */
  from?: string
}

/** The real runtime over a real SQLite file whose calls can be refused, as a full or broken disk refuses them. */
export async function runFaulty(
  tables: readonly TableDefinition[],
  { faults = () => ({}), from, ...options }: Faults = {},
): Promise<FaultyRuntime> {
  const folder = await temporaryFolder()
  if (from !== undefined) await cp(from, folder.path, { recursive: true })
  const path = join(folder.path, 'rota.db')
  const real = await openSqliteStore({ path, now: Date.now })
  const store = { ...real, ...faults(real) }
  const log = quietLog()
  const id = (prefix: string) => `${prefix}_${randomUUIDv7()}`
  const world = { now: Date.now, elapsed: () => performance.now(), random: Math.random, id, fetch }
  const runtime = await startRuntime({ store, tables, world, log, ...options })
  onTestFinished(async () => {
    await runtime.stop()
    await real.close()
    await folder.remove()
  })
  const afterKill = () => runFaulty(tables, { from: dirname(path) })
  return { runtime, store, log: log.lines, afterKill }
}
