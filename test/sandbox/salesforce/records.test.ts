import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { idOf } from '../../../sandbox/salesforce/store.ts'
import { startOrg, type TestOrg } from './org.ts'

const [rep, other, gone] = [idOf('User', 2), idOf('User', 3), idOf('User', 7)]
const queue = idOf('Group', 1)
const lead = idOf('Lead', 1)
const asWritten = { 'Sforce-Auto-Assign': 'FALSE' }
const newLead = { LastName: 'Doe', Company: 'Acme' }

let org: TestOrg
beforeAll(async () => {
  org = await startOrg()
})
afterAll(() => org.sandbox.close())
beforeEach(async () => {
  await fetch(`${org.sandbox.url}/reset`, { method: 'POST' })
})

describe('a session', () => {
  test('is needed for every request', async () => {
    const none = await org.ask('GET', '/limits', undefined, { authorization: 'Bearer forged' })
    expect([none.status, none.body]).toEqual([
      401,
      [{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }],
    ])
  })

  test('expires after two hours', async () => {
    let now = Date.UTC(2026, 0, 1)
    const later = await startOrg(() => now)
    expect((await later.ask('GET', '/limits')).status).toBe(200)
    now += 2 * 60 * 60_000
    expect((await later.ask('GET', '/limits')).status).toBe(401)
    await later.sandbox.close()
  })

  test('is given only to the right client, and only by client credentials', async () => {
    org.load({ settings: { client: { id: 'me', secret: 'mine' } } })
    const login = async (form: Record<string, string>) => {
      const url = `${org.sandbox.url}/salesforce/services/oauth2/token`
      const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(form) })
      return [answer.status, z.object({ error: z.string().optional() }).parse(await answer.json()).error]
    }
    const grant = { grant_type: 'client_credentials' }
    expect(await login({ ...grant, client_id: 'me', client_secret: 'mine' })).toEqual([200, undefined])
    expect(await login({ ...grant, client_id: 'you', client_secret: 'mine' })).toEqual([
      400,
      'invalid_client_id',
    ])
    expect(await login({ ...grant, client_id: 'me', client_secret: 'x' })).toEqual([400, 'invalid_client'])
    expect(await login({ grant_type: 'password' })).toEqual([400, 'unsupported_grant_type'])
  })

  test('counts requests and ends at the daily limit', async () => {
    org.load({ settings: { dailyApiRequests: 2 } })
    expect((await org.ask('GET', '/limits')).headers.get('sforce-limit-info')).toBe('api-usage=1/2')
    expect((await org.ask('GET', '/limits')).body).toEqual({ DailyApiRequests: { Max: 2, Remaining: 0 } })
    const refused = await org.ask('GET', '/limits')
    expect([refused.status, refused.body[0].errorCode]).toEqual([403, 'REQUEST_LIMIT_EXCEEDED'])
  })
})

