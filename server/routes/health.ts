import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { jsonAnswer } from '../body.ts'
import { Sandbox } from '../contract.ts'
import type { Metrics } from '../metrics.ts'
import type { App, Parts } from '../parts.ts'

const aliveRoute = createRoute({
  method: 'get',
  path: '/healthz',
  tags: ['health'],
  summary: 'The process is there',
  security: [],
  responses: {
    200: jsonAnswer('it is', z.object({ status: z.literal('ok'), version: z.string() })),
  },
})

const ReadyAnswer = z.object({
  status: z.literal('ready'),
  version: z.string(),
  store: z.object({ engine: z.string(), durability: z.string() }),
  tables: z.array(z.string()),
  sandbox: Sandbox,
})

const readyRoute = createRoute({
  method: 'get',
  path: '/readyz',
  tags: ['health'],
  summary: 'The store answers',
  security: [],
  responses: { 200: jsonAnswer('it does, with its tables', ReadyAnswer) },
})

const metricsRoute = createRoute({
  method: 'get',
  path: '/metrics',
  tags: ['health'],
  summary: 'Requests, rows, cells and credentials as Prometheus reads them',
  responses: { 200: { description: 'the metrics', content: { 'text/plain': { schema: z.string() } } } },
})

/** `/healthz`, `/readyz` and `/metrics`, for whatever keeps the process alive and watches it. */
export function healthRoutes(
  app: App,
  { runtime, definitions, sandbox, version }: Parts,
  { registry }: Metrics,
): void {
  app.openapi(aliveRoute, (c) => c.json({ status: 'ok' as const, version }, 200))

  app.openapi(readyRoute, async (c) => {
    const tables = await definitions.tables()
    // Asks the store, so that "ready" is more than a running process.
    for (const table of tables) await runtime.lastEvent(table)
    const { engine, durability } = runtime.store
    return c.json(
      { status: 'ready' as const, version, store: { engine, durability }, tables: [...tables], sandbox },
      200,
    )
  })

  app.openapi(metricsRoute, async (c) =>
    c.text(await registry.metrics(), 200, { 'content-type': registry.contentType }),
  )
}
