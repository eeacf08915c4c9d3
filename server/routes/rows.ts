import { createRoute } from '@hono/zod-openapi'
import type { z } from 'zod'
import { TableError } from '../../columns/errors.ts'
import type { Backfill } from '../../db/store.ts'
import type { InsertResult } from '../../runtime/runtime.ts'
import { jsonBody, problemAnswer, readJson } from '../body.ts'
import {
  type FieldProblem,
  InsertAnswer,
  InsertBody,
  type InsertedRow,
  InsertHeaders,
  InsertQuery,
  maxBatch,
  RowsAnswer,
  RowsQuery,
  TableParams,
  WaitedAnswer,
} from '../contract.ts'
import type { App, Parts } from '../parts.ts'
import { rowPath } from '../paths.ts'
import { checked, ProblemError, refusedValue } from '../problem.ts'
import { createWaiting } from '../waiting.ts'
import { rowWayOut } from '../way-out.ts'

const ownKeys = new Set(['rows', 'backfill'])

const insertRoute = createRoute({
  method: 'post',
  path: '/v1/tables/{table}/rows',
  tags: ['rows'],
  summary: 'Insert one row, or up to 1,000',
  description:
    'Answers when the rows are on disk; their columns run by themselves. Invalid rows of a batch are reported, the others accepted. Rows with `backfill` go to the bulk lane and never hold up a live lead; `backfill` says whether they draw from the live rotation, tell people and start clocks.',
  middleware: [readJson] as const,
  request: {
    params: TableParams,
    query: InsertQuery,
    headers: InsertHeaders,
    body: jsonBody(InsertBody),
  },
  responses: {
    200: {
      description: 'with ?wait: the rows as they are now',
      content: { 'application/json': { schema: WaitedAnswer } },
    },
    202: { description: 'the rows are on disk', content: { 'application/json': { schema: InsertAnswer } } },
    504: problemAnswer('wait-timeout: the rows are on disk and go on, but were not there in time'),
  },
})

const listRoute = createRoute({
  method: 'get',
  path: '/v1/tables/{table}/rows',
  tags: ['rows'],
  summary: 'Read rows, a window at a time',
  request: { params: TableParams, query: RowsQuery },
  responses: {
    200: { description: 'a page of rows', content: { 'application/json': { schema: RowsAnswer } } },
  },
})

/** `POST` and `GET /v1/tables/{table}/rows`. */
export function rowsRoutes(app: App, parts: Parts): void {
  const { runtime, definitions } = parts
  const waiting = createWaiting(parts)

  app.openapi(insertRoute, async (c) => {
    const { table } = c.req.valid('param')
    const { wait, timeoutMs } = c.req.valid('query')
    const key = c.req.valid('header')['idempotency-key']
    const wish = await waiting.wishOf(table, wait, timeoutMs)
    const given = inputsOf(c.get('body'), (await definitions.of(table)).inputs)
    const { inputs, single, backfill } = given
    const { rows: results, run } = await runtime.insert(table, inputs, {
      ...(key !== undefined && { idempotencyKey: key }),
      ...(backfill !== undefined && { backfill }),
    })
    const rows = results.map((result) => insertedRow(table, result))
    const [first] = rows
    if (single && first?.status === 'invalid') throw rowInvalid(first.errors ?? [], inputs[0])
    if (run === null && rows.some((row) => row.id !== undefined)) c.header('Idempotency-Replayed', 'true')
    if (wish === null) return c.json({ rows }, 202)
    return c.json({ rows: await waiting.settled(table, rows, wish) }, 200)
  })

  app.openapi(listRoute, async (c) => {
    const { table } = c.req.valid('param')
    const { limit, after, filter, q, sort } = c.req.valid('query')
    const page = await runtime.rows(table, {
      limit,
      ...(after !== undefined && { after }),
      ...(filter !== undefined && { filter }),
      ...(q !== undefined && { search: q }),
      newestFirst: sort === 'newest' || sort === '-createdAt',
    })
    const answer: z.output<typeof RowsAnswer> = {
      next: page.next,
      rows: page.rows.map((row) => ({ ...row, url: rowPath(table, row.id) })),
    }
    return c.json(answer, 200)
  })
}

interface Given {
  inputs: readonly unknown[]
  single: boolean
  backfill: Backfill | undefined
}

/** `rows` with a list is a batch, unless the table itself has such a field; then only `rows` alone, or with `backfill`, is. */
function inputsOf(body: unknown, fields: readonly string[]): Given {
  const hasRows = typeof body === 'object' && body !== null && 'rows' in body && Array.isArray(body.rows)
  const isOwn =
    typeof body === 'object' && body !== null && Object.keys(body).every((key) => ownKeys.has(key))
  if (isOwn && 'rows' in body && !hasRows && !fields.includes('rows'))
    throw new TableError('request-invalid', 'rows: it is no list', {
      field: 'rows',
      value: body.rows,
      wayOut: 'send { "rows": [ … ] } with a list of rows, or the fields of one row without "rows"',
    })
  const isBatch = hasRows && (!fields.includes('rows') || isOwn)
  if (!isBatch) return { inputs: [checked(InsertBody.options[1], body)], single: true, backfill: undefined }
  const { rows, backfill } = checked(InsertBody.options[0], body)
  if (rows.length > maxBatch) {
    throw new TableError(
      'batch-too-large',
      `a batch has at most ${maxBatch} rows, this one has ${rows.length}`,
      {
        field: 'rows',
        value: rows.length,
        wayOut: 'send the rows in several requests',
      },
    )
  }
  if (rows.length === 0) {
    throw new TableError('request-invalid', 'the batch has no rows', {
      field: 'rows',
      value: rows,
      wayOut: 'send at least one row',
    })
  }
  return { inputs: rows, single: false, backfill }
}

function insertedRow(table: string, result: InsertResult): InsertedRow {
  if (result.status === 'invalid') return { status: 'invalid', errors: withWayOut(table, result.problems) }
  if (result.status === 'ignored-own-write') {
    const { status, id, column } = result
    return { status, writtenBy: { row: id, column, url: rowPath(result.table, id) } }
  }
  const { id, status, ignored } = result
  return { id, status, url: rowPath(table, id), ...(ignored.length > 0 && { ignored }) }
}

/** What the runtime finds wrong with an input, each with what its sender can do. */
export const withWayOut = (table: string, problems: readonly Wrong[]): FieldProblem[] =>
  problems.map((each) => ({ ...each, wayOut: rowWayOut(each.field, each.value, table) }))

type Wrong = Extract<InsertResult, { status: 'invalid' }>['problems'][number]

/** The problem of a row that does not fit the input schema of its table. */
export function rowInvalid(errors: FieldProblem[], given: unknown): ProblemError {
  const [first] = errors
  return new ProblemError(
    'row-invalid',
    first === undefined ? 'the row is invalid' : `${first.field || 'the row'}: ${first.message}`,
    {
      ...(first !== undefined && { field: first.field, value: refusedValue(given, first.field) }),
      wayOut: 'mend the fields under errors and send the row again; nothing of it was kept',
      errors,
    },
  )
}
