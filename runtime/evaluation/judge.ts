import { z } from 'zod'
import { type Json, stableStringify } from '../../columns/json.ts'
import type { Answer, LabelledRow } from './labelled-row.ts'

/** One label beside what the column answered. */
export interface Judgement {
  expected: string
  /** As text; `(no result)`, `(skipped)`, `(error)` or `(no answer)` where there is no value that counts. */
  answered: string
  right: boolean
  /** The column says that it does not know. */
  abstained: boolean
}

/** The column and a fact contradicted each other, and the fact stood. */
export interface Disagreement {
  field: string
  model: string
  fact: string
}

/** A row with its judgements by field. Only labelled fields have one. */
export interface JudgedRow {
  row: LabelledRow
  answer: Answer
  judgements: Readonly<Record<string, Judgement>>
  /** `rule`, `model`, `nobody` where the column tells who decided. */
  decidedBy: string | null
  /** The call failed or its answer was not valid, so that nothing was said: neither right nor an honest unknown. */
  noAnswer: boolean
  /** The named outcome where the column tells it, else who decided, else the status. */
  outcome: string
  overruled: readonly Disagreement[]
}

const Told = z.object({
  decidedBy: z.string().nullable().catch(null),
  outcome: z.string().nullable().catch(null),
  overruled: z.array(z.object({ field: z.string(), model: z.string(), fact: z.string() })).catch([]),
})

/** Lays the labels of a row beside its answer. Pure. */
export function judge(row: LabelledRow, answer: Answer, unknown: string): JudgedRow {
  const told = Told.safeParse(answer.detail ?? {}).data
  const noAnswer = answer.status === 'error' || answer.standIn === true || told?.decidedBy === 'nobody'
  const judgements = Object.entries(row.expected).map(([field, expected]): [string, Judgement] => [
    field,
    noAnswer ? notAnswered(expected, answer) : judgementOf(expected, { field, answer, unknown }),
  ])
  return {
    row,
    answer,
    judgements: Object.fromEntries(judgements),
    decidedBy: told?.decidedBy ?? null,
    noAnswer,
    outcome: told?.outcome ?? told?.decidedBy ?? answer.status,
    overruled: told?.overruled ?? [],
  }
}

/** A failure is no honest answer: a label "unknown" is not met by a server that was down, nor any other by a lucky stand-in. */
const notAnswered = (expected: string, { status }: Answer): Judgement => ({
  expected,
  answered: status === 'error' ? missing.error : '(no answer)',
  right: false,
  abstained: false,
})

interface Asked {
  field: string
  answer: Answer
  unknown: string
}

function judgementOf(expected: string, { field, answer, unknown }: Asked): Judgement {
  const value = answer.status === 'done' ? fieldOf(answer.value, field) : null
  const answered = answer.status === 'done' ? textOf(value) : missing[answer.status]
  const abstained = value === null || answered === unknown
  const right =
    expected === unknown || expected === 'null' ? abstained : answered === normalized(expected, value)
  return { expected, answered, right, abstained }
}

const missing = { 'no-result': '(no result)', skipped: '(skipped)', error: '(error)' } as const

/** A field of the answer by its path, `address.city`; the empty path is the whole answer. */
export function fieldOf(value: Json, path: string): Json {
  if (path === '') return value
  let found: Json = value
  for (const part of path.split('.')) {
    if (found === null || typeof found !== 'object' || Array.isArray(found)) return null
    found = Object.hasOwn(found, part) ? (found[part] ?? null) : null
  }
  return found
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : stableStringify(value))

/** A label is text: `1.0` is the number 1, and a spreadsheet writes `TRUE`. */
function normalized(expected: string, value: Json): string {
  if (typeof value === 'boolean') return expected.toLowerCase()
  if (typeof value !== 'number' || expected.trim() === '') return expected
  const number = Number(expected)
  return Number.isNaN(number) ? expected : String(number)
}
