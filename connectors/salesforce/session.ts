import { Connection } from 'jsforce/lib/connection.js'
import { OAuth2 } from 'jsforce/lib/oauth2.js'
import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import { type HttpAnswer, type RunningCall, startCall, transportFailure } from '../call.ts'
import { answerFailure } from './failures.ts'
import { normalizeId } from './ids.ts'
import { recordingTransport } from './transport.ts'

/** The one place that pins the REST API version; jsforce's default is 50.0. */
export const apiVersion = '64.0'

/** A login serves every waiting call, so it has a deadline of its own. */
const loginTimeoutMs = 20_000

export interface SalesforceSettings {
  /** The org's My Domain address, e.g. `https://acme.my.salesforce.com`; the client-credentials flow works nowhere else. */
  loginUrl: string
  clientId: string
  clientSecret: string
  /** API name of a text field of Account that holds further domains of the company, e.g. `Domain_Aliases__c`; there is no standard one. */
  aliasField?: string
}

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
  request<Answer>(request: SessionRequest<Answer>, call: RunningCall): Promise<Answer>
  /** Where the org lives and as whom we act. */
  identity(call: RunningCall): Promise<{ instanceUrl: string; userId: string | null }>
}

const Token = z.object({
  access_token: z.string().min(1),
  instance_url: z.url({ protocol: /^https?$/ }),
  id: z.string().nullish(),
})

interface Login {
  connection: Connection
  userId: string | null
}

/** Opens nothing yet: the first request logs in. */
export function createSession(settings: SalesforceSettings): Session {
  let current: Login | null = null
  let pending: Promise<Login> | null = null

  /** Everyone who needs a token at the same time waits for the same request. */
  function login(expired: Login | null, call: RunningCall): Promise<Login> {
    if (current !== null && current !== expired) return Promise.resolve(current)
    current = null
    if (pending === null) {
      const started = requestToken(settings, call.fetch)
        .then((fresh) => {
          current = fresh
          return fresh
        })
        .finally(() => {
          pending = null
        })
      started.catch(() => {}) // Those who wait see the failure; nobody may be waiting any more.
      pending = started
    }
    return untilAborted(pending, call)
  }

  return {
    settings,
    async request(request, call) {
      const first = await login(null, call)
      const answer = await send(first, request, call)
      if (!('expired' in answer)) return answer.value
      const second = await login(first, call)
      const again = await send(second, request, call)
      if (!('expired' in again)) return again.value
      // A fresh token that is refused as well will not get better by asking once more; jsforce would ask for ever.
      if (current === second) current = null
      throw again.expired
    },
    async identity(call) {
      const { connection, userId } = await login(null, call)
      return { instanceUrl: connection.instanceUrl, userId }
    },
  }
}

async function send<Answer>(
  { connection }: Login,
  request: SessionRequest<Answer>,
  call: RunningCall,
): Promise<{ value: Answer } | { expired: CallFailure }> {
  const what = `${request.method} ${request.path.replace(/\?.*/s, '')}`
  const { transport, answer } = recordingTransport(request.write, call)
  let body: unknown
  try {
    body = await connection.request(
      {
        method: request.method,
        url: request.path,
        headers: { 'content-type': 'application/json', ...request.headers },
        ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
      },
      { transport, noContentResponse: null },
    )
  } catch (error) {
    const received = answer()
    if (received === null)
      throw transportFailure(error, { ...request, vendor: 'salesforce', url: request.path }, call)
    const failure = answerFailure(received, { what, write: request.write }, Date.now())
    if (isExpired(received)) return { expired: failure }
    throw failure
  }
  const received = answer()
  if (received !== null && received.status >= 300) throw redirected(received, what)
  const parsed = request.answer.safeParse(body)
  if (parsed.success) return { value: parsed.data }
  throw new CallFailure('invalid-output', `salesforce: the answer to ${what} has an unknown shape`, {
    retryable: true,
    outcomeUnknown: request.write,
    cause: parsed.error,
  })
}

/** These refusals look like an expired token but stay refusals with a new one. */
function isExpired({ status, text }: HttpAnswer): boolean {
  return (
    status === 401 &&
    !text.includes('Connected app is not attached to Agent') &&
    !text.includes('This session is not valid for use with the REST API')
  )
}

async function requestToken(settings: SalesforceSettings, fetchFunction: typeof fetch): Promise<Login> {
  const what = 'POST /services/oauth2/token'
  const call = startCall({
    signal: new AbortController().signal,
    timeoutMs: loginTimeoutMs,
    fetch: fetchFunction,
  })
  const { transport, answer } = recordingTransport(false, call)
  const oauth = new OAuth2(settings)
  Object.assign(oauth, { _transport: transport })
  let body: unknown
  try {
    body = await oauth.requestToken({ grant_type: 'client_credentials' })
  } catch (error) {
    const received = answer()
    if (received === null) {
      throw transportFailure(
        error,
        { vendor: 'salesforce', method: 'POST', url: settings.loginUrl, write: false },
        call,
      )
    }
    throw answerFailure(received, { what, write: false }, Date.now())
  }
  const received = answer()
  if (received !== null && received.status >= 300) throw redirected(received, what)
  const token = Token.safeParse(body)
  if (!token.success) {
    throw new CallFailure(
      'invalid-output',
      `salesforce: ${what} at ${settings.loginUrl} gave no usable token`,
      {
        retryable: true,
        cause: token.error,
      },
    )
  }
  return {
    connection: new Connection({
      version: apiVersion,
      loginUrl: settings.loginUrl,
      instanceUrl: token.data.instance_url.replace(/\/+$/, ''),
      accessToken: token.data.access_token,
    }),
    userId: normalizeId(token.data.id?.split('/').at(-1) ?? ''),
  }
}

function redirected(answer: HttpAnswer, what: string): CallFailure {
  const to = answer.headers.location
  const way = to === undefined ? '' : ` to ${to}; set the login URL to the org's My Domain address`
  return new CallFailure('invalid-request', `salesforce: ${what} answered ${answer.status}${way}`, {
    retryable: false,
  })
}

/** Waits for shared work, but no longer than this call may take. */
async function untilAborted<Value>(work: Promise<Value>, call: RunningCall): Promise<Value> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const give = () =>
    reject(
      transportFailure(
        call.signal.reason,
        { vendor: 'salesforce', method: 'POST', url: 'http://login/services/oauth2/token', write: false },
        call,
      ),
    )
  if (call.signal.aborted) give()
  call.signal.addEventListener('abort', give, { once: true })
  try {
    return await Promise.race([work, aborted])
  } finally {
    call.signal.removeEventListener('abort', give)
  }
}
