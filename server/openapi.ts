import { z } from 'zod'
import { errorCodes } from '../columns/errors.ts'
import { Problem } from './contract.ts'
import type { App } from './parts.ts'

/** The OpenAPI 3.1 document of every route, with what all of them share: the key and the problem answers. */
export function openApiDocument(app: App, version: string) {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Rota',
      version,
      description: 'A table runtime for lead routing. Problems are RFC 9457 with a stable code.',
      license: { name: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }, {}],
  })
  const { $schema, ...problem } = z.toJSONSchema(Problem, { io: 'output' })
  const schemas: object = { Problem: problem }
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ...schemas },
    responses: Object.fromEntries(sharedStatuses.map((status) => [nameOf(status), problemOf(status)])),
    securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'the value of ROTA_API_KEY' } },
  }
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const operation of [item.get, item.post, item.put, item.patch, item.delete]) {
      if (operation?.responses === undefined) continue
      for (const status of sharedBy(path, operation)) {
        operation.responses[status] ??= { $ref: `#/components/responses/${nameOf(status)}` }
      }
      operation.responses.default = problemAnswer('the server cannot answer now, or has a fault')
    }
  }
  return document
}

export type OpenApiDocument = ReturnType<typeof openApiDocument>

const sharedStatuses = [400, 401, 403, 404, 413, 415, 422]

/** What may be wrong with a request whatever the route makes of it, by what the route takes. */
function sharedBy(path: string, operation: { requestBody?: unknown; security?: unknown[] }): number[] {
  return [
    403,
    ...(operation.security?.length === 0 ? [] : [401]),
    ...(path.startsWith('/v1/') ? [422] : []),
    ...(path.includes('{') ? [404] : []),
    ...(operation.requestBody === undefined ? [] : [400, 413, 415]),
  ]
}

const nameOf = (status: number) => `Problem${status}`

const problemOf = (status: number) =>
  problemAnswer(
    Object.entries(errorCodes)
      .flatMap(([code, its]) => (its === status ? [code] : []))
      .join(', '),
  )

const problemAnswer = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
})
