import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { EnrolRequest } from '../../../columns/ports.ts'
import { idOf } from '../../../sandbox/salesforce/store.ts'
import { callOf, failureOf, type Setup, startSetup } from './setup.ts'

const request: EnrolRequest = {
  sequence: 'Inbound SMB',
  record: { type: 'Lead', id: idOf('Lead', 1) },
  email: 'lena@open-ocean.example',
  sender: { email: 'anna.keller@rota.example', crmUserId: null },
}

let setup: Setup
beforeEach(async () => {
  setup = await startSetup()
})
afterEach(() => setup.sandbox.close())

describe('taking a person out of a cadence', () => {
  test('ends that enrolment, whoever sends it, and no other', async () => {
    const first = await setup.cadences.enrol(request, callOf())
    const other = await setup.cadences.enrol({ ...request, sequence: 'Inbound Mid-Market' }, callOf())
    expect(first.sender).toBe('anna.keller@rota.example')
    await setup.cadences.unenrol(first, { ...request, sequence: 'Inbound Enterprise' }, callOf())
    expect(await setup.cadences.find(request, callOf())).toEqual({ state: 'absent' })
    expect(await setup.cadences.find({ ...request, sequence: 'Inbound Mid-Market' }, callOf())).toMatchObject(
      { state: 'found', value: { id: other.id } },
    )
    expect(setup.sandbox.ledger.entries({ effect: 'unenrolled' }).map(({ effect }) => effect)).toMatchObject([
      { record: request.record.id, enrolments: [first.id] },
    ])
  })

  test('who has left it already is no failure and no request that changes anything', async () => {
    const first = await setup.cadences.enrol(request, callOf())
    await setup.cadences.unenrol(first, request, callOf())
    await setup.cadences.unenrol(first, request, callOf())
    expect(setup.sandbox.ledger.entries({ effect: 'unenrolled' })).toHaveLength(1)
  })

  test('makes room for the next rep', async () => {
    const first = await setup.cadences.enrol(request, callOf())
    await setup.cadences.unenrol(first, request, callOf())
    const next = await setup.cadences.enrol(
      { ...request, sender: { email: 'ben.okafor@rota.example', crmUserId: null } },
      callOf(),
    )
    expect(next).toMatchObject({ sender: 'ben.okafor@rota.example' })
    expect(next.id).not.toBe(first.id)
  })

  test('whose answer is lost is unknown', async () => {
    const first = await setup.cadences.enrol(request, callOf())
    setup.sandbox.faults.add({ vendor: 'salesforce', name: 'lost-answer', path: '/actions/' })
    expect(await failureOf(setup.cadences.unenrol(first, request, callOf()))).toMatchObject({
      outcomeUnknown: true,
    })
  })
})

describe('a refusal of a cadence', () => {
  const errors = [{ statusCode: 'UNABLE_TO_LOCK_ROW', message: 'unable to obtain exclusive access' }]

  test.each([200, 400])('with status %i is judged by its code', async (status) => {
    const body = [{ actionName: 'x', isSuccess: false, errors }]
    setup.sandbox.faults.add({ vendor: 'salesforce', path: '/actions/', kind: 'status', status, body })
    const failure = await failureOf(setup.cadences.enrol(request, callOf()))
    expect(failure).toMatchObject({ kind: 'unavailable', retryable: true, outcomeUnknown: false })
    expect(failure.message).toContain('UNABLE_TO_LOCK_ROW')
  })
})

describe('a person who opted out', () => {
  const load = (leads: object) =>
    setup.load({ leads: [{ Id: request.record.id, LastName: 'L', Company: 'C', ...leads }] })

  test('is refused, with the reason', async () => {
    load({ HasOptedOutOfEmail: true })
    expect(await setup.cadences.refusal(request, callOf())).toContain('opted out')
  })

  test('is told from one who did not', async () => {
    load({})
    expect(await setup.cadences.refusal(request, callOf())).toBeNull()
  })

  test('cannot be told where the record is gone', async () => {
    setup.load({})
    expect(await failureOf(setup.cadences.refusal(request, callOf()))).toMatchObject({ kind: 'not-found' })
  })

  test('cannot be told where the org hides the field, and nobody is enrolled on a guess', async () => {
    setup.sandbox.faults.add({
      vendor: 'salesforce',
      path: 'HasOptedOutOfEmail',
      kind: 'status',
      status: 400,
      body: [
        { errorCode: 'INVALID_FIELD', message: "No such column 'HasOptedOutOfEmail' on entity 'Lead'." },
      ],
    })
    expect(await failureOf(setup.cadences.refusal(request, callOf()))).toMatchObject({
      kind: 'invalid-request',
      retryable: false,
    })
  })
})
