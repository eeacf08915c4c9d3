import { z } from 'zod'
import { TableError } from './errors.ts'
import { jsonSchemaOf } from './json.ts'
import { wayOutOf } from './nearest.ts'
import type { TableDefinition } from './table.ts'

/** The value behind `firm.employees` in the values of a cell; undefined where the way ends. */
export function valueAt(values: Readonly<Record<string, unknown>>, path: string): unknown {
  let value: unknown = values
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value
}

/**
 * Checks that every path a column uses leads somewhere in what the earlier columns and the input declare. A value without a schema
 * cannot be checked and passes.
 *
 * @throws {TableError} `definition-invalid`, naming the column, the path and the nearest name.
 */
export function checkPaths(
  table: Pick<TableDefinition, 'name' | 'input' | 'columns'>,
  column: string,
  paths: readonly string[],
): void {
  for (const path of paths) {
    const [root = '', ...rest] = path.split('.')
    const schema = rest.length === 0 ? null : schemaOf(table, root)
    if (schema === null) continue
    const missed = follow(schema, rest, root)
    if (missed === null) continue
    throw new TableError(
      'definition-invalid',
      `table "${table.name}": column "${column}" refers to {{${path}}}, and ${missed.inside} has no "${missed.name}"`,
      { field: `columns.${column}`, value: path, wayOut: wayOutOf(missed.name, missed.known) },
    )
  }
}

function schemaOf(table: Pick<TableDefinition, 'input' | 'columns'>, root: string): unknown {
  const column = table.columns.find(({ name }) => name === root)
  if (column !== undefined) return column.column.output === null ? null : jsonSchemaOf(column.column.output)
  const field = table.input.shape[root]
  return field instanceof z.ZodType ? jsonSchemaOf(field) : null
}

interface Missed {
  inside: string
  name: string
  known: string[]
}

const Node = z.object({
  type: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
})

/** Null when the way leads on, in at least one of the forms the value may have. */
function follow(schema: unknown, names: readonly string[], inside: string): Missed | null {
  const [name, ...rest] = names
  if (name === undefined) return null
  const node = Node.safeParse(schema).data ?? {}
  if (node.anyOf !== undefined) {
    const missed = node.anyOf.map((each) => follow(each, names, inside))
    return missed.includes(null) ? null : mostTelling(missed)
  }
  const isOpen =
    node.properties === undefined
      ? node.type === undefined || node.type === 'object'
      : typeof node.additionalProperties === 'object' || node.additionalProperties === true
  const next =
    node.properties !== undefined && Object.hasOwn(node.properties, name) ? node.properties[name] : null
  if (next !== null) return follow(next, rest, `${inside}.${name}`)
  return isOpen ? null : { inside, name, known: Object.keys(node.properties ?? {}) }
}

const mostTelling = (missed: readonly (Missed | null)[]): Missed | null =>
  missed.reduce(
    (best, each) => ((each?.known.length ?? 0) > (best?.known.length ?? 0) ? each : best),
    missed[0] ?? null,
  )
