import { parseQuery } from '@jetstreamapp/soql-parser-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runQuery } from '../../../sandbox/salesforce/soql.ts'
import { candidates } from '../../../sandbox/salesforce/soql-match.ts'
import { predicateOf } from '../../../sandbox/salesforce/soql-where.ts'
import { buildOrg, SalesforceState } from '../../../sandbox/salesforce/state.ts'
import { idOf } from '../../../sandbox/salesforce/store.ts'
import { startOrg, type TestOrg } from './org.ts'

const user = (serial: number) => idOf('User', serial)
const account = (serial: number) => idOf('Account', serial)

let org: TestOrg
beforeAll(async () => {
  org = await startOrg()
  org.load({
    users: [
      { Id: user(1), Name: 'Rota Integration' },
      { Id: user(2), Name: 'Anna', Email: 'anna@rota.example' },
    ],
    queues: [{ Id: idOf('Group', 1), Name: 'Triage' }],
    accounts: [
      {
        Id: account(1),
        Name: 'Acme',
        Website: 'https://www.acme.example/x',
        OwnerId: user(2),
        NumberOfEmployees: 12,
      },
      {
        Id: account(2),
        Name: 'b_100%',
        Website: null,
        NumberOfEmployees: 200,
        CreatedDate: '2024-05-01T10:00:00.000+0000',
      },
      {
        Id: account(3),
        Name: "O'Neill \\ Sons",
        Website: 'notacme.example',
        CreatedDate: '2025-05-01T10:00:00.000+0000',
      },
    ],
    opportunities: [
      { Name: 'Open', StageName: 'Prospecting', AccountId: account(1) },
      { Name: 'Lost', StageName: 'Closed Lost', IsClosed: true, AccountId: account(2) },
    ],
    leads: [
      { Id: idOf('Lead', 1), LastName: 'A', Company: 'One', Email: 'A@x.example', OwnerId: idOf('Group', 1) },
      { Id: idOf('Lead', 2), LastName: 'B', Company: 'Two', Email: 'b@x.example', OwnerId: user(2) },
      { Id: idOf('Lead', 3), LastName: 'C', Company: 'Two', Rota_Row_Id__c: 'row_3' },
    ],
    settings: { pageSize: 2 },
  })
})
afterAll(() => org.sandbox.close())

async function names(where: string): Promise<string[]> {
  const answer = await org.query(`SELECT Name FROM Account WHERE ${where}`)
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  return answer.body.records.map((record: { Name: string }) => record.Name)
}

describe('WHERE', () => {
  test.each([
    ["Name = 'ACME'", ['Acme']],
    ["Name != 'acme' AND NumberOfEmployees >= 200", ['b_100%']],
    ["Website LIKE '%.acme.example%'", ['Acme']],
    ["Website LIKE 'acme%'", []],
    ["Name LIKE 'b\\_100\\%'", ['b_100%']],
    ["Name LIKE '_cme'", ['Acme']],
    ["Name = 'O\\'Neill \\\\ Sons'", ["O'Neill \\ Sons"]],
    ["Name = '\\u0041cme'", ['Acme']],
    ['Website = null', ['b_100%']],
    ["Name IN ('acme', 'none')", ['Acme']],
    ["Name NOT IN ('acme') AND Website != null", ["O'Neill \\ Sons"]],
    ['CreatedDate > 2024-12-31T00:00:00Z AND CreatedDate < 2025-12-31T00:00:00+01:00', ["O'Neill \\ Sons"]],
    ["(Name = 'Acme' OR Name = 'b_100%') AND (NOT NumberOfEmployees = 12)", ['b_100%']],
    ["Owner.Email = 'anna@rota.example'", ['Acme']],
    [`OwnerId = '${user(2).slice(0, 15)}'`, ['Acme']],
  ])('%s', async (where, expected) => {
    expect(await names(where)).toEqual(expected)
  })

  test.each([
    ["Name = 'x", 'MALFORMED_QUERY'],
    ["Name = 'a\\qb'", 'MALFORMED_QUERY'],
    ["Name = 'a' OR Name = 'b' AND Name = 'c'", 'MALFORMED_QUERY'],
    ["Nope = 'x'", 'INVALID_FIELD'],
    ["Owner.Nope = 'x'", 'INVALID_FIELD'],
    ["OwnerId = 'x'", 'INVALID_QUERY_FILTER_OPERATOR'],
  ])('refuses %s', async (where, code) => {
    const answer = await org.query(`SELECT Id FROM Account WHERE ${where}`)
    expect([answer.status, answer.body[0].errorCode]).toEqual([400, code])
  })
})

