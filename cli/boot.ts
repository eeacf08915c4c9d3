import { randomUUIDv7 } from 'node:crypto'
import { pino } from 'pino'
import { TableError } from '../columns/errors.ts'
import { openSqliteStore } from '../db/sqlite/store.ts'
import type { World } from '../runtime/engine.ts'
import { type Runtime, startRuntime } from '../runtime/runtime.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { createApp } from '../server/app.ts'
import { startServer } from '../server/serve.ts'
import { connect } from './connect.ts'
import { loadTables } from './load-tables.ts'
import { createLog } from './log.ts'
import { missingVariables } from './missing.ts'
import type { Settings } from './settings.ts'
import { openStandIns } from './stand-ins.ts'
import { version } from './version.ts'

/** Everything that runs: the one place where clock, chance, ids and network enter. */
export interface Running {
  url: string
  runtime: Runtime
  /** The stand-ins in this process. */
  sandbox: Sandbox | null
  /** Where the stand-ins are, in this process or in another; null when the vendors are the real ones. */
  sandboxUrl: string | null
  close(): Promise<void>
}

const world: World = {
  now: Date.now,
  elapsed: () => performance.now(),
  random: Math.random,
  fetch: globalThis.fetch,
  id: (prefix) => `${prefix}_${randomUUIDv7()}`,
}

export interface BootOptions {
  settings: Settings
  /** Milliseconds each answer of the sandbox takes. */
  sandboxLatencyMs?: number
  logLevel?: string
  /** Called when the disk failed and nothing can be acknowledged any more; left out, the process ends with exit code 1. */
  onBroken?: (error: Error) => void
}

/**
 * Opens the store, connects, starts the runtime and serves.
 *
 * @throws {TableError} `settings-invalid` naming the variables of a connector that a table needs and that are not set.
 */
export async function boot({
  settings: given,
  sandboxLatencyMs,
  logLevel,
  onBroken = endProcess,
}: BootOptions): Promise<Running> {
  const log = createLog({ level: logLevel ?? 'info', settings: given, destination: pino.destination(2) })
  const closing: (() => Promise<void>)[] = []
  const close = async () => {
    for (const each of closing.reverse()) await each()
  }
  try {
    const module = await loadTables(given.ROTA_TABLES)
    const standIns = await openStandIns(given, {
      state: module.sandboxState ?? (() => ({})),
      ...(sandboxLatencyMs !== undefined && { latencyMs: sandboxLatencyMs }),
    })
    const { settings, sandbox, url: sandboxUrl } = standIns
    if (sandbox !== null) closing.push(() => sandbox.close())
    const { connectors, missing } = connect(settings)
    const tables = module.tables(connectors)
    const missed = missing()
    if (missed.length > 0) throw missingVariables(missed)
    const store = await openSqliteStore({ path: databasePath(settings), now: world.now, onBroken })
    closing.push(() => store.close())
    const runtime = await startRuntime({ store, tables, world, log })
    closing.push(() => runtime.stop())
    const access = { host: settings.HOST, apiKey: settings.ROTA_API_KEY ?? null }
    const app = createApp({
      runtime,
      log,
      version,
      settings: access,
      ...(sandboxUrl !== null && { sandbox: { url: sandboxUrl } }),
    })
    const server = await startServer(app, { ...access, port: settings.PORT })
    closing.push(() => server.close())
    return { url: server.url, runtime, sandbox, sandboxUrl, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** At once: whoever is being answered now must not be told that something is kept which perhaps is not. */
function endProcess(error: Error): void {
  const wayOut = TableError.isInstance(error) ? error.details.wayOut : undefined
  console.error(`rota: ${error.message}; the process ends\n  ${wayOut ?? ''}`)
  process.exit(1)
}

function databasePath({ ROTA_DB: path }: Settings): string {
  if (!path.startsWith('postgres')) return path
  throw new TableError('settings-invalid', 'PostgreSQL is not supported yet', {
    field: 'ROTA_DB',
    value: 'postgres://…',
    wayOut: 'set ROTA_DB to a file path',
  })
}
