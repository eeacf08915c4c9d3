import type { Metrics } from '../metrics.ts'
import type { App, Parts } from '../parts.ts'

/** `/healthz`, `/readyz` and `/metrics`, for whatever keeps the process alive and watches it. */
export function healthRoutes(
  app: App,
  { runtime, definitions, sandbox, version }: Parts,
  { registry }: Metrics,
): void {
  app.get('/healthz', (c) => c.json({ status: 'ok', version }))

  app.get('/readyz', async (c) => {
    const tables = await definitions.tables()
    // Asks the store, so that "ready" is more than a running process.
    for (const table of tables) await runtime.lastEvent(table)
    const { engine, durability } = runtime.store
    return c.json({
      status: 'ready',
      version,
      store: { engine, durability },
      tables,
      sandbox,
    })
  })

  app.get('/metrics', async (c) =>
    c.body(await registry.metrics(), 200, { 'content-type': registry.contentType }),
  )
}
