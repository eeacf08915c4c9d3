import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { idOf } from '../../../sandbox/salesforce/store.ts'
import { timed } from '../../support/own-time.ts'
import { until } from '../../support/runtime.ts'
import { callOf, failureOf, requestOf, type Setup, startSetup } from './setup.ts'

const lead = { type: 'Lead', id: idOf('Lead', 1) }
const rep = idOf('User', 2)
const expired = [{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }]

let setup: Setup
beforeEach(async () => {
  setup = await startSetup()
})
afterEach(() => setup.sandbox.close())

const fault = (kind: 'half-body' | 'stalled-body' | 'hang' | 'before' | 'after', path: string) =>
  setup.sandbox.faults.add({ vendor: 'salesforce', path, kind })
const answer = (
  status: number,
  body: unknown,
  change: { path?: string; times?: number; headers?: Record<string, string> } = {},
) =>
  setup.sandbox.faults.add({
    vendor: 'salesforce',
    path: '/services/data',
    kind: 'status',
    status,
    body,
    ...change,
  })
const write = (change = {}) => setup.crm.writeOwner(lead, { ownerId: rep }, callOf(change))
const read = (change = {}) => setup.crm.readRecord(lead, callOf(change))

describe('a broken connection', () => {
  test('in the middle of an answer is a failure, and the process lives', async () => {
    fault('half-body', '/query')
    expect(await failureOf(read())).toMatchObject({
      kind: 'unavailable',
      retryable: true,
      outcomeUnknown: false,
    })
    expect(await read()).toMatchObject({ id: lead.id })
  })

  test('in the middle of an answer to a write leaves the outcome unknown', async () => {
    fault('half-body', '/sobjects')
    expect(await failureOf(write())).toMatchObject({ kind: 'unavailable', outcomeUnknown: true })
  })

  test('after the commit leaves the outcome unknown, while the write took place once', async () => {
    fault('after', '/sobjects')
    expect(await failureOf(write())).toMatchObject({
      kind: 'unavailable',
      retryable: true,
      outcomeUnknown: true,
    })
    expect(setup.sandbox.ledger.entries({ effect: 'owner-written' })).toHaveLength(1)
    expect(await read()).toMatchObject({ ownerId: rep })
  })

  test('before the request arrived looks the same to a writer, who cannot know', async () => {
    fault('before', '/sobjects')
    expect(await failureOf(write())).toMatchObject({ outcomeUnknown: true })
    expect(setup.sandbox.ledger.entries({ effect: 'owner-written' })).toHaveLength(0)
  })

  test('that was never made is not an unknown outcome', async () => {
    await read()
    await setup.sandbox.close()
    await failureOf(read()) // The pooled connection: only with the next one is it sure that nothing left.
    expect(await failureOf(write())).toMatchObject({
      kind: 'unavailable',
      retryable: true,
      outcomeUnknown: false,
    })
    setup = await startSetup()
  })
})

describe('the deadline', () => {
  test.each(['stalled-body', 'hang'] as const)(
    'ends a write whose answer is a %s, outcome unknown',
    async (kind) => {
      await read()
      fault(kind, '/sobjects')
      const { answer, ownMs } = await timed(() => failureOf(write({ timeoutMs: 300 })))
      expect(answer).toMatchObject({ kind: 'timeout', outcomeUnknown: true })
      expect(ownMs).toBeLessThan(700)
    },
  )

  test('ends a read without an unknown outcome', async () => {
    fault('stalled-body', '/query')
    expect(await failureOf(read({ timeoutMs: 300 }))).toMatchObject({
      kind: 'timeout',
      retryable: true,
      outcomeUnknown: false,
    })
  })

  test('covers the login, before which nothing was written', async () => {
    fault('hang', '/oauth2/token')
    expect(await failureOf(write({ timeoutMs: 200 }))).toMatchObject({
      kind: 'timeout',
      outcomeUnknown: false,
    })
    expect(setup.requests()).toEqual([])
  })

  test('is the same for every page of a query', async () => {
    setup.load({
      accounts: [1, 2, 3].map((serial) => ({
        Id: idOf('Account', serial),
        Name: 'A',
        Website: 'a-corp.com',
      })),
      settings: { pageSize: 1 },
    })
    await read()
    setup.sandbox.faults.add({ vendor: 'salesforce', path: '/query', kind: 'delay', delayMs: 150, times: 3 })
    expect(await failureOf(setup.crm.findAccounts('a-corp.com', callOf({ timeoutMs: 300 })))).toMatchObject({
      kind: 'timeout',
    })
  })

  test('gives way to the caller’s own signal', async () => {
    await read()
    const cancel = new AbortController()
    fault('hang', '/sobjects')
    const given = setup.requests().length
    const cancelled = failureOf(write({ signal: cancel.signal }))
    await until(() => setup.requests().length > given, 'it has arrived')
    cancel.abort()
    expect(await cancelled).toMatchObject({ outcomeUnknown: true, retryable: false })
    expect(await failureOf(write({ signal: cancel.signal }))).toMatchObject({ outcomeUnknown: false })
  })
})

