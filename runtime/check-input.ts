import { z } from 'zod'
import type { Origin } from '../columns/table.ts'
import type { Values } from '../db/journal.ts'
import { type AsJson, asJson } from './as-json.ts'
import type { TablePlan } from './plan.ts'

/** One problem of one field, as the sender can mend it. */
export interface FieldProblem {
  field: string
  message: string
  /** The refused value, shortened. */
  value: string
}

export type CheckedInput =
  | {
      ok: true
      input: Values
      person: string | null
      account: string | null
      /** What it says of the write it comes from. */
      origin: Origin | null
      occurredAt: number | null
      /** Fields that were sent and that the table does not have. */
      ignored: string[]
    }
  | { ok: false; problems: FieldProblem[] }

/** Checks an input against the table's schema and works out whom it is about. Pure. */
export function checkInput(plan: TablePlan, given: unknown): CheckedInput {
  const parsed = parse(plan.table.input, given)
  return parsed.ok ? kept(plan, parsed.input, given) : parsed
}

/**
 * Checks a change of some fields of an input that was checked before. Only these go through their schemas: the others are stored as
 * their schemas made them, and a transform must not be applied twice. Rules over several fields see all of them. Null clears a field that
 * need not be there and has no null of its own. Pure.
 */
export function checkChange(
  plan: TablePlan,
  stored: Values,
  change: Readonly<Record<string, unknown>>,
): CheckedInput {
  const { input: schema } = plan.table
  const fields = Object.entries(schema.shape).filter(([name]) => Object.hasOwn(change, name))
  const cleared = new Set(fields.filter((field) => isCleared(field, change)).map(([name]) => name))
  const without = (values: object) =>
    Object.fromEntries(Object.entries(values).filter(([name]) => !cleared.has(name)))
  const changed = schema.clone({ ...schema.def, shape: Object.fromEntries(fields), checks: [] })
  const parsed = parse(changed, without(change))
  if (!parsed.ok) return parsed
  const input = { ...without(stored), ...parsed.input }
  const problems = broken(schema, input)
  return problems.length > 0 ? { ok: false, problems } : kept(plan, input, change)
}

function isCleared(
  [name, field]: [string, z.core.$ZodType],
  change: Readonly<Record<string, unknown>>,
): boolean {
  if (change[name] !== null) return false
  try {
    return !z.safeParse(field, null).success && z.safeParse(field, undefined).success
  } catch {
    return false
  }
}

type Refused = Extract<CheckedInput, { ok: false }>

/**
 * What a schema makes of it, as the store keeps it, so that the first run sees what every later one will see. What code of the schema
 * throws, as a transform may, is a problem of this input alone.
 */
function parse(
  schema: z.ZodObject,
  given: unknown,
  failed = 'the input schema could not be applied',
): { ok: true; input: Values } | Refused {
  try {
    const parsed = schema.safeParse(given)
    if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error, given) }
    const asKept = asJson(parsed.data)
    return asKept.ok ? { ok: true, input: asKept.value as Values } : notKept(asKept, given)
  } catch (error) {
    return refused(failed, error)
  }
}

/** What the rules over the whole input say, without its fields, which have been checked. */
function broken(schema: z.ZodObject, input: Values): FieldProblem[] {
  if ((schema.def.checks ?? []).length === 0) return []
  const anything = Object.fromEntries(Object.keys(schema.shape).map((name) => [name, z.unknown().optional()]))
  const failed = 'the change could not be checked together with the other fields, as they are stored'
  const checked = parse(schema.clone({ ...schema.def, shape: anything }), input, failed)
  return checked.ok ? [] : checked.problems
}

/** The input with whom it is about and since when. */
function kept({ table }: TablePlan, input: Values, given: unknown): CheckedInput {
  try {
    const occurredAt = typeof input.occurredAt === 'string' ? Date.parse(input.occurredAt) : Number.NaN
    return {
      ok: true,
      input,
      person: keyOf(table.personOf(input)),
      account: keyOf(table.accountOf(input)),
      origin: table.originOf(input),
      occurredAt: Number.isNaN(occurredAt) ? null : occurredAt,
      ignored: Object.keys(Object(given)).filter(
        (name) => !Object.hasOwn(input, name) && !Object.hasOwn(table.input.shape, name),
      ),
    }
  } catch (error) {
    return refused('the key of this row could not be worked out', error)
  }
}

/** A key as the types ask for it, which a definition that was not type-checked may not give. */
function keyOf(key: unknown): string | null {
  if (key === null || typeof key === 'string') return key
  throw new Error(`it must be text or null, and its type is ${typeof key}`)
}

const refused = (what: string, error: unknown): Refused => ({
  ok: false,
  problems: [{ field: '', message: `${what}: ${messageOf(error)}`, value: '' }],
})

function notKept({ path, what }: Extract<AsJson, { ok: false }>, given: unknown): Refused {
  const message = `the input schema makes this ${what}, which is not JSON and cannot be kept: let it give text or a number`
  return { ok: false, problems: [{ field: path.join('.'), message, value: shown(valueAt(given, path)) }] }
}

/** As many as a sender can read; a long list of wrong values has one for each. */
const problemsOf = ({ issues }: z.ZodError, given: unknown): FieldProblem[] =>
  issues.slice(0, 100).map(({ path, message }) => ({
    field: path.map(String).join('.'),
    message,
    value: shown(valueAt(given, path)),
  }))

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  let value: unknown = given
  for (const part of path)
    value = isRecord(value) && Object.hasOwn(value, part) ? value[String(part)] : undefined
  return value
}

function shown(value: unknown): string {
  const text = value === undefined ? 'missing' : textOf(value)
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}

function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    // A bigint, or an object that refers to itself, from code that inserts without HTTP.
    return String(value)
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
