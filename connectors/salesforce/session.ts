import { Connection } from 'jsforce/lib/connection.js'
import type { z } from 'zod'
import type { Budget } from '../../columns/budget.ts'
import { CallFailure } from '../../columns/errors.ts'
import { type HttpAnswer, inTurn, type RunningCall, transportFailure } from '../call.ts'
import { createLogins, type Tried } from '../logins.ts'
import { answerFailure } from './failures.ts'
import { type Login, requestToken } from './login.ts'
import { budgetOf, type SalesforceSettings } from './settings.ts'
import { recordingTransport } from './transport.ts'

/** The one place that pins the REST API version; jsforce's default is 50.0. */
export const apiVersion = '64.0'

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
}

/** Opens nothing yet: the first request logs in, in the turn it has got. */
export function createSession(settings: SalesforceSettings): Session {
  const budget = budgetOf(settings)
  const logins = createLogins<Active>({
    vendor: 'salesforce',
    url: 'http://login/services/oauth2/token',
    async request(call) {
      const fresh = await requestToken(settings, call)
      return { ...fresh, connection: new Connection({ version: apiVersion, ...fresh }) }
    },
  })
  return {
    settings,
    budget,
    request: (request, call) => inTurn(call, () => logins.use(call, (active) => send(active, request, call))),
    identity: async (call) => logins.present() ?? (await inTurn(call, () => logins.token(call))),
  }
}

async function send<Answer>(
  active: Active,
  request: SessionRequest<Answer>,
  call: RunningCall,
): Promise<Tried<Answer>> {
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
    throw failure
  }
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
