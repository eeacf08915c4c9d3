import { CallFailure } from '../columns/errors.ts'
import { parseJson } from '../columns/json.ts'
import type { Call } from '../columns/ports.ts'

/** The longest answer that is read, in bytes, unless a connector says otherwise. */
const maxAnswerBytes = 8 * 1024 * 1024

/** Failures that happen before the first byte of a request can have left. */
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** A `Call` whose clock runs: its signal also aborts when the time is up. */
export interface RunningCall {
  /** Aborts on the caller's signal and at the deadline, whichever is first. */
  signal: AbortSignal
  fetch: typeof fetch
}

/** Starts the clock of a call. Do this once per port method, so that all its requests share one deadline. */
export function startCall(call: Call): RunningCall {
  return {
    signal: AbortSignal.any([call.signal, AbortSignal.timeout(call.timeoutMs)]),
    fetch: call.fetch,
  }
}

export interface HttpRequest {
  /** Named in messages. */
  vendor: string
  method: string
  url: string
  headers?: Record<string, string>
  body?: string
  /** Does the request change the outside world? Then a lost answer is an unknown outcome. */
  write: boolean
  maxBytes?: number
}

/** An answer read whole. Header names are lower case. */
export interface HttpAnswer {
  status: number
  headers: Record<string, string>
  text: string
}

/**
 * Makes one request, once, and reads the whole answer. Redirects are not followed: they would carry the key elsewhere.
 * Throws `CallFailure` when there is no whole answer; any status is an answer.
 */
export async function exchange(request: HttpRequest, call: RunningCall): Promise<HttpAnswer> {
  if (call.signal.aborted) throw transportFailure(call.signal.reason, { ...request, write: false }, call)
  try {
    const response = await call.fetch(request.url, {
      method: request.method,
      headers: request.headers ?? {},
      body: request.body ?? null,
      redirect: 'manual',
      signal: call.signal,
    })
    const text = await readText(response, request)
    return { status: response.status, headers: Object.fromEntries(response.headers), text }
  } catch (error) {
    throw transportFailure(error, request, call)
  }
}

async function readText(response: Response, request: HttpRequest): Promise<string> {
  if (response.body === null) return ''
  const limit = request.maxBytes ?? maxAnswerBytes
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop by throwing cancels the stream, so an endless answer does not keep its connection.
  for await (const chunk of response.body) {
    size += chunk.byteLength
    if (size > limit) {
      throw new CallFailure('invalid-output', `${request.vendor}: the answer is longer than ${limit} bytes`, {
        retryable: false,
        outcomeUnknown: request.write,
      })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Turns whatever a client threw while talking into the failure the runtime decides by. */
export function transportFailure(
  error: unknown,
  request: Pick<HttpRequest, 'vendor' | 'method' | 'url' | 'write'>,
  call: RunningCall,
): CallFailure {
  if (CallFailure.isInstance(error)) return error
  const what = `${request.vendor}: ${request.method} ${pathOf(request.url)}`
  if (call.signal.aborted) {
    const timedOut = nameOf(call.signal.reason) === 'TimeoutError'
    return new CallFailure(
      'timeout',
      `${what} ${timedOut ? 'took longer than its deadline' : 'was cancelled'}`,
      {
        retryable: timedOut,
        outcomeUnknown: request.write,
        cause: error,
      },
    )
  }
  const code = causeCode(error)
  return new CallFailure('unavailable', `${what} lost its connection (${code ?? nameOf(error)})`, {
    retryable: true,
    outcomeUnknown: request.write && !(code !== null && neverSent.has(code)),
    cause: error,
  })
}

/** `Retry-After` in milliseconds, from seconds or a date; null when absent or unreadable. */
export function retryAfterMs(headers: Record<string, string>, now: number): number | null {
  const value = headers['retry-after']
  if (value === undefined || value.trim() === '') return null
  const seconds = Number(value)
  if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds * 1000))
  const at = Date.parse(value)
  return Number.isNaN(at) ? null : Math.max(0, at - now)
}

/** The parsed JSON, or undefined when the text is none. */
export function parseAnswer(text: string): unknown {
  const parsed = parseJson(text)
  return parsed.ok ? parsed.value : undefined
}

/** The start of an answer for a message, on one line. */
export function excerpt(text: string, length = 200): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > length ? `${line.slice(0, length)}…` : line
}

/** Without its query, which may hold what people typed. */
function pathOf(url: string): string {
  return URL.parse(url)?.pathname ?? 'an invalid address'
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}

function causeCode(error: unknown): string | null {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; depth += 1) {
    if ('code' in current && typeof current.code === 'string') return current.code
    current = current instanceof AggregateError ? current.errors[0] : current.cause
  }
  return null
}
