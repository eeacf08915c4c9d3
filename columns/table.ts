import { z } from 'zod'
import { versionOf } from './build.ts'
import type { Column } from './column.ts'
import { TableError } from './errors.ts'
import { wayOutOf } from './nearest.ts'
import { checkPaths } from './paths.ts'
import type { InputRow, NameOf, Simplify, TypeProblem, When } from './types.ts'

const namePattern = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/

/** What tells a column from a function that was not called, or from options that no kind of column was made of. */
const ColumnShape = z.object({
  kind: z.string(),
  reads: z.array(z.string()),
  needs: z.array(z.string()),
  work: z.object({ effect: z.string() }),
})

/** A column as a member of its table. */
export interface PlacedColumn {
  name: string
  /** Position in the table; every column depends on earlier ones only, so this is a valid order to run in. */
  index: number
  // biome-ignore lint/suspicious/noExplicitAny: the row types differ from column to column; values are checked by name at definition
  column: Column<any, unknown>
  when: Readonly<Record<string, unknown>>
  /** It runs only when that column has no result this long after everything else it needs was there, or failed. Null: always. */
  late: Late | null
  /** Names of columns whose result this one waits for: reads, needs and when. */
  dependsOn: readonly string[]
}

/** See `PlacedColumn.late`. */
export interface Late {
  column: string
  afterMs: number
}

/** What an input says of the write it comes from. */
export interface Origin {
  /** The send id that the record carries, see `CellContext.sendId`. */
  sendId: string
  /** ISO time at which the record was changed; null: when the row comes in. */
  at: string | null
}

/** A table without its types, as the runtime, the store and the server see it. */
export interface TableDefinition {
  readonly name: string
  readonly input: z.ZodObject
  readonly columns: readonly PlacedColumn[]
  /** Identity of the person behind an input, for touches; null when the input names nobody. */
  readonly personOf: (input: Record<string, unknown>) => string | null
  readonly accountOf: (input: Record<string, unknown>) => string | null
  /** The effect of ours that an input may be the echo of, null for an input that carries none. */
  readonly originOf: (input: Record<string, unknown>) => Origin | null
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
  /**
   * Tells by the stamp in a changed record that the change may be a write of our own. Such a row is not inserted, when this store made
   * that write within a minute of the change: what we write never triggers us again.
   */
  origin?: (input: InputRow<z.output<Input>>) => Origin | null
}

/** A table under definition. Each column adds its value to the row that later columns may read. */
export interface Table<Row extends object> extends TableDefinition {
  column<const Name extends string, Out>(
    name: Name extends keyof Row ? TypeProblem<`column "${Name}" is already defined`> : Name,
    column: Column<Row, Out>,
    options?: { when?: When<Row>; late?: { column: NameOf<Row>; afterMs: number } },
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
    originOf: (input) =>
      options.origin?.(withNulls(options.input, input) as InputRow<z.output<Input>>) ?? null,
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
    ...definition.columns.map(({ name, column, when, late }) => [
      name,
      column.version,
      column.reads,
      column.needs,
      when,
      ...(late === null ? [] : [late]),
    ]),
  ])
  return {
    ...definition,
    version,
    column(name, column, options = {}) {
      if (typeof name !== 'string') throw new TableError('definition-invalid', 'a column name must be text')
      const placed = place(definition, name, column as PlacedColumn['column'], options)
      return grow({ ...definition, columns: [...definition.columns, placed] })
    },
  }
}

/** The same checks the types make, for definitions that were not type-checked. */
function place(
  table: TableDefinition,
  name: string,
  column: PlacedColumn['column'],
  { when = {}, late = null }: { when?: Readonly<Record<string, unknown>>; late?: Late | null },
): PlacedColumn {
  checkName('column', name)
  if (!ColumnShape.safeParse(column).success) {
    const given = (column ?? null) === null ? 'nothing' : `a value of type ${typeof column}`
    throw problem(
      table,
      name,
      `column "${name}" is given ${given}, which is no column`,
      'give what a call such as compute({ … }) or buildColumn({ … }) answers',
    )
  }
  if (column.flaw !== undefined) throw flawOf(table, name, column.flaw)
  const inputs = Object.keys(table.input.shape)
  const earlier = table.columns.map((each) => each.name)
  if (inputs.includes(name)) {
    throw problem(
      table,
      name,
      `column "${name}" has the name of a field of the input`,
      'give the column another name: both are values of the row',
    )
  }
  if (earlier.includes(name)) {
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
        `column "${name}" uses "${each}", which is neither a field of the input nor a column before it`,
        `${wayOutOf(each, [...inputs, ...earlier])}. ${ifLater(name, each)}`,
      )
    }
  }
  checkPaths(table, name, column.paths ?? [])
  checkConfirms(table, name, column)
  const dependsOn = [...new Set(used)].filter((each) => earlier.includes(each))
  if (late !== null) checkLate(table, name, { late, dependsOn })
  return { name, index: table.columns.length, column, when, late, dependsOn }
}

