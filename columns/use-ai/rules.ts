import { TableError } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import { insideOf, readSchema, refOf, type Schema, type SchemaNode } from './schema-node.ts'

/** Of all enums of a schema together, by OpenAI's documentation of structured outputs: a longer one is refused for every row. */
const maxValues = 1_000

/**
 * Checks that a model can be held to the schema: every field required, nothing beside the fields, and `unknown` (or null) among the
 * values of every enum, so that a model that does not know need not guess.
 *
 * @throws {TableError} `definition-invalid`, naming the field.
 */
export function checkOutput(given: JsonObject | null): JsonObject {
  if (given?.type !== 'object') {
    throw problem(
      'output',
      given?.type ?? null,
      'the output of a useAi column must be a zod object',
      'wrap it: z.object({ … })',
    )
  }
  checkPlace(readSchema(given), given, { path: 'output', inside: [] })
  checkCount('output', countValues(given))
  return given
}

function checkCount(path: string, count: number): void {
  if (count <= maxValues) return
  throw problem(
    path,
    count,
    `${path} has ${count} values to choose from, and a model can be held to no more than ${maxValues}`,
    'ask for a text and find it in your list in a compute column, or for its group first',
  )
}

interface Place {
  path: string
  /** References that are being followed. */
  inside: readonly string[]
}

function checkPlace(schema: Schema, given: unknown, { path, inside }: Place): void {
  const ref = refOf(given)
  if (ref !== null && inside.includes(ref)) return
  const forms = schema.forms(given)
  const values = forms.flatMap(valuesOf)
  if (values.length > 1 && !values.includes('unknown') && !forms.some(isNull)) {
    throw problem(
      path,
      values,
      `${path} has no "unknown" among its values: a model that does not know would have to guess`,
      'add "unknown" to the enum, or make it nullable',
    )
  }
  for (const each of forms) checkForm(each, path)
  const followed = ref === null ? inside : [...inside, ref]
  for (const each of insideOf(schema, given, path))
    checkPlace(schema, each.given, { path: each.path, inside: followed })
}

function checkForm(form: SchemaNode, path: string): void {
  if (form.allOf !== undefined)
    throw problem(
      path,
      null,
      `${path} is an intersection, which strict JSON cannot say`,
      'write one object with the fields of both: z.object({ ...a.shape, ...b.shape })',
    )
  if (form.prefixItems !== undefined)
    throw problem(
      path,
      null,
      `${path} is a tuple, which strict JSON cannot say`,
      'use z.object with a name for each place, or z.array',
    )
  if (form.type === undefined && form.enum === undefined && form.const === undefined)
    throw problem(
      path,
      null,
      `${path} may be anything, so no answer could be held to it`,
      'say what it is: z.string(), z.number(), z.enum([…])',
    )
  checkCount(path, form.enum?.length ?? 0)
  if (form.type === 'object') checkObject(form, path)
}

function checkObject(form: SchemaNode, path: string): void {
  if (form.properties === undefined)
    throw problem(path, null, `${path} has no fixed fields, which strict JSON needs`, 'use z.object')
  if (form.additionalProperties !== false)
    throw problem(
      path,
      null,
      `${path} lets unknown keys pass, which strict JSON does not`,
      'use z.object or z.strictObject',
    )
  const missing = Object.keys(form.properties).find((name) => !form.required.includes(name))
  if (missing !== undefined)
    throw problem(
      `${path}.${missing}`,
      null,
      `${path}.${missing} is optional, which strict JSON cannot say`,
      'make it nullable',
    )
}

/** How many values the enums of a schema have, wherever they stand in it. */
function countValues(given: unknown): number {
  if (typeof given !== 'object' || given === null) return 0
  const inside = Object.entries(given).map(([key, value]) => {
    return key === 'enum' && Array.isArray(value) ? value.length : countValues(value)
  })
  return inside.reduce((sum, count) => sum + count, 0)
}