describe('a lead', () => {
  test('is created, read, changed and deleted', async () => {
    const created = await org.ask('POST', '/sobjects/Lead', { ...newLead, OwnerId: rep }, asWritten)
    expect([created.status, created.body.success]).toEqual([201, true])
    const id: string = created.body.id
    expect((await org.ask('GET', `/sobjects/Lead/${id}`)).body).toMatchObject({
      ...newLead,
      Id: id,
      OwnerId: rep,
    })
    expect(
      (await org.ask('PATCH', `/sobjects/lead/${id.slice(0, 15)}`, { Company: 'Bcme' }, asWritten)).status,
    ).toBe(204)
    const read = await org.ask('GET', `/sobjects/Lead/${id}?fields=Company`)
    expect(read.body).toMatchObject({ attributes: { type: 'Lead' }, Company: 'Bcme', Id: id })
    expect((await org.ask('DELETE', `/sobjects/Lead/${id}`)).status).toBe(204)
    const deleted = await org.ask('PATCH', `/sobjects/Lead/${id}`, { Company: 'C' }, asWritten)
    expect([deleted.status, deleted.body[0].errorCode]).toEqual([404, 'ENTITY_IS_DELETED'])
    expect(org.sandbox.ledger.entries().flatMap((entry) => entry.effect?.kind ?? [])).toEqual([
      'record-created',
      'record-updated',
      'record-deleted',
    ])
  })

  test('goes to the assignment rule unless the header says FALSE, while the answer is a success', async () => {
    const written = await org.ask('PATCH', `/sobjects/Lead/${lead}`, { OwnerId: rep })
    expect(written.status).toBe(204)
    expect((await org.ask('GET', `/sobjects/Lead/${lead}`)).body.OwnerId).toBe(queue)
    await org.ask('PATCH', `/sobjects/Lead/${lead}`, { OwnerId: rep }, asWritten)
    expect((await org.ask('GET', `/sobjects/Lead/${lead}`)).body.OwnerId).toBe(rep)
    expect(org.sandbox.ledger.entries({ effect: 'owner-written' }).map((entry) => entry.effect)).toEqual([
      { kind: 'owner-written', type: 'Lead', record: lead, owner: queue, previous: queue, asked: rep },
      { kind: 'owner-written', type: 'Lead', record: lead, owner: rep, previous: queue },
    ])
  })

  test('is taken over later by a rule that ignores the header', async () => {
    let now = Date.UTC(2026, 0, 1)
    const ruled = await startOrg(() => now)
    ruled.load({
      users: [{ Id: rep, Name: 'Rep' }],
      queues: [{ Id: queue, Name: 'Q' }],
      leads: [{ Id: lead, ...newLead }],
      settings: { overwriteOwner: { with: queue, afterMs: 200 } },
    })
    await ruled.ask('PATCH', `/sobjects/Lead/${lead}`, { OwnerId: rep }, asWritten)
    now += 199
    expect((await ruled.ask('GET', `/sobjects/Lead/${lead}`)).body.OwnerId).toBe(rep)
    now += 1
    expect((await ruled.ask('GET', `/sobjects/Lead/${lead}`)).body.OwnerId).toBe(queue)
    await ruled.sandbox.close()
  })

  test.each([
    ['an inactive owner', { OwnerId: gone }, 'INACTIVE_OWNER_OR_USER'],
    ['an owner that is nobody', { OwnerId: idOf('User', 999) }, 'INVALID_CROSS_REFERENCE_KEY'],
    ['an owner that is a lead', { OwnerId: lead }, 'MALFORMED_ID'],
    ['an id with the wrong checksum', { OwnerId: `${rep.slice(0, 15)}ZZZ` }, 'MALFORMED_ID'],
    ['an unknown field', { Foo: 'x' }, 'INVALID_FIELD'],
    ['a field nobody may write', { IsConverted: true }, 'INVALID_FIELD_FOR_INSERT_UPDATE'],
    ['a name that is too long', { LastName: 'x'.repeat(81) }, 'STRING_TOO_LONG'],
    ['no name', { LastName: '' }, 'REQUIRED_FIELD_MISSING'],
    ['an address that is none', { Email: 'nobody' }, 'INVALID_EMAIL_ADDRESS'],
    ['a number for a text', { Company: 7 }, 'JSON_PARSER_ERROR'],
  ])('refuses %s', async (_, change, code) => {
    const answer = await org.ask('PATCH', `/sobjects/Lead/${lead}`, change, asWritten)
    expect([answer.status, answer.body[0].errorCode]).toEqual([400, code])
    expect(org.sandbox.ledger.entries()[0]?.effect).toBeNull()
  })

  test('that was converted cannot be changed', async () => {
    org.load({ leads: [{ Id: lead, ...newLead, IsConverted: true }] })
    const answer = await org.ask('PATCH', `/sobjects/Lead/${lead}`, { Company: 'x' }, asWritten)
    expect(answer.body[0].errorCode).toBe('CANNOT_UPDATE_CONVERTED_LEAD')
  })

  test('needs its required fields, and belongs to the user of the API when it names no owner', async () => {
    const answer = await org.ask('POST', '/sobjects/Lead', { FirstName: 'x' }, asWritten)
    expect(answer.body[0]).toMatchObject({
      errorCode: 'REQUIRED_FIELD_MISSING',
      fields: ['LastName', 'Company'],
    })
    const { id } = (await org.ask('POST', '/sobjects/Lead', newLead, asWritten)).body
    expect((await org.ask('GET', `/sobjects/Lead/${id}`)).body.OwnerId).toBe(idOf('User', 1))
  })

  test('keeps ids apart that differ only in case', async () => {
    const [upper, lower] = ['00Q0000000000AA', '00Q0000000000aa']
    org.load({ leads: [upper, lower].map((Id) => ({ Id, ...newLead })) })
    expect((await org.ask('GET', `/sobjects/Lead/${upper}`)).body.Id).toBe('00Q0000000000AAEAY')
    expect((await org.ask('GET', `/sobjects/Lead/${lower}`)).body.Id).toBe('00Q0000000000aaEAA')
    expect((await org.ask('GET', '/sobjects/Lead/00Q0000000000Aa')).status).toBe(404)
  })
})

