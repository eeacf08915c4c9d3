import { createRoute } from '@hono/zod-openapi'
import { jsonAnswer, jsonBody, problemAnswer, readJson } from '../body.ts'
import { NoQuery, RowParams, RunAnswer } from '../contract.ts'
import { ColumnQuery, OverrideBody } from '../contract-routing.ts'
import type { App, Parts } from '../parts.ts'
import { checked } from '../problem.ts'
import { runView } from './runs.ts'

const path = '/v1/tables/{table}/rows/{row}/owner' as const

const overrideRoute = createRoute({
  method: 'put',
  path,
  tags: ['owner'],
  summary: 'Give a row to a rep, whatever the rules say',
  description:
    'The old draw is given back, the claim of the company moves, the CRM and the people are told. No run, redraw or backfill changes it until it is let go.',
  middleware: [readJson] as const,
  request: { params: RowParams, query: NoQuery, body: jsonBody(OverrideBody) },
  responses: {
    202: jsonAnswer('the run that carries it out', RunAnswer),
    409: problemAnswer('row-conflict: the row took an exit that leads to no owner; nothing is written'),
  },
})

const letGoRoute = createRoute({
  method: 'delete',
  path,
  tags: ['owner'],
  summary: 'Let go of an owner whom a person decided',
  description: 'The owner stays; from now on runs may decide again.',
  request: { params: RowParams, query: ColumnQuery },
  responses: {
    204: { description: 'let go' },
    409: problemAnswer('row-conflict: no person decided the owner; nothing is changed'),
  },
})

/** `PUT` and `DELETE /v1/tables/{table}/rows/{row}/owner`. */
export function ownerRoutes(app: App, { runtime, who }: Parts): void {
  app.openapi(overrideRoute, async (c) => {
    const { table, row } = c.req.valid('param')
    const { rep, reason, column } = checked(OverrideBody, c.get('body'))
    const run = await runtime.override(table, row, {
      rep,
      reason,
      who,
      ...(column !== undefined && { column }),
    })
    return c.json({ run: runView(run) }, 202)
  })

  app.openapi(letGoRoute, async (c) => {
    const { table, row } = c.req.valid('param')
    const { column } = c.req.valid('query')
    await runtime.letGo(table, row, { who, ...(column !== undefined && { column }) })
    return c.body(null, 204)
  })
}
