import type { Json } from '../columns/json.ts'
import type { Cells, Values } from '../db/journal.ts'
import { type PlannedColumn, type TablePlan, valueFor } from './plan.ts'

/** Why a cell does not run for this row. */
export interface Skip {
  rule: string
  values: Record<string, Json>
  reason: string
}

/** The first declared condition that keeps the cell from running, or null. */
export function skipOf(
  plan: TablePlan,
  column: PlannedColumn,
  row: { input: Values; cells: Cells },
): Skip | null {
  for (const [name, wish] of Object.entries(column.when)) {
    const value = valueFor(plan, name, row)
    if (!meets(value, wish)) {
      const rule = `when ${name} ${wishText(wish)}`
      return { rule, values: { [name]: value }, reason: unmet(name, value, wish) }
    }
  }
  for (const name of column.column.needs) {
    const value = valueFor(plan, name, row)
    if (value !== null) continue
    const state = row.cells[name]?.status
    const because = state === undefined || state === 'done' ? 'is empty' : `has no value (${state})`
    return { rule: `needs ${name}`, values: { [name]: null }, reason: `${name} ${because}` }
  }
  return null
}

/** The same of a row that no run is at: a condition that throws is an error of its cell when a run gets there. */
export function skipNow(...given: Parameters<typeof skipOf>): Skip | null {
  try {
    return skipOf(...given)
  } catch {
    return null
  }
}

/** A whole object says less than the name of what the condition is on; the cell keeps the values it saw. */
function unmet(name: string, value: Json, wish: unknown): string {
  const wished = wishText(wish)
  if (typeof value !== 'object' || value === null) return `${name} is ${shown(value)}, not ${wished}`
  return typeof wish === 'function' ? `the condition on ${name} is not met` : `${name} is not ${wished}`
}

function meets(value: Json, wish: unknown): boolean {
  if (typeof wish === 'function') return Boolean(wish(value))
  if (Array.isArray(wish)) return wish.includes(value)
  return value === wish
}

function wishText(wish: unknown): string {
  if (typeof wish === 'function') return 'as its condition wants'
  if (Array.isArray(wish)) return `one of ${wish.map(shown).join(', ')}`
  return shown(wish)
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'empty')
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
