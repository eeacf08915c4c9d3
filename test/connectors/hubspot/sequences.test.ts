import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { EnrolRequest, Sequencer } from '../../../columns/ports.ts'
import { hubspotSequences } from '../../../connectors/hubspot.ts'
import { type Sandbox, startSandbox } from '../../../sandbox/sandbox.ts'
import { callWithin as call, failureOf } from '../failure-of.ts'

let sandbox: Sandbox
let sequencer: Sequencer
beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())
beforeEach(() => {
  sandbox.ledger.clear()
  sandbox.faults.clear()
  sequencer = hubspotSequences({ accessToken: 'pat', baseUrl: `${sandbox.url}/hubspot` })
})

const load = (state: object) =>
  sandbox.vendors.hubspot?.load({
    owners: [
      { id: '77001', email: 'ana@rota.test', userId: 5001 },
      { id: '77002', email: 'bo@rota.test', userId: 5002, archived: true },
    ],
    ...state,
  })
const requests = (path: string) =>
  sandbox.ledger.entries({ vendor: 'hubspot' }).filter((entry) => entry.path.startsWith(path))
const effects = (kind: string) =>
  sandbox.ledger.entries({ vendor: 'hubspot', effect: kind }).map((entry) => entry.effect)

describe('sequences of HubSpot', () => {
  const request = (contact: string, sender: Partial<EnrolRequest['sender']> = {}): EnrolRequest => ({
    sequence: '555',
    record: { type: 'contact', id: contact },
    email: null,
    sender: { email: 'ana@rota.test', crmUserId: '77001', ...sender },
  })
  beforeEach(() => load({ contacts: [{ id: '10', properties: { email: 'ten@acme.com' } }] }))

  it("enrols once in the rep's name, by user id, and finds it afterwards", async () => {
    expect(await sequencer.find(request('10'), call())).toEqual({ state: 'absent' })
    const enrolment = await sequencer.enrol(request('10'), call())
    expect(requests('/automation/v4/sequences/enrollments?')[0]?.path).toContain('userId=5001')
    expect(enrolment).toMatchObject({ sequence: '555', sender: 'ana@rota.test' })
    expect(await sequencer.find(request('10'), call())).toEqual({ state: 'found', value: enrolment })
    expect(await sequencer.find({ ...request('10'), sequence: '556' }, call())).toEqual({ state: 'absent' })
    expect(effects('enrolled')).toEqual([{ kind: 'enrolled', contact: '10', sequence: '555' }])
  })

  it('finds the sender by e-mail when no id is known', async () => {
    await sequencer.enrol(request('10', { crmUserId: null }), call())
    expect(effects('enrolled')).toHaveLength(1)
  })

  it('refuses a second enrolment and a deactivated sender', async () => {
    await sequencer.enrol(request('10'), call())
    expect(await failureOf(sequencer.enrol(request('10'), call()))).toMatchObject({ kind: 'invalid-request' })
    const gone = request('10', { email: 'bo@rota.test', crmUserId: '77002' })
    expect(await failureOf(sequencer.enrol(gone, call()))).toMatchObject({ kind: 'inactive-owner' })
    expect(effects('enrolled')).toHaveLength(1)
  })

  it('an enrolment whose answer is lost is unknown, and can be found', async () => {
    sandbox.faults.add({ vendor: 'hubspot', path: '/enrollments', method: 'POST', kind: 'after' })
    expect(await failureOf(sequencer.enrol(request('10'), call()))).toMatchObject({ outcomeUnknown: true })
    expect(await sequencer.find(request('10'), call())).toMatchObject({ state: 'found' })
  })

  it('says who must not be written to: the opted out, the quarantined, those without an address', async () => {
    load({
      contacts: [
        { id: '10', properties: { email: 'ten@acme.com' } },
        { id: '11', properties: { email: 'eleven@acme.com', hs_email_optout: 'true' } },
        { id: '12', properties: { email: 'twelve@acme.com', hs_email_quarantined: 'true' } },
        { id: '13' },
      ],
    })
    const refusal = (contact: string) => sequencer.refusal(request(contact), call())
    expect(await refusal('10')).toBeNull()
    expect(await refusal('11')).toBe('eleven@acme.com has opted out of e-mails')
    expect(await refusal('12')).toContain('quarantined')
    expect(await refusal('13')).toContain('no e-mail address')
    expect(await failureOf(sequencer.enrol(request('11'), call()))).toMatchObject({ kind: 'invalid-request' })
    expect(effects('enrolled')).toEqual([])
  })

  it('enrols the contact of a lead', async () => {
    load({
      contacts: [{ id: '10', properties: { email: 'ten@acme.com' } }],
      leads: [{ id: '20', associations: { contact: ['10'] } }, { id: '21' }],
    })
    const ofLead = (id: string) => ({ ...request('10'), record: { type: 'lead', id } })
    await sequencer.enrol(ofLead('20'), call())
    expect(effects('enrolled')).toEqual([{ kind: 'enrolled', contact: '10', sequence: '555' }])
    expect(await failureOf(sequencer.find(ofLead('21'), call()))).toMatchObject({ kind: 'invalid-request' })
  })

  it('says that HubSpot takes nobody out of a sequence', async () => {
    const enrolment = await sequencer.enrol(request('10'), call())
    expect(sequencer.unenrols).toBe(false)
    const failure = await failureOf(sequencer.unenrol(enrolment, request('10'), call()))
    expect(failure).toMatchObject({ kind: 'invalid-request', retryable: false, outcomeUnknown: false })
    expect(failure.message).toContain(enrolment.id)
  })
})
