import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { idOf } from '../../sandbox/salesforce/store.ts'
import { callOf, failureOf, requestOf, type Setup, startSetup } from './salesforce/setup.ts'

const user = (serial: number) => idOf('User', serial)
const lead = (serial: number) => ({ type: 'Lead', id: idOf('Lead', serial) })
const queue = idOf('Group', 1)
const person = { LastName: 'Doe', Company: 'Acme' }

let setup: Setup
beforeEach(async () => {
  setup = await startSetup()
})
afterEach(() => setup.sandbox.close())

describe('finding accounts', () => {
  const websites = [
    'https://www.acme.com/about',
    'acme.com',
    'HTTP://SHOP.ACME.COM:8443/',
    'notacme.com',
    'acme.com.br',
    'https://partner.example/acme.com',
    'acme.comics.example',
  ]

  test('takes those of the registrable domain, oldest first, and no look-alikes', async () => {
    setup.load({
      accounts: websites.map((Website, index) => ({
        Id: idOf('Account', index + 1),
        Name: Website,
        Website,
        CreatedDate: `20${20 - index}-01-01T00:00:00.000+0000`,
      })),
    })
    const found = await setup.crm.findAccounts('WWW.Acme.com', callOf())
    expect(found.map((account) => account.name)).toEqual([websites[2], websites[1], websites[0]])
    expect(found[0]).toMatchObject({
      domain: 'acme.com',
      createdAt: '2018-01-01T00:00:00.000Z',
      lastActivityAt: null,
    })
  })

  test('keeps the tenants of a shared host apart', async () => {
    setup.load({
      accounts: ['one', 'two'].map((name) => ({ Name: name, Website: `https://${name}.github.io` })),
    })
    expect(await setup.crm.findAccounts('one.github.io', callOf())).toMatchObject([{ name: 'one' }])
    expect(await setup.crm.findAccounts('github.io', callOf())).toEqual([])
  })

  test('knows both spellings of an international domain', async () => {
    setup.load({
      accounts: ['https://bücher.de', 'http://xn--bcher-kva.de/x'].map((Website) => ({ Name: 'B', Website })),
    })
    expect(await setup.crm.findAccounts('bücher.de', callOf())).toHaveLength(2)
    expect(await setup.crm.findAccounts('xn--bcher-kva.de', callOf())).toHaveLength(2)
  })

  test('tells the relationship and who owns', async () => {
    const accounts = [
      { Type: 'Customer - Direct', OwnerId: user(2), LastActivityDate: '2026-03-04' },
      { Type: 'Prospect', OwnerId: user(3) },
      { OwnerId: user(4) },
      { Type: 'Former Customer', OwnerId: user(1) },
    ].map((account, index) => ({
      Id: idOf('Account', index + 1),
      Name: 'A',
      Website: 'a-corp.com',
      ...account,
    }))
    setup.load({
      users: [
        { Id: user(1), Name: 'Rota Integration' },
        { Id: user(2), Name: 'Anna', Email: 'anna@x.example' },
        { Id: user(3), Name: 'Gone', IsActive: false },
        { Id: user(4), Name: 'Robot', UserType: 'AutomatedProcess' },
      ],
      accounts,
      opportunities: [
        { Name: 'O', StageName: 'Prospecting', AccountId: idOf('Account', 2) },
        { Name: 'L', StageName: 'Closed Lost', IsClosed: true, AccountId: idOf('Account', 3) },
      ],
    })
    expect(await setup.crm.findAccounts('a-corp.com', callOf())).toMatchObject([
      {
        relationship: 'customer',
        lastActivityAt: '2026-03-04T00:00:00.000Z',
        owner: { id: user(2), name: 'Anna', email: 'anna@x.example', active: true, kind: 'person' },
      },
      { relationship: 'open-opportunity', owner: { id: user(3), active: false, kind: 'person' } },
      { relationship: 'prospect', owner: { id: user(4), kind: 'integration' } },
      { relationship: 'prospect', owner: { id: user(1), kind: 'integration' } },
    ])
  })

  test('follows every page', async () => {
    setup.load({
      accounts: Array.from({ length: 25 }, () => ({ Name: 'A', Website: 'a-corp.com' })),
      settings: { pageSize: 10 },
    })
    expect(await setup.crm.findAccounts('a-corp.com', callOf())).toHaveLength(25)
    expect(setup.requests()).toHaveLength(3)
  })

  test.each(['', '   ', 'localhost', '@', '%', "' OR Name != '", 'a b.com'])(
    'refuses the domain "%s" without asking',
    async (domain) => {
      expect(await failureOf(setup.crm.findAccounts(domain, callOf()))).toMatchObject({
        kind: 'invalid-request',
        retryable: false,
      })
      expect(setup.sandbox.ledger.entries()).toEqual([])
    },
  )
})

