import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TableError } from '../../columns/errors.ts'
import { type FindAccountOptions, type FoundAccount, findAccount } from '../../columns/find-account.ts'
import type { Crm, CrmAccount } from '../../columns/ports.ts'
import { hubspot } from '../../connectors/hubspot.ts'
import { salesforce } from '../../connectors/salesforce.ts'
import { idOf } from '../../sandbox/salesforce/store.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { crmWith, failureIn } from './ports.ts'
import { failureOf, run } from './running.ts'

interface Row {
  accountId: string | null
  email: string | null
  domain: string | null
  name: string | null
}
const nothing: Row = { accountId: null, email: null, domain: null, name: null }
const ana = { id: 'u1', name: 'Ana', email: 'ana@ours.example', active: true, kind: 'person' } as const
const bo = { ...ana, id: 'u2', name: 'Bo', email: 'bo@ours.example' }
const account = (id: string, over: Partial<CrmAccount> = {}): CrmAccount => ({
  id,
  name: `Account ${id}`,
  domain: 'acme.com',
  website: null,
  aliases: [],
  relationship: 'prospect',
  owner: ana,
  parent: null,
  mergedInto: null,
  lastActivityAt: null,
  createdAt: '2025-01-01T00:00:00Z',
  ...over,
})

type Options = FindAccountOptions<Row, keyof Row, never>
const everything = {
  accountId: (row) => row.accountId,
  email: (row) => row.email,
  domain: (row) => row.domain,
  name: (row) => row.name,
} satisfies Partial<Options>
const column = (crm: Crm, options: Partial<Options>) =>
  findAccount<Row, keyof Row>({ reads: ['accountId', 'email', 'domain', 'name'], crm, ...options })

/** A CRM with these answers, which notes what it was asked for. */
function crmOf(answers: {
  id?: CrmAccount
  contact?: CrmAccount[]
  domain?: CrmAccount[]
  name?: CrmAccount[]
}) {
  const asked: string[] = []
  const note = <Answer>(what: string, answer: Answer) => {
    asked.push(what)
    return Promise.resolve(answer)
  }
  const crm = crmWith({
    readAccount: (id) => note(`id ${id}`, answers.id ?? null),
    findContactAccounts: (email) => note(`contact ${email}`, answers.contact ?? []),
    findAccounts: (domain) => note(`domain ${domain}`, answers.domain ?? []),
    findAccountsByName: (name) => note(`name ${name}`, answers.name ?? []),
  })
  return { crm, asked }
}
const find = (crm: Crm, row: Partial<Row>, options: Partial<Options> = everything) =>
  run(column(crm, options), { ...nothing, ...row })

describe('a find-account column by domain', () => {
  const byDomain = (accounts: CrmAccount[], domain: string | null = 'acme.com') =>
    find(
      crmWith({ findAccounts: async (asked) => accounts.filter((each) => each.domain === asked) }),
      { domain },
      { domain: everything.domain },
    )

  it.each([
    [
      'open opportunity before customer before prospect',
      [
        account('a'),
        account('b', { relationship: 'customer' }),
        account('c', { relationship: 'open-opportunity' }),
      ],
      'c',
    ],
    [
      'an owner who can work it',
      [
        account('a', { owner: { ...ana, active: false } }),
        account('b', { owner: { ...ana, kind: 'queue' } }),
        account('c'),
      ],
      'c',
    ],
    [
      'most recent activity',
      [
        account('a'),
        account('b', { lastActivityAt: '2026-01-01T00:00:00Z' }),
        account('c', { lastActivityAt: '2025-06-01T00:00:00Z' }),
      ],
      'b',
    ],
    ['oldest account', [account('a'), account('b', { createdAt: '2024-01-01T00:00:00Z' })], 'b'],
    ['lowest id', [account('b'), account('a')], 'a'],
  ])('of several takes one by %s, whatever order they come in (trap 40)', async (tieBreak, accounts, id) => {
    for (const given of [accounts, accounts.toReversed()]) {
      const outcome = await byDomain(given)
      expect(outcome).toMatchObject({
        status: 'done',
        value: { id, match: { tieBreak } },
        detail: { tieBreak },
      })
      expect(outcome.detail).toMatchObject({
        candidates: expect.arrayContaining(accounts.map((each) => expect.objectContaining({ id: each.id }))),
      })
    }
  })

  it('of one takes that, with no tie to break', async () => {
    expect(await byDomain([account('a')])).toMatchObject({
      value: { id: 'a', owner: ana, match: { by: 'domain', tieBreak: null, conflict: null, review: null } },
      detail: { tieBreak: null },
    })
  })

  it('finds nothing without a domain and without an account', async () => {
    expect(await byDomain([])).toMatchObject({
      status: 'no-result',
      reason: expect.stringContaining('acme.com'),
    })
    expect(await byDomain([account('a')], null)).toMatchObject({ status: 'no-result' })
    expect(await byDomain([account('a', { domain: '' })], '')).toMatchObject({ status: 'no-result' })
  })

  it('never matches by the domain of a free or disposable mailbox, nor by a shared one (trap 39)', async () => {
    for (const domain of ['gmail.com', 'yahoo.co.uk', 'mailinator.com', 'franchise.example']) {
      const { crm, asked } = crmOf({ domain: [account('a', { domain })] })
      const outcome = await find(crm, { domain }, { ...everything, sharedDomains: ['franchise.example'] })
      expect(outcome, domain).toMatchObject({
        status: 'no-result',
        reason: 'there is nothing to find an account by',
      })
      expect(asked).toEqual([])
    }
  })
})