describe('an expired session', () => {
  test('is renewed once, and the request repeated', async () => {
    await read()
    answer(401, expired)
    expect(await read()).toMatchObject({ id: lead.id })
    expect(setup.sandbox.ledger.entries().map((entry) => entry.status)).toEqual([200, 200, 401, 200, 200])
  })

  test('that stays expired is asked for twice at most', async () => {
    answer(401, expired, { times: 1000 })
    expect(await failureOf(write())).toMatchObject({
      kind: 'needs-credentials',
      retryable: true,
      outcomeUnknown: false,
    })
    expect(setup.requests()).toHaveLength(2)
    expect(await failureOf(read())).toMatchObject({ kind: 'needs-credentials' })
    expect(setup.requests()).toHaveLength(4)
  })

  test('of many calls at once is renewed by one login', async () => {
    await read()
    answer(401, expired, { times: 20 })
    setup.sandbox.faults.add({ vendor: 'salesforce', path: '/oauth2', kind: 'delay', delayMs: 500 })
    const found = await Promise.all(
      Array.from({ length: 20 }, (_, index) => setup.crm.findAccounts(`firm${index}.example`, callOf())),
    )
    expect(found.every((accounts) => accounts.length === 0)).toBe(true)
    const logins = setup.sandbox.ledger.entries().filter((entry) => entry.path.includes('/oauth2'))
    expect(logins).toHaveLength(2)
  })

  test('is not renewed when the refusal is of another kind', async () => {
    answer(401, [
      { message: 'This session is not valid for use with the REST API', errorCode: 'INVALID_SESSION_ID' },
    ])
    expect(await failureOf(read())).toMatchObject({ kind: 'needs-credentials' })
    expect(setup.requests()).toHaveLength(1)
  })
})

describe('a login', () => {
  test('happens once for many first calls', async () => {
    await Promise.all(Array.from({ length: 10 }, () => read()))
    expect(setup.sandbox.ledger.entries().filter((entry) => entry.path.includes('/oauth2'))).toHaveLength(1)
  })

  test('survives the caller who started it', async () => {
    setup.sandbox.faults.add({ vendor: 'salesforce', path: '/oauth2', kind: 'delay', delayMs: 150 })
    const impatient = failureOf(read({ timeoutMs: 40 }))
    const patient = read()
    expect(await impatient).toMatchObject({ kind: 'timeout' })
    expect(await patient).toMatchObject({ id: lead.id })
  })

  test('with wrong credentials says so and does not repeat', async () => {
    setup.load({ settings: { client: { id: 'another', secret: 'x' } } })
    const failure = await failureOf(read())
    expect(failure).toMatchObject({ kind: 'needs-credentials', retryable: true })
    expect(failure.message).toContain('invalid_client_id: client identifier invalid')
    expect(failure.message).not.toContain('secret')
    expect(setup.sandbox.ledger.entries()).toHaveLength(1)
  })

  test.each([
    [503, '<html>down</html>', 'unavailable', true],
    [200, '<html>welcome</html>', 'invalid-output', true],
    [200, { access_token: 'x', instance_url: 'javascript:alert(1)' }, 'invalid-output', true],
  ])('answered with %i %s fails as %s', async (status, body, kind, retryable) => {
    answer(status, body, { path: '/oauth2' })
    expect(await failureOf(read())).toMatchObject({ kind, retryable })
  })

  test('that is sent elsewhere does not follow with the secret', async () => {
    answer(302, '', { path: '/oauth2', headers: { location: 'http://127.0.0.1:9/steal' } })
    const failure = await failureOf(read())
    expect(failure).toMatchObject({ kind: 'needs-credentials', retryable: true })
    expect(failure.message).toContain('My Domain')
  })
})

