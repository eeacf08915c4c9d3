import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { salesforce } from '../../../connectors/salesforce.ts'
import { idOf } from '../../../sandbox/salesforce/store.ts'
import { callOf, failureOf, type Setup, startSetup } from './setup.ts'

const user = (serial: number) => idOf('User', serial)
const account = (serial: number) => idOf('Account', serial)
const users = [
  { Id: user(1), Name: 'Rota Integration' },
  { Id: user(2), Name: 'Anna', Email: 'anna@rota.example' },
  { Id: user(3), Name: 'Ben', Email: 'ben@rota.example', IsActive: false },
]

let setup: Setup
beforeEach(async () => {
  setup = await startSetup()
})
afterEach(() => setup.sandbox.close())

const withAliases = (aliasField: string) =>
  salesforce({ loginUrl: `${setup.sandbox.url}/salesforce`, clientId: 'rota', clientSecret: 'x', aliasField })

describe('an account of Salesforce', () => {
  test('comes with its website and with its parent and the parent’s owner (trap 55)', async () => {
    setup.load({
      users,
      accounts: [
        { Id: account(1), Name: 'Group', OwnerId: user(3) },
        {
          Id: account(2),
          Name: 'Daughter',
          Website: 'https://daughter.com/x',
          OwnerId: user(2),
          ParentId: account(1),
        },
      ],
    })
    expect(await setup.crm.findAccounts('daughter.com', callOf())).toMatchObject([
      {
        id: account(2),
        domain: 'daughter.com',
        website: 'https://daughter.com/x',
        aliases: [],
        owner: { id: user(2) },
        parent: { id: account(1), name: 'Group', ownerId: user(3), owner: { name: 'Ben', active: false } },
        mergedInto: null,
      },
    ])
  })

  test('is found by a further domain where the org has a field for those (trap 39)', async () => {
    setup.load({
      users,
      accounts: [
        { Name: 'Acme', Website: 'acme.com', Domain_Aliases__c: 'https://www.acme.de; acme-group.io' },
        { Name: 'Look-alike', Website: 'other.com', Domain_Aliases__c: 'notacme.de, acme.de.example' },
      ],
    })
    const crm = withAliases('Domain_Aliases__c')
    for (const domain of ['acme.de', 'acme-group.io', 'acme.com']) {
      expect(await crm.findAccounts(domain, callOf())).toMatchObject([
        { name: 'Acme', domain: 'acme.com', aliases: ['acme.de', 'acme-group.io'] },
      ])
    }
    expect(await setup.crm.findAccounts('acme.de', callOf())).toEqual([])
  })

  test('is not looked for through a setting that is no field name', async () => {
    const crm = withAliases('Name FROM Account WHERE')
    expect(await failureOf(crm.findAccounts('acme.com', callOf()))).toMatchObject({ kind: 'invalid-request' })
    expect(setup.requests()).toEqual([])
  })
})

describe('accounts by name', () => {
  const names = [
    'Acme Robotics Inc',
    'Robotics of Acme',
    'Acmee Robotiks',
    'Northwind',
    "O'Neill \\ Sons",
    '100% Pure',
  ]
  beforeEach(() => {
    setup.load({ users, accounts: names.map((Name) => ({ Name, Website: null })) })
  })
  const find = async (name: string) =>
    (await setup.crm.findAccountsByName(name, callOf())).map((each) => each.name)

  test('share every word, and failing that the beginning of one', async () => {
    expect(await find('ACME Robotics GmbH')).toEqual(['Acme Robotics Inc', 'Robotics of Acme'])
    expect(await find('Acmes Robotica')).toEqual(
      expect.arrayContaining(['Acme Robotics Inc', 'Acmee Robotiks']),
    )
    expect(await find('Nortwind')).toEqual(['Northwind'])
    expect(await find('Zebra')).toEqual([])
  })

  test('are looked for by text, quote, backslash and wildcard included', async () => {
    expect(await find("O'Neill \\ Sons")).toEqual(["O'Neill \\ Sons"])
    for (const name of ['%', '___', "' OR Name != '", '\\'])
      expect(await find(name), name).not.toContain('Northwind')
    expect(await find('100% Pure')).toEqual(['100% Pure'])
  })

  test('are not asked for without a word', async () => {
    for (const name of ['', '  ', '-', '🙂']) expect(await find(name)).toEqual([])
    expect(setup.sandbox.ledger.entries()).toEqual([])
  })
})