describe('an upsert', () => {
  const path = '/sobjects/Lead/Rota_Row_Id__c/row_1'

  test('creates once and updates afterwards', async () => {
    const first = await org.ask('PATCH', path, newLead, asWritten)
    const second = await org.ask('PATCH', path, { ...newLead, Company: 'B' }, asWritten)
    expect([first.status, first.body.created]).toEqual([201, true])
    expect([second.status, second.body.created]).toEqual([200, false])
    expect(second.body.id).toBe(first.body.id)
    expect((await org.ask('GET', path)).body).toMatchObject({ Company: 'B', Rota_Row_Id__c: 'row_1' })
    expect(org.sandbox.ledger.entries({ effect: 'record-created' })).toHaveLength(1)
  })

  test('answers 300 with the addresses when several records have the key', async () => {
    org.load({
      leads: [1, 2].map((serial) => ({ Id: idOf('Lead', serial), ...newLead, Rota_Row_Id__c: 'row_1' })),
    })
    const answer = await org.ask('PATCH', path, newLead, asWritten)
    expect(answer.status).toBe(300)
    expect(answer.body).toEqual(
      [1, 2].map((serial) => `/services/data/v64.0/sobjects/Lead/${idOf('Lead', serial)}`),
    )
  })

  test('is refused by a field that is no key, and with the key in the body', async () => {
    const byCompany = await org.ask('PATCH', '/sobjects/Lead/Company/x', newLead, asWritten)
    expect([byCompany.status, byCompany.body[0].errorCode]).toEqual([404, 'NOT_FOUND'])
    const twice = await org.ask('PATCH', path, { ...newLead, Rota_Row_Id__c: 'row_2' }, asWritten)
    expect([twice.status, twice.body[0].errorCode]).toEqual([400, 'INVALID_FIELD'])
  })

  test('cannot take the key of another record', async () => {
    await org.ask('PATCH', path, newLead, asWritten)
    const answer = await org.ask('POST', '/sobjects/Lead', { ...newLead, Rota_Row_Id__c: 'row_1' }, asWritten)
    expect(answer.body[0].errorCode).toBe('DUPLICATE_VALUE')
  })
})

