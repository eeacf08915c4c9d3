import { z } from 'zod'
import type { SalesforceStateInput } from '../../../sandbox/salesforce/state.ts'
import { type Sandbox, startSandbox } from '../../../sandbox/sandbox.ts'

/** A sandbox whose Salesforce holds the given state, with a plain HTTP client that is logged in. */
export interface TestOrg {
  sandbox: Sandbox
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  query(soql: string): Promise<Answer>
  load(state: SalesforceStateInput): void
}

export interface Answer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape
  body: any
}

export async function startOrg(now?: () => number): Promise<TestOrg> {
  const sandbox = await startSandbox(now === undefined ? {} : { now })
  const root = `${sandbox.url}/salesforce`
  const login = await fetch(`${root}/services/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: 'test',
      client_secret: 'secret',
    }),
  })
  const { access_token: token } = z.object({ access_token: z.string() }).parse(await login.json())
  const ask: TestOrg['ask'] = async (method, path, body, headers = {}) => {
    const response = await fetch(`${root}/services/data/v64.0${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
  }
  return {
    sandbox,
    ask,
    query: (soql) => ask('GET', `/query?q=${encodeURIComponent(soql)}`),
    load: (state) => sandbox.vendors.salesforce?.load(state),
  }
}
