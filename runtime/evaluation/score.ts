import type { JudgedRow, Judgement } from './judge.ts'

/** How often one field was right. Shares are between 0 and 1, null where nothing was labelled. */
export interface FieldScore {
  labelled: number
  right: number
  accuracy: number | null
  /** Where the true accuracy lies with 95 % confidence, after Wilson. */
  between: readonly [low: number, high: number] | null
  /** Right among the rows that were answered with something else than unknown. */
  accuracyWhereAnswered: number | null
  /** Labelled rows whose call failed or whose answer was not valid. */
  noAnswer: number
  unknown: UnknownScore
}

export interface UnknownScore {
  /** Rows answered with unknown. */
  answered: number
  /** Of the labelled rows. */
  rate: number | null
  /** Rows whose label is unknown. */
  expected: number
  /** Of the rows answered with unknown, those whose label says so too. */
  precision: number | null
  /** Of the rows whose label is unknown and that have an answer, those that were not guessed. */
  recall: number | null
  /** Rows whose label is unknown and that were answered with something else. */
  guessed: number
}

/** One cell of a confusion matrix that is not empty. */
export interface Confusion {
  expected: string
  answered: string
  rows: number
}

/** The names of all labelled fields, in the order in which they first appear. */
export function fieldsOf(rows: readonly JudgedRow[]): string[] {
  return [...new Set(rows.flatMap(({ judgements }) => Object.keys(judgements)))]
}

/** The score of one field over the rows that have a label for it. Pure. */
export function scoreField(rows: readonly JudgedRow[], field: string, unknown: string): FieldScore {
  const judgements = judgementsOf(rows, field)
  const given = judgementsOf(
    rows.filter(({ noAnswer }) => !noAnswer),
    field,
  )
  const right = judgements.filter((each) => each.right).length
  const answered = given.filter((each) => !each.abstained)
  const abstained = judgements.filter((each) => each.abstained)
  const shouldAbstain = given.filter((each) => isUnknown(each, unknown))
  const rightlyUnknown = abstained.filter((each) => isUnknown(each, unknown)).length
  return {
    labelled: judgements.length,
    right,
    accuracy: share(right, judgements.length),
    between: wilson(right, judgements.length),
    accuracyWhereAnswered: share(answered.filter((each) => each.right).length, answered.length),
    noAnswer: judgements.length - given.length,
    unknown: {
      answered: abstained.length,
      rate: share(abstained.length, judgements.length),
      expected: judgements.filter((each) => isUnknown(each, unknown)).length,
      precision: share(rightlyUnknown, abstained.length),
      recall: share(rightlyUnknown, shouldAbstain.length),
      guessed: shouldAbstain.filter((each) => !each.abstained && !each.right).length,
    },
  }
}

/** Every pair of label and answer that occurs, most frequent label first. Pure. */
export function confusionOf(rows: readonly JudgedRow[], field: string): Confusion[] {
  const counts = new Map<string, Confusion>()
  for (const { expected, answered } of judgementsOf(rows, field)) {
    const key = JSON.stringify([expected, answered])
    const known = counts.get(key)
    if (known === undefined) counts.set(key, { expected, answered, rows: 1 })
    else known.rows += 1
  }
  const labels = Map.groupBy(counts.values(), ({ expected }) => expected)
  const weight = (each: readonly Confusion[]) => each.reduce((sum, { rows: count }) => sum + count, 0)
  return [...labels.values()]
    .sort((a, b) => weight(b) - weight(a))
    .flatMap((each) => each.sort((a, b) => b.rows - a.rows))
}

function judgementsOf(rows: readonly JudgedRow[], field: string): Judgement[] {
  return rows.flatMap(({ judgements }) => judgements[field] ?? [])
}

const isUnknown = ({ expected }: Judgement, unknown: string) => expected === unknown || expected === 'null'

/** A part of a whole between 0 and 1, or null of nothing. */
export const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)

/** Wilson's interval for 95 %: honest for few rows and for shares near 0 and 1, where the textbook one is not. */
export function wilson(right: number, whole: number): readonly [low: number, high: number] | null {
  if (whole === 0) return null
  const z = 1.959964
  const part = right / whole
  const scale = 1 + (z * z) / whole
  const middle = (part + (z * z) / (2 * whole)) / scale
  const reach = (z / scale) * Math.sqrt((part * (1 - part)) / whole + (z * z) / (4 * whole * whole))
  return [Math.max(0, middle - reach), Math.min(1, middle + reach)]
}
