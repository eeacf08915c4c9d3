import type { Budget } from '../columns/budget.ts'
import { CallFailure } from '../columns/errors.ts'
import { parseJson } from '../columns/json.ts'
import { causeCode, wasNeverSent } from '../columns/never-sent.ts'
import type { Call } from '../columns/ports.ts'

/** The longest answer that is read, in bytes, unless a connector says otherwise. */
const maxAnswerBytes = 8 * 1024 * 1024

/** A port call under way. All its requests share the time that the caller gave. */
export interface RunningCall {
  /** As it was given: the same object for all that one attempt asks of a port. */
  caller: Call
  /** The caller's own. The deadline is not in it: each request has that for itself, once its turn has come. */
  signal: AbortSignal
  fetch: typeof fetch
  budget: Budget
  lane: 'live' | 'bulk'
  /** What is left of the time for the call, in milliseconds. It runs while a request is under way, not while one waits for its turn. */
  clock: { leftMs: number }
  /** Told right before a request that changes something leaves. What it throws keeps the request from leaving. */
  leaving?(): void
  limit?: NonNullable<Call['limit']>
  wait?: NonNullable<Call['wait']>
  used?: NonNullable<Call['used']>
}

/** Starts a call on the credential that `budget` names. Do this once per port method, so that all its requests share one time. */
export function startCall(call: Call, budget: Budget): RunningCall {
  return {
    caller: call,
    signal: call.signal,
    fetch: call.fetch,
    budget,
    lane: call.lane ?? 'live',
    clock: { leftMs: call.timeoutMs },
    ...(call.limit !== undefined && { limit: call.limit.bind(call) }),
    ...(call.wait !== undefined && { wait: call.wait.bind(call) }),
    ...(call.used !== undefined && { used: call.used.bind(call) }),
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
  /**
   * The failure that an answer stands for, null for none. It is thrown before the turn ends, which is how the limits of the credential
   * learn of a pause or a dead key: what a connector finds out later they never hear of.
   */
  failure?(answer: HttpAnswer): CallFailure | null
}

/** An answer read whole. Header names are lower case. */
export interface HttpAnswer {
  status: number
  headers: Record<string, string>
  text: string
}

/**
 * Makes one request, once, when the credential allows it, and reads the whole answer. Redirects are not followed: they would carry the key
 * elsewhere. Throws `CallFailure` when there is no whole answer, or when `request.failure` says so; any status is an answer. A vendor's
 * client around this must have no time limit of its own, as the turn may be long in coming.
 */
export async function exchange(request: HttpRequest, call: RunningCall): Promise<HttpAnswer> {
  return inTurn(call, () => exchangeNow(request, call))
}

/** Runs `work` when the credential allows it. Within it requests are made by `exchangeNow`. */
export function inTurn<Answer>(call: RunningCall, work: () => Promise<Answer>): Promise<Answer> {
  return call.limit === undefined ? work() : call.limit(call.budget, work)
}

/** `exchange` for work that has its turn already. */
export async function exchangeNow(request: HttpRequest, call: RunningCall): Promise<HttpAnswer> {
  const startedAt = performance.now()
  const signal = AbortSignal.any([
    call.signal,
    AbortSignal.timeout(Math.max(0, Math.ceil(call.clock.leftMs))),
  ])
  const unsent = { ...request, write: false }
  if (call.signal.aborted) throw transportFailure(call.signal.reason, unsent, { signal: call.signal })
  if (call.clock.leftMs <= 0) throw timeOver(unsent)
  requireSendable(request)
  if (request.write) call.leaving?.()
  try {
    const response = await call.fetch(request.url, {
      method: request.method,
      headers: request.headers ?? {},
      body: request.body ?? null,
      redirect: 'manual',
      signal,
    })
    const text = await readText(response, request)
    const answer = { status: response.status, headers: Object.fromEntries(response.headers), text }
    const failure = request.failure?.(answer) ?? null
    if (failure !== null) throw failure
    return answer
  } catch (error) {
    throw transportFailure(error, request, { signal })
  } finally {
    call.clock.leftMs -= performance.now() - startedAt
  }
}

/** What cannot be put on the wire is refused before anything leaves. */
function requireSendable(request: HttpRequest): void {
  const problem = problemOf(request)
  if (problem === null) return
  const message = `${request.vendor}: ${request.method} was not sent: ${problem}`
  throw new CallFailure('invalid-request', message, { retryable: false })
}

const noAddress = 'it has no usable address'

/** Never with the value of a header: it may be a secret. */
function problemOf({ url, headers = {} }: HttpRequest): string | null {
  const { protocol, username, password } = URL.parse(url) ?? {}
  if (!(protocol === 'http:' || protocol === 'https:') || username !== '' || password !== '') return noAddress
  const header = Object.keys(headers).find((name) => !isHeader(name, headers[name] ?? ''))
  return header === undefined ? null : `its header "${header}" has a value that cannot be sent`
}

function isHeader(name: string, value: string): boolean {
  try {
    new Headers([[name, value]])
    return true
  } catch {
    return false
  }
}

type Sent = Pick<HttpRequest, 'vendor' | 'method' | 'url' | 'write'>

/** The failure of a request whose time is over; an unknown outcome when it is a write that has left. */
export function timeOver(request: Sent, cause?: unknown): CallFailure {
  const what = `${request.vendor}: ${request.method} ${pathOf(request.url)}`
  return new CallFailure('timeout', `${what} took longer than its deadline`, {
    retryable: true,
    outcomeUnknown: request.write,
    cause,
  })
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

/**
 * Turns whatever a client threw while talking into the failure the runtime decides by. `signal` is the one the request had: it says whether
 * the time was over or somebody cancelled.
 */
export function transportFailure(
  error: unknown,
  request: Sent,
  { signal }: { signal: AbortSignal },
): CallFailure {
  if (CallFailure.isInstance(error)) return error
  if (signal.aborted && nameOf(signal.reason) === 'TimeoutError') return timeOver(request, error)
  const what = `${request.vendor}: ${request.method} ${pathOf(request.url)}`
  if (signal.aborted) {
    return new CallFailure('timeout', `${what} was cancelled`, {
      retryable: false,
      outcomeUnknown: request.write,
      cause: error,
    })
  }
  const code = causeCode(error)
  // A client may look at the address before it asks for a transport.
  if (code === 'ERR_INVALID_URL') {
    const message = `${request.vendor}: ${request.method} was not sent: ${noAddress}`
    return new CallFailure('invalid-request', message, { retryable: false })
  }
  return new CallFailure('unavailable', `${what} lost its connection (${code ?? nameOf(error)})`, {
    retryable: true,
    outcomeUnknown: request.write && !wasNeverSent(error),
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
