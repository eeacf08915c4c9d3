import { createRoute } from '@hono/zod-openapi'
import { TableError } from '../../columns/errors.ts'
import { jsonAnswer } from '../body.ts'
import { TableParams } from '../contract.ts'
import { ServiceLevelAnswer, SpanQuery } from '../contract-routing.ts'
import type { App, Parts } from '../parts.ts'

const defaultSpanMs = 30 * 24 * 60 * 60 * 1_000

const reportRoute = createRoute({
  method: 'get',
  path: '/v1/tables/{table}/service-level',
  tags: ['service level'],
  summary: 'How soon leads were touched, and how many never were',
  description:
    'Leads by the time they were captured, the end of the span excluded. Every link of the chain from the form to the first human touch, with the leads that were never assigned and never touched counted beside it.',
  request: { params: TableParams, query: SpanQuery },
  responses: { 200: jsonAnswer('the report', ServiceLevelAnswer) },
})

/** `GET /v1/tables/{table}/service-level`. */
export function serviceLevelRoutes(app: App, { runtime, now }: Parts): void {
  app.openapi(reportRoute, async (c) => {
    const { table } = c.req.valid('param')
    const query = c.req.valid('query')
    const until = query.until === undefined ? now() : Date.parse(query.until)
    const from = query.from === undefined ? until - defaultSpanMs : Date.parse(query.from)
    if (from >= until) throw emptySpan(query.from ?? new Date(from).toISOString())
    const { column } = query
    const report = await runtime.serviceLevel(table, { from, until, ...(column !== undefined && { column }) })
    const span = { from: new Date(from).toISOString(), until: new Date(until).toISOString() }
    return c.json({ table, ...span, ...report }, 200)
  })
}

const emptySpan = (from: string) =>
  new TableError('request-invalid', 'the span ends before it starts', {
    field: 'from',
    value: from,
    wayOut: 'let from lie before until',
  })
