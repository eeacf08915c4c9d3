import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { workMs } from '../support/own-time.ts'

let sandbox: Sandbox
let now = Date.parse('2026-05-01T12:00:00Z')

beforeAll(async () => {
  sandbox = await startSandbox({ now: () => now })
})
afterAll(() => sandbox.close())
beforeEach(() => {
  sandbox.ledger.clear()
  sandbox.vendors.hubspot?.load({
    owners: [
      { id: '1', email: 'ana@rota.test' },
      { id: '2', email: 'bo@rota.test', archived: true },
    ],
    contacts: [{ id: '10', properties: { email: 'ten@acme.com' } }],
  })
})

/** The parts of an answer the tests look into; the rest comes along. */
const Body = z.looseObject({
  results: z.array(z.unknown()).default([]),
  total: z.number().optional(),
  properties: z.record(z.string(), z.unknown()).default({}),
})

async function ask(method: string, path: string, body?: unknown) {
  const response = await fetch(`${sandbox.url}/hubspot${path}`, {
    method,
    headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: Body.parse(await response.json()) }
}

const upsert = (...inputs: object[]) => ask('POST', '/crm/v3/objects/contacts/batch/upsert', { inputs })
const byRow = (id: string, properties: object = {}) => ({ id, idProperty: 'rota_row_id', properties })

describe('the HubSpot stand-in', () => {
  it('wants a token', async () => {
    const response = await fetch(`${sandbox.url}/hubspot/crm/v3/owners`)
    expect(response.status).toBe(401)
  })

  it('keeps active and archived owners apart, with and without the slash', async () => {
    expect((await ask('GET', '/crm/v3/owners/?email=ana@rota.test')).body.results).toHaveLength(1)
    expect((await ask('GET', '/crm/v3/owners?email=bo@rota.test')).body.results).toEqual([])
    const archived = await ask('GET', '/crm/v3/owners/2?archived=true')
    expect(archived.body).toMatchObject({ id: '2', archived: true, userIdIncludingInactive: 9_000_002 })
    expect(archived.body).not.toHaveProperty('userId')
  })

  it('takes texts for values and owners that are there and active', async () => {
    const patch = (owner: unknown) =>
      ask('PATCH', '/crm/v3/objects/contacts/10', { properties: { hubspot_owner_id: owner } })
    expect((await patch(1)).status).toBe(400)
    expect((await patch('99')).body).toMatchObject({ category: 'VALIDATION_ERROR' })
    expect((await patch('2')).status).toBe(400)
    expect((await patch('1')).body.properties.hubspot_owner_id).toBe('1')
    expect(sandbox.ledger.entries({ effect: 'owner-written' }).map(({ effect }) => effect)).toEqual([
      { kind: 'owner-written', record: '10', owner: '1', previous: null },
    ])
  })

  it('refuses a second contact with the same e-mail, in any case, and names the first', async () => {
    const { status, body } = await ask('POST', '/crm/v3/objects/contacts', {
      properties: { email: 'TEN@acme.com' },
    })
    expect({ status, body }).toMatchObject({
      status: 409,
      body: { category: 'CONFLICT', message: 'Contact already exists. Existing ID: 10' },
    })
  })

  it('upserts by a unique property only', async () => {
    expect((await upsert(byRow('row_1', { email: 'a@acme.com' }))).body.results[0]).toMatchObject({
      new: true,
    })
    expect((await upsert(byRow('row_1', { firstname: 'A' }))).body.results[0]).toMatchObject({ new: false })
    expect((await upsert({ id: 'Acme', idProperty: 'company', properties: {} })).status).toBe(400)
    expect((await upsert(...Array.from({ length: 101 }, (_, index) => byRow(`row_${index}`)))).status).toBe(
      400,
    )
  })

  it('lists what a batch could not find in a 207', async () => {
    const inputs = [
      { id: '10', properties: { firstname: 'Ten' } },
      { id: '11', properties: { firstname: 'Eleven' } },
    ]
    const { status, body } = await ask('POST', '/crm/v3/objects/contacts/batch/update', { inputs })
    expect(status).toBe(207)
    expect(body).toMatchObject({
      numErrors: 1,
      results: [{ id: '10' }],
      errors: [{ context: { ids: ['11'] } }],
    })
  })

  it('refuses a batch that names a record twice, and one that updates by a property', async () => {
    const update = (...inputs: object[]) => ask('POST', '/crm/v3/objects/contacts/batch/update', { inputs })
    expect((await update({ id: '10' }, { id: '10' })).status).toBe(400)
    expect((await update({ id: 'ten@acme.com', idProperty: 'email' })).status).toBe(400)
  })

  it('refuses in a batch only the record that a rule of the account guards', async () => {
    sandbox.vendors.hubspot?.load({ contacts: [{ id: '10' }, { id: '11' }], refusing: ['10'] })
    const inputs = ['10', '11'].map((id) => ({ id, properties: { firstname: 'A' } }))
    const { status, body } = await ask('POST', '/crm/v3/objects/contacts/batch/update', { inputs })
    expect({ status, body }).toMatchObject({
      status: 207,
      body: { results: [{ id: '11' }], errors: [{ category: 'VALIDATION_ERROR', context: { id: ['10'] } }] },
    })
    expect((await ask('PATCH', '/crm/v3/objects/contacts/10', { properties: {} })).status).toBe(400)
  })

  it('shows a new record to the search only after the index has caught up', async () => {
    sandbox.vendors.hubspot?.load({ searchDelayMs: 5_000 })
    await ask('POST', '/crm/v3/objects/companies', { properties: { domain: 'acme.com' } })
    const filters = [{ propertyName: 'domain', operator: 'EQ', value: 'acme.com' }]
    const search = () => ask('POST', '/crm/v3/objects/companies/search', { filterGroups: [{ filters }] })
    expect((await search()).body.total).toBe(0)
    now += 5_000
    expect((await search()).body.total).toBe(1)
  })

  it('pages a search and refuses operators that do not exist', async () => {
    const companies = Array.from({ length: 5 }, (_, index) => ({
      properties: { domain: 'acme.com', size: `${index}` },
    }))
    sandbox.vendors.hubspot?.load({ companies })
    const search = (filter: object, more: object = {}) =>
      ask('POST', '/crm/v3/objects/companies/search', { filterGroups: [{ filters: [filter] }], ...more })
    const wanted = { propertyName: 'domain', operator: 'EQ', value: 'ACME.com' }
    const first = await search(wanted, { limit: 3 })
    expect(first.body).toMatchObject({ total: 5, paging: { next: { after: '3' } } })
    expect((await search(wanted, { limit: 3, after: '3' })).body.results).toHaveLength(2)
    expect((await search({ propertyName: 'size', operator: 'GT', value: '2' })).body.total).toBe(2)
    expect((await search({ ...wanted, operator: 'EQUALS' })).status).toBe(400)
  })

  it('answers at once with tens of thousands of records', async () => {
    const load = (count: number) =>
      sandbox.vendors.hubspot?.load({
        contacts: Array.from({ length: count }, (_, at) => ({ properties: { email: `p${at}@acme.com` } })),
        companies: Array.from({ length: count }, (_, at) => ({ properties: { domain: `c${at}.com` } })),
      })
    const rounds = async (count: number) => {
      const filters = [{ propertyName: 'domain', operator: 'EQ', value: `c${count - 1}.com` }]
      for (let round = 0; round < 20; round += 1) {
        await ask('GET', `/crm/v3/objects/contacts/p${count - 1}@acme.com?idProperty=email`)
        const found = await ask('POST', '/crm/v3/objects/companies/search', { filterGroups: [{ filters }] })
        expect(found.body.total).toBe(1)
      }
    }
    load(50)
    const few = await workMs(() => rounds(50))
    load(50_000)
    const many = await workMs(() => rounds(50_000))
    // A scan of both would take some ten times as long.
    expect(many).toBeLessThan(4 * few)
  })

  it('gives back a state that can be loaded again, and refuses one it does not understand', async () => {
    await upsert(byRow('row_1', { email: 'a@acme.com', hubspot_owner_id: '1' }))
    const state = await (await fetch(`${sandbox.url}/state/hubspot`)).json()
    const put = (value: unknown) =>
      fetch(`${sandbox.url}/state/hubspot`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(value),
      })
    expect((await put(state)).status).toBe(204)
    expect(await (await fetch(`${sandbox.url}/state/hubspot`)).json()).toEqual(state)
    expect((await put({ owner: [] })).status).toBe(422)
  })
})

