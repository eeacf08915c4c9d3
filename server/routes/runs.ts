import { createRoute } from '@hono/zod-openapi'
import type { z } from 'zod'
import type { RunRequest } from '../../db/store.ts'
import type { RunProgress } from '../../runtime/runtime.ts'
import { jsonBody, readJson } from '../body.ts'
import {
  NoQuery,
  PreviewAnswer,
  RunAnswer,
  RunBody,
  RunParams,
  type RunView,
  TableParams,
} from '../contract.ts'
import type { App, Parts } from '../parts.ts'
import { runPath } from '../paths.ts'
import { checked } from '../problem.ts'

const runAnswer = (description: string) => ({
  description,
  content: { 'application/json': { schema: RunAnswer } },
})

const startRoute = createRoute({
  method: 'post',
  path: '/v1/tables/{table}/runs',
  tags: ['runs'],
  summary: 'Run columns over rows that exist',
  description:
    'A cell whose inputs are unchanged is skipped unless forced; force repeats no effect without includeEffects and no draw without redraw, which needs a reason. An owner whom a person decided stays. dryRun counts and changes nothing.',
  middleware: [readJson] as const,
  request: { params: TableParams, query: NoQuery, body: jsonBody(RunBody) },
  responses: {
    200: {
      description: 'with dryRun: what the run would do',
      content: { 'application/json': { schema: PreviewAnswer } },
    },
    202: runAnswer('the run has started'),
  },
})

const readRoute = createRoute({
  method: 'get',
  path: '/v1/runs/{run}',
  tags: ['runs'],
  summary: 'Progress of a run',
  request: { params: RunParams, query: NoQuery },
  responses: { 200: runAnswer('the run') },
})

const cancelRoute = createRoute({
  method: 'delete',
  path: '/v1/runs/{run}',
  tags: ['runs'],
  summary: 'Cancel a run',
  description: 'What is done stays; what is under way is aborted. A run that has ended stays as it is.',
  request: { params: RunParams, query: NoQuery },
  responses: { 200: runAnswer('the run') },
})

/** `POST /v1/tables/{table}/runs`, `GET` and `DELETE /v1/runs/{run}`. */
export function runRoutes(app: App, { runtime, who }: Parts): void {
  app.openapi(startRoute, async (c) => {
    const { table } = c.req.valid('param')
    const { dryRun, columns, limit, ...rest } = checked(RunBody, c.get('body'))
    const request: RunRequest = {
      ...rest,
      columns: columns ?? null,
      limit: limit ?? null,
      who,
      override: null,
      unpin: false,
      alarm: false,
    }
    if (dryRun) return c.json({ preview: await runtime.preview(table, request) }, 200)
    return c.json({ run: runView(await runtime.run(table, request)) }, 202)
  })

  app.openapi(readRoute, async (c) => {
    return c.json({ run: runView(await runtime.findRun(c.req.valid('param').run)) }, 200)
  })

  app.openapi(cancelRoute, async (c) => {
    const found = await runtime.findRun(c.req.valid('param').run)
    const run = found.status === 'running' ? await runtime.cancelRun(found.id) : found
    return c.json({ run: runView(run) }, 200)
  })
}

/** A run as answers carry it. */
export function runView({
  ordinal,
  cursor,
  lastRow,
  at,
  finishedAt,
  ...run
}: RunProgress): z.output<typeof RunView> {
  return {
    ...run,
    number: ordinal,
    url: runPath(run.id),
    createdAt: new Date(at).toISOString(),
    finishedAt: finishedAt === null ? null : new Date(finishedAt).toISOString(),
  }
}
