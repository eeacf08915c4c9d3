import { z } from 'zod'
import type { RunningApp } from '../support/start-app.ts'
import { ask } from './http.ts'

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0]

interface Answer {
  $ref?: string
  description?: string
  content?: Record<string, { schema: JsonSchema }>
}

export interface Parameter {
  name: string
  in: string
  required?: boolean
  schema: Record<string, unknown>
}

export interface Operation {
  /** `get /v1/tables` */
  key: string
  method: string
  path: string
  parameters: readonly Parameter[]
  body: JsonSchema | null
  answers: Readonly<Record<string, Answer>>
}

interface Document {
  paths: Record<string, Record<string, OperationObject>>
}

interface OperationObject {
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { schema: JsonSchema }> }
  responses: Record<string, Answer>
}

/** The OpenAPI document as it is served, and every operation in it. */
export async function readOpenApi(app: RunningApp): Promise<{ document: Document; operations: Operation[] }> {
  const document: Document = (await ask(app, '/openapi.json')).body
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { parameters = [], requestBody, responses }]) => ({
      key: `${method} ${path}`,
      method,
      path,
      parameters,
      body: requestBody?.content['application/json']?.schema ?? null,
      answers: responses,
    })),
  )
  return { document, operations }
}

const schemas = new WeakMap<object, z.ZodType>()

/** What is wrong with the body of an answer by the schema that stands in the document for it. */
export function misfit(operation: Operation, status: number, body: unknown): string | null {
  const described = operation.answers[status]?.content?.['application/json']?.schema
  if (typeof described !== 'object') return null
  const schema = schemas.get(described) ?? z.fromJSONSchema(described)
  schemas.set(described, schema)
  const { error } = schema.safeParse(body)
  return error === undefined ? null : z.prettifyError(error)
}