describe('engagements in the stand-in', () => {
  const call = (at: string, contact: string) => ({
    properties: { hs_timestamp: at },
    associations: { contact: [contact] },
  })
  const search = (filters: object[], more: object = {}) =>
    ask('POST', '/crm/v3/objects/calls/search', {
      filterGroups: [{ filters }],
      properties: ['hs_timestamp'],
      ...more,
    })
  const times = (answer: { body: { results: unknown[] } }) =>
    answer.body.results.map((each) => Body.parse(each).properties.hs_timestamp)

  it('are found by the record they are with, in the order asked for, times in any spelling', async () => {
    const [early, middle, late] = ['2026-03-01T00:00:00.000Z', '1772409600000', '2026-03-03T00:00:00.000Z']
    sandbox.vendors.hubspot?.load({
      calls: [call(late, '10'), call(early, '10'), call(middle, '10'), call(early, '11')],
    })
    const withTen = { propertyName: 'associations.contact', operator: 'EQ', value: '10' }
    expect(times(await search([withTen], { sorts: ['hs_timestamp'] }))).toEqual([early, middle, late])
    expect(times(await search([withTen], { sorts: ['-hs_timestamp'] }))).toEqual([late, middle, early])
    const since = {
      propertyName: 'hs_timestamp',
      operator: 'GTE',
      value: String(Date.parse('2026-03-02T00:00:00Z')),
    }
    expect(times(await search([withTen, since]))).toEqual([late, middle])
  })

  it('are part of the state that is given back', async () => {
    sandbox.vendors.hubspot?.load({
      calls: [call('1772409600000', '10')],
      companies: [{ id: '7', properties: { hs_parent_company_id: '8', hs_additional_domains: 'a.de;b.de' } }],
    })
    const state = await (await fetch(`${sandbox.url}/state/hubspot`)).json()
    expect(state).toMatchObject({
      calls: [{ associations: { contact: ['10'], company: [] } }],
      companies: [{ properties: { hs_parent_company_id: '8', hs_additional_domains: 'a.de;b.de' } }],
    })
    sandbox.vendors.hubspot?.load(state)
    expect(sandbox.vendors.hubspot?.state()).toEqual(state)
  })

  it('match the beginning of a word where the token ends in a star', async () => {
    sandbox.vendors.hubspot?.load({
      companies: [{ properties: { name: 'Acme Robotics' } }, { properties: { name: 'Macme' } }],
    })
    const named = (value: string) =>
      ask('POST', '/crm/v3/objects/companies/search', {
        filterGroups: [{ filters: [{ propertyName: 'name', operator: 'CONTAINS_TOKEN', value }] }],
      })
    expect((await named('acm*')).body.total).toBe(1)
    expect((await named('acm')).body.total).toBe(0)
  })
})

