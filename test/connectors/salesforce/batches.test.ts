import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Call } from '../../../columns/ports.ts'
import type { SalesforceStateInput } from '../../../sandbox/salesforce/state.ts'
import { idOf } from '../../../sandbox/salesforce/store.ts'
import { turnsUntil } from '../../support/own-time.ts'
import { patienceMs } from '../../support/patience.ts'
import { until } from '../../support/runtime.ts'
import { callOf, failureOf, type Setup, startSetup } from './setup.ts'

const queue = idOf('Group', 1)
const rep = (serial: number) => idOf('User', 2 + (serial % 5))
const lead = (serial: number) => ({ type: 'Lead', id: idOf('Lead', serial) })
const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

let setup: Setup
beforeEach(async () => {
  setup = await startSetup()
})
afterEach(() => setup.sandbox.close())

function orgOf(leads: number, settings: SalesforceStateInput['settings'] = {}): SalesforceStateInput {
  return {
    users: range(5).map((serial) => ({
      Id: rep(serial),
      Name: `Rep ${serial}`,
      Email: `rep${serial}@x.example`,
    })),
    queues: [{ Id: queue, Name: 'Triage' }],
    leads: range(leads).map((serial) => ({
      Id: lead(serial).id,
      LastName: `L${serial}`,
      Company: 'C',
      OwnerId: queue,
    })),
    settings: { assignLeadsTo: queue, ...settings },
  }
}

const bulk = (change: Partial<Call> = {}) => callOf({ lane: 'bulk', timeoutMs: patienceMs, ...change })
const write = (serial: number, call: Call) =>
  setup.crm.writeOwner(lead(serial), { ownerId: rep(serial), fields: { Rota_Reason__c: `r${serial}` } }, call)

