import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../server/app.ts'
import { startServer } from '../../server/serve.ts'
import { quietLog } from '../support/quiet-log.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'

const apiKey = 'a-key-of-this-test'
const authorization = `Bearer ${apiKey}`
let open: RunningApp
let locked: RunningApp

beforeAll(async () => {
  open = await startApp()
  locked = await startApp({ apiKey })
})
afterAll(async () => {
  await open.close()
  await locked.close()
})

/** Every route as it is registered, with something in place of each parameter. */
const routesOf = (running: RunningApp) =>
  [
    ...new Set(
      running.app.routes
        .filter(({ method }) => method !== 'ALL')
        .map(({ method, path }) => `${method} ${path}`),
    ),
  ].map((route) => {
    const [method = '', path = ''] = route.split(' ')
    return { method, path: path.replaceAll(/:(\w+)/g, 'some-$1') }
  })

/** Sends headers that fetch would not let through. */
function raw(
  running: RunningApp,
  path: string,
  headers: Record<string, string>,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, running.url), { headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    sent.on('error', reject)
    sent.end()
  })
}

describe('the key', () => {
  test('no route of /v1, and not the metrics, answers without it', async () => {
    const guarded = routesOf(locked).filter(({ path }) => path.startsWith('/v1/') || path === '/metrics')
    expect(guarded.length).toBeGreaterThanOrEqual(18)
    for (const { method, path } of guarded) {
      for (const headers of [
        {},
        { authorization: 'Bearer wrong' },
        { authorization: `Basic ${apiKey}` },
        { authorization: 'Bearer ' },
      ]) {
        const answer = await ask(locked, path, { method, headers })
        expect([method, path, answer.status, answer.body.code]).toEqual([method, path, 401, 'unauthorized'])
        expect(answer.text).not.toContain(apiKey)
      }
    }
  })

  test('an unknown path of /v1 does not tell that it is unknown', async () => {
    expect((await ask(locked, '/v1/nothing')).status).toBe(401)
    expect((await ask(locked, '/v1/nothing', { headers: { authorization } })).status).toBe(404)
  })

  test('with it everything answers', async () => {
    expect((await ask(locked, '/v1/tables', { headers: { authorization } })).status).toBe(200)
    expect((await ask(locked, '/metrics', { headers: { authorization } })).text).toContain(
      'rota_rows{table="leads"} 0',
    )
  })

  test('page, docs and health need none, and hold nothing of the tables', async () => {
    for (const path of ['/', '/page/main.js', '/docs', '/openapi.json', '/healthz', '/readyz']) {
      expect([path, (await ask(locked, path)).status]).toEqual([path, 200])
    }
  })

  test('without a key an address that others can reach is refused', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'rota.example']) {
      const settings = { host, apiKey: null }
      expect(() => createApp({ runtime: open.runtime, settings, log: quietLog(), version: '0' })).toThrow(
        /ROTA_API_KEY|no key/,
      )
      await expect(startServer(open.app, { ...settings, port: 0 })).rejects.toMatchObject({
        code: 'settings-invalid',
        details: { field: 'HOST', value: host },
      })
    }
  })
})

describe('pages of other sites', () => {
  const row = { company: 'Acme', email: 'ana@acme.example' }

  test.each([
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
    [{ origin: 'https://evil.example' }],
    [{ origin: 'null' }],
    [{ origin: 'http://127.0.0.1:1' }],
  ])('%o may change nothing', async (headers) => {
    const answer = await post(open, '/v1/tables/leads/rows', row, headers)
    expect(answer.body).toMatchObject({ status: 403, code: 'origin-forbidden', field: 'Origin' })
    expect(await open.runtime.count('leads')).toBe(0)
  })

  test('our own page and programs may', async () => {
    const own = new URL(open.url).origin
    for (const headers of [{}, { origin: own }, { origin: own, 'sec-fetch-site': 'same-origin' }]) {
      const answer = await post(open, '/v1/tables/leads/rows', {}, headers)
      expect(answer.body.code).toBe('row-invalid')
    }
  })

  test('a name that was made to point at this machine is not answered', async () => {
    const { port } = new URL(open.url)
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1.evil.example',
      '127.0.0.1@evil.example',
    ]) {
      expect([host, await raw(open, '/v1/tables', { host })]).not.toEqual([host, 200])
    }
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, '[::1]']) {
      expect([host, await raw(open, '/v1/tables', { host })]).toEqual([host, 200])
    }
  })
})

test('every answer carries the headers that keep a page from being misused', async () => {
  for (const path of ['/', '/v1/tables', '/v1/nothing', '/docs']) {
    const { headers } = await ask(open, path)
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.has('access-control-allow-origin')).toBe(false)
  }
})

test('page and docs hold no inline script, no inline style and no address elsewhere', async () => {
  for (const path of ['/', '/docs']) {
    const { text } = await ask(open, path)
    expect(text).not.toMatch(/<script(?![^>]*\ssrc="\/)/)
    expect(text).not.toMatch(/<style|\sstyle=|\son\w+=/)
    expect(text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
  }
})

test('files outside the page folder cannot be asked for', async () => {
  for (const path of [
    '/page/../app.ts',
    '/page/%2e%2e/app.ts',
    '/page/..%2fapp.ts',
    '/page/',
    '/page/constructor',
  ]) {
    expect([path, (await ask(open, path)).status]).toEqual([path, 404])
  }
})
