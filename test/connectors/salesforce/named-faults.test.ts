import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DuplicatePolicy } from '../../../connectors/salesforce.ts'
import { salesforce } from '../../../connectors/salesforce.ts'
import { idOf } from '../../../sandbox/salesforce/store.ts'
import { callOf, failureOf, requestOf, type Setup, startSetup } from './setup.ts'

const lead = { type: 'Lead', id: idOf('Lead', 1) }
const rep = idOf('User', 2)

let setup: Setup
beforeEach(async () => {
  setup = await startSetup()
  await setup.crm.readRecord(lead, callOf())
})
afterEach(() => setup.sandbox.close())

const play = (name: string, change: { path?: string; times?: number } = {}) =>
  setup.sandbox.faults.add({ vendor: 'salesforce', name, ...change })
const write = (change = {}) => setup.crm.writeOwner(lead, { ownerId: rep }, callOf(change))
const read = (change = {}) => setup.crm.readRecord(lead, callOf(change))
const ownerNow = async () => (await read())?.ownerId

describe('a write', () => {
  test('whose answer breaks off has an unknown outcome, and took place once', async () => {
    play('half-body')
    expect(await failureOf(write())).toMatchObject({ kind: 'unavailable', outcomeUnknown: true })
    expect(setup.sandbox.ledger.entries({ effect: 'owner-written' })).toHaveLength(1)
  })

  test.each(['stalled-body', 'hang'])('whose answer is a %s ends at its deadline', async (name) => {
    play(name)
    expect(await failureOf(write({ timeoutMs: 250 }))).toMatchObject({
      kind: 'timeout',
      outcomeUnknown: true,
    })
  })

  test('with an expired token is repeated with a new one', async () => {
    play('expired-session')
    await write()
    expect(setup.sandbox.ledger.entries({ effect: 'owner-written' })).toHaveLength(1)
  })

  test('with a token that is refused for ever is asked for twice', async () => {
    const before = setup.requests().length
    play('expired-session', { times: 1_000 })
    expect(await failureOf(write())).toMatchObject({ kind: 'needs-credentials', retryable: true })
    expect(setup.requests().length - before).toBe(2)
  })

  test.each([
    ['daily-limit', { kind: 'quota-exhausted', retryAfterMs: 900_000 }],
    ['concurrent-limit', { kind: 'rate-limited', retryAfterMs: 5_000 }],
    ['rate-limited', { kind: 'rate-limited', retryAfterMs: 2_000 }],
  ])('at the %s waits', async (name, expected) => {
    play(name)
    expect(await failureOf(write())).toMatchObject({ ...expected, retryable: true, outcomeUnknown: false })
  })

  test('of a locked record is free to be tried again', async () => {
    play('row-lock')
    expect(await failureOf(write())).toMatchObject({
      kind: 'unavailable',
      retryable: true,
      outcomeUnknown: false,
    })
    await write()
    expect(await ownerNow()).toBe(rep)
  })

  test('that a flow of the org undoes shows when it is read back later', async () => {
    play('owner-overwritten')
    await write()
    expect(await ownerNow()).toBe(rep)
    await expect.poll(ownerNow).toBe(idOf('Group', 1))
  })

  test('to somebody who has left meanwhile asks for another owner', async () => {
    play('inactive-owner')
    expect(await failureOf(write())).toMatchObject({ kind: 'inactive-owner', retryable: false })
    expect(await setup.crm.findUserByEmail('anna.keller@rota.example', callOf())).toMatchObject({
      active: false,
    })
  })

  test('whose answer is lost took place', async () => {
    play('lost-answer')
    expect(await failureOf(write())).toMatchObject({ kind: 'unavailable', outcomeUnknown: true })
    expect(await ownerNow()).toBe(rep)
  })

  test('whose request is lost did not take place, which nobody can know', async () => {
    play('lost-request')
    expect(await failureOf(write())).toMatchObject({ kind: 'unavailable', outcomeUnknown: true })
    expect(await ownerNow()).toBe(idOf('Group', 1))
  })

  test('answered by a page of a gateway has an unknown outcome', async () => {
    play('html-503')
    expect(await failureOf(write())).toMatchObject({
      kind: 'unavailable',
      retryable: true,
      outcomeUnknown: true,
    })
  })

  test('while the org is away fails again and again, until the fault is cleared', async () => {
    play('away')
    for (let attempt = 0; attempt < 5; attempt += 1)
      expect(await failureOf(write())).toMatchObject({ kind: 'unavailable', retryable: true })
    setup.sandbox.faults.clear()
    await write()
    expect(await ownerNow()).toBe(rep)
  })

  test('of a record that a colleague took since it was read is refused, and the colleague keeps it', async () => {
    const call = callOf()
    await setup.crm.readRecord(lead, call)
    play('taken-by-colleague')
    const failure = await failureOf(setup.crm.writeOwner(lead, { ownerId: rep }, call))
    expect(failure).toMatchObject({ kind: 'unavailable', retryable: true, outcomeUnknown: false })
    const colleague = await ownerNow()
    expect([rep, idOf('Group', 1)]).not.toContain(colleague)
  })

  test('of a record that was deleted meanwhile is final', async () => {
    play('record-deleted')
    expect(await failureOf(write())).toMatchObject({ kind: 'not-found', retryable: false })
    expect(await read()).toBeNull()
  })

  test('of a lead that was converted meanwhile is final, and its contact is found', async () => {
    play('record-converted')
    const failure = await failureOf(write())
    expect(failure).toMatchObject({ kind: 'not-found', retryable: false })
    expect(failure.message).toContain('CANNOT_UPDATE_CONVERTED_LEAD')
    expect(await setup.crm.findRecord(requestOf({ recordId: lead.id }), callOf())).toMatchObject({
      type: 'Contact',
    })
  })

  test('of a record that was merged meanwhile is final, and the one that goes on is found', async () => {
    play('record-merged')
    expect(await failureOf(write())).toMatchObject({ kind: 'not-found', retryable: false })
    const goesOn = await setup.crm.findRecord(requestOf({ recordId: lead.id }), callOf())
    expect(goesOn).toMatchObject({ type: 'Lead' })
    expect(goesOn?.id).not.toBe(lead.id)
  })
})

