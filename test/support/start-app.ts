import { randomUUIDv7 } from 'node:crypto'
import { join } from 'node:path'
import type { TableDefinition } from '../../columns/table.ts'
import { openSqliteStore } from '../../db/sqlite/store.ts'
import type { World } from '../../runtime/engine.ts'
import { type Runtime, startRuntime } from '../../runtime/runtime.ts'
import { createApp } from '../../server/app.ts'
import type { App } from '../../server/parts.ts'
import { startServer } from '../../server/serve.ts'
import { leads } from './lead-table.ts'
import { type LogLine, quietLog } from './quiet-log.ts'
import { temporaryFolder } from './temp.ts'

export const world: World = {
  now: Date.now,
  elapsed: () => performance.now(),
  random: Math.random,
  id: (prefix) => `${prefix}_${randomUUIDv7()}`,
  fetch,
}

export interface StartOptions {
  store?: { keptEvents: number }
  tables?: readonly TableDefinition[]
  apiKey?: string
  sandbox?: { url: string }
  heartbeatMs?: number
}

export interface RunningApp {
  url: string
  app: App
  runtime: Runtime
  log: LogLine[]
  close(): Promise<void>
}

/** The real server on a free port of loopback, with a real store in a folder of its own. */
export async function startApp(options: StartOptions = {}): Promise<RunningApp> {
  const folder = await temporaryFolder()
  const store = await openSqliteStore({ path: join(folder.path, 'rota.db'), now: Date.now, ...options.store })
  const log = quietLog()
  const runtime = await startRuntime({ store, tables: options.tables ?? [leads], world, log })
  const settings = { host: '127.0.0.1', apiKey: options.apiKey ?? null }
  const app = createApp({
    runtime,
    settings,
    log,
    version: '0.0.0-test',
    ...(options.sandbox !== undefined && { sandbox: options.sandbox }),
    ...(options.heartbeatMs !== undefined && { heartbeatMs: options.heartbeatMs }),
  })
  const server = await startServer(app, { ...settings, port: 0 })
  return {
    url: server.url,
    app,
    runtime,
    log: log.lines,
    async close() {
      await server.close(200)
      await runtime.stop()
      await store.close()
      await folder.remove()
    },
  }
}
