import { Client } from '@hubspot/api-client'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Crm, RecordRequest } from '../../columns/ports.ts'
import { hubspot } from '../../connectors/hubspot.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { timed } from '../support/own-time.ts'
import { until } from '../support/runtime.ts'
import { callWithin as call, deadAddress, failureOf } from './failure-of.ts'

let sandbox: Sandbox
let crm: Crm

const account = {
  tokens: ['pat-good'],
  portalId: 42,
  owners: [
    { id: '77001', email: 'ana@rota.test', firstName: 'Ana', lastName: 'Ruiz', userId: 5001 },
    { id: '77002', email: 'bo@rota.test', firstName: 'Bo', userId: 5002, archived: true },
    { id: '77003', email: 'inbound@rota.test', type: 'QUEUE' },
  ],
  companies: [
    {
      id: '900',
      properties: {
        name: 'Acme',
        domain: 'acme.com',
        lifecyclestage: 'customer',
        hubspot_owner_id: '77001',
        notes_last_updated: '2026-03-01T10:00:00.000Z',
      },
      createdAt: '2025-01-01T00:00:00.000Z',
    },
    { id: '901', properties: { name: 'Acme UK', domain: 'www.acme.com', hubspot_owner_id: '77002' } },
    { id: '902', properties: { name: 'Not Acme', domain: 'notacme.com' } },
  ],
}

const lead: RecordRequest = {
  recordId: null,
  externalId: 'row_1',
  email: 'lead+a@acme.com',
  firstName: 'Lea',
  lastName: 'Doe',
  company: 'Acme',
  website: null,
}

beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())
beforeEach(() => {
  sandbox.ledger.clear()
  sandbox.faults.clear()
  load({})
  crm = hubspot({ accessToken: 'pat-good', baseUrl: `${sandbox.url}/hubspot` })
})

function load(change: Record<string, unknown>) {
  sandbox.vendors.hubspot?.load({ ...account, ...change })
}

function requests(path: string) {
  return sandbox.ledger.entries({ vendor: 'hubspot' }).filter((entry) => entry.path.startsWith(path))
}

function effects(kind: string) {
  return sandbox.ledger.entries({ vendor: 'hubspot', effect: kind }).map((entry) => entry.effect)
}

describe('accounts', () => {
  it('finds the companies of a domain with their owners, the deactivated one marked', async () => {
    const accounts = await crm.findAccounts('acme.com', call())
    expect(accounts).toEqual([
      {
        id: '900',
        name: 'Acme',
        domain: 'acme.com',
        website: 'acme.com',
        aliases: [],
        parent: null,
        mergedInto: null,
        relationship: 'customer',
        owner: { id: '77001', name: 'Ana Ruiz', email: 'ana@rota.test', active: true, kind: 'person' },
        lastActivityAt: '2026-03-01T10:00:00.000Z',
        createdAt: '2025-01-01T00:00:00.000Z',
      },
      expect.objectContaining({
        id: '901',
        relationship: 'prospect',
        owner: expect.objectContaining({ active: false }),
      }),
    ])
  })

  it('refuses an empty domain without asking', async () => {
    const failure = await failureOf(crm.findAccounts('  ', call()))
    expect(failure).toMatchObject({ kind: 'invalid-request', retryable: false })
    expect(sandbox.ledger.entries()).toEqual([])
  })

  it('asks for an owner once, however many companies and calls share it', async () => {
    const companies = Array.from({ length: 250 }, (_, index) => ({
      properties: {
        name: `Acme ${index}`,
        domain: 'acme.com',
        hubspot_owner_id: '77001',
        lifecyclestage: 'opportunity',
      },
    }))
    load({ companies })
    const [one, two] = await Promise.all([
      crm.findAccounts('acme.com', call()),
      crm.findAccounts('acme.com', call()),
    ])
    expect(one).toHaveLength(250)
    expect(two.every((each) => each.relationship === 'open-opportunity')).toBe(true)
    expect(requests('/crm/v3/owners/')).toHaveLength(1)
  })
})

