import { createRoute } from '@hono/zod-openapi'
import type { z } from 'zod'
import { TableError } from '../../columns/errors.ts'
import { jsonBody, readJson } from '../body.ts'
import { NoQuery, PatchBody, RowDetail, RowParams } from '../contract.ts'
import type { App, Parts } from '../parts.ts'
import { rowPath } from '../paths.ts'
import { checked } from '../problem.ts'
import { rowInvalid, withWayOut } from './rows.ts'

const path = '/v1/tables/{table}/rows/{row}'
const answer = { description: 'the row', content: { 'application/json': { schema: RowDetail } } }

const readRoute = createRoute({
  method: 'get',
  path,
  tags: ['rows'],
  summary: 'One row with every cell',
  request: { params: RowParams, query: NoQuery },
  responses: { 200: answer },
})

const editRoute = createRoute({
  method: 'patch',
  path,
  tags: ['rows'],
  summary: 'Change input fields',
  description:
    'Cells that stand on a changed field become stale; nothing runs by itself. null clears a field that need not be there.',
  middleware: [readJson] as const,
  request: { params: RowParams, query: NoQuery, body: jsonBody(PatchBody) },
  responses: { 200: answer },
})

const eraseRoute = createRoute({
  method: 'delete',
  path,
  tags: ['rows'],
  summary: 'Erase a row and all it holds about a person',
  description: 'Draws stay in the ledger without the person, so that the rotation stays fair.',
  request: { params: RowParams, query: NoQuery },
  responses: { 204: { description: 'erased' } },
})

/** `GET`, `PATCH` and `DELETE /v1/tables/{table}/rows/{row}`. */
export function rowRoutes(app: App, { runtime, definitions }: Parts): void {
  const detail = async (table: string, row: string): Promise<z.output<typeof RowDetail>> => ({
    ...(await runtime.row(table, row)),
    url: rowPath(table, row),
  })

  app.openapi(readRoute, async (c) => {
    const { table, row } = c.req.valid('param')
    return c.json(await detail(table, row), 200)
  })

  app.openapi(editRoute, async (c) => {
    const { table, row } = c.req.valid('param')
    const { inputs } = await definitions.of(table)
    const change = checked(PatchBody, c.get('body'))
    refuseUnknown(table, inputs, Object.keys(change))
    const edited = await runtime.edit(table, row, change)
    if (!edited.ok) throw rowInvalid(withWayOut(table, edited.problems), change)
    return c.json(await detail(table, row), 200)
  })

  app.openapi(eraseRoute, async (c) => {
    const { table, row } = c.req.valid('param')
    await runtime.erase(table, row)
    return c.body(null, 204)
  })
}

/** An insert may carry more than the table keeps; an edit that names a field which is not there is a misspelling. */
function refuseUnknown(table: string, known: readonly string[], given: readonly string[]): void {
  const unknown = given.find((field) => !known.includes(field))
  if (unknown === undefined) return
  throw new TableError('request-invalid', `table ${table} has no input field "${unknown}"`, {
    field: unknown,
    value: unknown,
    wayOut: `use one of: ${known.join(', ')}`,
  })
}
