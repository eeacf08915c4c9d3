import { flushCompileCache } from 'node:module'
import { boot } from './boot.ts'
import { readSettings } from './settings.ts'

/** Serves the configured tables until the process is told to stop. */
export async function start(): Promise<void> {
  const settings = readSettings()
  const running = await boot({ settings })
  // Now, because a crash would keep nothing.
  flushCompileCache()
  const tables = await running.runtime.tables()
  const rows = tables.map((table) => `${table.name} (${table.rows} rows)`).join(', ')
  console.log(`Rota serves ${rows}`)
  console.log(`  page      ${running.url}/`)
  console.log(`  API docs  ${running.url}/docs`)
  console.log(`  store     ${running.runtime.store.location}, ${running.runtime.store.durability}`)
  if (running.sandboxUrl !== null)
    console.log(`  SANDBOX   ${running.sandboxUrl}/ledger: nothing leaves this machine`)
  stopOnSignal(() => running.close())
}

/** Lets what is being committed finish, then ends. */
export function stopOnSignal(close: () => Promise<void>): void {
  let stopping = false
  const stop = () => {
    if (stopping) return
    stopping = true
    void close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
}
