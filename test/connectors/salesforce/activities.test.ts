import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SalesforceStateInput } from '../../../sandbox/salesforce/state.ts'
import { idOf } from '../../../sandbox/salesforce/store.ts'
import { callOf, failureOf, type Setup, startSetup } from './setup.ts'

const [robot, anna, automated] = [1, 2, 3].map((serial) => idOf('User', serial))
const lead = { type: 'Lead', id: idOf('Lead', 1) }
const since = '2026-03-02T09:00:00.000Z'
const at = (time: string) => `2026-03-02T${time}:00.000+0000`

let setup: Setup
beforeEach(async () => {
  setup = await startSetup()
})
afterEach(() => setup.sandbox.close())

function load(state: Pick<SalesforceStateInput, 'tasks' | 'events'>) {
  setup.load({
    users: [
      { Id: robot, Name: 'Rota Integration' },
      { Id: anna, Name: 'Anna' },
      { Id: automated, Name: 'Automated Process', UserType: 'AutomatedProcess' },
    ],
    leads: [{ Id: lead.id, LastName: 'L', Company: 'C' }],
    ...state,
  })
}
const call = (change: object = {}) => ({
  WhoId: lead.id,
  OwnerId: anna,
  CreatedById: anna,
  Subject: 'Call',
  TaskSubtype: 'Call',
  Status: 'Completed',
  IsClosed: true,
  CreatedDate: at('10:00'),
  CompletedDateTime: at('10:05'),
  ...change,
})
const touch = () => setup.crm.firstTouch(lead, since, callOf())

describe('the first touch in Salesforce', () => {
  test('is the first finished task of a person from the given time on', async () => {
    load({
      tasks: [
        call({ CompletedDateTime: at('11:00') }),
        call(),
        call({ CompletedDateTime: at('08:59') }),
        call({ CompletedDateTime: null, CreatedDate: at('10:30') }),
        call({ WhoId: idOf('Lead', 2), CompletedDateTime: at('09:30') }),
      ],
    })
    expect(await touch()).toEqual({ at: '2026-03-02T10:05:00.000Z', by: anna, kind: 'call' })
  })

  test.each([
    ['a task that is still to do', { IsClosed: false, Status: 'Not Started', CompletedDateTime: null }],
    ['what our own user logged', { CreatedById: robot }],
    ['what an automated process logged', { CreatedById: automated }],
    ['a mass mailing', { TaskSubtype: 'ListEmail' }],
    ['a step that a cadence laid out', { TaskSubtype: 'Cadence' }],
    ['an e-mail that a cadence sent', { TaskSubtype: 'Email', ActionCadenceStepTrackerId: '77x' }],
    [
      'an e-mail that a sequencing tool logged',
      { Type: 'Email', TaskSubtype: 'Task', Subject: '[Outreach] [Email] Hi' },
    ],
  ])('is not %s (trap 103)', async (_, change) => {
    load({ tasks: [call(change)] })
    expect(await touch()).toBeNull()
  })

  test('may be an e-mail written by hand, or the call of a cadence', async () => {
    load({ tasks: [call({ TaskSubtype: 'Email', Subject: 'Email: hello' })] })
    expect(await touch()).toMatchObject({ kind: 'email' })
    load({ tasks: [call({ ActionCadenceStepTrackerId: '77x' })] })
    expect(await touch()).toMatchObject({ kind: 'call' })
  })

  test('may be a meeting, once it has begun', async () => {
    const meeting = { WhoId: lead.id, OwnerId: anna, StartDateTime: at('09:15') }
    load({ tasks: [call()], events: [meeting] })
    expect(await touch()).toEqual({ at: '2026-03-02T09:15:00.000Z', by: anna, kind: 'meeting' })
    load({ events: [{ ...meeting, StartDateTime: new Date(Date.now() + 3_600_000).toISOString() }] })
    expect(await touch()).toBeNull()
  })

  test('is found in an org that has no cadences, which is asked about them once', async () => {
    load({ tasks: [call()] })
    setup.sandbox.faults.add({
      vendor: 'salesforce',
      path: 'ActionCadenceStepTrackerId',
      kind: 'status',
      status: 400,
      body: [
        {
          errorCode: 'INVALID_FIELD',
          message: "No such column 'ActionCadenceStepTrackerId' on entity 'Task'",
        },
      ],
      times: 9,
    })
    expect(await touch()).toMatchObject({ kind: 'call' })
    expect(await touch()).toMatchObject({ kind: 'call' })
    const asked = setup.sandbox.ledger
      .entries()
      .filter(({ path }) => path.includes('ActionCadenceStepTrackerId'))
    expect(asked).toHaveLength(1)
  })

  test('is asked for by a valid id and time only', async () => {
    load({})
    for (const [id, from] of [
      ['1/../2', since],
      [lead.id, 'yesterday'],
    ] as const) {
      expect(await failureOf(setup.crm.firstTouch({ type: 'Lead', id }, from, callOf()))).toMatchObject({
        kind: 'invalid-request',
      })
    }
    expect(setup.sandbox.ledger.entries().filter(({ path }) => path.includes('query'))).toEqual([])
  })
})
