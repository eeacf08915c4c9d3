import { hash, timingSafeEqual } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { TableError } from '../columns/errors.ts'
import type { AppEnv, ServerSettings } from './parts.ts'

/** True for addresses that only this machine can reach. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)

/** Without a key, a server that others can reach would be open to all of them. Said before anything starts. */
export function requireKeyBeyondLoopback({ host, apiKey }: ServerSettings): void {
  if (apiKey !== null || isLoopback(host)) return
  throw new TableError('settings-invalid', `HOST ${host} can be reached by others, and there is no key`, {
    field: 'HOST',
    value: host,
    wayOut: 'set ROTA_API_KEY, or leave HOST at 127.0.0.1',
  })
}

/**
 * On loopback only loopback names are answered: a page elsewhere whose name was made to point at this machine (DNS rebinding)
 * sends its own name.
 */
export function checkHost({ host }: ServerSettings): MiddlewareHandler<AppEnv> {
  const onLoopback = isLoopback(host)
  return async (c, next) => {
    const { hostname } = new URL(c.req.url)
    if (onLoopback && !isLoopback(hostname.replace(/^\[|\]$/g, ''))) {
      throw new TableError('host-forbidden', `this server is not called ${hostname}`, {
        field: 'Host',
        value: c.req.header('host') ?? hostname,
        wayOut: 'use 127.0.0.1 or localhost',
      })
    }
    await next()
  }
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Refuses changes asked for by a page of another site. Programs send neither header and pass. */
export const checkOrigin: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (!safeMethods.has(c.req.method) && isForeign(c)) {
    throw new TableError('origin-forbidden', 'a page of another site may not change anything here', {
      field: 'Origin',
      value: c.req.header('origin') ?? 'missing',
      wayOut: 'call from the page this server serves, or from a program',
    })
  }
  await next()
}

function isForeign(c: Context<AppEnv>): boolean {
  // Browsers set Sec-Fetch-Site themselves and let no page change it; Origin is for those too old to send it.
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  const origin = c.req.header('origin')
  if (origin === undefined) return false
  return !URL.canParse(origin) || new URL(origin).host !== new URL(c.req.url).host
}

/** Asks for the bearer key. Compares hashes, so that neither length nor content shows in the time it takes. */
export function checkKey({ apiKey }: ServerSettings): MiddlewareHandler<AppEnv> {
  const expected = apiKey === null ? null : digestOf(apiKey)
  return async (c, next) => {
    if (expected !== null) {
      const given = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
      if (given === undefined || !timingSafeEqual(digestOf(given), expected)) throw unauthorized(given)
    }
    await next()
  }
}

const digestOf = (key: string) => hash('sha256', key, 'buffer')

const unauthorized = (given: string | undefined) =>
  new TableError(
    'unauthorized',
    given === undefined ? 'this server asks for a key' : 'the key is not right',
    {
      field: 'Authorization',
      wayOut: 'send Authorization: Bearer KEY with the value of ROTA_API_KEY',
    },
  )
