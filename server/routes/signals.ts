import { createRoute } from '@hono/zod-openapi'
import type { Signal } from '../../columns/column.ts'
import { TableError } from '../../columns/errors.ts'
import { jsonAnswer, jsonBody, problemAnswer, readJson } from '../body.ts'
import { CellParams, NoQuery, RowParams } from '../contract.ts'
import { AcceptanceBody, RejectionBody, SignalAnswer, SignalBody, TouchBody } from '../contract-routing.ts'
import type { App, Parts } from '../parts.ts'
import { rowPath } from '../paths.ts'
import { checked } from '../problem.ts'

const row = '/v1/tables/{table}/rows/{row}' as const
/** The clocks of others may be ahead of ours; what lies further ahead has not happened. */
const skewMs = 5 * 60_000

const told = {
  202: jsonAnswer('the cells were told', SignalAnswer),
  409: problemAnswer(
    'row-conflict: the row cannot take it as it is now; nobody owns it, it is another rep who does, or no clock runs',
  ),
  422: problemAnswer(
    'request-invalid: a field is wrong, or `at` lies before the lead came or more than 5 minutes ahead',
  ),
}

const touchRoute = createRoute({
  method: 'post',
  path: `${row}/touches`,
  tags: ['service level'],
  summary: 'Somebody got in touch with the lead',
  description: 'The first human touch stops the clock; an automated one is recorded and stops nothing.',
  middleware: [readJson] as const,
  request: { params: RowParams, query: NoQuery, body: jsonBody(TouchBody) },
  responses: told,
})

const acceptanceRoute = createRoute({
  method: 'post',
  path: `${row}/acceptance`,
  tags: ['service level'],
  summary: 'The owner takes the lead',
  description: 'Only from the rep who owns the lead now: anybody else is a 409 that names the owner.',
  middleware: [readJson] as const,
  request: { params: RowParams, query: NoQuery, body: jsonBody(AcceptanceBody) },
  responses: told,
})

const rejectionRoute = createRoute({
  method: 'post',
  path: `${row}/rejection`,
  tags: ['service level'],
  summary: 'The owner refuses the lead, and says why',
  description:
    'The turn is given back and the lead goes to somebody else, never back to this rep. Only from the rep who owns the lead now: anybody else is a 409 that names the owner.',
  middleware: [readJson] as const,
  request: { params: RowParams, query: NoQuery, body: jsonBody(RejectionBody) },
  responses: told,
})

const signalRoute = createRoute({
  method: 'post',
  path: `${row}/cells/{column}/signals`,
  tags: ['service level'],
  summary: 'Tell one cell something',
  description: 'The column names the kinds it takes under `signals`.',
  middleware: [readJson] as const,
  request: { params: CellParams, query: NoQuery, body: jsonBody(SignalBody) },
  responses: told,
})

interface Told {
  table: string
  row: string
  /** Null: every column that takes this kind. */
  column: string | null
}

/** `POST` of touches, acceptance, rejection, and of any signal to one cell. */
export function signalRoutes(app: App, { runtime, now }: Parts): void {
  async function tell({ table, row: id, column }: Told, given: Omit<Given, 'at'>, at: string | undefined) {
    const signal = signalOf({ ...given, at: momentOf(at, now()) })
    const columns = await runtime.signal(table, id, column, signal)
    return { row: id, url: rowPath(table, id), kind: given.kind, columns: [...columns] }
  }

  app.openapi(touchRoute, async (c) => {
    const { at, ...given } = checked(TouchBody, c.get('body'))
    const to = { ...c.req.valid('param'), column: null }
    return c.json(await tell(to, { kind: 'touched', ...given }, at), 202)
  })

  app.openapi(acceptanceRoute, async (c) => {
    const { at, ...given } = checked(AcceptanceBody, c.get('body'))
    const to = { ...c.req.valid('param'), column: null }
    return c.json(await tell(to, { kind: 'accepted', ...given }, at), 202)
  })

  app.openapi(rejectionRoute, async (c) => {
    const { at, by, reason } = checked(RejectionBody, c.get('body'))
    const to = { ...c.req.valid('param'), column: null }
    return c.json(await tell(to, { kind: 'rejected', by, note: reason }, at), 202)
  })

  app.openapi(signalRoute, async (c) => {
    const { at, ...given } = checked(SignalBody, c.get('body'))
    return c.json(await tell(c.req.valid('param'), given, at), 202)
  })
}

interface Given {
  kind: string
  by: string
  at: number
  note?: string | undefined
  automated?: boolean
}

const signalOf = ({ kind, by, at, note, automated }: Given): Signal => ({
  kind,
  by,
  at,
  ...(note !== undefined && { note }),
  ...(automated === true && { automated }),
})

function momentOf(given: string | undefined, now: number): number {
  if (given === undefined) return now
  const at = Date.parse(given)
  if (at <= now + skewMs) return Math.min(at, now)
  throw new TableError('request-invalid', 'at lies ahead: tell it when it has happened', {
    field: 'at',
    value: given,
    wayOut: 'leave at out for now, or name a time that has passed',
  })
}