describe('a find-account column with several matchers', () => {
  const lead = { accountId: '42', email: 'jo@acme.com', domain: 'acme.com', name: 'Acme' }

  it('asks for what is less sure only while nothing is certain', async () => {
    const byId = crmOf({ id: account('42') })
    expect(await find(byId.crm, lead)).toMatchObject({ value: { id: '42', match: { by: 'account-id' } } })
    expect(byId.asked).toEqual(['id 42'])
    const byName = crmOf({ name: [account('a', { name: 'ACME Ltd', domain: null })] })
    expect(await find(byName.crm, lead)).toMatchObject({ value: { id: 'a', match: { by: 'name' } } })
    expect(byName.asked).toEqual(['id 42', 'contact jo@acme.com', 'domain acme.com', 'name Acme'])
  })

  it('says everything it looked for when there is none', async () => {
    const { reason } = await find(crmOf({}).crm, lead)
    for (const part of ['testcrm', '42', 'jo@acme.com', 'domain acme.com', '"Acme"'])
      expect(reason).toContain(part)
  })

  it.each([
    ['always', 'customer', ['contact jo@acme.com', 'domain acme.com']],
    ['fallback', 'contact', ['contact jo@acme.com']],
    ['never', 'contact', ['contact jo@acme.com']],
  ] as const)('holds to the domain policy "%s" (trap 39)', async (domains, id, expected) => {
    const { crm, asked } = crmOf({
      contact: [account('contact')],
      domain: [account('customer', { relationship: 'customer' })],
    })
    const outcome = await find(crm, { ...lead, accountId: null, name: null }, { ...everything, domains })
    expect(outcome).toMatchObject({ value: { id } })
    expect(asked).toEqual(expected)
  })

  it('asks by domain under "fallback" when the contact is none, and under "never" at no time', async () => {
    const answers = { domain: [account('a')] }
    const fallback = await find(
      crmOf(answers).crm,
      { ...lead, accountId: null },
      { ...everything, domains: 'fallback' },
    )
    expect(fallback).toMatchObject({ value: { id: 'a' } })
    const never = crmOf(answers)
    const outcome = await find(never.crm, { ...lead, accountId: null }, { ...everything, domains: 'never' })
    expect(outcome).toMatchObject({ status: 'no-result' })
    expect(never.asked).toEqual(['contact jo@acme.com', 'name Acme'])
  })

  it('gives no owner while a person has to say which account it is', async () => {
    const alike = account('a', { name: 'Acme Robotic', domain: null })
    const outcome = await find(crmOf({ name: [alike] }).crm, { name: 'Acme Robotics' })
    expect(outcome).toMatchObject({
      status: 'done',
      value: {
        id: 'a',
        owner: null,
        match: { by: 'fuzzy-name', review: { candidates: [{ id: 'a', owner: 'Ana' }] } },
      },
    })
    const sure = await find(
      crmOf({ name: [alike] }).crm,
      { name: 'Acme Robotics' },
      { ...everything, certainAt: 0.8 },
    )
    expect(sure).toMatchObject({ value: { id: 'a', owner: ana, match: { review: null } } })
  })

  it('keeps the owner beside the conflict with the parent’s (trap 55)', async () => {
    const parent = { id: 'p', name: 'Group', ownerId: bo.id, owner: bo }
    const outcome = await find(crmOf({ domain: [account('a', { parent })] }).crm, { domain: 'acme.com' })
    expect(outcome).toMatchObject({
      value: {
        owner: ana,
        match: { conflict: expect.stringContaining('Bo'), review: { candidates: [{}, { owner: 'Bo' }] } },
      },
    })
  })

  it('reads the account that took in the one it found (trap 58)', async () => {
    const { crm, asked } = crmOf({
      id: account('stays', { domain: 'other.com' }),
      domain: [account('gone', { mergedInto: 'stays' })],
    })
    const outcome = await find(crm, { domain: 'acme.com' })
    expect(outcome).toMatchObject({ value: { id: 'stays', match: { by: 'domain', score: 0.98 } } })
    expect(asked).toEqual(['domain acme.com', 'id stays'])
  })

  it('does not take placeholders for a name, and passes a failure of the CRM on', async () => {
    for (const name of ['n/a', 'self-employed', ' ', 'test']) {
      expect(await find(crmOf({}).crm, { name })).toMatchObject({
        reason: 'there is nothing to find an account by',
      })
    }
    const down = failureIn('unavailable', true)
    expect(
      await failureOf(find(crmWith({ findAccounts: () => Promise.reject(down) }), { domain: 'acme.com' })),
    ).toBe(down)
  })

  it.each([
    { certainAt: 0.5, reviewAt: 0.6 },
    { certainAt: 1.1 },
    { reviewAt: 0 },
    { certainAt: Number.NaN },
  ])('refuses the thresholds %o when it is defined', (thresholds) => {
    expect(() => column(crmWith({}), { ...everything, ...thresholds })).toThrow(TableError)
  })

  it('is refused when it is defined without anything to find by', () => {
    expect(() => column(crmWith({}), {})).toThrow('nothing to find an account by')
  })

  it('is another version when thresholds or policy change', () => {
    const versions = [
      {},
      { certainAt: 0.95 },
      { domains: 'never' as const },
      { sharedDomains: ['x.com'] },
    ].map((change) => column(crmWith({}), { ...everything, ...change }).version)
    expect(new Set(versions).size).toBe(4)
  })

  it('answers what its output describes', async () => {
    const outcome = await find(crmOf({ domain: [account('a'), account('b')] }).crm, { domain: 'acme.com' })
    const { output } = column(crmWith({}), everything)
    const value = outcome.status === 'done' ? outcome.value : null
    const parsed: FoundAccount | undefined = output?.parse(value)
    expect(parsed).toEqual(value)
  })
})