describe('sequences in the stand-in', () => {
  const enrol = (userId: number, change: object = {}) =>
    ask('POST', `/automation/v4/sequences/enrollments?userId=${userId}`, {
      sequenceId: '5',
      contactId: '10',
      senderEmail: 'ana@rota.test',
      ...change,
    })

  it('want the user id, not the owner id, and that user’s own inbox', async () => {
    expect((await enrol(1)).status).toBe(400)
    expect((await enrol(9_000_001, { senderEmail: 'bo@rota.test' })).status).toBe(400)
    expect((await enrol(9_000_001, { contactId: '11' })).status).toBe(404)
    expect((await enrol(9_000_001)).status).toBe(200)
    expect((await enrol(9_000_001)).status).toBe(400)
    expect(sandbox.ledger.entries({ effect: 'enrolled' })).toHaveLength(1)
  })
})

describe('associations in the stand-in', () => {
  const links = async (path: string) =>
    (await ask('GET', `/crm/v4/objects/${path}`)).body.results.map(
      (each) => z.looseObject({ toObjectId: z.string() }).parse(each).toObjectId,
    )

  it('hold in both directions, and the first company of a contact is its own', async () => {
    sandbox.vendors.hubspot?.load({ contacts: [{ id: '10' }], companies: [{ id: '20' }, { id: '21' }] })
    for (const id of ['20', '21']) {
      expect((await ask('PUT', `/crm/v4/objects/contact/10/associations/default/company/${id}`)).status).toBe(
        200,
      )
    }
    expect(await links('contacts/10/associations/companies')).toEqual(['20', '21'])
    expect(await links('0-2/21/associations/0-1')).toEqual(['10'])
    const contact = await ask('GET', '/crm/v3/objects/contacts/10?properties=associatedcompanyid')
    expect(contact.body.properties.associatedcompanyid).toBe('20')
    await ask('DELETE', '/crm/v3/objects/companies/20').catch(() => {})
    expect(await links('contacts/10/associations/companies')).toEqual(['21'])
  })

  it('come with a record that is created, by the number of their type', async () => {
    sandbox.vendors.hubspot?.load({ contacts: [{ id: '10' }] })
    const create = (typeId: number, to: string) =>
      ask('POST', '/crm/v3/objects/leads', {
        properties: { hs_lead_name: 'A' },
        associations: [
          { to: { id: to }, types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: typeId }] },
        ],
      })
    expect((await create(578, '10')).status).toBe(201)
    expect((await create(578, '11')).status).toBe(400)
    expect((await create(1, '10')).status).toBe(400)
    expect((await ask('POST', '/crm/v3/objects/leads', { properties: { hs_lead_name: 'A' } })).status).toBe(
      400,
    )
    expect(await links('contacts/10/associations/leads')).toHaveLength(1)
    expect((await ask('GET', '/crm/v4/associations/tasks/leads/labels')).body.results).toMatchObject([
      { category: 'HUBSPOT_DEFINED', label: null },
    ])
  })
})

