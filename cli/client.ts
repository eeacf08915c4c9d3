import { setTimeout as sleep } from 'node:timers/promises'
import { type ErrorCode, TableError } from '../columns/errors.ts'
import type { CellView, RowView } from '../runtime/views.ts'

export type { CellView, RowView }

/** Talks to a running server over HTTP, the way everybody else does. */
export interface Client {
  get(path: string): Promise<unknown>
  post(path: string, body: unknown): Promise<unknown>
  put(path: string, body: unknown): Promise<unknown>
  patch(path: string, body: unknown, headers?: Record<string, string>): Promise<unknown>
}

/** @throws {TableError} with the code and the way out that the server answered. */
export function createClient(address: string, apiKey?: string): Client {
  const url = address.replace(/\/+$/, '')
  async function request(
    path: string,
    init: RequestInit & { headers?: Record<string, string> },
  ): Promise<unknown> {
    const headers = {
      ...init.headers,
      'content-type': 'application/json',
      ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
    }
    const response = await fetch(`${url}${path}`, { ...init, headers }).catch((error: unknown) => {
      throw new TableError('request-invalid', `no server answers at ${url}`, {
        field: 'url',
        value: url,
        wayOut: 'start one with npm start, or name another with --url or ROTA_URL',
        cause: error,
      })
    })
    // Not with `parseJson`: zod comes with it, a sixth of the time that a command takes.
    const body: unknown = await response.json().catch((error: unknown) => {
      if (error instanceof SyntaxError) return null
      throw error
    })
    if (response.ok) return body
    const problem = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
    throw new TableError(
      codes[response.status] ?? 'request-invalid',
      String(problem.detail ?? `the server answered ${response.status}`),
      {
        ...(typeof problem.wayOut === 'string' && { wayOut: problem.wayOut }),
        // The server speaks of headers, which nobody types into a command.
        ...(response.status === 401 && { field: 'ROTA_API_KEY', wayOut: keyWayOut(url, apiKey) }),
      },
    )
  }
  return {
    get: (path) => request(path, { method: 'GET' }),
    post: (path, body) => request(path, { method: 'POST', body: JSON.stringify(body) }),
    put: (path, body) => request(path, { method: 'PUT', body: JSON.stringify(body) }),
    patch: (path, body, headers = {}) =>
      request(path, { method: 'PATCH', body: JSON.stringify(body), headers }),
  }
}

/** Refusals that a command acts upon; all others it only tells. */
const codes: Readonly<Record<number, ErrorCode>> = { 401: 'unauthorized', 412: 'precondition-failed' }

const keyWayOut = (url: string, apiKey: string | undefined) =>
  apiKey
    ? `ROTA_API_KEY is set to another key: set it in the environment to the one that ${url} was started with`
    : `set ROTA_API_KEY in the environment to the key that ${url} was started with`

/**
 * The table that was named, or the only one the server has.
 *
 * @throws {TableError} `request-invalid` where none was named and there are several.
 */
export async function tableOf(client: Client, named: string | undefined): Promise<string> {
  if (named !== undefined) return named
  const { tables } = (await client.get('/v1/tables')) as { tables: { name: string }[] }
  const [only, ...others] = tables.map(({ name }) => name)
  if (only !== undefined && others.length === 0) return only
  throw new TableError('request-invalid', `the server has ${tables.length} tables, and none is named`, {
    field: 'table',
    value: 'missing',
    wayOut: `add --table with one of: ${tables.map(({ name }) => name).join(', ')}`,
  })
}

/** Every row of a table, page by page. */
export async function allRows(client: Client, table: string): Promise<RowView[]> {
  const rows: RowView[] = []
  let after: number | null = 0
  while (after !== null) {
    const page = (await client.get(`/v1/tables/${table}/rows?limit=500&after=${after}`)) as {
      rows: RowView[]
      next: number | null
    }
    rows.push(...page.rows)
    after = page.next
  }
  return rows
}

/** True for a row that waits for an opening or for a person: nothing more happens to it by itself for now. */
export const isHeld = ({ cells }: RowView): boolean =>
  Object.values(cells).some(({ waiting }) => waiting?.on === 'hours' || waiting?.on === 'human')

/** At rest, or waiting for somebody. */
const isDone = (row: RowView): boolean => row.atRest || isHeld(row)

/** Reads the table until every row is done, telling how far it is; as it is then when the time is over. */
export async function untilDone(
  client: Client,
  table: string,
  how: { done?: (row: RowView) => boolean; told?: (done: number, all: number) => void; withinMs?: number },
): Promise<RowView[]> {
  const { done = isDone, told = () => {}, withinMs = Number.POSITIVE_INFINITY } = how
  const started = performance.now()
  for (;;) {
    const asked = performance.now()
    const rows = await allRows(client, table)
    const count = rows.filter(done).length
    told(count, rows.length)
    const now = performance.now()
    if (count === rows.length || now - started > withinMs) return rows
    // Whoever asks all the time keeps the rows waiting.
    await sleep(Math.min(Math.max(60, 4 * (now - asked)), 1_000))
  }
}