describe('an answer of Salesforce', () => {
  const error = (errorCode: string, message = 'said so') => [{ errorCode, message, fields: [] }]

  test.each([
    [
      403,
      error('REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'),
      { kind: 'quota-exhausted', retryable: true, retryAfterMs: 900_000 },
    ],
    [
      403,
      error('REQUEST_LIMIT_EXCEEDED', 'ConcurrentRequests (Concurrent API Requests) Limit exceeded.'),
      { kind: 'rate-limited', retryable: true, retryAfterMs: 5_000 },
    ],
    [400, error('UNABLE_TO_LOCK_ROW'), { kind: 'unavailable', retryable: true, outcomeUnknown: false }],
    [
      400,
      error('INACTIVE_OWNER_OR_USER'),
      { kind: 'inactive-owner', retryable: false, outcomeUnknown: false },
    ],
    [404, error('ENTITY_IS_DELETED'), { kind: 'not-found', retryable: false }],
    [404, error('NOT_FOUND'), { kind: 'not-found', retryable: false }],
    [400, error('FIELD_CUSTOM_VALIDATION_EXCEPTION'), { kind: 'invalid-request', retryable: false }],
    [
      400,
      error('DUPLICATES_DETECTED', 'Use one of these records?'),
      { kind: 'invalid-request', retryable: false },
    ],
    [403, error('API_DISABLED_FOR_ORG'), { kind: 'needs-credentials', retryable: true }],
    [403, error('INSUFFICIENT_ACCESS_OR_READONLY'), { kind: 'unauthorized', retryable: false }],
    [500, error('UNKNOWN_EXCEPTION'), { kind: 'unavailable', retryable: true, outcomeUnknown: false }],
    [503, error('SERVER_UNAVAILABLE'), { kind: 'unavailable', retryable: true, outcomeUnknown: false }],
    [503, '<html><h1>Down</h1></html>', { kind: 'unavailable', retryable: true, outcomeUnknown: true }],
    [502, '', { kind: 'unavailable', retryable: true, outcomeUnknown: true }],
    [200, '<html>login</html>', { kind: 'invalid-output', outcomeUnknown: true }],
    [420, {}, { kind: 'rate-limited', retryable: true }],
  ])('%i %j to a write', async (status, body, expected) => {
    answer(status, body)
    expect(await failureOf(write())).toMatchObject(expected)
    expect(setup.requests()).toHaveLength(1)
  })

  test('that is no answer to a query is an invalid output', async () => {
    answer(200, '<html>login</html>')
    expect(await failureOf(read())).toMatchObject({ kind: 'invalid-output', retryable: true })
    answer(200, { totalSize: 1, done: true, records: [{ Name: 'no id' }] })
    expect(await failureOf(read())).toMatchObject({ kind: 'invalid-output' })
    answer(200, { totalSize: 1, done: false, records: [], nextRecordsUrl: 'http://127.0.0.1:9/steal' })
    expect(await failureOf(read())).toMatchObject({ kind: 'invalid-output' })
    answer(200, { totalSize: 9, done: false, records: [] })
    expect(await failureOf(read())).toMatchObject({ kind: 'invalid-output' })
  })

  test('is honoured when it says how long to wait', async () => {
    answer(503, '', { headers: { 'retry-after': '30' } })
    expect(await failureOf(read())).toMatchObject({ retryAfterMs: 30_000 })
  })

  test('that does not end is cut off', async () => {
    answer(200, 'x'.repeat(9 * 1024 * 1024))
    expect(await failureOf(read())).toMatchObject({ kind: 'invalid-output', retryable: false })
  })

  test('to an upsert that names several leads is permanent', async () => {
    setup.load({
      leads: [1, 2].map((n) => ({
        Id: idOf('Lead', n),
        LastName: 'L',
        Company: 'C',
        Rota_Row_Id__c: 'row_1',
      })),
    })
    expect(await failureOf(setup.crm.createRecord(requestOf(), callOf()))).toMatchObject({
      kind: 'invalid-request',
      retryable: false,
    })
  })
})
