import type { CellContext } from './column.ts'
import { CallFailure } from './errors.ts'
import { causeCode, wasNeverSent } from './never-sent.ts'

/** The longest answer that is read, in bytes. */
const maxAnswerBytes = 1_000_000

interface Request {
  address: URL
  method: string
  headers: Record<string, string>
  body: string | null
  /** It changes the outside world: a lost answer is an unknown outcome. */
  write: boolean
}

/**
 * One request, once, its answer read whole; null for 404. Redirects are refused: they would carry the headers elsewhere.
 *
 * @throws {CallFailure} for everything else that is not a 2xx answer of at most 1 MB.
 */
export async function exchange(request: Request, context: CellContext): Promise<string | null> {
  const { address, method, headers, body, write } = request
  try {
    const response = await context.fetch(address, {
      method,
      headers,
      body,
      redirect: 'manual',
      signal: context.signal,
    })
    if (response.ok) return await textOf(response, request)
    // The connection goes back only when nobody is waiting for the rest.
    await response.body?.cancel()
    if (response.status === 404) return null
    throw failureOf(response, request, context.now())
  } catch (error) {
    if (CallFailure.isInstance(error)) throw error
    const message = `${method} ${address.host} got no whole answer`
    if (context.signal.aborted)
      throw new CallFailure('timeout', message, { retryable: true, outcomeUnknown: write, cause: error })
    const code = causeCode(error)
    throw new CallFailure('unavailable', code === null ? message : `${message} (${code})`, {
      retryable: true,
      outcomeUnknown: write && !wasNeverSent(error),
      cause: error,
    })
  }
}

async function textOf(response: Response, { address, write }: Request): Promise<string> {
  if (response.body === null) return ''
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop by throwing cancels the stream, so an endless answer does not keep its connection.
  for await (const chunk of response.body) {
    size += chunk.byteLength
    if (size > maxAnswerBytes)
      throw new CallFailure('invalid-output', `${address.host} answered more than 1 MB`, {
        retryable: false,
        outcomeUnknown: write,
      })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function failureOf(response: Response, { address, write }: Request, now: number): CallFailure {
  const { status } = response
  const message = `${address.host} answered ${status}`
  const waitMs = retryAfterMs(response.headers.get('retry-after'), now)
  const wait = waitMs === null ? {} : { retryAfterMs: waitMs }
  if (status === 429) return new CallFailure('rate-limited', message, { retryable: true, ...wait })
  // The key is dead for every row, so they wait for another one; what is forbidden may be so for this one call alone.
  if (status === 401) return new CallFailure('needs-credentials', message, { retryable: true })
  if (status === 403) return new CallFailure('unauthorized', message, { retryable: false })
  if (status < 400) {
    const to = response.headers.get('location')
    // A service may answer like this when it has done what it was asked to.
    return new CallFailure('invalid-request', `${message}, a redirect to ${to}; call that address itself`, {
      retryable: false,
      outcomeUnknown: write,
    })
  }
  if (status < 500) return new CallFailure('invalid-request', message, { retryable: false })
  return new CallFailure('unavailable', message, { retryable: true, outcomeUnknown: write, ...wait })
}

/** `Retry-After` in milliseconds, from seconds or a date; null when it says nothing to wait for. */
function retryAfterMs(value: string | null, now: number): number | null {
  const seconds = Number(value ?? Number.NaN)
  const waitMs = Number.isNaN(seconds) ? Date.parse(value ?? '') - now : seconds * 1000
  return waitMs > 0 && Number.isFinite(waitMs) ? waitMs : null
}