describe('accounts of a contact', () => {
  test('are those of every contact with the address, and none without one', async () => {
    setup.load({
      users,
      accounts: [
        { Id: account(1), Name: 'One', OwnerId: user(2) },
        { Id: account(2), Name: 'Two' },
      ],
      contacts: [
        { LastName: 'A', Email: 'jo@x.example', AccountId: account(1) },
        { LastName: 'B', Email: 'JO@x.example', AccountId: account(2) },
        { LastName: 'C', Email: 'jo@x.example' },
        { LastName: 'D', Email: 'no@x.example' },
      ],
    })
    const find = async (email: string) =>
      (await setup.crm.findContactAccounts(email, callOf())).map(({ name }) => name)
    expect((await find('Jo@x.example')).sort()).toEqual(['One', 'Two'])
    expect(await find('no@x.example')).toEqual([])
    expect(await find("' OR Email != '")).toEqual([])
    const asked = setup.requests().length
    expect(await find('  ')).toEqual([])
    expect(setup.requests()).toHaveLength(asked)
  })
})

describe('reading an account', () => {
  beforeEach(() => {
    setup.load({
      users,
      accounts: [
        { Id: account(1), Name: 'Stays', Website: 'acme.com', OwnerId: user(2) },
        { Id: account(2), Name: 'Merged', Website: 'acme.com', IsDeleted: true, MasterRecordId: account(1) },
        { Id: account(3), Name: 'Merged before', IsDeleted: true, MasterRecordId: account(2) },
        { Id: account(4), Name: 'Deleted', IsDeleted: true },
      ],
    })
  })

  test('follows merges to the account that goes on (trap 58)', async () => {
    for (const id of [account(1), account(2), account(3), account(3).slice(0, 15)]) {
      expect(await setup.crm.readAccount(id, callOf())).toMatchObject({
        id: account(1),
        name: 'Stays',
        mergedInto: null,
      })
    }
    expect(await setup.crm.findAccounts('acme.com', callOf())).toMatchObject([{ id: account(1) }])
  })

  test('finds none that was deleted or never was, and refuses what is no account id', async () => {
    expect(await setup.crm.readAccount(account(4), callOf())).toBeNull()
    expect(await setup.crm.readAccount(account(99), callOf())).toBeNull()
    for (const id of ['', '1/../2', user(2)]) {
      expect(await failureOf(setup.crm.readAccount(id, callOf()))).toMatchObject({ kind: 'invalid-request' })
    }
  })
})

describe('the owner of a record', () => {
  test('is told with it, a queue as such (traps 44 and 48)', async () => {
    const lead = (serial: number) => ({ type: 'Lead', id: idOf('Lead', serial) })
    setup.load({
      users,
      queues: [{ Id: idOf('Group', 1), Name: 'Triage' }],
      leads: [
        {
          ...{ LastName: 'L', Company: 'C' },
          Id: lead(1).id,
          OwnerId: user(2),
          LastActivityDate: '2026-03-04',
        },
        { ...{ LastName: 'L', Company: 'C' }, Id: lead(2).id, OwnerId: user(3) },
        { ...{ LastName: 'L', Company: 'C' }, Id: lead(3).id, OwnerId: idOf('Group', 1) },
        { ...{ LastName: 'L', Company: 'C' }, Id: lead(4).id, OwnerId: user(1) },
      ].map((each) => ({ CreatedDate: '2026-01-02T03:04:05.000+0000', ...each })),
      contacts: [{ Id: idOf('Contact', 1), LastName: 'C', OwnerId: user(1) }],
    })
    const read = (record: { type: string; id: string }) => setup.crm.readRecord(record, callOf())
    expect(await read(lead(1))).toMatchObject({
      ownerId: user(2),
      owner: { name: 'Anna', email: 'anna@rota.example', active: true, kind: 'person' },
      lastActivityAt: '2026-03-04T00:00:00.000Z',
      createdAt: '2026-01-02T03:04:05.000Z',
    })
    expect(await read(lead(2))).toMatchObject({ owner: { active: false }, lastActivityAt: null })
    expect(await read(lead(3))).toMatchObject({ owner: { name: 'Triage', kind: 'queue' } })
    expect(await read(lead(4))).toMatchObject({ owner: { kind: 'integration' } })
    expect(await read({ type: 'Contact', id: idOf('Contact', 1) })).toMatchObject({
      owner: { kind: 'integration' },
    })
  })
})
