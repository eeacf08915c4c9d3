import { OpenAPIHono } from '@hono/zod-openapi'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { secureHeaders } from 'hono/secure-headers'
import { limitBody } from './body.ts'
import { createDefinitions } from './definitions.ts'
import { docsPage } from './docs.ts'
import { createEventHub, type EventHub } from './event-hub.ts'
import { checkHost, checkKey, checkOrigin, requireKeyBeyondLoopback } from './guards.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { openApiDocument } from './openapi.ts'
import { pageFiles } from './page-files.ts'
import type { App, AppEnv, AppOptions, Parts } from './parts.ts'
import { answerError, answerProblem, invalidRequest } from './problem.ts'
import { auditRoutes } from './routes/audit.ts'
import { cellRoutes } from './routes/cells.ts'
import { credentialRoutes } from './routes/credentials.ts'
import { eventRoutes } from './routes/events.ts'
import { healthRoutes } from './routes/health.ts'
import { ledgerRoutes } from './routes/ledger.ts'
import { ownerRoutes } from './routes/owner.ts'
import { poolRoutes } from './routes/pools.ts'
import { repRoutes } from './routes/reps.ts'
import { rowRoutes } from './routes/row.ts'
import { rowsRoutes } from './routes/rows.ts'
import { runRoutes } from './routes/runs.ts'
import { serviceLevelRoutes } from './routes/service-level.ts'
import { signalRoutes } from './routes/signals.ts'
import { tableRoutes } from './routes/tables.ts'
import { territoryRoutes } from './routes/territories.ts'

const security = secureHeaders({
  // Everything comes from here, scripts are files, and no text can become markup.
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    connectSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
    requireTrustedTypesFor: ["'script'"],
  },
  xFrameOptions: 'DENY',
  // Whoever puts TLS in front decides about it.
  strictTransportSecurity: false,
})

/**
 * The whole HTTP side: guards first, then the routes of `/v1`, health, docs and the live page.
 *
 * @throws {TableError} `settings-invalid` when others could reach the server and there is no key.
 */
export function createApp(options: AppOptions): App {
  const { runtime, settings, log, version } = options
  requireKeyBeyondLoopback(settings)
  const sandbox = options.sandbox ?? null
  const parts: Parts = {
    runtime,
    definitions: createDefinitions(runtime),
    log,
    version,
    sandbox,
    now: options.now ?? Date.now,
    heartbeatMs: options.heartbeatMs ?? 15_000,
    who: settings.apiKey === null ? 'local' : 'api-key',
  }
  const app: App = new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (!result.success)
        throw invalidRequest(result.error, 'data' in result ? result.data : {}, placeOf(result.target))
    },
  })
  const hub = createEventHub(parts)
  const metrics = createMetrics(runtime, hub)

  app.onError((error, c) => answerError(c, error, log))
  app.notFound((c) =>
    answerProblem(c, {
      code: 'route-unknown',
      detail: `there is nothing at ${c.req.method} ${c.req.path}`,
      wayOut: 'every route is listed at /docs',
    }),
  )
  app.use(metrics.observe)
  app.use(security)
  if (sandbox !== null) {
    app.use(async (c, next) => {
      await next()
      c.res.headers.set('Rota-Sandbox', 'true')
    })
  }
  app.use(checkHost(settings))
  app.use(checkOrigin)
  app.use('/v1/*', checkKey(settings))
  app.use('/metrics', checkKey(settings))
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, allowed) =>
        answerProblem(c, {
          code: 'method-not-allowed',
          detail: `${c.req.path} does not take ${c.req.method}`,
          wayOut: `use ${allowed.join(', ')}`,
          headers: { allow: allowed.join(', ') },
        }),
    }),
  )
  app.use('/v1/*', limitBody)

  addRoutes(app, parts, { hub, metrics })
  const document = openApiDocument(app, version)
  app.get('/openapi.json', (c) => c.json(document))
  app.get('/docs', (c) => c.html(docsPage(document)))
  pageFiles(app)
  return app
}

const placeOf = (target: string) =>
  ({ param: 'the path', query: 'the query', header: 'the headers' })[target] ?? target

function addRoutes(app: App, parts: Parts, { hub, metrics }: { hub: EventHub; metrics: Metrics }): void {
  tableRoutes(app, parts)
  rowsRoutes(app, parts)
  rowRoutes(app, parts)
  cellRoutes(app, parts)
  ownerRoutes(app, parts)
  signalRoutes(app, parts)
  runRoutes(app, parts)
  eventRoutes(app, hub)
  serviceLevelRoutes(app, parts)
  repRoutes(app, parts)
  poolRoutes(app, parts)
  ledgerRoutes(app, parts)
  territoryRoutes(app, parts)
  auditRoutes(app, parts)
  credentialRoutes(app, parts)
  healthRoutes(app, parts, metrics)
}
