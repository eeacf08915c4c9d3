import { Connection } from 'jsforce/lib/connection.js'
import type { z } from 'zod'
import type { Budget } from '../../columns/budget.ts'
import { CallFailure } from '../../columns/errors.ts'
import { type HttpAnswer, inTurn, type RunningCall, startCall, transportFailure } from '../call.ts'
import { answerFailure } from './failures.ts'
import { type Login, requestToken } from './login.ts'
import { budgetOf, type SalesforceSettings } from './settings.ts'
import { recordingTransport } from './transport.ts'

/** The one place that pins the REST API version; jsforce's default is 50.0. */
export const apiVersion = '64.0'

/** A login serves every waiting call, so it has a deadline of its own. */
const loginTimeoutMs = 20_000

export interface SessionRequest<Answer> {
  method: 'GET' | 'POST' | 'PATCH'
  /** From the version's root (`/query?q=…`) or the host's (`/services/data/…`). */
  path: string
  body?: unknown
  headers?: Record<string, string>
  /** Shape of a success; an answer without a body arrives as null. */
  answer: z.ZodType<Answer>
  /** Does it change the org? */
  write: boolean
}

/** A logged-in connection: logs in when first needed and once more when the token has expired. */
export interface Session {
  readonly settings: SalesforceSettings
  readonly budget: Budget
  request<Answer>(request: SessionRequest<Answer>, call: RunningCall): Promise<Answer>
  /** Where the org lives and as whom we act. Ask after a request, which has logged in. */
  identity(call: RunningCall): Promise<Pick<Login, 'instanceUrl' | 'userId'>>
}

interface Active extends Login {
  connection: Connection
  /** Has any answer come to it but that it is no good? */
  taken: boolean
  /** That answer. */
  refusal: CallFailure | null
  /** Ends with the request that tries it first; null while nobody does. */
  trial: Promise<void> | null
}

type Sent<Answer> = { value: Answer } | { expired: CallFailure }

/** Opens nothing yet: the first request logs in, in the turn it has got. */
export function createSession(settings: SalesforceSettings): Session {
  const budget = budgetOf(settings)
  let current: Active | null = null
  let pending: Promise<Active> | null = null

  /** Everyone who needs a token at the same time waits for the same request. */
  function login(expired: Active | null, call: RunningCall): Promise<Active> {
    if (current !== null && current !== expired) return Promise.resolve(current)
    current = null
    if (pending === null) {
      const { signal } = new AbortController()
      const own = startCall({ signal, timeoutMs: loginTimeoutMs, fetch: call.fetch }, budget)
      const started = requestToken(settings, own)
        .then((fresh) => {
          const connection = new Connection({ version: apiVersion, ...fresh })
          current = { ...fresh, connection, taken: false, refusal: null, trial: null }
          return current
        })
        .finally(() => {
          pending = null
        })
      started.catch(() => {}) // Those who wait see the failure; nobody may be waiting any more.
      pending = started
    }
    return withinTime(pending, call)
  }

  return {
    settings,
    budget,
    request: (request, call) =>
      inTurn(call, async () => {
        const first = await login(null, call)
        const answer = await tryFirst(first, request, call)
        if (!('expired' in answer)) return answer.value
        const second = await login(first, call)
        const again = await tryFirst(second, request, call)
        if (!('expired' in again)) return again.value
        // A fresh token that is refused as well will not get better by asking once more; jsforce would ask for ever.
        if (current === second) current = null
        throw again.expired
      }),
    identity: (call) => (current === null ? inTurn(call, () => login(null, call)) : Promise.resolve(current)),
  }
}

/** A new token is tried by one request, while the others wait: a server that refuses every token is asked twice, not by everybody. */
async function tryFirst<Answer>(
  active: Active,
  request: SessionRequest<Answer>,
  call: RunningCall,
): Promise<Sent<Answer>> {
  while (!active.taken && active.trial !== null) await withinTime(active.trial, call)
  if (active.refusal !== null) return { expired: active.refusal }
  if (active.taken) return send(active, request, call)
  const { promise, resolve } = Promise.withResolvers<void>()
  active.trial = promise
  try {
    const sent = await send(active, request, call)
    if ('expired' in sent) active.refusal = sent.expired
    return sent
  } finally {
    active.trial = null
    resolve()
  }
}

async function send<Answer>(
  active: Active,
  request: SessionRequest<Answer>,
  call: RunningCall,
): Promise<Sent<Answer>> {
  const { connection } = active
  const what = `${request.method} ${request.path.replace(/\?.*/s, '')}`
  const { transport, answer } = recordingTransport(request.write, call)
  let body: unknown
  try {
    body = await connection.request(
      {
        method: request.method,
        url: request.path,
        headers: {
          'content-type': 'application/json',
          // Change events of what we write carry this name.
          'Sforce-Call-Options': 'client=rota',
          ...request.headers,
        },
        ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
      },
      { transport, noContentResponse: null },
    )
  } catch (error) {
    const received = answer()
    if (received === null)
      throw transportFailure(error, { ...request, vendor: 'salesforce', url: request.path }, call)
    tellUsage(received, call)
    const failure = answerFailure(received, { what, write: request.write }, Date.now())
    if (isExpired(received)) return { expired: failure }
    active.taken = true
    throw failure
  }
  active.taken = true
  const received = answer()
  if (received !== null) tellUsage(received, call)
  if (received !== null && received.status >= 300) throw redirected(received, what)
  const parsed = request.answer.safeParse(body)
  if (parsed.success) return { value: parsed.data }
  throw new CallFailure('invalid-output', `salesforce: the answer to ${what} has an unknown shape`, {
    retryable: true,
    outcomeUnknown: request.write,
    cause: parsed.error,
  })
}

/** Every answer says how many calls of the day are used: `api-usage=18/15000`, asynchronously counted and so a little late. */
function tellUsage({ headers }: HttpAnswer, call: RunningCall): void {
  const [, used, limit] = /api-usage=(\d+)\/(\d+)/.exec(headers['sforce-limit-info'] ?? '') ?? []
  if (used !== undefined && limit !== undefined)
    call.used?.(call.budget, { used: Number(used), limit: Number(limit) })
}

/** These refusals look like an expired token but stay refusals with a new one. */
function isExpired({ status, text }: HttpAnswer): boolean {
  return (
    status === 401 &&
    !text.includes('Connected app is not attached to Agent') &&
    !text.includes('This session is not valid for use with the REST API')
  )
}

function redirected({ status, headers }: HttpAnswer, what: string): CallFailure {
  const to = headers.location === undefined ? '' : ` to ${headers.location}`
  const message = `salesforce: ${what} answered ${status}${to}`
  return new CallFailure('invalid-request', message, { retryable: false })
}

/** Waits for shared work, but no longer than this call may take. */
async function withinTime<Value>(work: Promise<Value>, call: RunningCall): Promise<Value> {
  const { promise: ended, reject } = Promise.withResolvers<never>()
  const timeout = AbortSignal.timeout(Math.max(0, Math.ceil(call.clock.leftMs)))
  const signal = AbortSignal.any([call.signal, timeout])
  const asked = {
    vendor: 'salesforce',
    method: 'POST',
    url: 'http://login/services/oauth2/token',
    write: false,
  }
  const give = () => reject(transportFailure(signal.reason, asked, { signal }))
  if (signal.aborted) give()
  signal.addEventListener('abort', give, { once: true })
  const startedAt = performance.now()
  try {
    return await Promise.race([work, ended])
  } finally {
    signal.removeEventListener('abort', give)
    call.clock.leftMs -= performance.now() - startedAt
  }
}