describe('users', () => {
  it('finds active and deactivated people and queues by e-mail', async () => {
    expect(await crm.findUserByEmail('ANA@rota.test', call())).toMatchObject({ id: '77001', active: true })
    expect(await crm.findUserByEmail('bo@rota.test', call())).toMatchObject({ id: '77002', active: false })
    expect(await crm.findUserByEmail('inbound@rota.test', call())).toMatchObject({ kind: 'queue' })
    expect(await crm.findUserByEmail('nobody@rota.test', call())).toBeNull()
  })
})

describe('records', () => {
  it('creates one contact however often it is told to', async () => {
    const first = await crm.createRecord(lead, call())
    const again = await crm.createRecord(lead, call())
    expect(again).toEqual(first)
    expect(first.url).toBe(`https://app.hubspot.com/contacts/42/record/0-1/${first.id}`)
    expect(effects('record-created')).toEqual([{ kind: 'record-created', record: first.id }])
  })

  it('finds a contact by id, by row id and by e-mail', async () => {
    load({
      contacts: [
        { id: '1', properties: { email: 'one@acme.com' } },
        { id: '2', properties: { rota_row_id: 'row_2', email: 'two@acme.com' } },
        { id: '3', properties: { email: lead.email, hubspot_owner_id: '77001' } },
      ],
    })
    expect(await crm.findRecord({ ...lead, recordId: '1' }, call())).toMatchObject({ id: '1', ownerId: null })
    expect(await crm.findRecord({ ...lead, externalId: 'row_2' }, call())).toMatchObject({ id: '2' })
    expect(await crm.findRecord(lead, call())).toMatchObject({ id: '3', type: 'contact', ownerId: '77001' })
    expect(await crm.findRecord({ ...lead, email: null }, call())).toBeNull()
  })

  it('creating again tells the owner that the contact has got meanwhile', async () => {
    const record = await crm.createRecord(lead, call())
    await crm.writeOwner(record, { ownerId: '77001' }, call())
    expect(await crm.createRecord(lead, call())).toEqual({
      ...record,
      ownerId: '77001',
      owner: { id: '77001', name: 'Ana Ruiz', email: 'ana@rota.test', active: true, kind: 'person' },
    })
  })

  it('takes the contact that already has the e-mail instead of making a second one', async () => {
    load({ contacts: [{ id: '3', properties: { email: lead.email, hubspot_owner_id: '77001' } }] })
    expect(await crm.createRecord(lead, call())).toMatchObject({ id: '3', ownerId: '77001' })
    expect(effects('record-created')).toEqual([])
  })

  it('puts a contact it creates under the company in the same request', async () => {
    const { id } = await crm.createRecord({ ...lead, accountId: '902' }, call())
    expect(requests('/crm/v3/objects/contacts').filter(({ method }) => method === 'POST')).toHaveLength(1)
    expect(await crm.findContactAccounts('lead+a@acme.com', call())).toMatchObject([{ id: '902' }])
    expect(effects('record-created')).toEqual([{ kind: 'record-created', record: id }])
    const nowhere = crm.createRecord({ ...lead, externalId: 'row_2', accountId: '1/../2' }, call())
    expect(await failureOf(nowhere)).toMatchObject({ kind: 'invalid-request' })
  })

  it('never sends a blank value', async () => {
    const { id } = await crm.createRecord({ ...lead, lastName: ' ', website: '' }, call())
    await crm.writeOwner({ type: 'contact', id }, { ownerId: '77001', fields: { jobtitle: '  ' } }, call())
    const sent = sandbox.ledger.entries({ vendor: 'hubspot' }).map(({ body }) => body)
    expect(sent).toContainEqual({ properties: { hubspot_owner_id: '77001' } })
    expect(JSON.stringify(sent)).not.toMatch(/lastname|website|jobtitle/)
  })

  it('takes the contact that has our row id already, however HubSpot refuses a second one', async () => {
    load({ contacts: [{ id: '5', properties: { rota_row_id: 'row_1' } }] })
    expect(await crm.createRecord(lead, call())).toMatchObject({ id: '5' })
    const message =
      'Property values were not valid: [{"error":"CONFLICTING_UNIQUE_VALUE","name":"rota_row_id"}]'
    const body = { status: 'error', category: 'VALIDATION_ERROR', message }
    sandbox.faults.add({ vendor: 'hubspot', method: 'POST', kind: 'status', status: 400, body })
    expect(await crm.createRecord(lead, call())).toMatchObject({ id: '5' })
    expect(effects('record-created')).toEqual([])
  })

  it('finds by e-mail in a portal without our property, and says what is missing when creating', async () => {
    load({
      uniqueProperties: [],
      missingProperties: ['rota_row_id'],
      contacts: [{ id: '3', properties: { email: lead.email } }],
    })
    expect(await crm.findRecord(lead, call())).toMatchObject({ id: '3' })
    const failure = await failureOf(crm.createRecord({ ...lead, email: 'new@acme.com' }, call()))
    expect(failure).toMatchObject({ kind: 'invalid-request', retryable: false })
    expect(failure.message).toContain('rota_row_id')
  })

  it('still returns a record when the address of its page cannot be built', async () => {
    sandbox.faults.add({ vendor: 'hubspot', path: '/account-info', kind: 'status', status: 403, times: 9 })
    const record = await crm.createRecord(lead, call())
    expect(record.url).toBe(`${sandbox.url}/hubspot/crm/v3/objects/contacts/${record.id}`)
    await crm.readRecord(record, call())
    expect(requests('/account-info')).toHaveLength(1)
  })

  it('addresses an e-mail with reserved characters as one path segment', async () => {
    load({ contacts: [{ id: '3', properties: { email: 'a/../b?c@acme.com' } }] })
    expect(await crm.findRecord({ ...lead, email: 'a/../b?c@acme.com' }, call())).toMatchObject({ id: '3' })
  })
})