describe('a find-account column over the real connectors', () => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await startSandbox()
    sandbox.vendors.salesforce?.load({
      users: [
        { Id: idOf('User', 1), Name: 'Rota Integration' },
        { Id: idOf('User', 2), Name: 'Ana', Email: 'ana@ours.example' },
      ],
      accounts: [
        {
          Id: idOf('Account', 1),
          Name: 'Old Employer',
          Website: 'old.com',
          OwnerId: idOf('User', 2),
          Type: 'Customer',
        },
        {
          Id: idOf('Account', 2),
          Name: 'Müller Söhne GmbH',
          Website: 'https://www.mueller.de',
          OwnerId: idOf('User', 2),
        },
      ],
      contacts: [{ LastName: 'Jo', Email: 'jo@mueller.de', AccountId: idOf('Account', 1) }],
    })
    sandbox.vendors.hubspot?.load({
      owners: [{ id: '1', email: 'ana@ours.example', firstName: 'Ana' }],
      companies: [
        {
          id: '10',
          properties: {
            name: 'Old Employer',
            domain: 'old.com',
            hubspot_owner_id: '1',
            lifecyclestage: 'customer',
          },
        },
        { id: '11', properties: { name: 'Müller Söhne GmbH', domain: 'mueller.de', hubspot_owner_id: '1' } },
      ],
      contacts: [{ properties: { email: 'jo@mueller.de', associatedcompanyid: '10' } }],
    })
  })
  afterAll(() => sandbox.close())
  const crms = {
    salesforce: () =>
      salesforce({ loginUrl: `${sandbox.url}/salesforce`, clientId: 'rota', clientSecret: 'x' }),
    hubspot: () => hubspot({ accessToken: 'x', baseUrl: `${sandbox.url}/hubspot` }),
  }

  it.each(['salesforce', 'hubspot'] as const)(
    'follows a person to the new company in %s (trap 59)',
    async (vendor) => {
      const outcome = await find(crms[vendor](), { email: 'jo@mueller.de', domain: 'mueller.de' })
      expect(outcome).toMatchObject({
        value: { name: 'Müller Söhne GmbH', owner: { name: 'Ana' }, match: { by: 'domain' } },
      })
      const leftBehind = await find(crms[vendor](), { email: 'jo@mueller.de' })
      expect(leftBehind).toMatchObject({
        value: { name: 'Old Employer', owner: null, match: { by: 'contact', score: 0.8 } },
      })
    },
  )

  it.each(['salesforce', 'hubspot'] as const)(
    'knows a name in %s, and leaves a similar one to a person',
    async (vendor) => {
      expect(await find(crms[vendor](), { name: 'Müller & Söhne' })).toMatchObject({
        value: {
          owner: null,
          match: { by: 'fuzzy-name', review: { candidates: [{ name: 'Müller Söhne GmbH' }] } },
        },
      })
      expect(await find(crms[vendor](), { name: 'MÜLLER SÖHNE' })).toMatchObject({
        value: { match: { by: 'name' } },
      })
      expect(await find(crms[vendor](), { name: 'Zebra Foods' })).toMatchObject({ status: 'no-result' })
    },
  )
})
