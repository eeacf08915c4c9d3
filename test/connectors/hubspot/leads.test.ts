import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Crm, RecordRequest } from '../../../columns/ports.ts'
import { hubspot } from '../../../connectors/hubspot.ts'
import { type Sandbox, startSandbox } from '../../../sandbox/sandbox.ts'
import { callWithin as call, failureOf } from '../failure-of.ts'

let sandbox: Sandbox
let crm: Crm
beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())
beforeEach(() => {
  sandbox.ledger.clear()
  sandbox.faults.clear()
  load({})
  crm = hubspot({ accessToken: 'pat', baseUrl: `${sandbox.url}/hubspot`, records: 'lead' })
})

const load = (state: object) =>
  sandbox.vendors.hubspot?.load({ portalId: 42, owners: [{ id: '7', email: 'ana@rota.test' }], ...state })
const request: RecordRequest = {
  recordId: null,
  externalId: 'row_1',
  email: 'lea@acme.com',
  firstName: 'Lea',
  lastName: 'Doe',
  company: 'Acme',
  website: null,
}
const created = () => sandbox.ledger.entries({ vendor: 'hubspot', effect: 'record-created' })

describe('leads of HubSpot', () => {
  it('are created with their contact, once however often it is told', async () => {
    const lead = await crm.createRecord(request, call())
    expect(lead).toMatchObject({ type: 'lead', ownerId: null })
    expect(lead.url).toBe(`https://app.hubspot.com/contacts/42/record/0-136/${lead.id}`)
    expect(await crm.createRecord(request, call())).toEqual(lead)
    expect(created()).toHaveLength(2)
    expect(sandbox.vendors.hubspot?.state()).toMatchObject({
      leads: [{ properties: { hs_lead_name: 'Lea Doe', rota_row_id: 'row_1' } }],
      contacts: [{ properties: { email: 'lea@acme.com' } }],
    })
  })

  it('are put to the contact that is there', async () => {
    load({ contacts: [{ id: '50', properties: { email: 'LEA@acme.com' } }] })
    const { id } = await crm.createRecord(request, call())
    expect(created()).toHaveLength(1)
    expect(sandbox.vendors.hubspot?.state()).toMatchObject({
      leads: [{ id, associations: { contact: ['50'] } }],
    })
  })

  it('are found by id, by row id and by the e-mail of their contact, the latest first', async () => {
    const lead = (id: string, day: string, more: object = {}) => ({
      id,
      createdAt: `2026-03-${day}T00:00:00.000Z`,
      properties: { hs_lead_name: id, ...more },
      associations: { contact: ['50'] },
    })
    load({
      contacts: [{ id: '50', properties: { email: 'lea@acme.com' } }],
      leads: [lead('60', '02'), lead('61', '03'), lead('62', '01', { rota_row_id: 'row_9' })],
    })
    expect(await crm.findRecord({ ...request, recordId: '60' }, call())).toMatchObject({ id: '60' })
    expect(await crm.findRecord({ ...request, externalId: 'row_9' }, call())).toMatchObject({ id: '62' })
    expect(await crm.findRecord(request, call())).toMatchObject({ id: '61' })
    expect(await crm.findRecord({ ...request, email: 'nobody@acme.com' }, call())).toBeNull()
  })

  it('get an owner that can be read back', async () => {
    const lead = await crm.createRecord(request, call())
    await crm.writeOwner({ type: '0-136', id: lead.id }, { ownerId: '7' }, call())
    expect(await crm.readRecord(lead, call())).toMatchObject({ ownerId: '7', owner: { active: true } })
  })

  it('whose creation is lost are found again, and no second contact or lead is made', async () => {
    sandbox.faults.add({ vendor: 'hubspot', path: '/objects/leads', method: 'POST', kind: 'after' })
    expect(await failureOf(crm.createRecord(request, call()))).toMatchObject({ outcomeUnknown: true })
    const found = await crm.findRecord(request, call())
    expect(await crm.createRecord(request, call())).toEqual(found)
    expect(created()).toHaveLength(2)
  })

  it('are only looked for by an address that is no path', async () => {
    expect(await crm.readRecord({ type: 'lead', id: 'lea@acme.com' }, call())).toBeNull()
    const elsewhere = crm.writeOwner({ type: 'lead', id: '1/../../contacts/2' }, { ownerId: '7' }, call())
    expect(await failureOf(elsewhere)).toMatchObject({ kind: 'invalid-request' })
    expect(sandbox.ledger.entries()).toEqual([])
  })
})
