import { z } from 'zod'
import { Problem } from './contract.ts'
import type { App } from './parts.ts'

/** The OpenAPI 3.1 document of every route, with what all of them share: the key and the problem answer. */
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
    securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'the value of ROTA_API_KEY' } },
  }
  for (const path of Object.values(document.paths ?? {})) {
    for (const operation of [path.get, path.post, path.put, path.patch, path.delete]) {
      if (operation?.responses === undefined) continue
      operation.responses.default = {
        description: 'a problem',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      }
    }
  }
  return document
}

export type OpenApiDocument = ReturnType<typeof openApiDocument>