describe('owners of bulk rows', () => {
  test('are written 200 to a request, past the assignment rule, and read back as many at a time', async () => {
    setup.load(orgOf(450))
    await Promise.all(range(450).map((serial) => write(serial, bulk())))
    const collections = setup.sandbox.ledger
      .entries()
      .filter(({ path }) => path.endsWith('/composite/sobjects'))
    expect(collections).toHaveLength(3)
    expect(collections[0]?.body).toMatchObject({
      allOrNone: false,
      records: { 0: { attributes: { type: 'Lead' }, id: lead(1).id, OwnerId: rep(1), Rota_Reason__c: 'r1' } },
    })
    const found = await Promise.all(range(450).map((serial) => setup.crm.readRecord(lead(serial), bulk())))
    expect(found.map((record) => record?.ownerId)).toEqual(range(450).map(rep))
    expect(found[0]?.owner).toMatchObject({ email: 'rep1@x.example', kind: 'person' })
    expect(setup.requests()).toHaveLength(4)
  })

  test('of several types go in requests of their own', async () => {
    setup.load({
      ...orgOf(2),
      accounts: [1, 2].map((serial) => ({ Id: idOf('Account', serial), Name: 'A', OwnerId: rep(0) })),
    })
    const accounts = [1, 2].map((serial) =>
      setup.crm.writeOwner({ type: 'Account', id: idOf('Account', serial) }, { ownerId: rep(1) }, bulk()),
    )
    await Promise.all([write(1, bulk()), ...accounts, write(2, bulk())])
    expect(setup.requests()).toEqual([
      'PATCH /services/data/v64.0/composite/sobjects',
      'PATCH /services/data/v64.0/composite/sobjects',
    ])
  })

  test('are each written or refused for themselves', async () => {
    setup.load({
      ...orgOf(3),
      users: [
        { Id: rep(1), Name: 'Rep' },
        { Id: rep(2), Name: 'Gone', IsActive: false },
      ],
    })
    setup.sandbox.faults.add({ vendor: 'salesforce', name: 'row-lock' })
    const [locked, inactive, gone, good] = [
      failureOf(write(1, bulk())),
      failureOf(write(2, bulk())),
      failureOf(setup.crm.writeOwner(lead(9), { ownerId: rep(1) }, bulk())),
      setup.crm.writeOwner(lead(3), { ownerId: rep(1) }, bulk()),
    ]
    expect(await locked).toMatchObject({ kind: 'unavailable', retryable: true, outcomeUnknown: false })
    expect((await locked).message).toContain('UNABLE_TO_LOCK_ROW')
    expect(await inactive).toMatchObject({ kind: 'inactive-owner', outcomeUnknown: false })
    expect(await gone).toMatchObject({ kind: 'not-found', outcomeUnknown: false })
    await good
    expect(setup.requests()).toHaveLength(1)
    await write(1, bulk())
    expect((await setup.crm.readRecord(lead(1), callOf()))?.ownerId).toBe(rep(1))
  })

  test('go without a row that was cancelled during the login', async () => {
    setup.load(orgOf(2))
    setup.sandbox.faults.add({ vendor: 'salesforce', path: '/oauth2/token', kind: 'delay', delayMs: 300 })
    const cancel = new AbortController()
    const cancelled = failureOf(write(1, bulk({ signal: cancel.signal })))
    const other = write(2, bulk())
    const login = () => setup.sandbox.ledger.entries().some(({ path }) => path.includes('/oauth2/token'))
    await until(login, 'the login has begun')
    cancel.abort()
    expect(await cancelled).toMatchObject({ outcomeUnknown: false })
    await other
    expect((await setup.crm.readRecord(lead(1), callOf()))?.ownerId).toBe(queue)
    expect((await setup.crm.readRecord(lead(2), callOf()))?.ownerId).toBe(rep(2))
  })

  test('that are all refused are no request that was taken', async () => {
    setup.load(orgOf(1))
    const refused = [8, 9].map((serial) => failureOf(write(serial, bulk())))
    expect((await Promise.all(refused)).map(({ kind }) => kind)).toEqual(['not-found', 'not-found'])
    const [collection] = setup.sandbox.ledger.entries().filter(({ path }) => path.includes('/composite/'))
    expect(collection).toMatchObject({ status: 200, accepted: false, effect: null })
  })

  test('in an answer that is lost are unknown, all of them', async () => {
    setup.load(orgOf(3))
    setup.sandbox.faults.add({ vendor: 'salesforce', name: 'lost-answer' })
    const failures = await Promise.all(range(3).map((serial) => failureOf(write(serial, bulk()))))
    expect(failures.map(({ outcomeUnknown }) => outcomeUnknown)).toEqual([true, true, true])
    expect((await setup.crm.readRecord(lead(2), callOf()))?.ownerId).toBe(rep(2))
  })

  test('in an answer that leaves records out are unknown', async () => {
    setup.load(orgOf(2))
    setup.sandbox.faults.add({
      vendor: 'salesforce',
      path: '/composite',
      kind: 'status',
      status: 200,
      body: [{ id: lead(1).id, success: true, errors: [] }],
    })
    const failures = await Promise.all(range(2).map((serial) => failureOf(write(serial, bulk()))))
    expect(failures).toMatchObject([
      { kind: 'invalid-output', outcomeUnknown: true },
      { kind: 'invalid-output', outcomeUnknown: true },
    ])
  })

  test('are not written at all when the day is used up, and all wait as long', async () => {
    setup.load(orgOf(3))
    setup.sandbox.faults.add({ vendor: 'salesforce', name: 'daily-limit' })
    const failures = await Promise.all(range(3).map((serial) => failureOf(write(serial, bulk()))))
    for (const failure of failures)
      expect(failure).toMatchObject({ kind: 'quota-exhausted', retryAfterMs: 900_000, outcomeUnknown: false })
  })

  test('that are read tell what is not there from what is', async () => {
    setup.load(orgOf(2))
    const found = await Promise.all([1, 7, 2].map((serial) => setup.crm.readRecord(lead(serial), bulk())))
    expect(found.map((record) => record?.id)).toEqual([lead(1).id, undefined, lead(2).id])
    expect(setup.requests()).toHaveLength(1)
  })
})

test('a live lead is never kept waiting to fill a batch', async () => {
  setup.load(orgOf(60))
  await setup.crm.readRecord(lead(1), callOf())
  const background = range(50).map((serial) => write(serial + 1, bulk()))
  for (let turn = 0; turn < 5; turn += 1) {
    let hasLeft = false
    const leaving: typeof fetch = (...asked) => {
      hasLeft = true
      return fetch(...asked)
    }
    const written = setup.crm.writeOwner(lead(1), { ownerId: rep(turn) }, callOf({ fetch: leaving }))
    expect(await turnsUntil(() => hasLeft)).toBeLessThan(5)
    await written
  }
  await Promise.all(background)
  const single = setup.requests().filter((line) => line.endsWith(`/sobjects/Lead/${lead(1).id}`))
  expect(single).toHaveLength(5)
})
