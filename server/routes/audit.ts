import { createRoute } from '@hono/zod-openapi'
import { jsonAnswer } from '../body.ts'
import { AuditAnswer, AuditQuery } from '../contract-routing.ts'
import type { App, Parts } from '../parts.ts'

const auditRoute = createRoute({
  method: 'get',
  path: '/v1/audit',
  tags: ['audit'],
  summary: 'Who changed what, the latest first',
  description: 'Reps, pools, territories, credits, and rows whose owner a person decided.',
  request: { query: AuditQuery },
  responses: { 200: jsonAnswer('a page of the log', AuditAnswer) },
})

/** `GET /v1/audit`. */
export function auditRoutes(app: App, { runtime }: Parts): void {
  app.openapi(auditRoute, async (c) => {
    const { limit, subject, name, before } = c.req.valid('query')
    const found = await runtime.audit({
      limit,
      ...(subject !== undefined && { subject }),
      ...(name !== undefined && { name }),
      ...(before !== undefined && { before }),
    })
    const audit = found.map((each) => ({ ...each, at: new Date(each.at).toISOString() }))
    return c.json({ audit, next: found.length < limit ? null : (found.at(-1)?.id ?? null) }, 200)
  })
}
