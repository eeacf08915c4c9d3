import type { RouteConfig } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { z } from 'zod'
import { TableError } from '../columns/errors.ts'
import { parseJson } from '../columns/json.ts'
import { Problem } from './contract.ts'
import type { AppEnv } from './parts.ts'
import { ProblemError } from './problem.ts'

type Content = NonNullable<NonNullable<RouteConfig['request']>['body']>['content']
type MediaType = Exclude<NonNullable<Content['application/json']>, { $ref: string }>
type SchemaObject = Exclude<NonNullable<MediaType['schema']>, z.ZodType | { $ref: string }>

export const maxBodyBytes = 1024 * 1024
const maxDepth = 64
const maxKeys = 1_000
const maxValues = 100_000

/** Refuses larger bodies, also those sent in chunks without a length. */
export const limitBody: MiddlewareHandler<AppEnv> = bodyLimit({
  maxSize: maxBodyBytes,
  onError: () => {
    throw new ProblemError('body-too-large', 'the body is larger than 1 MB', {
      wayOut: 'send the rows in several requests',
      // The rest of the body is not read, so nothing more can be asked on this connection.
      headers: { connection: 'close' },
    })
  },
})

/** Reads the JSON body once, before any schema sees it. */
export const readJson: MiddlewareHandler<AppEnv> = async (c, next) => {
  requireJson(c)
  const parsed = parseJson(await textOf(c))
  if (!parsed.ok) {
    throw new TableError('json-invalid', `the body is not JSON: ${parsed.error}`, {
      wayOut: 'send one JSON object',
    })
  }
  measure(parsed.value)
  c.set('body', parsed.value)
  await next()
}

function requireJson(c: Context<AppEnv>): void {
  const given = c.req.header('content-type')
  if (given !== undefined && /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(given)) return
  throw new TableError('content-type-unsupported', 'this route takes JSON', {
    field: 'Content-Type',
    value: given ?? 'missing',
    wayOut: 'send Content-Type: application/json',
  })
}

async function textOf(c: Context<AppEnv>): Promise<string> {
  const bytes = await c.req.arrayBuffer()
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new TableError('json-invalid', 'the body is not UTF-8 text', { wayOut: 'send JSON in UTF-8' })
  }
}

/**
 * Refuses JSON that is built to be slow: too deep, or with too many keys or values. `__proto__` keys are dropped on the way, since no
 * schema names one and a careless copy further in would change a prototype.
 */
function measure(value: unknown): void {
  let level: object[] = isObject(value) ? [value] : []
  let values = 0
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > maxDepth) throw tooMuch(`the JSON is nested deeper than ${maxDepth} levels`)
    const below: object[] = []
    for (const each of level) {
      if (!Array.isArray(each)) {
        if (Object.hasOwn(each, '__proto__')) Reflect.deleteProperty(each, '__proto__')
        if (Object.keys(each).length > maxKeys) throw tooMuch(`an object has more than ${maxKeys} keys`)
      }
      const children = Object.values(each)
      values += children.length
      for (const child of children) if (isObject(child)) below.push(child)
    }
    if (values > maxValues) throw tooMuch(`the JSON has more than ${maxValues} values`)
    level = below
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const tooMuch = (message: string) =>
  new TableError('json-invalid', message, { wayOut: 'send flatter or smaller objects' })

/** Describes a body in the OpenAPI document. The route checks it by hand, after `readJson`. */
export const jsonBody = (schema: z.ZodType) => ({
  required: true,
  content: { 'application/json': { schema: openApiSchema(schema) } },
})

function openApiSchema(schema: z.ZodType): SchemaObject {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  // zod and the OpenAPI generator type the same JSON Schema document differently.
  const document: object = rest
  return document
}

/** Describes a JSON answer in the OpenAPI document. */
export const jsonAnswer = <Schema>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
})

/** Describes a problem that a route answers for a reason of its own. */
export const problemAnswer = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: Problem } },
})