describe('owners written', () => {
  it('writes owner and fields in one update', async () => {
    const record = await crm.createRecord(lead, call())
    await crm.writeOwner(record, { ownerId: '77001', fields: { rota_reason: 'territory' } }, call())
    expect(effects('owner-written')).toEqual([
      { kind: 'owner-written', record: record.id, owner: '77001', previous: null },
    ])
    expect(requests(`/crm/v3/objects/contacts/${record.id}`)[0]?.body).toEqual({
      properties: { rota_reason: 'territory', hubspot_owner_id: '77001' },
    })
    expect(await crm.readRecord(record, call())).toMatchObject({ ownerId: '77001' })
  })

  it('writes and reads a contact by its e-mail address too', async () => {
    const { id } = await crm.createRecord(lead, call())
    const byEmail = { type: 'contact', id: 'lead+a@acme.com' }
    await crm.writeOwner(byEmail, { ownerId: '77001' }, call())
    expect(await crm.readRecord(byEmail, call())).toMatchObject({ id, ownerId: '77001' })
  })

  it('also writes companies', async () => {
    await crm.writeOwner({ type: 'company', id: '902' }, { ownerId: '77001' }, call())
    expect(await crm.readRecord({ type: 'company', id: '902' }, call())).toMatchObject({ ownerId: '77001' })
  })

  it('names an archived owner as such, so that the row can be drawn again', async () => {
    const record = await crm.createRecord(lead, call())
    const failure = await failureOf(crm.writeOwner(record, { ownerId: '77002' }, call()))
    expect(failure).toMatchObject({ kind: 'inactive-owner', retryable: false, outcomeUnknown: false })
    expect(effects('owner-written')).toEqual([])
  })

  it.each([
    { type: 'deal', id: '1' },
    { type: 'contact', id: '1/../../companies/900' },
  ])('refuses the record $type $id without asking', async (record) => {
    const failure = await failureOf(crm.writeOwner(record, { ownerId: '77001' }, call()))
    expect(failure.kind).toBe('invalid-request')
    expect(sandbox.ledger.entries()).toEqual([])
  })

  it('says that a record is gone', async () => {
    const failure = await failureOf(
      crm.writeOwner({ type: 'contact', id: '5' }, { ownerId: '77001' }, call()),
    )
    expect(failure).toMatchObject({ kind: 'not-found', retryable: false })
    expect(await crm.readRecord({ type: 'contact', id: '5' }, call())).toBeNull()
  })
})

