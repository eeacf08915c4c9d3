import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compare, signTest } from '../../../runtime/evaluation/compare.ts'
import { judge } from '../../../runtime/evaluation/judge.ts'
import { reportOn } from '../../../runtime/evaluation/report.ts'
import { confusionOf, scoreField, wilson } from '../../../runtime/evaluation/score.ts'
import { answer, row } from './labelled.ts'

/** Label and answer of one field, row by row. */
const pairs = (...given: [label: string, answered: string][]) => ({
  rows: given.map(([label], index) => row(index + 2, label === '' ? {} : { region: label })),
  answers: given.map(([, answered]) => answer({ region: answered })),
})
const judgedPairs = (...given: [label: string, answered: string][]) => {
  const { rows, answers } = pairs(...given)
  return rows.map((each, index) => judge(each, answers[index] ?? answer(null), 'unknown'))
}

describe('a score', () => {
  const judged = judgedPairs(
    ['EMEA', 'EMEA'],
    ['EMEA', 'NA'],
    ['EMEA', 'unknown'],
    ['unknown', 'unknown'],
    ['unknown', 'APAC'],
    ['', 'EMEA'],
  )

  test('counts labelled rows only, and what was answered apart from what was not', () => {
    expect(scoreField(judged, 'region', 'unknown')).toMatchObject({
      labelled: 5,
      right: 2,
      accuracy: 0.4,
      accuracyWhereAnswered: 1 / 3,
      unknown: { answered: 2, rate: 0.4, expected: 2, precision: 0.5, recall: 0.5, guessed: 1 },
    })
  })

  test('leaves out what has no answer where it says what was answered and what was not', () => {
    const failed = { detail: { decidedBy: 'nobody', outcome: 'timeout' }, reason: 'too slow' }
    const given = pairs(['EMEA', 'EMEA'], ['EMEA', 'EMEA'], ['unknown', 'unknown'], ['unknown', 'unknown'])
    const answers = given.answers.map((each, index) => (index % 2 === 0 ? each : { ...each, ...failed }))
    const report = reportOn(given.rows, answers, { by: [], unknown: 'unknown' })
    expect(report.fields.region).toMatchObject({
      labelled: 4,
      right: 2,
      accuracy: 0.5,
      accuracyWhereAnswered: 1,
      noAnswer: 2,
      unknown: { answered: 1, expected: 2, precision: 1, recall: 1, guessed: 0 },
    })
    expect(report.wrong).toEqual([])
    expect(report.noAnswers).toEqual({
      rows: 2,
      outcomes: { timeout: 2 },
      lines: [
        { line: 3, outcome: 'timeout', reason: 'too slow' },
        { line: 5, outcome: 'timeout', reason: 'too slow' },
      ],
    })
  })

  test('is null, not zero, where nothing is labelled', () => {
    expect(scoreField(judgedPairs(['', 'EMEA']), 'region', 'unknown')).toMatchObject({
      labelled: 0,
      accuracy: null,
      between: null,
      unknown: { rate: null, precision: null, recall: null },
    })
  })

  test('has a confusion matrix that adds up to the labelled rows', () => {
    expect(confusionOf(judged, 'region')).toEqual([
      { expected: 'EMEA', answered: 'EMEA', rows: 1 },
      { expected: 'EMEA', answered: 'NA', rows: 1 },
      { expected: 'EMEA', answered: 'unknown', rows: 1 },
      { expected: 'unknown', answered: 'unknown', rows: 1 },
      { expected: 'unknown', answered: 'APAC', rows: 1 },
    ])
  })

  test("lies in Wilson's interval, whose published values these are", () => {
    const [low = 0, high = 0] = wilson(95, 100) ?? []
    expect([low.toFixed(4), high.toFixed(4)]).toEqual(['0.8882', '0.9785'])
    const [none = 0, some = 0] = wilson(0, 10) ?? []
    expect([none, some.toFixed(4)]).toEqual([0, '0.2775'])
    fc.assert(
      fc.property(fc.nat(500), fc.nat(500), (right, wrong) => {
        fc.pre(right + wrong > 0)
        const [from = 1, to = 0] = wilson(right, right + wrong) ?? []
        const part = right / (right + wrong)
        expect(from >= 0 && to <= 1 && from <= part + 1e-12 && to >= part - 1e-12).toBe(true)
      }),
    )
  })
})

