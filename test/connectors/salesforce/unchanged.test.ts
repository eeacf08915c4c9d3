import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { updateCrm } from '../../../columns/update-crm.ts'
import { idOf } from '../../../sandbox/salesforce/store.ts'
import { run } from '../../columns/running.ts'
import { callOf, failureOf, type Setup, startSetup } from './setup.ts'

const [ours, before, other] = [idOf('User', 2), idOf('User', 3), idOf('User', 4)]
const lead = { type: 'Lead', id: idOf('Lead', 1) }

let setup: Setup
beforeEach(async () => {
  setup = await startSetup()
  setup.load({
    users: [ours, before, other].map((Id, index) => ({
      Id,
      Name: `U${index}`,
      Email: `u${index}@x.example`,
    })),
    leads: [1, 2].map((serial) => ({
      Id: idOf('Lead', serial),
      LastName: 'L',
      Company: 'C',
      OwnerId: before,
      LastModifiedDate: '2026-01-31T09:30:00.000+0000',
    })),
  })
})
afterEach(() => setup.sandbox.close())

const write = (call = callOf(), record = lead) => setup.crm.writeOwner(record, { ownerId: ours }, call)
const ownerNow = async (record = lead) => (await setup.crm.readRecord(record, callOf()))?.ownerId

/** A person gives the lead to somebody else. */
const takeOver = () => setup.crm.writeOwner(lead, { ownerId: other }, callOf())

describe('a write after a read', () => {
  test('goes through while nobody has changed the record', async () => {
    const call = callOf()
    await setup.crm.readRecord(lead, call)
    await write(call)
    expect(await ownerNow()).toBe(ours)
    await write(call)
  })

  test('is refused when somebody changed the record in between, and is to be looked at again', async () => {
    const call = callOf()
    await setup.crm.readRecord(lead, call)
    await takeOver()
    expect(await failureOf(write(call))).toMatchObject({
      kind: 'unavailable',
      retryable: true,
      outcomeUnknown: false,
    })
    expect(await ownerNow()).toBe(other)
    await setup.crm.readRecord(lead, call)
    await write(call)
    expect(await ownerNow()).toBe(ours)
  })

  test('of another attempt is not held to what this one has read', async () => {
    await setup.crm.readRecord(lead, callOf())
    await takeOver()
    await write()
    expect(await ownerNow()).toBe(ours)
  })

  test('that shares a request with others cannot be held to it', async () => {
    const [call, second] = [callOf({ lane: 'bulk' }), { type: 'Lead', id: idOf('Lead', 2) }]
    await setup.crm.readRecord(lead, call)
    await takeOver()
    await Promise.all([write(call), write(call, second)])
    expect(await ownerNow()).toBe(ours)
  })
})

test('a column that compares leaves a lead that a person takes right before the write', async () => {
  const column = updateCrm({
    crm: setup.crm,
    change: () => ({
      record: lead,
      owner: { rep: 'u', name: 'U', email: 'u0@x.example', ids: { salesforce: ours } },
      expected: before,
    }),
  })
  let raced = false
  const racing: typeof fetch = async (input, init) => {
    if (init?.method === 'PATCH' && !raced) {
      raced = true
      await takeOver()
    }
    return fetch(input, init)
  }
  const send = () => failureOf(run(column, {}, callOf({ fetch: racing })))
  expect(await send()).toMatchObject({ kind: 'unavailable', retryable: true, outcomeUnknown: false })
  const failure = await send()
  expect(failure.message).toContain('now belongs to')
  expect(await ownerNow()).toBe(other)
})
