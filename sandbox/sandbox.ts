import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { adminRoutes } from './admin.ts'
import { createFaults, type Faults } from './faults.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { SandboxError, unknownVendor } from './named-faults.ts'
import { type ReceivedCall, receiver } from './receive.ts'
import type { Vendor } from './vendor.ts'
import { vendors as known } from './vendors.ts'

export interface SandboxOptions {
  /** 0 picks a free port. */
  port?: number
  /** Milliseconds every answer of every stand-in takes, or the least and the most of them. */
  latencyMs?: number | readonly [least: number, most: number]
  now?: () => number
  /** From 0 up to 1, draws the latency. */
  random?: () => number
  /** How many ledger lines are kept, the latest ones; all of them where it is left out. */
  ledgerLines?: number
  /** Looks at each request as it came in, and says what is wrong with it; the ledger keeps that under `problems`. */
  inspect?: (call: ReceivedCall) => readonly string[]
}

export interface Sandbox {
  /** `http://127.0.0.1:PORT`; each vendor answers under `/{vendor}`. */
  url: string
  vendors: Record<string, Vendor>
  ledger: Ledger
  faults: Faults
  /**
   * Loads what a vendor knows from the start, which is what `reset` brings back. Throws a `ZodError` on a state that the vendor does not
   * understand and a `SandboxError` for a vendor that is not there.
   */
  startWith(vendor: string, state: unknown): void
  /** Empties the ledger, clears the faults, and takes every vendor back to what it was started with. */
  reset(): void
  /** Ends every open connection, also those that a fault keeps waiting. */
  close(): Promise<void>
}

/** Starts every stand-in on one loopback port. `admin.ts` lists the routes that control them. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const now = options.now ?? Date.now
  const latencyMs = latencyOf(options)
  const ledger = createLedger(now, options.ledgerLines)
  const closing = new AbortController()
  const app = new Hono<{ Bindings: HttpBindings }>()
  const vendors: Record<string, Vendor> = {}
  const faults = createFaults(vendors)
  const inspect = options.inspect ?? (() => [])
  const around = { ledger, faults, latencyMs, inspect, connectionOf: numbered(), closing: closing.signal }
  let origin = ''
  for (const [name, create] of Object.entries(known)) {
    const vendor = create({ now, baseUrl: () => `${origin}/${name}` })
    const receive = receiver(vendor, around)
    vendors[name] = vendor
    app.all(`/${name}/*`, (c) => receive(c.req.raw, c.env))
  }
  const starts = new Map<Vendor, unknown>()
  const reset = () => {
    ledger.clear()
    faults.clear()
    for (const vendor of Object.values(vendors)) {
      vendor.reset()
      // A copy, because a stand-in may keep and change what it is given.
      if (starts.has(vendor)) vendor.load(structuredClone(starts.get(vendor)))
    }
  }
  app.route('/', adminRoutes({ vendors, ledger, faults, reset }))

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
    startWith(name, state) {
      const vendor = vendors[name]
      if (vendor === undefined) throw new SandboxError(unknownVendor(name, vendors))
      vendor.load(structuredClone(state))
      starts.set(vendor, structuredClone(state))
    },
    reset,
    async close() {
      closing.abort()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function latencyOf({ latencyMs = 0, random = Math.random }: SandboxOptions): () => number {
  if (typeof latencyMs === 'number') return () => latencyMs
  const [least, most] = latencyMs
  return () => least + random() * (most - least)
}

/** Numbers connections in the order of their first request. */
function numbered(): (socket: Socket) => number {
  const numbers = new WeakMap<Socket, number>()
  let last = 0
  return (socket) => {
    let number = numbers.get(socket)
    if (number === undefined) {
      last += 1
      number = last
      numbers.set(socket, number)
    }
    return number
  }
}
