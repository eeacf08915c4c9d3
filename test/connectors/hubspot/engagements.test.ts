import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Crm } from '../../../columns/ports.ts'
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
  crm = hubspot({ accessToken: 'pat', baseUrl: `${sandbox.url}/hubspot` })
})

const since = '2026-03-02T09:00:00.000Z'
const at = (time: string) => `2026-03-02T${time}:00.000Z`
const load = (state: object) => sandbox.vendors.hubspot?.load({ contacts: [{ id: '50' }], ...state })
const engagement = (properties: Record<string, string | null>, contact = '50') => ({
  properties: { hubspot_owner_id: '1', ...properties },
  associations: { contact: [contact] },
})
const phoned = (time: string, more: Record<string, string | null> = {}) =>
  engagement({ hs_timestamp: at(time), hs_call_status: 'COMPLETED', hs_object_source: 'CRM_UI', ...more })
const mailed = (time: string, more: Record<string, string | null> = {}) =>
  engagement({ hs_timestamp: at(time), hs_email_direction: 'EMAIL', hs_email_status: 'SENT', ...more })
const touch = () => crm.firstTouch({ type: 'contact', id: '50' }, since, call())

describe('the first touch in HubSpot', () => {
  it('is the first call, meeting or e-mail of a person from the given time on', async () => {
    load({
      calls: [phoned('11:00'), phoned('08:59'), phoned('09:01', { hs_call_status: 'NO_ANSWER' })],
      emails: [mailed('10:00')],
      meetings: [engagement({ hs_meeting_start_time: at('10:30') })],
    })
    expect(await touch()).toEqual({ at: at('09:01'), by: '1', kind: 'call' })
    load({ emails: [mailed('10:00')], meetings: [engagement({ hs_meeting_start_time: at('10:30') })] })
    expect(await touch()).toEqual({ at: at('10:00'), by: '1', kind: 'email' })
    load({ meetings: [engagement({ hs_meeting_start_time: at('10:30'), hs_timestamp: at('08:00') })] })
    expect(await touch()).toEqual({ at: at('10:30'), by: '1', kind: 'meeting' })
  })

  it.each([
    ['an e-mail of a sequence', { emails: [mailed('10:00', { hs_sequence_id: '301' })] }],
    ['an e-mail of a workflow', { emails: [mailed('10:00', { hs_object_source: 'AUTOMATION_PLATFORM' })] }],
    ['what the lead wrote', { emails: [mailed('10:00', { hs_email_direction: 'INCOMING_EMAIL' })] }],
    ['an e-mail that bounced', { emails: [mailed('10:00', { hs_email_status: 'BOUNCED' })] }],
    ['a call nobody took', { calls: [phoned('10:00', { hs_call_status: 'MISSED' })] }],
    ['a call nobody made', { calls: [phoned('10:00', { hubspot_owner_id: null })] }],
    [
      'a meeting that did not take place',
      { meetings: [engagement({ hs_meeting_start_time: at('10:00'), hs_meeting_outcome: 'NO_SHOW' })] },
    ],
    ['a meeting to come', { meetings: [engagement({ hs_meeting_start_time: '2999-01-01T00:00:00.000Z' })] }],
    ['a call with somebody else', { calls: [{ ...phoned('10:00'), associations: { contact: ['51'] } }] }],
  ])('is not %s (trap 103)', async (_, state) => {
    load(state)
    expect(await touch()).toBeNull()
  })

  it('is seen behind many others that do not count', async () => {
    const sequence = Array.from({ length: 150 }, () => mailed('09:30', { hs_sequence_id: '301' }))
    load({ emails: [...sequence, mailed('12:00'), mailed('11:00')] })
    expect(await touch()).toMatchObject({ at: at('11:00') })
  })

  it('is asked for by a valid record and time only', async () => {
    load({})
    for (const [id, from] of [
      ['1/../2', since],
      ['50', 'yesterday'],
    ] as const) {
      expect(await failureOf(crm.firstTouch({ type: 'contact', id }, from, call()))).toMatchObject({
        kind: 'invalid-request',
      })
    }
    expect(sandbox.ledger.entries()).toEqual([])
  })
})
