import { hash } from 'node:crypto'
import type { CellState } from '../columns/cell.ts'
import type { Json } from '../columns/json.ts'
import type { PlacedColumn, TableDefinition } from '../columns/table.ts'
import type { Outdated } from '../db/filter.ts'
import type { Cells, Values } from '../db/journal.ts'

/** What the runtime works out once for each table. */
export interface TablePlan {
  table: TableDefinition
  /** Number of this definition version in the store. */
  definition: number
  columns: readonly PlannedColumn[]
  byName: ReadonlyMap<string, PlannedColumn>
  inputs: readonly string[]
  /** Columns whose draws no effect confirms. */
  drawnFor: readonly PlannedColumn[]
}

export interface PlannedColumn extends PlacedColumn {
  /** Declared values in a fixed order: reads, then needs. */
  uses: readonly string[]
  /** Positions of the columns whose result this one waits for. */
  upstream: readonly number[]
  /** The same, and the draws it stands behind: one that is made anew takes up all that is behind it. */
  waitsFor: readonly number[]
  /** Position of the column that this one stands in for when it is late: see `Late`. It is not waited for like the others. */
  awaits: number | null
  /** Positions of every column behind this one, near and far. */
  downstream: readonly number[]
  /** Earlier definitions that had another column in its place. */
  outdated: Outdated
}

export function planTable(
  table: TableDefinition,
  definition: number,
  outdated: readonly Outdated[] = [],
): TablePlan {
  const indexOf = new Map(table.columns.map((each) => [each.name, each.index]))
  const upstream = table.columns.map((each) => each.dependsOn.flatMap((name) => indexOf.get(name) ?? []))
  const awaits = table.columns.map(({ late }) => (late === null ? null : (indexOf.get(late.column) ?? null)))
  const sources = upstream.map((each, index) => [...each, ...[awaits[index] ?? []].flat()])
  const waitsFor = withDraws(table, upstream)
  const columns = table.columns.map((placed) => ({
    ...placed,
    uses: [...new Set([...placed.column.reads, ...placed.column.needs])],
    upstream: upstream[placed.index] ?? [],
    waitsFor: waitsFor[placed.index] ?? [],
    awaits: awaits[placed.index] ?? null,
    downstream: behind(placed.index, sources),
    outdated: outdated.find(({ column }) => column === placed.name) ?? {
      column: placed.name,
      ran: [],
      skipped: [],
    },
  }))
  const byName = new Map(columns.map((each) => [each.name, each]))
  const confirmed = new Set(
    columns.flatMap(({ column: { work } }) => (work.effect === 'write' ? work.confirms : [])),
  )
  const drawnFor = columns.filter(({ name, column }) => column.work.effect === 'draw' && !confirmed.has(name))
  return { table, definition, columns, byName, inputs: Object.keys(table.input.shape), drawnFor }
}

/** What ran before such a draw in the same run would run twice, and first for who had the lead before. */
function withDraws({ columns }: TableDefinition, upstream: readonly (readonly number[])[]): number[][] {
  const draws = columns
    .filter(({ column }) => column.work.effect === 'draw')
    .map(({ index }) => ({ index, behind: behind(index, upstream) }))
  return upstream.map((sources, position) => {
    const before = draws.filter((draw) => draw.behind.includes(position)).map(({ index }) => index)
    return [...new Set([...sources, ...before])]
  })
}

/** Definition order is a run order, so one pass from left to right finds everything behind a column. */
function behind(index: number, sources: readonly (readonly number[])[]): number[] {
  const found = new Set([index])
  sources.forEach((each, position) => {
    if (each.some((source) => found.has(source))) found.add(position)
  })
  found.delete(index)
  return [...found]
}

/** The value of a cell as later columns see it: null unless it is done. */
export const resultOf = (cell: CellState | undefined): Json =>
  cell?.status === 'done' ? (cell.value ?? null) : null

/** One declared value of a row: an input field, or the result of a column. */
export function valueFor(plan: TablePlan, name: string, row: { input: Values; cells: Cells }): Json {
  return plan.byName.has(name) ? resultOf(row.cells[name]) : (row.input[name] ?? null)
}

/** Exactly what the column declared, nothing else, and nothing that it could change under another column. */
export function declaredValues(
  plan: TablePlan,
  column: PlannedColumn,
  row: { input: Values; cells: Cells },
): Values {
  const values: Values = {}
  for (const name of column.uses) values[name] = frozen(valueFor(plan, name, row))
  return values
}

/**
 * Hash over declared inputs and column version: equal hash, equal result. The values come in declared order, and what is inside them
 * keeps the order it was stored in, so their JSON is stable.
 */
export function inputHash(column: PlannedColumn, values: Values): string {
  return hash('sha256', `${column.column.version}${JSON.stringify(values)}`, 'base64url').slice(0, 16)
}

/** Freezes a value through and through; one that is frozen already costs nothing. */
function frozen(value: Json): Json {
  if (value === null || typeof value !== 'object' || Object.isFrozen(value)) return value
  for (const each of Object.values(value)) frozen(each)
  Object.freeze(value)
  return value
}
