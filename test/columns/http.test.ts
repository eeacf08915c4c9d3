import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { CellContext } from '../../columns/column.ts'
import { CallFailure } from '../../columns/errors.ts'
import type { HttpOptions } from '../../columns/http.ts'
import { http } from '../../columns/http.ts'
import { failureOf, reconcile, run } from './running.ts'

interface Seen {
  method: string | undefined
  url: string | undefined
  headers: IncomingMessage['headers']
  body: string
}
interface Row {
  id: string
  text: string | null
}

let server: Server
let base = ''
let seen: Seen[] = []
let answer: (response: ServerResponse, request: IncomingMessage) => void

beforeEach(async () => {
  seen = []
  answer = (response) => response.setHeader('content-type', 'application/json').end('{"score":7,"more":true}')
  server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    seen.push({ method: request.method, url: request.url, headers: request.headers, body })
    answer(response, request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  server.closeAllConnections()
  if (server.listening) await new Promise((resolve) => server.close(resolve))
})

const output = z.object({ score: z.number() })
type Options = HttpOptions<Row, 'id' | 'text', never, { score: number }>
const column = (over: Partial<Options> = {}) =>
  http<Row, 'id' | 'text', never, { score: number }>({
    url: `${base}/score`,
    reads: ['id', 'text'],
    output,
    ...over,
  })
const status = (code: number, headers: Record<string, string> = {}) => {
  answer = (response) => response.writeHead(code, headers).end('{"error":"no"}')
}
const post = { method: 'POST', body: (row: { text: string | null }) => ({ text: row.text }) } as const

describe('an http column', () => {
  it('reads what the schema knows of a JSON answer', async () => {
    expect(await run(column(), { id: '1' })).toEqual({ status: 'done', value: { score: 7 } })
    expect(seen).toMatchObject([
      { method: 'GET', url: '/score', body: '', headers: { accept: 'application/json' } },
    ])
    expect(seen[0]?.headers).not.toHaveProperty('idempotency-key')
  })

  it('reads with GET and writes with anything else, unless it says that a POST reads', () => {
    expect(column().work.effect).toBe('read')
    expect(column(post).work).toMatchObject({ effect: 'write', sideEffect: `calls POST ${base.slice(7)}` })
    expect(column({ ...post, effect: 'read' }).work.effect).toBe('read')
  })

  it('sends body, headers, query and, with a write, its send id', async () => {
    const query = () => ({ 'q&a': 'ä b&c=d' })
    await run(column({ ...post, query, headers: { authorization: 'Bearer k' } }), { text: 'hi "there"' })
    expect(seen).toMatchObject([
      {
        method: 'POST',
        url: '/score?q%26a=%C3%A4+b%26c%3Dd',
        body: '{"text":"hi \\"there\\""}',
        headers: {
          'content-type': 'application/json',
          'idempotency-key': 'row_1.cell.1.abcd',
          authorization: 'Bearer k',
        },
      },
    ])
  })

  it('gives no result for 404', async () => {
    status(404)
    expect(await run(column(), {})).toMatchObject({
      status: 'no-result',
      reason: expect.stringContaining('404'),
    })
    expect(await run(column(post), {})).toMatchObject({ status: 'no-result' })
  })

  it.each([
    ['7', 7_000],
    ['Mon, 02 Mar 2026 09:00:30 GMT', 30_000],
    ['soon', null],
    ['0', null],
  ])('waits with 429 as long as Retry-After %s says', async (header, retryAfterMs) => {
    status(429, { 'retry-after': header })
    const failure = await failureOf(run(column(post), {}))
    expect(failure).toMatchObject({
      kind: 'rate-limited',
      retryable: true,
      outcomeUnknown: false,
      retryAfterMs,
    })
  })

  it.each([500, 502, 503])(
    'takes %s for a lost answer: a read is tried again, a write has an unknown outcome',
    async (code) => {
      status(code, { 'retry-after': '2' })
      const expected = { kind: 'unavailable', retryable: true, retryAfterMs: 2_000 }
      expect(await failureOf(run(column(), {}))).toMatchObject({ ...expected, outcomeUnknown: false })
      expect(await failureOf(run(column(post), {}))).toMatchObject({ ...expected, outcomeUnknown: true })
    },
  )

  it.each([
    [400, 'invalid-request'],
    [403, 'unauthorized'],
    [422, 'invalid-request'],
  ])('does not try %s again', async (code, kind) => {
    status(code)
    expect(await failureOf(run(column(post), {}))).toMatchObject({
      kind,
      retryable: false,
      outcomeUnknown: false,
    })
  })

  it('parks its rows with 401: the key is dead for all of them', async () => {
    status(401)
    expect(await failureOf(run(column(post), {}))).toMatchObject({
      kind: 'needs-credentials',
      retryable: true,
      outcomeUnknown: false,
    })
  })

  it.each([301, 302, 303, 307, 308])('refuses the redirect %s and says where it led', async (code) => {
    status(code, { location: `${base}/elsewhere` })
    const failure = await failureOf(run(column({ headers: { authorization: 'secret' } }), {}))
    expect(failure).toMatchObject({ kind: 'invalid-request', retryable: false })
    expect(failure.message).toContain(`${base}/elsewhere`)
    expect(seen.map(({ url }) => url)).toEqual(['/score'])
  })

  it('reads up to 1 MB and not a byte of an endless answer more than it must', async () => {
    answer = (response) => response.end(JSON.stringify({ score: 1, pad: 'x'.repeat(999_000) }))
    expect(await run(column(), {})).toMatchObject({ status: 'done' })
    let written = 0
    let closed = false
    answer = (response) => {
      const chunk = 'y'.repeat(64 * 1024)
      response.on('close', () => {
        closed = true
      })
      const more = () => {
        while (!closed) {
          written += chunk.length
          if (!response.write(chunk)) {
            response.once('drain', more)
            return
          }
        }
      }
      more()
    }
    expect(await failureOf(run(column(), {}))).toMatchObject({ kind: 'invalid-output', retryable: false })
    await expect.poll(() => closed).toBe(true)
    expect(written).toBeLessThan(30_000_000)
  })

  it.each([
    ['{"score":"high"}', 'score: '],
    ['{}', 'score: '],
    ['[]', 'the answer: '],
    ['<html>', 'JSON'],
    ['', 'JSON'],
  ])('takes %o for an invalid answer and says why', async (text, why) => {
    answer = (response) => response.end(text)
    const failure = await failureOf(run(column(), {}))
    expect(failure).toMatchObject({ kind: 'invalid-output', retryable: false })
    expect(failure.message).toContain(why)
  })

  it('that loses the connection before or within the answer does not know what a write did', async () => {
    for (const lose of [
      (response: ServerResponse) => response.destroy(),
      (response: ServerResponse) => {
        response.writeHead(200, { 'content-length': '1000' })
        response.write('{"score":', () => response.destroy())
      },
    ]) {
      answer = lose
      expect(await failureOf(run(column(post), {}))).toMatchObject({
        kind: 'unavailable',
        outcomeUnknown: true,
      })
      expect(await failureOf(run(column(), {}))).toMatchObject({ retryable: true, outcomeUnknown: false })
    }
  })

  it('that found nobody listening knows that nothing was sent', async () => {
    await new Promise((resolve) => server.close(resolve))
    const closed = column(post)
    expect(await failureOf(run(closed, {}))).toMatchObject({
      kind: 'unavailable',
      retryable: true,
      outcomeUnknown: false,
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it('ends with its signal: a deadline is a timeout', async () => {
    answer = () => {}
    const signal = AbortSignal.timeout(100)
    expect(await failureOf(run(column(post), {}, { signal }))).toMatchObject({
      kind: 'timeout',
      outcomeUnknown: true,
    })
  })

  it('asks for its turn before anything leaves, under a key that names the host and no secret', async () => {
    const keys: string[] = []
    const limit: CellContext['limit'] = async (budget, request) => {
      keys.push(`${budget.key} ${budget.concurrency}`)
      return request()
    }
    const authorization = 'Bearer k-secret'
    await run(column({ headers: { authorization }, limits: { concurrency: 3 } }), {}, { limit })
    await run(column({ headers: { authorization: 'Bearer other' } }), {}, { limit })
    await run(column(), {}, { limit })
    expect(keys[0]).toMatch(/^http:127\.0\.0\.1:\d+:[0-9a-f]{8} 3$/)
    expect(keys[1]?.split(' ')[0]).not.toBe(keys[0]?.split(' ')[0])
    expect(keys[2]).toMatch(/^http:127\.0\.0\.1:\d+ 20$/)
    expect(keys.join()).not.toContain('secret')
  })

  it('that is not let through has sent nothing', async () => {
    const limit = () =>
      Promise.reject(new CallFailure('rate-limited', 'the account rests', { retryable: true }))
    const failure = await failureOf(run(column(post), {}, { limit }))
    expect(failure).toMatchObject({ kind: 'rate-limited', outcomeUnknown: false })
    expect(seen).toEqual([])
  })

  it.each(['keyed', 'same-state'] as const)(
    'is called again as it was where its target is %s',
    async (target) => {
      const again = column({ ...post, target })
      expect(again.work).toMatchObject({ target })
      expect(await reconcile(again, { text: 'hi' })).toEqual({
        state: 'happened',
        outcome: { status: 'done', value: { score: 7 } },
      })
      expect(seen).toMatchObject([
        { method: 'POST', body: '{"text":"hi"}', headers: { 'idempotency-key': 'row_1.cell.1.abcd' } },
      ])
      status(422)
      expect(await reconcile(again, {})).toEqual({ state: 'absent' })
      status(503)
      expect(await failureOf(reconcile(again, {}))).toMatchObject({ retryable: true })
    },
  )

  it.each(['{"score":"high"}', '<html>', ''])(
    'that changed something is done with an answer of 2xx that it cannot use: %o',
    async (text) => {
      answer = (response) => response.end(text)
      expect(await run(column(post), {})).toMatchObject({
        status: 'done',
        value: null,
        reason: expect.stringContaining('answered something else than the output schema'),
      })
    },
  )

  it('does not know what a write did that is answered with a redirect or with too much', async () => {
    status(303, { location: '/orders/7' })
    expect(await failureOf(run(column(post), {}))).toMatchObject({ outcomeUnknown: true })
    answer = (response) => response.end(`"${'x'.repeat(1_100_000)}"`)
    expect(await failureOf(run(column(post), {}))).toMatchObject({
      kind: 'invalid-output',
      outcomeUnknown: true,
    })
    expect(await failureOf(run(column(), {}))).toMatchObject({ outcomeUnknown: false })
  })

  it('is not repeated after an unknown outcome unless it says so', async () => {
    expect(column(post).work).toMatchObject({ target: 'blind', whenUnknown: 'leave' })
    const repeating = column({ ...post, whenUnknown: 'repeat' })
    expect(repeating.work).toMatchObject({ target: 'blind', whenUnknown: 'repeat' })
    expect(await run(repeating, {}, { mayRepeat: true })).toMatchObject({ detail: { mayRepeat: true } })
    expect((await run(repeating, {})).detail).toBeUndefined()
  })

  it('cannot be read back, and says so', async () => {
    expect(await reconcile(column(post), {})).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining('127.0.0.1'),
    })
  })
})

describe('a value in the path of an http column', () => {
  const withId = (url = `${base}/v1/leads/{id}/score`) => column({ url, path: ({ id }) => ({ id }) })

  it.each([
    ['a/b', 'a%2Fb'],
    ['a?b=c#d', 'a%3Fb%3Dc%23d'],
    ['../../admin', '..%2F..%2Fadmin'],
    ['%2e%2e', '%252e%252e'],
    ['ä ö', '%C3%A4%20%C3%B6'],
    ['@evil.example', '%40evil.example'],
  ])('%s stays one segment', async (id, encoded) => {
    await run(withId(), { id })
    expect(seen.map(({ url }) => url)).toEqual([`/v1/leads/${encoded}/score`])
  })

  it.each(['..', '.', ''])('%o is refused before anything is sent', async (id) => {
    expect(await failureOf(run(withId(), { id }))).toMatchObject({
      kind: 'invalid-request',
      retryable: false,
    })
    expect(await failureOf(run(column({ url: `${base}/{id}` }), { id: 'x' }))).toMatchObject({
      retryable: false,
    })
    expect(seen).toEqual([])
  })

  it.each([
    'https://{id}.example.com/x',
    'https://example.com{id}/x',
    'https://user:secret@example.com/x',
    'ftp://example.com/x',
    '/relative',
    'https://',
  ])('cannot choose the host: %s is no definition', (url) => {
    expect(() => column({ url })).toThrow(
      expect.objectContaining({
        code: 'definition-invalid',
        details: { field: 'url', value: url, wayOut: expect.any(String) },
      }),
    )
  })
})
