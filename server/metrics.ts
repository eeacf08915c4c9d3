import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { CredentialState } from '../runtime/limits/limits.ts'
import type { TableView } from '../runtime/reader.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { EventHub } from './event-hub.ts'
import type { AppEnv } from './parts.ts'

export interface Metrics {
  registry: Registry
  /** Counts and times every request under the path of its route. */
  observe: MiddlewareHandler<AppEnv>
}

/** What Prometheus reads at `/metrics`: requests, rows and cells as they are committed, and what is open now. */
export function createMetrics(runtime: Runtime, hub: EventHub): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })

  const requests = new Histogram({
    name: 'rota_http_request_seconds',
    help: 'Time to the first byte of an answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.01, 0.05, 0.25, 1, 5, 30],
    registers,
  })
  const rows = new Counter({
    name: 'rota_row_events_total',
    help: 'Rows inserted, touched and erased',
    labelNames: ['table', 'event'],
    registers,
  })
  const cells = new Counter({
    name: 'rota_cell_changes_total',
    help: 'Cells that came into a status',
    labelNames: ['table', 'column', 'status'],
    registers,
  })
  runtime.onEvents((events) => {
    for (const { table, changes } of events) {
      for (const { event, cells: changed } of changes) {
        if (event !== 'cells-changed') rows.inc({ table, event })
        for (const [column, status] of Object.entries(changed)) cells.inc({ table, column, status })
      }
    }
  })

  /** Gauges are read side by side; one look at the tables serves both. */
  let looking: Promise<TableView[]> | null = null
  const look = () => {
    looking ??= runtime.tables().finally(() => {
      looking = null
    })
    return looking
  }
  new Gauge({
    name: 'rota_rows',
    help: 'Rows of a table',
    labelNames: ['table'],
    registers,
    async collect() {
      for (const table of await look()) this.set({ table: table.name }, table.rows)
    },
  })
  new Gauge({
    name: 'rota_cells',
    help: 'Cells by status, stale ones as stale',
    labelNames: ['table', 'column', 'status'],
    registers,
    async collect() {
      const tables = await look()
      this.reset()
      for (const { name: table, counts } of tables) {
        for (const { column, status, count } of counts) this.set({ table, column, status }, count)
      }
    },
  })
  credentialGauges(runtime, registers)
  new Gauge({
    name: 'rota_event_readers',
    help: 'Open event streams',
    registers,
    collect() {
      this.set(hub.readers())
    },
  })

  return {
    registry,
    async observe(c, next) {
      const startedAt = performance.now()
      await next()
      const route = c.res.status === 404 && c.error === undefined ? 'none' : routePath(c, -1)
      const seconds = (performance.now() - startedAt) / 1000
      requests.observe({ method: c.req.method, route, status: String(c.res.status) }, seconds)
    },
  }
}

/** Keys name vendor and account, never a secret; what the other side said is not told here. */
function credentialGauges(runtime: Runtime, registers: Registry[]): void {
  const gauge = (
    name: string,
    help: string,
    read: (state: CredentialState) => { value: number; kind?: string } | null,
  ) => {
    const labelNames = name === 'rota_credential_resting' ? ['key', 'kind'] : ['key']
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset()
        for (const state of runtime.credentials()) {
          const { value, kind } = read(state) ?? {}
          if (value !== undefined) this.set({ key: state.key, ...(kind !== undefined && { kind }) }, value)
        }
      },
    })
  }
  gauge('rota_credential_requests', 'Requests under way with a credential', ({ concurrency, inFlight }) =>
    concurrency === null ? null : { value: inFlight },
  )
  gauge('rota_credential_waiting', 'Requests that wait for their turn', ({ concurrency, waiting }) =>
    concurrency === null ? null : { value: waiting },
  )
  gauge(
    'rota_credential_resting',
    'Credentials without calls for a while: rate-limited, quota-exhausted or needs-credentials',
    ({ rest }) => (rest === null ? null : { value: 1, kind: rest.kind }),
  )
  gauge(
    'rota_credential_failing',
    'Requests of a credential that were not answered, one after the other; 0 when the last one was',
    ({ concurrency, failing }) => (concurrency === null ? null : { value: failing?.failures ?? 0 }),
  )
  gauge('rota_credential_allowance_used', 'Of its own allowance, as the vendor says', ({ allowance }) =>
    allowance === null ? null : { value: allowance.used },
  )
  gauge('rota_credential_allowance_limit', 'The allowance itself, as the vendor says', ({ allowance }) =>
    allowance === null ? null : { value: allowance.limit },
  )
}