const valuesOf = (form: SchemaNode): unknown[] => form.enum ?? (form.const === undefined ? [] : [form.const])
const isNull = (form: SchemaNode) => [form.type].flat().includes('null') || form.const === null

const problem = (field: string, value: unknown, message: string, wayOut: string) =>
  new TableError('definition-invalid', message, { field, value, wayOut })

/**
 * The rules of the answer in words, made from the schema with its descriptions. Servers that enforce the schema need the meaning of the
 * values; those that do not need the whole of it.
 */
export function rulesOf(given: JsonObject): string {
  const schema = readSchema(given)
  const lines = linesOf(schema, given, { path: '', inside: [] })
  return `Answer with one JSON object and nothing around it. Its fields, all of them and no others:\n${[...new Set(lines)].join('\n')}`
}

function linesOf(schema: Schema, given: unknown, { path, inside }: Place): string[] {
  const ref = refOf(given)
  if (ref !== null && inside.includes(ref)) return []
  const followed = ref === null ? inside : [...inside, ref]
  return insideOf(schema, given, path).flatMap((each) => {
    const { description } = schema.at(each.given)
    const told = description === undefined ? '' : ` ${description}`
    const line = `- ${each.path}: ${shapeOf(schema, each.given)}.${told}`
    const further = linesOf(schema, each.given, { path: each.path, inside: followed })
    // What a list holds is said with the list, but for its meaning.
    return each.field || description !== undefined ? [line, ...further] : further
  })
}

const shapeOf = (schema: Schema, given: unknown): string =>
  [...new Set(schema.forms(given).map((form) => formOf(schema, form)))].join(', or ')

function formOf(schema: Schema, form: SchemaNode): string {
  if (form.enum !== undefined) return `one of ${form.enum.map((each) => JSON.stringify(each)).join(', ')}`
  if (form.const !== undefined) return JSON.stringify(form.const)
  const types = [form.type ?? 'object'].flat()
  return types.map((type) => typeInWords(schema, type, form)).join(', or ')
}

function typeInWords(schema: Schema, type: string, form: SchemaNode): string {
  switch (type) {
    case 'string':
      return form.maxLength === undefined ? 'text' : `text of at most ${form.maxLength} characters`
    case 'integer':
    case 'number': {
      const from =
        form.minimum !== undefined && form.minimum > Number.MIN_SAFE_INTEGER ? ` from ${form.minimum}` : ''
      const to =
        form.maximum !== undefined && form.maximum < Number.MAX_SAFE_INTEGER ? ` up to ${form.maximum}` : ''
      return `${type === 'integer' ? 'a whole number' : 'a number'}${from}${to}`
    }
    case 'boolean':
      return 'true or false'
    case 'null':
      return 'null'
    case 'array':
      return form.items === undefined ? 'a list' : `a list, each ${shapeOf(schema, form.items)}`
    default:
      return 'an object'
  }
}

/** Paths of the fields in which a model may say that it does not know, wherever they stand: `region`, `firm.size`, `offices[].country`. */
export function decisiveFields(given: JsonObject): string[] {
  const schema = readSchema(given)
  const walk = (place: unknown, { path, inside }: Place): string[] => {
    const ref = refOf(place)
    if (ref !== null && inside.includes(ref)) return []
    const followed = ref === null ? inside : [...inside, ref]
    return insideOf(schema, place, path).flatMap((each) => {
      const forms = schema.forms(each.given)
      const isOpen = forms.flatMap(valuesOf).includes('unknown') || forms.some(isNull)
      const own = isOpen && forms.some((form) => form.enum !== undefined) ? [each.path] : []
      return [...own, ...walk(each.given, { path: each.path, inside: followed })]
    })
  }
  return [...new Set(walk(given, { path: '', inside: [] }))]
}

/** Whether a field of the schema is a list of texts. */
export const isListOfTexts = (given: JsonObject, name: string): boolean => {
  const schema = readSchema(given)
  const field = schema.at(schema.root.properties?.[name])
  return field.type === 'array' && schema.at(field.items).type === 'string'
}
