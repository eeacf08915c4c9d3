import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import type { Fault, Faults } from './faults.ts'
import type { Ledger, LedgerEntry } from './ledger.ts'
import { cutConnection, halfThenCut, halfThenStall, silence } from './misbehave.ts'
import type { SandboxEnv, Vendor } from './vendor.ts'

type Effect = LedgerEntry['effect']

export interface Surroundings {
  ledger: Ledger
  faults: Faults
  latencyMs: number
  /** Aborted when the sandbox closes, so that nothing it delayed outlives it. */
  closing: AbortSignal
}

/** Wraps a stand-in's routes so that each request plays its fault and leaves a line in the ledger. */
export function receiver(vendor: Vendor, around: Surroundings) {
  const handle = withEffect(vendor)
  return async (request: Request, connection: HttpBindings): Promise<Response> => {
    const url = new URL(request.url)
    const path = url.pathname.slice(vendor.name.length + 1) + url.search
    const text = await request.text()
    const line = { vendor: vendor.name, method: request.method, path, body: readable(text) }
    const fault = around.faults.take(line)
    const waited = await pause(
      around.latencyMs + (fault?.kind === 'delay' ? fault.delayMs : 0),
      around.closing,
    )
    if (!waited) return cutConnection(connection)
    if (fault?.kind === 'before') {
      around.ledger.append({ ...line, status: 0, effect: null })
      return cutConnection(connection)
    }
    if (fault?.kind === 'status') {
      around.ledger.append({ ...line, status: fault.status, effect: null })
      return scripted(fault)
    }
    const inner = new Request(`http://sandbox${path === '' ? '/' : path}`, {
      method: request.method,
      headers: request.headers,
      ...(text !== '' && request.method !== 'GET' && request.method !== 'HEAD' && { body: text }),
    })
    const { response, effect } = await handle(inner)
    response.headers.set('x-rota-sandbox', vendor.name)
    around.ledger.append({ ...line, status: response.status, effect })
    if (fault?.kind === 'after') return cutConnection(connection)
    if (fault?.kind === 'hang') return silence(connection)
    if (fault?.kind === 'half-body') return halfThenCut(connection, response)
    if (fault?.kind === 'stalled-body') return halfThenStall(connection, response)
    return response
  }
}

/** Mounts the stand-in once, in a shell that hands out what the route said it changed. */
function withEffect(vendor: Vendor) {
  const shell = new Hono<SandboxEnv & { Bindings: { report(effect: Effect): void } }>()
  shell.use('*', async (c, next) => {
    await next()
    c.env.report(c.get('effect') ?? null)
  })
  shell.route('/', vendor.app)
  shell.onError((error, c) => c.json({ error: `the stand-in ${vendor.name} crashed: ${error.stack}` }, 500))
  return async (request: Request): Promise<{ response: Response; effect: Effect }> => {
    let effect: Effect = null
    const response = await shell.fetch(request, {
      report(reported: Effect) {
        effect = reported
      },
    })
    return { response, effect }
  }
}

/** False when the sandbox closed meanwhile. */
async function pause(milliseconds: number, closing: AbortSignal): Promise<boolean> {
  if (milliseconds > 0) await sleep(milliseconds, undefined, { signal: closing }).catch(() => {})
  return !closing.aborted
}

function scripted(fault: Fault): Response {
  const empty = fault.status === 204 || fault.status === 304
  if (empty) return new Response(null, { status: fault.status, headers: fault.headers })
  const isText = typeof fault.body === 'string'
  const headers = new Headers({ 'content-type': isText ? 'text/html; charset=utf-8' : 'application/json' })
  for (const [name, value] of Object.entries(fault.headers)) headers.set(name, value)
  return new Response(isText ? String(fault.body) : JSON.stringify(fault.body ?? {}), {
    status: fault.status,
    headers,
  })
}

function readable(text: string): unknown {
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
