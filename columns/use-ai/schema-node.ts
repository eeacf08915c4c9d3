import { z } from 'zod'
import type { JsonObject } from '../json.ts'

const Node = z.object({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  const: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  allOf: z.array(z.unknown()).optional(),
  $ref: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).default([]),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  prefixItems: z.array(z.unknown()).optional(),
  description: z.string().optional(),
  maxLength: z.number().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
})

/** What is read of a place in a JSON schema. */
export type SchemaNode = z.output<typeof Node>

/** A JSON schema that can be walked: references are followed, alternatives of both kinds are one list. */
export interface Schema {
  root: SchemaNode
  /** A place with its reference followed; its own description stands before that of what it refers to. */
  at(given: unknown): SchemaNode
  /** The alternatives of a place, itself where it has none. */
  forms(given: unknown): SchemaNode[]
}

const Definitions = z.record(z.string(), z.unknown()).catch({})

export function readSchema(schema: JsonObject): Schema {
  const definitions = Definitions.parse(schema.$defs)
  const read = (given: unknown): SchemaNode => Node.safeParse(given).data ?? { required: [] }
  const at = (given: unknown, followed: readonly string[] = []): SchemaNode => {
    const node = read(given)
    const { $ref } = node
    // A reference to itself alone says nothing.
    if ($ref === undefined || followed.includes($ref)) return node
    const target = $ref === '#' ? schema : definitions[$ref.replace('#/$defs/', '')]
    const { $ref: _, ...own } = node
    const shared = at(target, [...followed, $ref])
    return node.description === undefined ? shared : { ...shared, description: own.description }
  }
  const forms = (given: unknown, depth = 0): SchemaNode[] => {
    const node = at(given)
    const inner = node.anyOf ?? node.oneOf
    return inner === undefined || depth > deepest ? [node] : inner.flatMap((each) => forms(each, depth + 1))
  }
  return { root: read(schema), at, forms }
}

const deepest = 16

/** Where a walk goes on from a place: fields of its forms and items of its lists, by path. A place inside itself is not entered again. */
export function insideOf(
  schema: Schema,
  given: unknown,
  path: string,
): { path: string; given: unknown; field: boolean }[] {
  return schema.forms(given).flatMap((form) => [
    ...(form.items === undefined ? [] : [{ path: `${path}[]`, given: form.items, field: false }]),
    ...Object.entries(form.properties ?? {}).map(([name, inner]) => ({
      path: path === '' ? name : `${path}.${name}`,
      given: inner,
      field: true,
    })),
  ])
}

/** The reference a place consists of, where it does: what tells a schema that holds itself. */
export const refOf = (given: unknown): string | null => Node.safeParse(given).data?.$ref ?? null
