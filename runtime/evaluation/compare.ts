import { judge } from './judge.ts'
import type { Answer, LabelledRow } from './labelled-row.ts'
import { fieldsOf, share } from './score.ts'

/** Two ways to answer the same rows, side by side on one field. */
export interface FieldComparison {
  labelled: number
  bothRight: number
  onlyFirst: number
  onlySecond: number
  neither: number
  /** Accuracy of the second less that of the first. */
  difference: number | null
  /** How often chance alone would set two equally good ways this far apart, or further: the exact sign test. */
  chance: number
}

export interface Comparison {
  fields: Record<string, FieldComparison>
  /** Rows on which the two answered differently. */
  differing: { line: number; field: string; expected: string; first: string; second: string }[]
  /** US dollars of the second less those of the first. */
  usdDifference: number
}

/** Compares two sets of answers to the same rows, in the same order. Pure. */
export function compare(
  rows: readonly LabelledRow[],
  { first, second }: { first: readonly Answer[]; second: readonly Answer[] },
  unknown: string,
): Comparison {
  const pairs = rows.flatMap((row, index) => {
    const [one, other] = [first[index], second[index]]
    if (one === undefined || other === undefined) return []
    return [{ row, one: judge(row, one, unknown), other: judge(row, other, unknown) }]
  })
  const fields = fieldsOf(pairs.map(({ one }) => one))
  const usd = (answers: readonly Answer[]) => answers.reduce((sum, { cost }) => sum + cost.usd, 0)
  const differing = pairs.flatMap(({ row, one, other }) =>
    fields.flatMap((field) => {
      const [left, right] = [one.judgements[field], other.judgements[field]]
      if (left === undefined || right === undefined || left.answered === right.answered) return []
      const { expected } = left
      return [{ line: row.line, field, expected, first: left.answered, second: right.answered }]
    }),
  )
  const compared = fields.map((field) => {
    const marks = pairs.flatMap(({ one, other }) => {
      const [left, right] = [one.judgements[field], other.judgements[field]]
      return left === undefined || right === undefined ? [] : [[left.right, right.right] as const]
    })
    return [field, compareField(marks)] as const
  })
  return { fields: Object.fromEntries(compared), differing, usdDifference: usd(second) - usd(first) }
}

function compareField(marks: readonly (readonly [first: boolean, second: boolean])[]): FieldComparison {
  const count = (first: boolean, second: boolean) =>
    marks.filter((mark) => mark[0] === first && mark[1] === second).length
  const [onlyFirst, onlySecond] = [count(true, false), count(false, true)]
  return {
    labelled: marks.length,
    bothRight: count(true, true),
    onlyFirst,
    onlySecond,
    neither: count(false, false),
    difference: share(onlySecond - onlyFirst, marks.length),
    chance: signTest(onlyFirst, onlySecond),
  }
}

/**
 * Two-sided exact sign test over the rows on which only one of the two was right. 1 where they never differ: rows on which both are
 * right, or both wrong, tell nothing about which one is better.
 */
export function signTest(onlyFirst: number, onlySecond: number): number {
  const trials = onlyFirst + onlySecond
  // Of logarithms: two to the power of some thousand rows has no place in a number.
  let logOfChance = -trials * Math.LN2
  let tail = Math.exp(logOfChance)
  for (let wins = 1; wins <= Math.min(onlyFirst, onlySecond); wins += 1) {
    logOfChance += Math.log((trials - wins + 1) / wins)
    tail += Math.exp(logOfChance)
  }
  return Math.min(1, 2 * tail)
}