describe('SELECT', () => {
  test('follows relations, and shows a lead’s owner as a user or a queue', async () => {
    const { body } = await org.query(
      'SELECT Id, Owner.Name, Owner.Type, Owner.IsActive FROM Lead WHERE Company != null ORDER BY LastName LIMIT 2',
    )
    expect(body.records).toMatchObject([
      {
        attributes: { type: 'Lead' },
        Owner: { attributes: { type: 'Name' }, Name: 'Triage', Type: 'Queue' },
      },
      { Owner: { Name: 'Anna', Type: 'User', IsActive: true } },
    ])
  })

  test('takes children along, null when there are none', async () => {
    const { body } = await org.query(
      'SELECT Name, (SELECT Name FROM Opportunities WHERE IsClosed = FALSE) FROM Account ORDER BY Name LIMIT 2',
    )
    expect(body.records).toMatchObject([
      { Name: 'Acme', Opportunities: { totalSize: 1, done: true, records: [{ Name: 'Open' }] } },
      { Name: 'b_100%', Opportunities: null },
    ])
  })

  test('counts', async () => {
    expect((await org.query('SELECT COUNT() FROM Lead')).body).toEqual({
      totalSize: 3,
      done: true,
      records: [],
    })
  })

  test('refuses what it does not do instead of answering wrongly', async () => {
    const grouped = await org.query('SELECT COUNT(Id), Company FROM Lead GROUP BY Company')
    expect([grouped.status, grouped.body[0].errorCode]).toEqual([501, 'SANDBOX_UNSUPPORTED'])
    expect((await org.query('SELECT Id FROM Nothing')).body[0].errorCode).toBe('INVALID_TYPE')
    expect((await org.query('')).body[0].errorCode).toBe('MALFORMED_QUERY')
  })
})

describe('pages', () => {
  test('follow each other to the last record', async () => {
    const first = await org.query('SELECT Id FROM Lead ORDER BY Id')
    expect(first.body).toMatchObject({ totalSize: 3, done: false, records: [{}, {}] })
    const path = String(first.body.nextRecordsUrl).replace('/services/data/v64.0', '')
    const second = await org.ask('GET', path)
    expect(second.body).toMatchObject({ totalSize: 3, done: true, records: [{ Id: idOf('Lead', 3) }] })
    expect((await org.ask('GET', '/query/01gNothing-2-2')).body[0].errorCode).toBe('INVALID_QUERY_LOCATOR')
  })
})

describe('fifty thousand leads', () => {
  const { store } = buildOrg(
    SalesforceState.parse({
      leads: Array.from({ length: 50_000 }, (_, index) => ({
        LastName: `L${index}`,
        Company: 'Many',
        Email: `lead${index}@many.example`,
        Rota_Row_Id__c: `row_${index}`,
      })),
    }),
    0,
  )
  const looksAt = (condition: string) => {
    const { where } = parseQuery(`SELECT Id FROM Lead WHERE ${condition}`)
    return where === undefined ? null : candidates('Lead', predicateOf(where), store)?.length
  }

  test.each([
    [`Id = '${idOf('Lead', 40_000)}'`, 1],
    ["Email = 'LEAD3@many.example'", 1],
    ["Rota_Row_Id__c = 'row_7' OR (Email = 'lead8@many.example' AND IsConverted = FALSE)", 2],
    ["Company = 'Many' AND Email IN ('lead1@many.example', 'lead2@many.example')", 2],
    ["Email = 'nobody@many.example'", 0],
  ])('are not scanned for %s', (condition, count) => {
    expect(looksAt(condition)).toBe(count)
  })

  test('are scanned for what no index covers', () => {
    expect(looksAt("Company = 'Many'")).toBeUndefined()
    expect(looksAt("Email = 'lead1@many.example' OR Company = 'Many'")).toBeUndefined()
    expect(runQuery("SELECT Id FROM Lead WHERE LastName LIKE 'L4999_'", store, { root: '' }).totalSize).toBe(
      10,
    )
  })
})

describe('a long query', () => {
  const ids = (count: number) =>
    Array.from({ length: count }, (_, index) => `'${account(index + 1)}'`).join(',')

  test('of 500 ids fits into the address, one of 1,000 does not', async () => {
    expect((await org.query(`SELECT Id FROM Account WHERE Id IN (${ids(500)})`)).status).toBe(200)
    const address = `${org.sandbox.url}/salesforce/services/data/v64.0/query?q=${ids(1_000)}`
    expect((await fetch(address)).status).toBe(431)
  })
})
