import { parseQuery } from '@jetstreamapp/soql-parser-js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { like, literal } from '../../../connectors/salesforce/soql.ts'
import { runQuery } from '../../../sandbox/salesforce/soql.ts'
import { buildOrg, SalesforceState } from '../../../sandbox/salesforce/state.ts'

/** Texts of every kind, with those that break out of a literal far more often than chance would have them. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1 }),
  fc.string({
    unit: fc.constantFrom('\\', "'", '"', '%', '_', 'u', 'n', '0', ' ', '\n', '\r', '\t', '\u2028', '(', ')'),
    minLength: 1,
  }),
  fc.constantFrom(
    "' OR Name != '",
    "\\' OR Name != '",
    "x') OR (Name LIKE '%",
    '\\',
    "\\\\'",
    '\\u0027',
    "'--",
  ),
)

function org(company: string) {
  const others = ['Decoy', `${company}x`, `x${company}`]
  return buildOrg(
    SalesforceState.parse({ leads: [company, ...others].map((Company) => ({ LastName: 'L', Company })) }),
    0,
  ).store
}

describe('a literal', () => {
  test('stays one literal whatever the value', () => {
    fc.assert(
      fc.property(hostile, (value) => {
        for (const text of [literal(value), like('%', value, '%')]) {
          const operator = text === literal(value) ? '=' : 'LIKE'
          const { where } = parseQuery(`SELECT Id FROM Lead WHERE Company ${operator} ${text}`)
          expect(where).toMatchObject({ left: { field: 'Company', literalType: 'STRING', value: text } })
          expect(where).not.toHaveProperty('right')
        }
      }),
      { numRuns: 500 },
    )
  })

  test('finds exactly its value', () => {
    fc.assert(
      fc.property(hostile, (value) => {
        const store = org(value)
        const found = (condition: string) =>
          runQuery(`SELECT Company FROM Lead WHERE Company ${condition}`, store, { root: '' }).records.map(
            (record) => record.Company,
          )
        const same = (company: unknown) => String(company).toLowerCase() === value.toLowerCase()
        expect(found(`= ${literal(value)}`).every(same)).toBe(true)
        expect(found(`= ${literal(value)}`)).toContain(value)
        expect(found(`LIKE ${like('', value, '')}`)).toContain(value)
        expect(found(`LIKE ${like('', value, '')}`).filter((company) => company === `${value}x`)).toEqual([])
        expect(found(`LIKE ${like('', value, '%')}`)).toContain(`${value}x`)
      }),
      { numRuns: 300 },
    )
  })

  test('writes what Salesforce reserves as its escapes', () => {
    expect(literal("O'Neill \\ Sons\n")).toBe("'O\\'Neill \\\\ Sons\\n'")
    expect(literal('a\u2028b\u0000c\ud800')).toBe("'a\\u2028b\\u0000c\ufffd'")
    expect(like('%.', '50%_off\\', '%')).toBe("'%.50\\%\\_off\\\\%'")
  })
})