describe('finding a user by e-mail', () => {
  test('prefers the active one, ignoring case', async () => {
    setup.load({
      users: [
        { Id: user(2), Name: 'Old', Email: 'anna@x.example', IsActive: false },
        { Id: user(3), Name: 'New', Email: 'Anna@X.example' },
      ],
    })
    expect(await setup.crm.findUserByEmail('ANNA@x.example', callOf())).toMatchObject({
      id: user(3),
      active: true,
    })
    expect(await setup.crm.findUserByEmail('nobody@x.example', callOf())).toBeNull()
  })

  test('takes the address as text, backslash and quote included', async () => {
    setup.load({ users: [{ Id: user(2), Name: 'Victim', Email: 'victim@x.example' }] })
    for (const address of ["' OR Name != '", "\\' OR Name != '", '\\', "x\\'"]) {
      expect(await setup.crm.findUserByEmail(address, callOf()), address).toBeNull()
    }
    expect(await failureOf(setup.crm.findUserByEmail(' ', callOf()))).toMatchObject({
      kind: 'invalid-request',
    })
  })
})

describe('finding a record', () => {
  beforeEach(() => {
    setup.load({
      users: [{ Id: user(2), Name: 'Anna' }],
      contacts: [{ Id: idOf('Contact', 1), LastName: 'C', Email: 'contact@x.example', OwnerId: user(2) }],
      leads: [
        { Id: lead(1).id, ...person, Email: 'same@x.example', OwnerId: user(2) },
        { Id: lead(2).id, ...person, Rota_Row_Id__c: 'row_1', Email: 'same@x.example' },
        {
          Id: lead(3).id,
          ...person,
          Email: 'done@x.example',
          IsConverted: true,
          ConvertedContactId: idOf('Contact', 1),
        },
      ],
    })
  })
  const find = (change: Parameters<typeof requestOf>[0]) => setup.crm.findRecord(requestOf(change), callOf())

  test('goes by id, then by row id, then by e-mail', async () => {
    expect(await find({ recordId: lead(1).id.slice(0, 15) })).toMatchObject({ ...lead(1), ownerId: user(2) })
    expect(await find({ email: 'same@x.example' })).toMatchObject(lead(2))
    expect(await find({ externalId: 'row_9', email: 'SAME@x.example' })).toMatchObject(lead(1))
    expect(await find({ externalId: 'row_9', email: 'contact@x.example' })).toMatchObject({
      type: 'Contact',
      id: idOf('Contact', 1),
    })
    expect(await find({ externalId: 'row_9' })).toBeNull()
  })

  test('goes on when the id is of a record that is gone', async () => {
    expect(
      await find({ recordId: lead(77).id, email: 'contact@x.example', externalId: 'row_9' }),
    ).toMatchObject({
      type: 'Contact',
    })
  })

  test('gives the contact of a converted lead, and a link that leads somewhere', async () => {
    const found = await find({ recordId: lead(3).id })
    expect(found).toMatchObject({ type: 'Contact', id: idOf('Contact', 1) })
    expect((await fetch(found?.url ?? '')).status).toBe(200)
    expect(await find({ externalId: 'row_9', email: 'done@x.example' })).toBeNull()
  })

  test('asks nothing when there is nothing to go by', async () => {
    expect(await find({ externalId: '', email: ' ' })).toBeNull()
    expect(setup.sandbox.ledger.entries()).toEqual([])
  })
})

