import { once } from 'node:events'
import { createServer } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { adminRoutes } from './admin.ts'
import { createFaults, type Faults } from './faults.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { receiver } from './receive.ts'
import type { Vendor } from './vendor.ts'
import { vendors as known } from './vendors.ts'

export interface SandboxOptions {
  /** 0 picks a free port. */
  port?: number
  /** Milliseconds every answer of every stand-in takes. */
  latencyMs?: number
  now?: () => number
}

export interface Sandbox {
  /** `http://127.0.0.1:PORT`; each vendor answers under `/{vendor}`. */
  url: string
  vendors: Record<string, Vendor>
  ledger: Ledger
  faults: Faults
  /** Ends every open connection, also those that a fault keeps waiting. */
  close(): Promise<void>
}

/** Starts every stand-in on one loopback port. `admin.ts` lists the routes that control them. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const now = options.now ?? Date.now
  const latencyMs = options.latencyMs ?? 0
  const ledger = createLedger(now)
  const faults = createFaults()
  const closing = new AbortController()
  const app = new Hono<{ Bindings: HttpBindings }>()
  const vendors: Record<string, Vendor> = {}
  let origin = ''
  for (const [name, create] of Object.entries(known)) {
    const vendor = create({ now, latencyMs, baseUrl: () => `${origin}/${name}` })
    const receive = receiver(vendor, { ledger, faults, latencyMs, closing: closing.signal })
    vendors[name] = vendor
    app.all(`/${name}/*`, (c) => receive(c.req.raw, c.env))
  }
  app.route('/', adminRoutes(vendors, ledger, faults))

  const server = createServer(getRequestListener(app.fetch))
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the sandbox has no TCP address')
  origin = `http://127.0.0.1:${address.port}`
  return {
    url: origin,
    vendors,
    ledger,
    faults,
    async close() {
      closing.abort()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
