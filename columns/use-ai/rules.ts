import { z } from 'zod'
import { TableError } from '../errors.ts'
import type { JsonObject } from '../json.ts'

const Node = z.object({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  const: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).default([]),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  description: z.string().optional(),
  maxLength: z.number().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
})
type Node = z.output<typeof Node>

const nodeOf = (schema: unknown): Node => Node.safeParse(schema).data ?? { required: [] }
const formsOf = (node: Node): Node[] =>
  node.anyOf === undefined ? [node] : node.anyOf.map(nodeOf).flatMap(formsOf)
const isNull = (node: Node) => node.type === 'null' || [node.type].flat().includes('null')

/**
 * Checks that a model can be held to the schema: every field required, nothing beside the fields, and `unknown` (or null) among the
 * values of every enum, so that a model that does not know need not guess.
 *
 * @throws {TableError} `definition-invalid`, naming the field.
 */
export function checkOutput(schema: JsonObject | null): JsonObject {
  if (schema?.type !== 'object') {
    throw problem(
      'output',
      schema?.type ?? null,
      'the output of a useAi column must be a zod object',
      'wrap it: z.object({ … })',
    )
  }
  checkNode(nodeOf(schema), 'output')
  return schema
}

function checkNode(node: Node, path: string): void {
  const forms = formsOf(node)
  const nullable = forms.some(isNull)
  const values = forms.flatMap((each) => each.enum ?? (each.const === undefined ? [] : [each.const]))
  if (values.length > 1 && !values.includes('unknown') && !nullable) {
    throw problem(
      path,
      values,
      `${path} has no "unknown" among its values: a model that does not know would have to guess`,
      'add "unknown" to the enum, or make it nullable',
    )
  }
  for (const each of forms) {
    if (each.items !== undefined) checkNode(nodeOf(each.items), `${path}[]`)
    if (each.properties === undefined) {
      if (each.type === 'object')
        throw problem(path, null, `${path} has no fixed fields, which strict JSON needs`, 'use z.object')
      continue
    }
    if (each.additionalProperties !== false)
      throw problem(
        path,
        null,
        `${path} lets unknown keys pass, which strict JSON does not`,
        'use z.object or z.strictObject',
      )
    for (const [name, inner] of Object.entries(each.properties)) {
      if (!each.required.includes(name))
        throw problem(
          `${path}.${name}`,
          null,
          `${path}.${name} is optional, which strict JSON cannot say`,
          'make it nullable',
        )
      checkNode(nodeOf(inner), `${path}.${name}`)
    }
  }
}

const problem = (field: string, value: unknown, message: string, wayOut: string) =>
  new TableError('definition-invalid', message, { field, value, wayOut })

/**
 * The rules of the answer in words, made from the schema with its descriptions. Servers that enforce the schema need the meaning of the
 * values; those that do not need the whole of it.
 */
export function rulesOf(schema: JsonObject): string {
  const lines = fieldsOf(nodeOf(schema), '')
  return `Answer with one JSON object and nothing around it. Its fields, all of them and no others:\n${lines.join('\n')}`
}

function fieldsOf(node: Node, prefix: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, inner]) => {
    const field = nodeOf(inner)
    const path = `${prefix}${name}`
    const description = field.description === undefined ? '' : ` ${field.description}`
    return [
      `- ${path}: ${shapeOf(field)}.${description}`,
      ...formsOf(field).flatMap((each) => fieldsOf(each, `${path}.`)),
    ]
  })
}

function shapeOf(node: Node): string {
  return formsOf(node).map(formOf).join(', or ')
}

function formOf(node: Node): string {
  if (node.enum !== undefined) return `one of ${node.enum.map((each) => JSON.stringify(each)).join(', ')}`
  if (node.const !== undefined) return JSON.stringify(node.const)
  const types = [node.type ?? 'object'].flat()
  return types.map((type) => typeInWords(type, node)).join(', or ')
}

function typeInWords(type: string, node: Node): string {
  switch (type) {
    case 'string':
      return node.maxLength === undefined ? 'text' : `text of at most ${node.maxLength} characters`
    case 'integer':
    case 'number': {
      const from =
        node.minimum !== undefined && node.minimum > Number.MIN_SAFE_INTEGER ? ` from ${node.minimum}` : ''
      const to =
        node.maximum !== undefined && node.maximum < Number.MAX_SAFE_INTEGER ? ` up to ${node.maximum}` : ''
      return `${type === 'integer' ? 'a whole number' : 'a number'}${from}${to}`
    }
    case 'boolean':
      return 'true or false'
    case 'null':
      return 'null'
    case 'array':
      return node.items === undefined ? 'a list' : `a list, each ${shapeOf(nodeOf(node.items))}`
    default:
      return 'an object'
  }
}

/** Fields in which a model may say `unknown`. */
export const decisiveFields = (schema: JsonObject): string[] =>
  Object.entries(nodeOf(schema).properties ?? {}).flatMap(([name, field]) =>
    formsOf(nodeOf(field)).some((each) => each.enum?.includes('unknown')) ? [name] : [],
  )

/** Whether a field of the schema is a list of texts. */
export const isListOfTexts = (schema: JsonObject, name: string): boolean => {
  const field = nodeOf(nodeOf(schema).properties?.[name])
  return field.type === 'array' && nodeOf(field.items).type === 'string'
}
