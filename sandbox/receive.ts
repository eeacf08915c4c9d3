import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import type { Fault, Faults } from './faults.ts'
import type { Ledger, LedgerEntry } from './ledger.ts'
import { cutConnection, halfThenCut, halfThenStall, silence } from './misbehave.ts'
import { bodyWithoutSecrets, pathWithoutSecrets } from './secrets.ts'
import type { SandboxEnv, Vendor } from './vendor.ts'

/** A request before its secrets are left out, for whoever checks it against the vendor's contract. */
export interface ReceivedCall {
  vendor: string
  method: string
  /** Without the vendor's prefix, with its query. */
  path: string
  headers: Headers
  text: string
}

export interface Surroundings {
  ledger: Ledger
  faults: Faults
  latencyMs(): number
  /** What is wrong with a request by the vendor's contract. */
  inspect(call: ReceivedCall): readonly string[]
  connectionOf(socket: Socket): number
  /** Aborted when the sandbox closes, so that nothing it delayed outlives it. */
  closing: AbortSignal
}

/** Wraps a stand-in's routes so that each request plays its fault and leaves a line in the ledger. */
export function receiver(vendor: Vendor, around: Surroundings) {
  const handle = handler(vendor)
  return async (request: Request, connection: HttpBindings): Promise<Response> => {
    const url = new URL(request.url)
    const path = url.pathname.slice(vendor.name.length + 1) + url.search
    const body = await request.arrayBuffer()
    const text = new TextDecoder().decode(body)
    const { method, headers } = request
    const line = around.ledger.open({
      connection: around.connectionOf(connection.incoming.socket),
      vendor: vendor.name,
      method,
      path: pathWithoutSecrets(path),
      bytes: body.byteLength,
      body: bodyWithoutSecrets(text),
      problems: inspected({ vendor: vendor.name, method, path, headers, text }, around),
    })
    connection.outgoing.once('finish', () => {
      line.answeredAt = around.ledger.time()
    })
    const fault = around.faults.take({ vendor: vendor.name, method, path })
    line.fault = fault === null ? null : (fault.name ?? fault.kind)
    const waitMs = around.latencyMs() + (fault?.kind === 'delay' ? fault.delayMs : 0)
    if (!(await pause(waitMs, around.closing))) return cutConnection(connection)
    return play(fault, { connection, line, closing: around.closing }, () =>
      handle(innerRequest(request, path, text)),
    )
  }
}

interface Handled {
  response: Response
  effect: LedgerEntry['effect']
  accepted: boolean
}
interface Scene {
  connection: HttpBindings
  line: LedgerEntry
  closing: AbortSignal
}

/** Lets the stand-in handle the request, or not, and answers as the fault says. */
async function play(
  fault: Fault | null,
  { connection, line, closing }: Scene,
  handle: () => Promise<Handled>,
): Promise<Response> {
  const handled = async () => {
    const { response, effect, accepted } = await handle()
    Object.assign(line, { effect, accepted, status: response.status })
    return marked(response, line)
  }
  if (fault?.kind === 'before') return cutConnection(connection)
  if (fault?.kind === 'late-accept') {
    void pause(fault.delayMs, closing).then((open) => (open ? handled() : undefined))
    return cutConnection(connection)
  }
  if (fault?.kind === 'status' || fault?.kind === 'status-after') {
    if (fault.kind === 'status-after') await handled()
    line.status = fault.status
    return marked(scripted(fault), line)
  }
  const response = await handled()
  if (fault?.kind === 'after') return cutConnection(connection)
  if (fault?.kind === 'hang') return silence(connection)
  if (fault?.kind === 'half-body') return halfThenCut(connection, response)
  if (fault?.kind === 'stalled-body') return halfThenStall(connection, response)
  return response
}

function marked(response: Response, { vendor }: LedgerEntry): Response {
  response.headers.set('x-rota-sandbox', vendor)
  return response
}

/** Mounts the stand-in once, in a shell that hands out what the route said of the request. */
function handler(vendor: Vendor) {
  type Said = Pick<Handled, 'effect'> & { accepted: boolean | undefined }
  const shell = new Hono<SandboxEnv & { Bindings: { report(said: Said): void } }>()
  shell.use('*', async (c, next) => {
    await next()
    c.env.report({ effect: c.get('effect') ?? null, accepted: c.get('accepted') })
  })
  shell.route('/', vendor.app)
  shell.onError((error, c) => c.json({ error: `the stand-in ${vendor.name} crashed: ${error.stack}` }, 500))
  return async (request: Request): Promise<Handled> => {
    let said: Said = { effect: null, accepted: undefined }
    const response = await shell.fetch(request, {
      report(reported: Said) {
        said = reported
      },
    })
    return { response, effect: said.effect, accepted: said.accepted ?? response.status < 400 }
  }
}

function innerRequest({ method, headers }: Request, path: string, text: string): Request {
  const hasBody = text !== '' && method !== 'GET' && method !== 'HEAD'
  const address = `http://sandbox${path === '' ? '/' : path}`
  return new Request(address, { method, headers, ...(hasBody && { body: text }) })
}

/** A check that fails is told in the ledger: it must not look like a vendor that is down. */
function inspected(call: ReceivedCall, around: Surroundings): readonly string[] {
  try {
    return around.inspect(call)
  } catch (error) {
    return [`the check of the request failed: ${error instanceof Error ? error.message : String(error)}`]
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
