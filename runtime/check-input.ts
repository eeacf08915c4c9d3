import type { z } from 'zod'
import { withNulls } from '../columns/table.ts'
import type { Values } from '../db/journal.ts'
import type { TablePlan } from './plan.ts'

/** One problem of one field, as the sender can mend it. */
export interface FieldProblem {
  field: string
  message: string
  /** The refused value, shortened. */
  value: string
}

export type CheckedInput =
  | { ok: true; input: Values; person: string | null; account: string | null; occurredAt: number | null }
  | { ok: false; problems: FieldProblem[] }

/** Checks an input against the table's schema and works out whom it is about. Pure. */
export function checkInput(plan: TablePlan, given: unknown): CheckedInput {
  const { table } = plan
  const parsed = table.input.safeParse(given)
  if (!parsed.success)
    return { ok: false, problems: parsed.error.issues.map((issue) => problemOf(issue, given)) }
  const input = parsed.data as Values
  try {
    const occurredAt = typeof input.occurredAt === 'string' ? Date.parse(input.occurredAt) : Number.NaN
    return {
      ok: true,
      input,
      person: table.personOf(withNulls(table.input, input)),
      account: table.accountOf(withNulls(table.input, input)),
      occurredAt: Number.isNaN(occurredAt) ? null : occurredAt,
    }
  } catch (error) {
    const message = `the key of this row could not be worked out: ${error instanceof Error ? error.message : String(error)}`
    return { ok: false, problems: [{ field: '', message, value: '' }] }
  }
}

function problemOf(issue: z.core.$ZodIssue, given: unknown): FieldProblem {
  const field = issue.path.map(String).join('.')
  let value: unknown = given
  for (const part of issue.path)
    value = isRecord(value) && Object.hasOwn(value, part) ? value[String(part)] : undefined
  const text = value === undefined ? 'missing' : (JSON.stringify(value) ?? String(value))
  return { field, message: issue.message, value: text.length > 100 ? `${text.slice(0, 100)}…` : text }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