describe('creating a record', () => {
  test('twice makes one lead, without the assignment rule taking it', async () => {
    setup.load({ queues: [{ Id: queue, Name: 'Triage' }], settings: { assignLeadsTo: queue } })
    const request = requestOf({
      firstName: 'Jo',
      lastName: 'Doe',
      company: 'Acme',
      email: 'jo@acme.example',
      website: 'acme.example',
    })
    const first = await setup.crm.createRecord(request, callOf())
    const second = await setup.crm.createRecord(request, callOf())
    expect(second).toEqual(first)
    expect(first.ownerId?.startsWith('005')).toBe(true)
    expect(setup.sandbox.ledger.entries({ effect: 'record-created' })).toHaveLength(1)
    expect(await setup.crm.findRecord(requestOf(), callOf())).toEqual(first)
  })

  test('fills what Salesforce demands and clips what is too long', async () => {
    await setup.crm.createRecord(requestOf({ company: ` ${'x'.repeat(300)} ` }), callOf())
    expect(setup.sandbox.ledger.entries({ effect: 'record-created' })[0]?.body).toEqual({
      LastName: '[not provided]',
      Company: 'x'.repeat(255),
    })
  })

  test.each(['row/../../Account', 'a?b=c&d#e', 'ä %2e%2e', "x' OR Name != '"])(
    'keeps the row id %s one path segment',
    async (externalId) => {
      const created = await setup.crm.createRecord(requestOf({ externalId }), callOf())
      expect(setup.sandbox.ledger.entries({ effect: 'record-created' })[0]?.effect).toMatchObject({
        externalId,
      })
      expect(await setup.crm.findRecord(requestOf({ externalId }), callOf())).toEqual(created)
    },
  )

  test.each(['', '.', '..'])('refuses the row id "%s", which would climb up the path', async (externalId) => {
    expect(await failureOf(setup.crm.createRecord(requestOf({ externalId }), callOf()))).toMatchObject({
      kind: 'invalid-request',
    })
    expect(setup.sandbox.ledger.entries()).toEqual([])
  })

  test('stays a success when the owner cannot be read afterwards', async () => {
    setup.sandbox.faults.add({ vendor: 'salesforce', path: '/query', kind: 'status', status: 503 })
    expect(await setup.crm.createRecord(requestOf(), callOf())).toMatchObject({ type: 'Lead', ownerId: null })
  })
})

describe('writing an owner', () => {
  test('is one update with the fields, that no assignment rule undoes', async () => {
    const fields = { Rota_Reason__c: 'territory EMEA', Rota_Segment__c: 'Enterprise' }
    await setup.crm.writeOwner(lead(1), { ownerId: user(2), fields }, callOf())
    expect(setup.requests()).toEqual([`PATCH /services/data/v64.0/sobjects/Lead/${lead(1).id}`])
    const [entry] = setup.sandbox.ledger.entries({ effect: 'owner-written' })
    expect(entry?.body).toEqual({ ...fields, OwnerId: user(2) })
    expect(entry?.effect).toMatchObject({ record: lead(1).id, owner: user(2), previous: queue })
    expect(await setup.crm.readRecord(lead(1), callOf())).toMatchObject({ ownerId: user(2) })
  })

  test('can be a queue', async () => {
    await setup.crm.writeOwner(lead(1), { ownerId: queue }, callOf())
    expect(await setup.crm.readRecord(lead(1), callOf())).toMatchObject({ ownerId: queue })
  })

  test('to somebody inactive says so', async () => {
    const failure = await failureOf(setup.crm.writeOwner(lead(1), { ownerId: user(7) }, callOf()))
    expect(failure).toMatchObject({ kind: 'inactive-owner', retryable: false, outcomeUnknown: false })
    expect(failure.message).toContain(user(7))
  })

  test('of a record that is gone says so, and reading it gives null', async () => {
    setup.sandbox.vendors.salesforce?.load({})
    expect(await failureOf(setup.crm.writeOwner(lead(1), { ownerId: user(1) }, callOf()))).toMatchObject({
      kind: 'not-found',
    })
    expect(await setup.crm.readRecord(lead(1), callOf())).toBeNull()
  })

  test.each([
    [{ type: 'Lead', id: '00Qx/../../Account/001y?_HttpMethod=DELETE' }, user(2), {}],
    [{ type: 'Lead', id: idOf('Account', 1) }, user(2), {}],
    [{ type: 'Lead/../Account', id: lead(1).id }, user(2), {}],
    [{ type: 'User', id: user(3) }, user(2), {}],
    [lead(1), '', {}],
    [lead(1), lead(2).id, {}],
    [lead(1), `${user(2).slice(0, 17)}Z`, {}],
    [lead(1), user(2), { OwnerId: user(3) }],
    [lead(1), user(2), { 'a b': 'x' }],
  ])('refuses %j to %s with %j before anything leaves', async (record, ownerId, fields) => {
    expect(await failureOf(setup.crm.writeOwner(record, { ownerId, fields }, callOf()))).toMatchObject({
      kind: 'invalid-request',
      retryable: false,
      outcomeUnknown: false,
    })
    expect(setup.sandbox.ledger.entries()).toEqual([])
  })
})

