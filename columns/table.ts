import { z } from 'zod'
import { versionOf } from './build.ts'
import type { Column } from './column.ts'
import { TableError } from './errors.ts'
import { wayOutOf } from './nearest.ts'
import { checkPaths } from './paths.ts'
import type { InputRow, NameOf, Simplify, TypeProblem, When } from './types.ts'

const namePattern = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/
const inherited = new Set(['__proto__', 'constructor', 'prototype'])

/** A column as a member of its table. */
export interface PlacedColumn {
  name: string
  /** Position in the table; every column depends on earlier ones only, so this is a valid order to run in. */
  index: number
  // biome-ignore lint/suspicious/noExplicitAny: the row types differ from column to column; values are checked by name at definition
  column: Column<any, unknown>
  when: Readonly<Record<string, unknown>>
  /** Names of columns whose result this one waits for: reads, needs and when. */
  dependsOn: readonly string[]
}

/** A table without its types, as the runtime, the store and the server see it. */
export interface TableDefinition {
  readonly name: string
  readonly input: z.ZodObject
  readonly columns: readonly PlacedColumn[]
  /** Identity of the person behind an input, for touches; null when the input names nobody. */
  readonly personOf: (input: Record<string, unknown>) => string | null
  readonly accountOf: (input: Record<string, unknown>) => string | null
  /** Changes with any column, prompt, rule or schema. */
  readonly version: string
}

export interface TableOptions<Input extends z.ZodObject> {
  /** What a row must look like when it comes in. */
  input: Input
  /** Same person -> same row, as a new touch. Null: always a new row. */
  person?: (input: InputRow<z.output<Input>>) => string | null
  /** Same company -> same claim. Null: no claim. */
  account?: (input: InputRow<z.output<Input>>) => string | null
}

/** A table under definition. Each column adds its value to the row that later columns may read. */
export interface Table<Row extends object> extends TableDefinition {
  column<const Name extends string, Out>(
    name: Name extends keyof Row ? TypeProblem<`column "${Name}" is already defined`> : Name,
    column: Column<Row, Out>,
    options?: { when?: When<Row> },
  ): Table<Simplify<Row & { [Key in Name]: Out | null }>>
}

/**
 * Starts a table: a name, the input schema, and who a row is about.
 *
 * @throws {TableError} `definition-invalid` on a name that is not letters, digits, - and _.
 */
export function defineTable<Input extends z.ZodObject>(
  name: string,
  options: TableOptions<Input>,
): Table<InputRow<z.output<Input>>> {
  checkName('table', name)
  for (const field of Object.keys(options.input.shape)) checkName('input field', field)
  const keyOf =
    (pick: ((input: InputRow<z.output<Input>>) => string | null) | undefined) =>
    (input: Record<string, unknown>) =>
      pick?.(withNulls(options.input, input) as InputRow<z.output<Input>>) || null
  return grow({
    name,
    input: options.input,
    columns: [],
    personOf: keyOf(options.person),
    accountOf: keyOf(options.account),
    version: '',
  })
}

/** The input as columns see it: a missing field is null. */
export function withNulls(schema: z.ZodObject, input: Record<string, unknown>): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  for (const field of Object.keys(schema.shape)) row[field] = input[field] ?? null
  return row
}

function grow<Row extends object>(definition: TableDefinition): Table<Row> {
  const version = versionOf([
    definition.name,
    z.toJSONSchema(definition.input, { io: 'input', unrepresentable: 'any' }),
    ...definition.columns.map(({ name, column, when }) => [
      name,
      column.version,
      column.reads,
      column.needs,
      when,
    ]),
  ])
  return {
    ...definition,
    version,
    column(name, column, options = {}) {
      if (typeof name !== 'string') throw new TableError('definition-invalid', 'a column name must be text')
      const placed = place(definition, name, column as PlacedColumn['column'], options.when ?? {})
      return grow({ ...definition, columns: [...definition.columns, placed] })
    },
  }
}

/** The same checks the types make, for definitions that were not type-checked. */
function place(
  table: TableDefinition,
  name: string,
  column: PlacedColumn['column'],
  when: Readonly<Record<string, unknown>>,
): PlacedColumn {
  checkName('column', name)
  const inputs = Object.keys(table.input.shape)
  const earlier = table.columns.map((each) => each.name)
  if (inputs.includes(name) || earlier.includes(name)) {
    throw problem(table, name, `column "${name}" is already defined`, 'give one of the two another name')
  }
  const used: NameOf<Record<string, unknown>>[] = [...column.reads, ...column.needs, ...Object.keys(when)]
  for (const each of used) {
    if (each === name) {
      throw problem(
        table,
        name,
        `column "${name}" reads itself, which is a cycle`,
        'read earlier columns only',
      )
    }
    if (!inputs.includes(each) && !earlier.includes(each)) {
      throw problem(
        table,
        name,
        `column "${name}" uses "${each}", which is not an input nor an earlier column`,
        `move "${each}" before "${name}"; ${wayOutOf(each, [...inputs, ...earlier])}`,
      )
    }
  }
  checkPaths(table, name, column.paths ?? [])
  const { work } = column
  for (const each of work.effect === 'write' ? work.confirms : []) {
    if (
      table.columns.some(
        ({ name: other, column: { work: drawn } }) => other === each && drawn.effect === 'draw',
      )
    )
      continue
    throw problem(
      table,
      name,
      `column "${name}" confirms "${each}", which is no earlier column that draws an owner`,
      'name a column of assignOwner or roundRobin, or leave confirms out',
    )
  }
  const dependsOn = [...new Set(used)].filter((each) => earlier.includes(each))
  return { name, index: table.columns.length, column, when, dependsOn }
}

function checkName(what: string, name: string): void {
  if (namePattern.test(name) && !inherited.has(name)) return
  throw new TableError('definition-invalid', `${what} name "${name}" cannot be used`, {
    field: what,
    value: name,
    wayOut: 'start with a letter; use letters, digits, - and _, at most 64',
  })
}

function problem(table: TableDefinition, column: string, message: string, wayOut: string): TableError {
  return new TableError('definition-invalid', `table "${table.name}": ${message}`, {
    field: `columns.${column}`,
    value: column,
    wayOut,
  })
}
