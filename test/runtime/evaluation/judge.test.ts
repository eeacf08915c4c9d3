import { describe, expect, test } from 'vitest'
import { fieldOf, judge } from '../../../runtime/evaluation/judge.ts'
import type { Answer } from '../../../runtime/evaluation/labelled-row.ts'
import { answer, row } from './labelled.ts'

const judged = (expected: string, given: Answer, field = 'region') =>
  judge(row(2, { [field]: expected }), given, 'unknown').judgements[field]

describe('a label', () => {
  test('is met by exactly this value', () => {
    expect(judged('EMEA', answer({ region: 'EMEA' }))).toEqual({
      expected: 'EMEA',
      answered: 'EMEA',
      right: true,
      abstained: false,
    })
    expect(judged('EMEA', answer({ region: 'emea' }))).toMatchObject({ right: false, answered: 'emea' })
    expect(judged('EMEA', answer({ region: 'unknown' }))).toMatchObject({ right: false, abstained: true })
  })

  test('unknown is met by unknown and by no value, never by a failure', () => {
    expect(judged('unknown', answer({ region: 'unknown' }))).toMatchObject({ right: true, abstained: true })
    expect(judged('unknown', answer(null, { status: 'no-result' }))).toMatchObject({ right: true })
    expect(judged('unknown', answer(null, { status: 'skipped' }))).toMatchObject({ right: true })
    expect(judged('null', answer({ region: null }))).toMatchObject({ right: true })
    expect(judged('unknown', answer({ region: 'NA' }))).toMatchObject({ right: false, abstained: false })
    expect(judged('unknown', answer(null, { status: 'error' }))).toEqual({
      expected: 'unknown',
      answered: '(error)',
      right: false,
      abstained: false,
    })
  })

  test('is met by nothing that stands in for an answer, not even by its facts or its unknown', () => {
    for (const label of ['EMEA', 'unknown', 'null'])
      for (const given of [
        answer({ region: label }, { detail: { decidedBy: 'nobody', outcome: 'not-json' } }),
        answer({ region: label }, { standIn: true, detail: { outcome: 'timeout' } }),
      ]) {
        expect(judged(label, given)).toEqual({
          expected: label,
          answered: '(no answer)',
          right: false,
          abstained: false,
        })
        expect(judge(row(2, { region: label }), given, 'unknown')).toMatchObject({ noAnswer: true })
      }
  })

  test.each([
    ['250', 250, true],
    ['250.0', 250, true],
    ['251', 250, false],
    ['many', 250, false],
    ['TRUE', true, true],
    ['false', true, false],
    ['["a","b"]', ['a', 'b'], true],
  ])('%s beside %o is right: %s', (expected, value, right) => {
    expect(judged(expected, answer({ region: value }))?.right).toBe(right)
  })

  test('may be for a field inside, or for the whole answer', () => {
    expect(judged('Bonn', answer({ address: { city: 'Bonn' } }), 'address.city')?.right).toBe(true)
    expect(judged('Bonn', answer({ address: null }), 'address.city')?.right).toBe(false)
    expect(judged('route', answer('route'), '')?.right).toBe(true)
    expect(fieldOf({ a: 1 }, 'constructor')).toBeNull()
    expect(fieldOf(['a'], '0')).toBeNull()
  })
})

describe('what a column tells about itself', () => {
  const judgedWith = (detail: object | null) => judge(row(2, {}), answer({}, { detail }), 'unknown')

  test('is who decided, the named outcome, and what was overruled', () => {
    const overruled = [{ field: 'region', model: 'NA', fact: 'EMEA' }]
    expect(judgedWith({ decidedBy: 'model', outcome: 'repaired', overruled })).toMatchObject({
      decidedBy: 'model',
      outcome: 'repaired',
      overruled,
    })
    expect(judgedWith({ decidedBy: 'rule' })).toMatchObject({ outcome: 'rule', overruled: [] })
  })

  test.each([null, {}, { decidedBy: 7, overruled: 'many' }, { overruled: [{ field: 1 }] }])(
    'may be nothing, or something of its own: %o',
    (detail) => {
      expect(judgedWith(detail)).toMatchObject({ decidedBy: null, outcome: 'done', overruled: [] })
    },
  )
})