describe('a cadence', () => {
  const request = (change = {}) => ({
    sequence: 'Inbound SMB',
    record: lead(1),
    email: null,
    sender: { email: 'anna.keller@rota.example', crmUserId: null },
    ...change,
  })

  test('takes a lead once, in the name of the rep', async () => {
    expect(await setup.cadences.find(request(), callOf())).toEqual({ state: 'absent' })
    const first = await setup.cadences.enrol(request(), callOf())
    const second = await setup.cadences.enrol(
      request({ sender: { email: '', crmUserId: user(3) } }),
      callOf(),
    )
    expect(second).toEqual(first)
    expect(await setup.cadences.find(request(), callOf())).toEqual({ state: 'found', value: first })
    expect(setup.sandbox.ledger.entries({ effect: 'enrolled' }).map((entry) => entry.effect)).toMatchObject([
      { record: lead(1).id, sender: user(2), enrolment: first.id },
    ])
  })

  test('is found by its id as well as by its name', async () => {
    await setup.cadences.enrol(request({ sequence: idOf('ActionCadence', 2) }), callOf())
    expect(await setup.cadences.find(request({ sequence: 'Inbound Mid-Market' }), callOf())).toMatchObject({
      state: 'found',
    })
    expect(
      await setup.cadences.find(request({ sequence: idOf('ActionCadence', 2) }), callOf()),
    ).toMatchObject({ state: 'found' })
    expect(await setup.cadences.find(request({ sequence: 'Inbound SMB' }), callOf())).toEqual({
      state: 'absent',
    })
  })

  test('whose answer is lost is found afterwards', async () => {
    setup.sandbox.faults.add({ vendor: 'salesforce', path: '/actions/', kind: 'after' })
    expect(await failureOf(setup.cadences.enrol(request(), callOf()))).toMatchObject({ outcomeUnknown: true })
    expect(await setup.cadences.find(request(), callOf())).toMatchObject({ state: 'found' })
    await setup.cadences.enrol(request(), callOf())
    expect(setup.sandbox.ledger.entries({ effect: 'enrolled' })).toHaveLength(1)
  })

  test.each([
    ['an unknown cadence', { sequence: 'Nothing' }, 'invalid-request', 'no cadence is called Nothing'],
    ['an unknown rep', { sender: { email: 'x@y.example', crmUserId: null } }, 'inactive-owner', 'is no user'],
    [
      'a rep who left',
      { sender: { email: 'frank.leaver@rota.example', crmUserId: null } },
      'inactive-owner',
      'inactive',
    ],
    ['a rep who left, by id', { sender: { email: '', crmUserId: user(7) } }, 'inactive-owner', user(7)],
    [
      'an account',
      { record: { type: 'Account', id: idOf('Account', 1) } },
      'invalid-request',
      'Lead or Contact',
    ],
    ['an empty name', { sequence: ' ' }, 'invalid-request', 'empty'],
  ])('refuses %s', async (_, change, kind, words) => {
    const failure = await failureOf(setup.cadences.enrol(request(change), callOf()))
    expect(failure).toMatchObject({ kind, retryable: false, outcomeUnknown: false })
    expect(failure.message).toContain(words)
    expect(setup.sandbox.ledger.entries({ effect: 'enrolled' })).toEqual([])
  })

  test('shares the login of the CRM', async () => {
    await setup.crm.readRecord(lead(1), callOf())
    await setup.cadences.find(request(), callOf())
    expect(setup.sandbox.ledger.entries().filter((entry) => entry.path.includes('/oauth2'))).toHaveLength(1)
  })
})