describe('a collection', () => {
  const record = (OwnerId: string, type = 'Lead') => ({ attributes: { type }, ...newLead, OwnerId })

  test('answers 200 with each record’s own outcome', async () => {
    const body = { records: [record(rep), record(gone), record(other)] }
    const answer = await org.ask('POST', '/composite/sobjects', body, asWritten)
    expect(answer.status).toBe(200)
    expect(answer.body.map((each: { success: boolean }) => each.success)).toEqual([true, false, true])
    expect(answer.body[1].errors[0]).toMatchObject({ statusCode: 'INACTIVE_OWNER_OR_USER' })
    expect(org.sandbox.ledger.entries()[0]?.effect).toMatchObject({
      kind: 'collection-written',
      effects: [{ owner: rep }, { owner: other }],
    })
  })

  test('that is all or none is undone whole', async () => {
    const created = await org.ask('POST', '/sobjects/Lead', newLead, asWritten)
    const second = created.body.id
    const before = await org.query('SELECT Id, OwnerId FROM Lead')
    const records = [
      { attributes: { type: 'Lead' }, id: lead, OwnerId: rep },
      { attributes: { type: 'Lead' }, id: second, OwnerId: gone },
    ]
    const answer = await org.ask('PATCH', '/composite/sobjects', { allOrNone: true, records }, asWritten)
    expect(
      answer.body.map((each: { errors: { statusCode: string }[] }) => each.errors[0]?.statusCode),
    ).toEqual(['ALL_OR_NONE_OPERATION_ROLLED_BACK', 'INACTIVE_OWNER_OR_USER'])
    expect((await org.query('SELECT Id, OwnerId FROM Lead')).body).toEqual(before.body)
  })

  test('takes no record twice', async () => {
    const twice = [rep, other].map((OwnerId) => ({ attributes: { type: 'Lead' }, id: lead, OwnerId }))
    const answer = await org.ask('PATCH', '/composite/sobjects', { records: twice }, asWritten)
    expect([answer.status, answer.body[0].errorCode]).toEqual([400, 'INVALID_INPUT'])
  })

  test('is taken by the assignment rule without the header, upserts too', async () => {
    const records = [{ attributes: { type: 'Lead' }, id: lead, OwnerId: rep }]
    await org.ask('PATCH', '/composite/sobjects', { records })
    const upserts = [{ attributes: { type: 'Lead' }, ...newLead, OwnerId: rep, Rota_Row_Id__c: 'row_7' }]
    await org.ask('PATCH', '/composite/sobjects/Lead/Rota_Row_Id__c', { records: upserts })
    const owners = (await org.query('SELECT OwnerId FROM Lead')).body.records
    expect(owners.map(({ OwnerId }: { OwnerId: string }) => OwnerId)).toEqual([queue, queue])
  })

  test('takes 200 records in ten chunks of a type, no more', async () => {
    const many = Array.from({ length: 201 }, () => record(rep))
    expect((await org.ask('POST', '/composite/sobjects', { records: many }, asWritten)).status).toBe(400)
    const mixed = Array.from({ length: 11 }, (_, index) => record(rep, index % 2 === 0 ? 'Lead' : 'Contact'))
    expect((await org.ask('POST', '/composite/sobjects', { records: mixed }, asWritten)).status).toBe(400)
    const all = await org.ask('POST', '/composite/sobjects', { records: many.slice(1) }, asWritten)
    expect(all.body.every((each: { success: boolean }) => each.success)).toBe(true)
  })
})

describe('a cadence', () => {
  const path = '/actions/standard/assignTargetToSalesCadence'
  const input = { salesCadenceNameOrId: 'Inbound SMB', targetId: lead, userId: rep }

  test('takes a lead once', async () => {
    const first = await org.ask('POST', path, { inputs: [input] })
    expect([first.status, first.body[0].isSuccess]).toEqual([200, true])
    const second = await org.ask('POST', path, { inputs: [input] })
    expect([second.status, second.body[0].isSuccess]).toEqual([400, false])
    const trackers = await org.query(
      `SELECT ActionCadence.Name, OwnerId FROM ActionCadenceTracker WHERE TargetId = '${lead}'`,
    )
    expect(trackers.body.records).toMatchObject([{ ActionCadence: { Name: 'Inbound SMB' }, OwnerId: rep }])
    expect(org.sandbox.ledger.entries({ effect: 'enrolled' })).toHaveLength(1)
  })

  test.each([
    ['an unknown cadence', { salesCadenceNameOrId: 'Nothing' }],
    ['an unknown target', { targetId: idOf('Lead', 999) }],
    ['an inactive user', { userId: gone }],
  ])('refuses %s', async (_, change) => {
    const answer = await org.ask('POST', path, { inputs: [{ ...input, ...change }] })
    expect([answer.status, answer.body[0].isSuccess]).toEqual([400, false])
    expect(org.sandbox.ledger.entries()[0]?.effect).toBeNull()
  })
})

