import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { causeCode, wasNeverSent } from '../../columns/never-sent.ts'

const failed = (code: string, syscall: string) =>
  Object.assign(new Error(`${syscall} ${code}`), { code, syscall })
const fetchFailed = (cause: unknown) => new TypeError('fetch failed', { cause })

describe('a failed connection', () => {
  test('that nobody took has sent nothing', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the server has no port')
    server.close()
    await once(server, 'close')
    const error: unknown = await fetch(`http://127.0.0.1:${address.port}/`).catch((thrown: unknown) => thrown)
    expect(causeCode(error)).toBe('ECONNREFUSED')
    expect(wasNeverSent(error)).toBe(true)
  })

  test.each(['ENOTFOUND', 'EAI_AGAIN'])('whose other side was not found (%s) has sent nothing', (code) => {
    expect(wasNeverSent(fetchFailed(failed(code, 'getaddrinfo')))).toBe(true)
  })

  test.each(['EHOSTUNREACH', 'ENETUNREACH', 'ECONNREFUSED'])(
    'with %s has sent nothing while it was made, and may have once it stood',
    (code) => {
      expect(wasNeverSent(fetchFailed(failed(code, 'connect')))).toBe(true)
      const several = Object.assign(new AggregateError([failed(code, 'connect'), failed(code, 'connect')]), {
        code,
      })
      expect(wasNeverSent(fetchFailed(several))).toBe(true)
      expect(wasNeverSent(fetchFailed(failed(code, 'write')))).toBe(false)
      expect(wasNeverSent(fetchFailed(failed(code, 'read')))).toBe(false)
    },
  )

  test('that was cut, or that is none, may have sent something', () => {
    expect(wasNeverSent(fetchFailed(failed('ECONNRESET', 'read')))).toBe(false)
    expect(wasNeverSent(new Error('no connection at all'))).toBe(false)
    expect(wasNeverSent('no error at all')).toBe(false)
  })
})
