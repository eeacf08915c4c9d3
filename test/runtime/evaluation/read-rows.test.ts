import { describe, expect, test } from 'vitest'
import { TableError } from '../../../columns/errors.ts'
import { readRows } from '../../../runtime/evaluation/read-rows.ts'
import { columnOf, trialTable } from './trial-table.ts'

const plan = trialTable('http://127.0.0.1:1')
const read = (column: string, ...rows: Record<string, string>[]) =>
  readRows(
    plan,
    columnOf(plan, column),
    rows.map((cells, index) => ({ line: index + 2, cells })),
  )

/** What is refused: message and way out. */
function refusal(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (TableError.isInstance(error)) return `${error.message} | ${error.details.wayOut}`
    throw error
  }
  return 'nothing is refused'
}

describe('rows of a file', () => {
  test('give a column what it uses, and its labels', () => {
    const { rows, labels, fromFile, workedOut, leftEmpty } = read('place', {
      site: 'acme',
      country: 'de',
      group: 'easy',
      expected_city: ' Bonn ',
      expected_people: '',
    })
    expect(rows).toEqual([
      {
        line: 2,
        given: { site: 'acme', country: 'de' },
        expected: { city: 'Bonn' },
        cells: expect.objectContaining({ group: 'easy' }),
      },
    ])
    expect({ labels, fromFile, workedOut, leftEmpty }).toEqual({
      labels: ['city', 'people'],
      fromFile: ['country', 'site'],
      workedOut: [],
      leftEmpty: [],
    })
  })

  test('leave to be worked out what earlier columns can compute, through each other', () => {
    expect(read('place', { website: 'acme.de', expected_city: 'Bonn' })).toMatchObject({
      rows: [{ given: { website: 'acme.de' } }],
      fromFile: ['website'],
      workedOut: ['country', 'site'],
      leftEmpty: [],
    })
    expect(read('place', { site: 'acme', expected_city: 'Bonn' })).toMatchObject({
      fromFile: ['site'],
      workedOut: ['country'],
      leftEmpty: ['website'],
    })
  })

  test('are text that becomes what the schema takes', () => {
    const given = (employees: string) => read('size', { employees, expected: 'small' }).rows[0]?.given
    expect(given('50')).toEqual({ employees: 50 })
    expect(given(' ')).toEqual({ employees: null })
    const website = (text: string) => read('place', { website: text, expected_city: 'Bonn' }).rows[0]?.given
    expect(website(' 250 ')).toEqual({ website: '250' })
    // An earlier column without a schema: only what is plainly JSON is read as JSON.
    const site = (text: string) => read('place', { site: text, expected_city: 'Bonn' }).rows[0]?.given
    expect(site('392')).toEqual({ site: '392' })
    expect(site('{"a":[1]}')).toEqual({ site: { a: [1] } })
  })

  test('are refused together, with line and field, when values do not fit', () => {
    const act = () =>
      read('size', ...['1', 'many', '1.5'].map((employees) => ({ employees, expected: 'small' })))
    expect(refusal(act)).toMatch(/^the file does not fit: line 3, employees: .*; line 4, employees: .*int/)
  })
})

describe('labels', () => {
  test('are named after the fields of the answer, and a wrong name is told the right ones', () => {
    expect(refusal(() => read('place', { site: 'acme', expected_town: 'Bonn' }))).toBe(
      'expected_town: the answer of "place" has no field "town" | use one of: expected_city, expected_people',
    )
  })

  test.each(['expected', 'expected_size'])('of an answer without fields are called %s', (header) => {
    expect(read('size', { employees: '50', [header]: 'small' }).rows[0]?.expected).toEqual({ '': 'small' })
  })

  test('are needed', () => {
    expect(refusal(() => read('place', { site: 'acme', expected_city: '' }))).toBe(
      'no row of the file has a label | add expected_city, expected_people with what the column should answer',
    )
    expect(refusal(() => read('size', { employees: '50' }))).toContain('add expected with')
    expect(refusal(() => read('size', { employees: '50', expected_region: 'NA' }))).toContain(
      'name the column expected',
    )
  })
})