/** Columns are checked as they are given, so whether one of that name follows, and what it uses, is not known yet. */
const ifLater = (name: string, used: string): string =>
  `If "${used}" is a column defined further down, define it before "${name}"; if it uses "${name}" as well, "${name}" and "${used}" are a cycle, and one of the two must do without the other`

/** A write confirms draws, and what it has run again must come before them: else the owner would be decided as before. */
function checkConfirms(table: TableDefinition, name: string, { work }: PlacedColumn['column']): void {
  const { confirms, rereads = [] } = work.effect === 'write' ? work : { confirms: [] }
  for (const each of confirms) {
    const drawn = table.columns.find((other) => other.name === each)
    if (drawn?.column.work.effect === 'draw') continue
    throw problem(
      table,
      name,
      `column "${name}" confirms "${each}", which is no earlier column that draws an owner`,
      'name a column of assignOwner or roundRobin, or leave confirms out',
    )
  }
  for (const source of rereads) {
    if (confirms.length === 0) {
      throw problem(
        table,
        name,
        `column "${name}" expects its owner from "${source}" and confirms no draw that could be made anew`,
        'say in confirms which column draws the owner, or leave expectedFrom out',
      )
    }
    for (const each of confirms) {
      if (source !== each && standsOn(table, each, source)) continue
      throw problem(
        table,
        name,
        `column "${name}" has "${source}" run again before "${each}", which does not stand on that column`,
        `let "${each}" read "${source}", or name an earlier column that it stands on`,
      )
    }
  }
}

/** Definition order is a run order, so one pass from left to right finds everything behind a column. */
function standsOn(table: TableDefinition, name: string, source: string): boolean {
  const behind = new Set<string>()
  for (const { name: each, dependsOn, late } of table.columns) {
    if (each === source || [...dependsOn, late?.column ?? ''].some((other) => behind.has(other)))
      behind.add(each)
  }
  return behind.has(name)
}

/** A column can be late for an earlier one only, and must not wait for it in another way as well. */
function checkLate(
  table: TableDefinition,
  name: string,
  { late, dependsOn }: { late: Late; dependsOn: readonly string[] },
): void {
  const earlier = table.columns.map((each) => each.name)
  if (!earlier.includes(late.column)) {
    throw problem(
      table,
      name,
      `column "${name}" is late for "${late.column}", which is no earlier column`,
      wayOutOf(late.column, earlier),
    )
  }
  if (!(Number.isFinite(late.afterMs) && late.afterMs > 0)) {
    throw problem(
      table,
      name,
      `column "${name}" is late after ${late.afterMs} ms`,
      'give a number of milliseconds above 0',
    )
  }
  const behind = new Set([late.column])
  for (const each of table.columns)
    if (each.dependsOn.some((source) => behind.has(source))) behind.add(each.name)
  const waitsFor = dependsOn.find((each) => behind.has(each))
  if (waitsFor === undefined) return
  throw problem(
    table,
    name,
    `column "${name}" is late for "${late.column}" and uses "${waitsFor}", so it could only run once that is there`,
    `leave "${waitsFor}" out of its reads, needs and when`,
  )
}

function checkName(what: string, name: string): void {
  // What every object has would be found where a value is missing.
  const isTaken = name in Object.prototype || name === 'prototype'
  if (namePattern.test(name) && !isTaken) return
  throw new TableError('definition-invalid', `${what} name "${name}" cannot be used`, {
    field: what,
    value: name,
    wayOut:
      'start with a letter; use letters, digits, - and _, at most 64; no name that every object has, such as toString',
  })
}

function flawOf(table: TableDefinition, column: string, { code, message, details }: TableError): TableError {
  return new TableError(code, `table "${table.name}": column "${column}": ${message}`, {
    ...details,
    field: `columns.${column}${details.field === undefined ? '' : `.${details.field}`}`,
  })
}

function problem(table: TableDefinition, column: string, message: string, wayOut: string): TableError {
  return new TableError('definition-invalid', `table "${table.name}": ${message}`, {
    field: `columns.${column}`,
    value: column,
    wayOut,
  })
}