describe('two ways side by side', () => {
  test('are compared row by row, with the rows on which they differ', () => {
    const { rows, answers: first } = pairs(['A', 'A'], ['A', 'A'], ['A', 'B'], ['A', 'C'], ['', 'A'])
    const second = ['A', 'B', 'A', 'D', 'B'].map((region) => answer({ region }, { cost: { usd: 0.5 } }))
    const { fields, differing, usdDifference } = compare(rows, { first, second }, 'unknown')
    expect(fields.region).toEqual({
      labelled: 4,
      bothRight: 1,
      onlyFirst: 1,
      onlySecond: 1,
      neither: 1,
      difference: 0,
      chance: 1,
    })
    expect(differing.map(({ line, first: one, second: two }) => [line, one, two])).toEqual([
      [3, 'A', 'B'],
      [4, 'B', 'A'],
      [5, 'C', 'D'],
    ])
    expect(usdDifference).toBe(2.5)
  })

  test('are told from chance by the exact sign test', () => {
    expect(signTest(0, 0)).toBe(1)
    expect(signTest(3, 7)).toBeCloseTo(0.34375, 10)
    expect(signTest(0, 6)).toBeCloseTo(0.03125, 10)
    expect(signTest(5_000, 5_400)).toBeCloseTo(0.00009, 5)
    fc.assert(
      fc.property(fc.nat(60), fc.nat(60), (one, other) => {
        const chance = signTest(one, other)
        expect(chance).toBe(signTest(other, one))
        expect(chance > 0 && chance <= 1).toBe(true)
        // Further apart is less likely, at the same number of rows.
        if (one > 0 && one <= other) expect(signTest(one - 1, other + 1)).toBeLessThan(chance + 1e-12)
      }),
    )
  })
})

describe('a report', () => {
  const rows = [
    row(2, { region: 'EMEA', segment: 'SMB' }, { group: 'easy', by: 'rule' }),
    row(3, { region: 'NA', segment: 'unknown' }, { group: 'hard', by: 'rule' }),
    row(4, { region: 'NA' }, { group: '', by: 'model' }),
  ]
  const overruled = [
    { field: 'region', model: 'NA', fact: 'EMEA' },
    { field: 'segment', model: 'SMB', fact: 'Enterprise' },
  ]
  const answers = [
    answer({ region: 'EMEA', segment: 'SMB' }, { detail: { decidedBy: 'rule' }, tookMs: 1, calls: 0 }),
    answer(
      { region: 'EMEA', segment: 'SMB', reason: 'said so' },
      {
        detail: { decidedBy: 'model', overruled },
        cost: { usd: 0.3, inputTokens: 20, outputTokens: 5 },
        calls: 2,
        tookMs: 9,
      },
    ),
    answer({ region: 'NA', segment: 'SMB' }, { detail: { decidedBy: 'rule' }, tookMs: 2 }),
  ]
  const report = reportOn(rows, answers, { by: ['group'], unknown: 'unknown' })

  test('has every field, the lowest accuracy, and the slices of the wished columns', () => {
    expect(report).toMatchObject({
      rows: 3,
      fields: { region: { labelled: 3, right: 2 }, segment: { labelled: 2, right: 1 } },
      lowest: 0.5,
      slices: {
        group: { easy: { region: { right: 1 } }, hard: { region: { right: 0 } }, '(empty)': {} },
      },
    })
  })

  test('says who decided, against whom the file expected', () => {
    expect(report.decidedBy).toMatchObject({ rule: { rows: 2 }, model: { rows: 1 } })
    expect(report.outcomes).toEqual({ rule: 2, model: 1 })
    expect(report.decidedOtherwise).toEqual([
      { line: 3, expected: 'rule', decidedBy: 'model', calls: 2 },
      { line: 4, expected: 'model', decidedBy: 'rule', calls: 0 },
    ])
  })

  test('does not take the word of a rule that made a call', () => {
    const called = answer({ region: 'EMEA' }, { detail: { decidedBy: 'rule' }, calls: 1 })
    const { decidedOtherwise } = reportOn(rows.slice(0, 1), [called], { by: [], unknown: 'unknown' })
    expect(decidedOtherwise).toEqual([{ line: 2, expected: 'rule', decidedBy: 'rule', calls: 1 }])
  })

  test('shows where model and facts disagree, and who was right by the label', () => {
    expect(report.disagreements).toEqual([
      { line: 3, field: 'region', model: 'NA', fact: 'EMEA', right: 'model' },
      { line: 3, field: 'segment', model: 'SMB', fact: 'Enterprise', right: 'neither' },
    ])
  })

  test('lists what is wrong with the words of the column, and adds up the cost', () => {
    expect(report.wrong).toEqual([
      { line: 3, field: 'region', expected: 'NA', answered: 'EMEA', reason: 'said so' },
      { line: 3, field: 'segment', expected: 'unknown', answered: 'SMB', reason: 'said so' },
    ])
    expect(report.cost).toEqual({
      usd: 0.3,
      usdPerThousand: expect.closeTo(100),
      inputTokens: 20,
      outputTokens: 5,
      calls: 2,
      rowsWithCalls: 1,
      p50Ms: 2,
      p95Ms: 9,
    })
  })

  test('of rows without labels claims nothing', () => {
    expect(reportOn([row(2, {})], [answer({})], { by: [], unknown: 'unknown' })).toMatchObject({
      fields: {},
      lowest: null,
      wrong: [],
    })
  })
})
