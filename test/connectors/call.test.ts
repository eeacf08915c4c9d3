import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { CallFailure } from '../../columns/errors.ts'
import type { Call } from '../../columns/ports.ts'
import { exchange, inTurn, startCall } from '../../connectors/call.ts'
import { timed } from '../support/own-time.ts'
import { patienceMs } from '../support/patience.ts'
import { failureOf } from './failure-of.ts'

const budget = { key: 'vendor:test', concurrency: 2 }
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** The address of a server that answers like this. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}/`
}

const callOf = (change: Partial<Call> = {}) =>
  startCall({ signal: new AbortController().signal, timeoutMs: patienceMs, fetch, ...change }, budget)
const asked = (url: string) => ({ vendor: 'vendor', method: 'GET', url, write: false })

describe('the time of a call', () => {
  test('is shared by its requests', async () => {
    let requests = 0
    const url = await serve(async (_, response) => {
      requests += 1
      if (requests > 1) return
      await sleep(200)
      response.end('{}')
    })
    const call = callOf()
    await exchange(asked(url), call)
    // The timer of the server may be a millisecond early.
    expect(call.clock.leftMs).toBeLessThanOrEqual(patienceMs - 199)
    call.clock.leftMs = 100
    const { answer, ownMs } = await timed(() => failureOf(exchange(asked(url), call)))
    expect(answer).toMatchObject({ kind: 'timeout', retryable: true })
    expect(ownMs).toBeLessThan(400)
    expect(call.clock.leftMs).toBeLessThanOrEqual(1)
    expect(requests).toBe(2)
  })

  test('stands still while a request waits for its turn', async () => {
    const url = await serve((_, response) => void response.end('{}'))
    const limit: Call['limit'] = async (_, request) => {
      await sleep(150)
      return request()
    }
    const call = callOf({ limit })
    const startedAt = performance.now()
    expect(await exchange(asked(url), call)).toMatchObject({ status: 200 })
    const usedMs = patienceMs - call.clock.leftMs
    // The timer of the turn may be a millisecond early.
    expect(usedMs).toBeLessThanOrEqual(performance.now() - startedAt - 149)
  })

  test('that is over lets no further request leave', async () => {
    let received = 0
    const url = await serve((_, response) => {
      received += 1
      response.end('{}')
    })
    const call = callOf({ timeoutMs: 0 })
    expect(await failureOf(exchange({ ...asked(url), write: true }, call))).toMatchObject({
      kind: 'timeout',
      outcomeUnknown: false,
    })
    expect(received).toBe(0)
  })

  test('says of a write that is cut off that its outcome is unknown, of a cancelled one that it is final', async () => {
    const url = await serve(() => {})
    const write = { ...asked(url), method: 'POST', write: true }
    expect(await failureOf(exchange(write, callOf({ timeoutMs: 60 })))).toMatchObject({
      kind: 'timeout',
      retryable: true,
      outcomeUnknown: true,
    })
    const signal = AbortSignal.timeout(60)
    const cancel = new AbortController()
    signal.addEventListener('abort', () => cancel.abort())
    expect(await failureOf(exchange(write, callOf({ signal: cancel.signal })))).toMatchObject({
      kind: 'timeout',
      retryable: false,
      outcomeUnknown: true,
    })
  })
})

describe('the limits of the credential', () => {
  test('are asked for every request, with the budget of the connector', async () => {
    const url = await serve((_, response) => void response.end('{}'))
    const keys: string[] = []
    const limit: Call['limit'] = (of, request) => {
      keys.push(of.key)
      return request()
    }
    const call = callOf({ limit })
    await exchange(asked(url), call)
    await exchange(asked(url), call)
    expect(keys).toEqual(['vendor:test', 'vendor:test'])
  })

  test('hear the failure that an answer stands for', async () => {
    const url = await serve((_, response) => void response.writeHead(429, { 'retry-after': '7' }).end())
    const heard: unknown[] = []
    const limit: Call['limit'] = async (_, request) => {
      try {
        return await request()
      } catch (error) {
        heard.push(error)
        throw error
      }
    }
    const slow = new CallFailure('rate-limited', 'slow down', { retryable: true, retryAfterMs: 7_000 })
    const failure = ({ status }: { status: number }) => (status === 429 ? slow : null)
    expect(await failureOf(exchange({ ...asked(url), failure }, callOf({ limit })))).toBe(slow)
    expect(heard).toEqual([slow])
  })

  test('may refuse before anything has left', async () => {
    let received = 0
    const url = await serve((_, response) => {
      received += 1
      response.end('{}')
    })
    const resting = new CallFailure('rate-limited', 'resting', { retryable: true, retryAfterMs: 100 })
    const limit: Call['limit'] = () => Promise.reject(resting)
    expect(await failureOf(exchange(asked(url), callOf({ limit })))).toBe(resting)
    expect(received).toBe(0)
  })

  test('are not needed', async () => {
    expect(await inTurn(callOf(), async () => 'done')).toBe('done')
  })
})

describe('what cannot be sent', () => {
  test.each([
    ['an address that is none', { url: 'not an address' }],
    ['an address with another protocol', { url: 'ftp://crm.example/' }],
    ['an address with a password', { url: 'https://me:hidden@crm.example/' }],
    ['a header with a line break', { headers: { authorization: 'Bearer hidden\r\nx: y' } }],
    ['a header that is no ASCII', { headers: { authorization: 'Bearer hidd€n hidden' } }],
  ])('%s is refused, and nothing has left', async (_, change) => {
    const url = await serve((_, response) => void response.end('{}'))
    const failure = await failureOf(exchange({ ...asked(url), write: true, ...change }, callOf()))
    expect(failure).toMatchObject({ kind: 'invalid-request', retryable: false, outcomeUnknown: false })
    expect(`${failure.message} ${String(failure.cause)}`).not.toContain('hidden')
  })
})

test('a method that is handed in keeps its object', async () => {
  const heard: unknown[] = []
  const limits = {
    seen: heard,
    async limit<Answer>(_: unknown, request: () => Promise<Answer>) {
      this.seen.push('limit')
      return request()
    },
    used(_: unknown, allowance: unknown) {
      this.seen.push(allowance)
    },
  }
  const outer = { signal: new AbortController().signal, timeoutMs: 100, fetch }
  const call = startCall(Object.assign(limits, outer), budget)
  await inTurn(call, async () => call.used?.(budget, { used: 1, limit: 2 }))
  expect(heard).toEqual(['limit', { used: 1, limit: 2 }])
})