describe('a record’s page', () => {
  test('shows the record as text, never as markup', async () => {
    org.load({ leads: [{ Id: lead, ...newLead, Company: '<script>alert(1)</script>' }] })
    const answer = await fetch(`${org.sandbox.url}/salesforce/lightning/r/Lead/${lead}/view`)
    const page = await answer.text()
    expect(answer.status).toBe(200)
    expect(page).toContain('&lt;script&gt;')
    expect(page).not.toContain('<script>')
  })
})

describe('merged accounts and activities', () => {
  const merged = {
    Id: idOf('Account', 8),
    Name: 'Merged',
    IsDeleted: true,
    MasterRecordId: idOf('Account', 9),
  }

  test('show deleted records only to those who ask for all, and take no writes', async () => {
    org.load({ accounts: [merged, { Id: idOf('Account', 9), Name: 'Master', ParentId: null }] })
    const soql = encodeURIComponent('SELECT Id, MasterRecordId FROM Account ORDER BY Name')
    const ids = async (path: string) => {
      const { body } = await org.ask('GET', `/${path}?q=${soql}`)
      return body.records.map(({ Id }: { Id: string }) => Id)
    }
    expect(await ids('query')).toEqual([idOf('Account', 9)])
    expect(await ids('queryAll')).toEqual([idOf('Account', 9), merged.Id])
    expect((await org.ask('PATCH', `/sobjects/Account/${merged.Id}`, { Name: 'X' })).body).toMatchObject([
      { errorCode: 'ENTITY_IS_DELETED' },
    ])
    const child = await org.ask('POST', '/sobjects/Account', { Name: 'Child', ParentId: merged.Id })
    expect(child.body).toMatchObject([{ errorCode: 'INVALID_CROSS_REFERENCE_KEY' }])
  })

  test('a task is closed by its status, at the time of the write, and made by the user who acts', async () => {
    org.load({ leads: [{ Id: idOf('Lead', 1), LastName: 'L', Company: 'C' }] })
    const made = await org.ask('POST', '/sobjects/Task', { WhoId: idOf('Lead', 1), Subject: 'Call' })
    const read = async () => (await org.ask('GET', `/sobjects/Task/${made.body.id}`)).body
    expect(await read()).toMatchObject({ IsClosed: false, CompletedDateTime: null })
    await org.ask('PATCH', `/sobjects/Task/${made.body.id}`, { Status: 'Completed' })
    const task = await read()
    expect(task).toMatchObject({ IsClosed: true, CompletedDateTime: expect.stringMatching(/^20/) })
    const { body } = await org.query(`SELECT CreatedBy.Name FROM Task WHERE Id = '${made.body.id}'`)
    expect(body.records).toMatchObject([{ CreatedBy: { Name: 'Rota Integration' } }])
  })

  test('parents, aliases and activities come back in the state', async () => {
    org.load({
      accounts: [
        merged,
        { Id: idOf('Account', 9), Name: 'A', ParentId: merged.Id, Domain_Aliases__c: 'a.de' },
      ],
      tasks: [{ Subject: 'Call', Status: 'Completed', IsClosed: true }],
      events: [{ Subject: 'Demo', StartDateTime: '2026-03-02T09:00:00.000+0000' }],
    })
    const state = org.sandbox.vendors.salesforce?.state()
    expect(state).toMatchObject({
      accounts: [merged, { Domain_Aliases__c: 'a.de' }],
      tasks: [{}],
      events: [{}],
    })
    org.sandbox.vendors.salesforce?.load(state)
    expect(org.sandbox.vendors.salesforce?.state()).toEqual(state)
  })
})
