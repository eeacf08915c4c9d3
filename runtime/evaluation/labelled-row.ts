import type { Cost } from '../../columns/column.ts'
import type { Json } from '../../columns/json.ts'

/** One row of the file: what the column is given, and what it should answer. */
export interface LabelledRow {
  /** Line of the file, counted from 1. */
  line: number
  /** Inputs and results of earlier columns, by name. */
  given: Readonly<Record<string, Json>>
  /** Labels by field of the answer; the empty name stands for the whole answer. Unlabelled fields are absent. */
  expected: Readonly<Record<string, string>>
  /** Every cell of the row as it was written, for slices. */
  cells: Readonly<Record<string, string>>
}

/** What the column answered for one row. */
export interface Answer {
  status: 'done' | 'no-result' | 'skipped' | 'error'
  /** Null unless done. */
  value: Json
  /** Why there is no value, or the reason the column gives. */
  reason: string | null
  detail: object | null
  cost: Cost
  /** Requests that left for the outside. */
  calls: number
  attempts: number
  tookMs: number
  /** What stands in for an answer that did not come: no answer of its own. */
  standIn?: boolean
}
