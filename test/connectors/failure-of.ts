import { once } from 'node:events'
import { createServer } from 'node:net'
import { CallFailure } from '../../columns/errors.ts'
import type { Call } from '../../columns/ports.ts'
import { patienceMs } from '../support/patience.ts'

/** A call that nobody cancels. */
export function callWithin(timeoutMs = patienceMs): Call {
  return { signal: new AbortController().signal, timeoutMs, fetch }
}

/** The failure a call ends with; anything else, success included, fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<CallFailure> {
  const outcome = await promise.then(
    () => 'success',
    (error: unknown) => error,
  )
  if (!CallFailure.isInstance(outcome)) throw new Error(`expected a CallFailure, got ${String(outcome)}`)
  return outcome
}

/** The address of a port where nobody listens any more. */
export async function deadAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${address.port}`
}