describe('the limits of the stand-in', () => {
  const search = () => ask('POST', '/crm/v3/objects/contacts/search', {})
  const read = () => ask('GET', '/crm/v3/objects/contacts/10')

  it('are counted over ten seconds, over a second for the search, and over the day', async () => {
    sandbox.vendors.hubspot?.load({
      contacts: [{ id: '10' }],
      limits: { tenSecondly: 3, searchSecondly: 1, daily: 8 },
    })
    expect([(await search()).status, (await search()).status, (await read()).status]).toEqual([200, 429, 200])
    expect((await read()).body).toMatchObject({ policyName: 'TEN_SECONDLY_ROLLING' })
    now += 10_000
    expect([(await read()).status, (await search()).status]).toEqual([200, 200])
    const { headers } = await fetch(`${sandbox.url}/hubspot/crm/v3/owners`, {
      headers: { authorization: 'Bearer x' },
    })
    expect(headers.get('x-hubspot-ratelimit-daily-remaining')).toBe('1')
    now += 10_000
    expect([(await read()).status, (await read()).body.policyName]).toEqual([200, 'DAILY'])
  })

  it('and the scopes of a token are part of the account', async () => {
    sandbox.vendors.hubspot?.load({ contacts: [{ id: '10' }], scopes: ['crm.objects.contacts.read'] })
    expect([(await read()).status, (await search()).status]).toEqual([200, 200])
    const written = await ask('PATCH', '/crm/v3/objects/contacts/10', { properties: {} })
    expect(written).toMatchObject({ status: 403, body: { category: 'MISSING_SCOPES' } })
  })
})