describe('a login', () => {
  test('of an org that is away is tried again', async () => {
    const loginUrl = `${setup.sandbox.url}/salesforce`
    const crm = salesforce({ loginUrl, clientId: 'rota', clientSecret: 'secret' })
    play('away')
    expect(await failureOf(crm.readRecord(lead, callOf()))).toMatchObject({
      kind: 'unavailable',
      retryable: true,
    })
  })

  test('of a client that is known no more needs credentials', async () => {
    play('expired-session')
    play('dead-client')
    expect(await failureOf(read())).toMatchObject({ kind: 'needs-credentials', retryable: true })
  })
})

describe('a lead that looks like one the org has', () => {
  const person = requestOf({ email: 'lena@open-ocean.example', lastName: 'Open', externalId: 'row_77' })
  const create = (duplicates?: DuplicatePolicy) => {
    const crm = salesforce({
      loginUrl: `${setup.sandbox.url}/salesforce`,
      clientId: 'rota',
      clientSecret: 'secret',
      ...(duplicates !== undefined && { duplicates }),
    })
    return crm.createRecord(person, callOf())
  }

  test('is refused unless told otherwise, naming the other one', async () => {
    play('duplicates')
    const failure = await failureOf(create())
    expect(failure).toMatchObject({ kind: 'invalid-request', retryable: false, outcomeUnknown: false })
    expect(failure.message).toContain('DUPLICATES_DETECTED')
    expect(failure.message).toContain(lead.id)
  })

  test('is created nevertheless where that is allowed', async () => {
    setup.load({ settings: { blockDuplicateLeads: true } })
    expect(await create('allow')).toMatchObject({ type: 'Lead' })
    expect(setup.sandbox.ledger.entries({ effect: 'record-created' })).toHaveLength(1)
  })

  test('stands for the other one where that is wanted', async () => {
    play('duplicates')
    expect(await create('existing')).toMatchObject(lead)
    expect(setup.sandbox.ledger.entries({ effect: 'record-created' })).toEqual([])
  })
})

test('every fault that the stand-in knows is played in a test here', async () => {
  const played = new Set([
    'half-body',
    'stalled-body',
    'hang',
    'expired-session',
    'dead-client',
    'daily-limit',
    'concurrent-limit',
    'lost-answer',
    'lost-request',
    'html-503',
    'row-lock',
    'inactive-owner',
    'record-deleted',
    'record-converted',
    'record-merged',
    'owner-overwritten',
    'taken-by-colleague',
    'away',
    'rate-limited',
    'duplicates',
  ])
  expect(Object.keys(setup.sandbox.vendors.salesforce?.faults ?? {}).sort()).toEqual([...played].sort())
})
