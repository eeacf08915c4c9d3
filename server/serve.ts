import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { TableError } from '../columns/errors.ts'
import { requireKeyBeyondLoopback } from './guards.ts'
import type { App, ServerSettings } from './parts.ts'

export interface ServeOptions extends ServerSettings {
  /** 0 picks a free port. */
  port: number
}

export interface RunningServer {
  /** `http://127.0.0.1:4400` */
  url: string
  /** Ends event streams, lets requests under way finish for `graceMs` (5 s), then cuts them off. */
  close(graceMs?: number): Promise<void>
}

/**
 * Listens with the limits of a server that faces the network.
 *
 * @throws {TableError} `settings-invalid` when others could reach the server and there is no key, or the address is taken.
 */
export async function startServer(app: App, settings: ServeOptions): Promise<RunningServer> {
  requireKeyBeyondLoopback(settings)
  const closing = new AbortController()
  const server = createServer(
    // Without a Host the listener below answers, with a problem; node alone would send an empty 400.
    { headersTimeout: 10_000, requestTimeout: 30_000, maxHeaderSize: 16 * 1024, requireHostHeader: false },
    getRequestListener((request, bindings) => app.fetch(request, { ...bindings, closing: closing.signal }), {
      // A request without a usable Host never reaches the app.
      errorHandler: () =>
        Response.json(
          {
            type: '/docs#request-invalid',
            title: 'Request invalid',
            status: 400,
            code: 'request-invalid',
            detail: 'the address or the Host header is not understood',
            instance: '/',
            wayOut: 'send a path of /docs, and the Host this server is reached at',
          },
          { status: 400, headers: { 'content-type': 'application/problem+json' } },
        ),
    }),
  )
  server.maxConnections = 4_096
  await listen(server, settings)
  return {
    url: urlOf(server, settings.host),
    async close(graceMs = 5_000) {
      if (!server.listening) return
      closing.abort()
      const closed = once(server, 'close')
      server.close()
      // A connection whose request ends from now on would stay open for the next one.
      const sweep = setInterval(() => server.closeIdleConnections(), 50)
      const timer = setTimeout(() => server.closeAllConnections(), graceMs)
      await closed
      clearInterval(sweep)
      clearTimeout(timer)
    },
  }
}

async function listen(server: Server, { host, port }: ServeOptions): Promise<void> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    const taken = code === 'EADDRINUSE'
    throw new TableError(
      'settings-invalid',
      taken ? `port ${port} is taken` : `cannot listen on ${host}:${port}`,
      {
        field: taken ? 'PORT' : 'HOST',
        value: taken ? port : host,
        wayOut: taken
          ? 'stop the other process, or set PORT to a free port'
          : 'set HOST to an address of this machine',
        cause: error,
      },
    )
  }
}

function urlOf(server: Server, host: string): string {
  const address = server.address()
  if (address === null || typeof address === 'string')
    throw new TableError('internal', 'the server has no TCP address')
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`
}