describe('when HubSpot misbehaves', () => {
  const write = async (timeoutMs?: number) =>
    crm.writeOwner({ type: 'company', id: '902' }, { ownerId: '77001' }, call(timeoutMs))
  const patch = { vendor: 'hubspot', path: '/companies/902', method: 'PATCH' } as const

  it.each(['after', 'half-body', 'hang', 'stalled-body'] as const)(
    'a write that ends in "%s" has an unknown outcome',
    async (kind) => {
      sandbox.faults.add({ ...patch, kind })
      const { answer: failure, ownMs } = await timed(() => failureOf(write(300)))
      expect(failure).toMatchObject({ retryable: true, outcomeUnknown: true })
      expect(['timeout', 'unavailable']).toContain(failure.kind)
      expect(ownMs).toBeLessThan(700)
      expect(effects('owner-written')).toHaveLength(1)
    },
  )

  it('a 502 to a write has an unknown outcome and is not repeated, whatever another client in the process wants', async () => {
    const other = new Client({ accessToken: 'x', numberOfApiCallRetries: 3 })
    expect(other.crm.contacts).toBeDefined()
    crm = hubspot({ accessToken: 'pat-good', baseUrl: `${sandbox.url}/hubspot/` })
    sandbox.faults.add({ ...patch, kind: 'status', status: 502, body: '<html>Bad gateway</html>', times: 5 })
    expect(await failureOf(write())).toMatchObject({
      kind: 'unavailable',
      retryable: true,
      outcomeUnknown: true,
    })
    expect(requests('/crm/v3/objects/companies')).toHaveLength(1)
  })

  it('a creation whose answer is lost is found again under our row id', async () => {
    sandbox.faults.add({ vendor: 'hubspot', path: '/objects/contacts', method: 'POST', kind: 'after' })
    expect(await failureOf(crm.createRecord(lead, call()))).toMatchObject({
      retryable: true,
      outcomeUnknown: true,
    })
    const found = await crm.findRecord({ ...lead, email: null }, call())
    expect(effects('record-created')).toEqual([{ kind: 'record-created', record: found?.id }])
  })

  it('a read that fails leaves nothing unknown', async () => {
    sandbox.faults.add({ vendor: 'hubspot', path: '/search', kind: 'half-body' })
    const failure = await failureOf(crm.findAccounts('acme.com', call()))
    expect(failure).toMatchObject({ kind: 'unavailable', retryable: true, outcomeUnknown: false })
  })

  it('a web page where JSON should be is not understood', async () => {
    sandbox.faults.add({ ...patch, kind: 'status', status: 200, body: '<html>maintenance</html>' })
    expect(await failureOf(write())).toMatchObject({ kind: 'unavailable', outcomeUnknown: true })
  })

  it('nobody listening means that nothing was sent', async () => {
    crm = hubspot({ accessToken: 'x', baseUrl: `${await deadAddress()}/hubspot` })
    expect(await failureOf(write())).toMatchObject({
      kind: 'unavailable',
      retryable: true,
      outcomeUnknown: false,
    })
  })

  it.each([
    ['TEN_SECONDLY_ROLLING', {}, { kind: 'rate-limited', retryAfterMs: 10_000 }],
    ['TEN_SECONDLY_ROLLING', { 'retry-after': '2' }, { kind: 'rate-limited', retryAfterMs: 2_000 }],
    ['SECONDLY', {}, { kind: 'rate-limited', retryAfterMs: 1_000 }],
    ['DAILY', {}, { kind: 'quota-exhausted', retryAfterMs: 3_600_000 }],
  ])('the limit %s with %j makes us wait', async (policyName, headers, expected) => {
    const body = {
      status: 'error',
      errorType: 'RATE_LIMIT',
      message: 'You have reached your limit.',
      policyName,
    }
    sandbox.faults.add({ ...patch, kind: 'status', status: 429, body, headers })
    expect(await failureOf(write())).toMatchObject({ ...expected, retryable: true, outcomeUnknown: false })
  })

  it('a cancelled call ends at once', async () => {
    sandbox.faults.add({ ...patch, kind: 'hang' })
    const cancel = new AbortController()
    const cancelled = { ...call(), signal: cancel.signal }
    const failure = failureOf(crm.writeOwner({ type: 'company', id: '902' }, { ownerId: '77001' }, cancelled))
    await until(() => effects('owner-written').length === 1, 'it has arrived')
    cancel.abort()
    expect(await failure).toMatchObject({ retryable: false, outcomeUnknown: true })
  })
})
