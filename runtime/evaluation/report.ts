import { type Disagreement, fieldOf, type JudgedRow, judge } from './judge.ts'
import type { Answer, LabelledRow } from './labelled-row.ts'
import { type Confusion, confusionOf, type FieldScore, fieldsOf, scoreField } from './score.ts'

/** What one column answered on one set of rows. Plain JSON: `rota eval --json` prints it as it is. */
export interface Report {
  rows: number
  fields: Record<string, FieldScore>
  /** Lowest accuracy of all fields: what a limit is held against. Null without labels. */
  lowest: number | null
  /** By column of the file, by its value, by field. */
  slices: Record<string, Record<string, Record<string, FieldScore>>>
  confusion: Record<string, Confusion[]>
  /** By who decided (`rule`, `model`, `nobody`), by field; empty where the column does not tell. */
  decidedBy: Record<string, { rows: number; fields: Record<string, FieldScore> }>
  outcomes: Record<string, number>
  /** Rows whose call failed or whose answer was not valid: none of their fields is right, and none counts as answered. */
  noAnswers: { rows: number; outcomes: Record<string, number>; lines: NoAnswer[] }
  /** Where the model contradicted a fact; `right` is whom the label agrees with, null without a label. */
  disagreements: (Disagreement & { line: number; right: 'model' | 'fact' | 'neither' | null })[]
  /** Rows that somebody else decided than the `by` column of the file says. */
  decidedOtherwise: { line: number; expected: string; decidedBy: string | null; calls: number }[]
  wrong: WrongRow[]
  cost: Spent
}

export interface NoAnswer {
  line: number
  outcome: string
  reason: string | null
}

export interface WrongRow {
  line: number
  field: string
  expected: string
  answered: string
  reason: string | null
}

/** Money in US dollars, time in milliseconds. */
export interface Spent {
  usd: number
  /** Of 1,000 rows like these. */
  usdPerThousand: number
  inputTokens: number
  outputTokens: number
  calls: number
  rowsWithCalls: number
  p50Ms: number
  p95Ms: number
}

export interface ReportOptions {
  /** Columns of the file to break the scores down by. */
  by: readonly string[]
  /** The word of an answer that says nothing. */
  unknown: string
}

/** Judges every answer and adds it all up. Pure: the same rows and answers give the same report. */
export function reportOn(
  rows: readonly LabelledRow[],
  answers: readonly Answer[],
  { by, unknown }: ReportOptions,
): Report {
  const judged = rows.flatMap((row, index) => {
    const answer = answers[index]
    return answer === undefined ? [] : [judge(row, answer, unknown)]
  })
  const scores = (part: readonly JudgedRow[]) =>
    Object.fromEntries(fieldsOf(part).map((field) => [field, scoreField(part, field, unknown)]))
  const fields = scores(judged)
  const accuracies = Object.values(fields).flatMap(({ accuracy }) => accuracy ?? [])
  const deciders = grouped(judged, ({ decidedBy }) => decidedBy)
  return {
    rows: judged.length,
    fields,
    lowest: accuracies.length === 0 ? null : Math.min(...accuracies),
    slices: Object.fromEntries(
      by.map((column) => {
        const slices = grouped(judged, ({ row }) => row.cells[column] ?? '')
        return [column, Object.fromEntries(slices.map(([value, part]) => [value || '(empty)', scores(part)]))]
      }),
    ),
    confusion: Object.fromEntries(Object.keys(fields).map((field) => [field, confusionOf(judged, field)])),
    decidedBy: Object.fromEntries(
      deciders.map(([who, part]) => [who, { rows: part.length, fields: scores(part) }]),
    ),
    outcomes: countsOf(judged),
    noAnswers: noAnswersIn(judged.filter(({ noAnswer }) => noAnswer)),
    disagreements: judged.flatMap(disagreementsOf),
    decidedOtherwise: judged.flatMap(decidedOtherwise),
    wrong: judged.flatMap(wrongIn),
    cost: spent(judged),
  }
}

const countsOf = (rows: readonly JudgedRow[]): Record<string, number> =>
  Object.fromEntries(grouped(rows, ({ outcome }) => outcome).map(([outcome, part]) => [outcome, part.length]))

const noAnswersIn = (rows: readonly JudgedRow[]): Report['noAnswers'] => ({
  rows: rows.length,
  outcomes: countsOf(rows),
  lines: rows.map(({ row, outcome, answer }) => ({ line: row.line, outcome, reason: reasonOf(answer) })),
})

/** Groups in the order in which they first appear; rows without a name are left out. */
function grouped(
  rows: readonly JudgedRow[],
  nameOf: (row: JudgedRow) => string | null,
): [string, JudgedRow[]][] {
  const groups = Map.groupBy(rows, nameOf)
  return [...groups].flatMap(([name, part]): [string, JudgedRow[]][] => (name === null ? [] : [[name, part]]))
}

function disagreementsOf({ row, overruled }: JudgedRow): Report['disagreements'] {
  return overruled.map((each) => {
    const label = row.expected[each.field]
    const right = label === each.model ? 'model' : label === each.fact ? 'fact' : 'neither'
    return { line: row.line, ...each, right: label === undefined ? null : right }
  })
}

/** Nobody decides what the model was asked for in vain, so a row marked for the model may end so. */
function decidedOtherwise({ row, decidedBy, answer }: JudgedRow): Report['decidedOtherwise'] {
  const expected = row.cells.by ?? ''
  if (expected !== 'rule' && expected !== 'model') return []
  const asExpected = expected === 'rule' ? decidedBy === 'rule' && answer.calls === 0 : decidedBy !== 'rule'
  return asExpected ? [] : [{ line: row.line, expected, decidedBy, calls: answer.calls }]
}

function wrongIn({ row, answer, judgements, noAnswer }: JudgedRow): WrongRow[] {
  if (noAnswer) return []
  return Object.entries(judgements).flatMap(([field, { expected, answered, right }]) =>
    right ? [] : [{ line: row.line, field, expected, answered, reason: reasonOf(answer) }],
  )
}

/** The column's own words where it gives some, else those that its answer carries. */
function reasonOf({ reason, value }: Answer): string | null {
  const told = reason ?? fieldOf(value, 'reason')
  return typeof told === 'string' ? told : null
}

function spent(rows: readonly JudgedRow[]): Spent {
  const sum = (amount: (answer: Answer) => number) =>
    rows.reduce((total, { answer }) => total + amount(answer), 0)
  const usd = sum(({ cost }) => cost.usd)
  const times = rows.map(({ answer }) => answer.tookMs).sort((a, b) => a - b)
  const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0
  return {
    usd,
    usdPerThousand: rows.length === 0 ? 0 : (usd / rows.length) * 1_000,
    inputTokens: sum(({ cost }) => cost.inputTokens ?? 0),
    outputTokens: sum(({ cost }) => cost.outputTokens ?? 0),
    calls: sum(({ calls }) => calls),
    rowsWithCalls: rows.filter(({ answer }) => answer.calls > 0).length,
    p50Ms: at(0.5),
    p95Ms: at(0.95),
  }
}
