import { generateKeyPairSync } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Allowance, Budget } from '../../../columns/budget.ts'
import type { Call } from '../../../columns/ports.ts'
import { salesforce } from '../../../connectors/salesforce.ts'
import { idOf } from '../../../sandbox/salesforce/store.ts'
import { callOf, failureOf, type Setup, startSetup } from './setup.ts'

const lead = { type: 'Lead', id: idOf('Lead', 1) }
const keys = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
const ours = keys()

let setup: Setup
beforeEach(async () => {
  setup = await startSetup()
})
afterEach(() => setup.sandbox.close())

const byJwt = (privateKey = ours.privateKey, change = {}) =>
  salesforce({
    loginUrl: `${setup.sandbox.url}/salesforce`,
    clientId: 'rota',
    username: 'rota@acme.example',
    privateKey,
    ...change,
  })
const trust = () =>
  setup.load({
    leads: [{ Id: lead.id, LastName: 'L', Company: 'C' }],
    settings: { certificate: { publicKey: ours.publicKey, username: 'rota@acme.example' } },
  })

describe('a login by JWT', () => {
  test('acts for the user whose app trusts the key', async () => {
    trust()
    expect(await byJwt().readRecord(lead, callOf())).toMatchObject({ id: lead.id })
  })

  test('takes a key whose line breaks are written out, as in an environment file', async () => {
    trust()
    const crm = byJwt(ours.privateKey.replaceAll('\n', '\\n'))
    expect(await crm.readRecord(lead, callOf())).toMatchObject({ id: lead.id })
  })

  test.each([
    ['another key', () => byJwt(keys().privateKey), 'invalid assertion'],
    ['another user', () => byJwt(undefined, { username: 'x@acme.example' }), "hasn't approved"],
    ['another audience', () => byJwt(undefined, { audience: 'https://evil.example' }), 'audience is invalid'],
  ])('with %s needs credentials', async (_, crm, words) => {
    trust()
    const failure = await failureOf(crm().readRecord(lead, callOf()))
    expect(failure).toMatchObject({ kind: 'needs-credentials', retryable: true })
    expect(failure.message).toContain(words)
    expect(setup.requests()).toEqual([])
  })

  test('with a key that is none says so without showing it', async () => {
    const failure = await failureOf(byJwt('-----BEGIN RSA secret').readRecord(lead, callOf()))
    expect(failure).toMatchObject({ kind: 'needs-credentials' })
    expect(`${failure.message} ${String(failure.cause)}`).not.toContain('secret')
    expect(setup.sandbox.ledger.entries()).toEqual([])
  })
})

describe('the limits of an org', () => {
  /** What the runtime would hear through `limit` and `used`. */
  function listening(): Call & {
    failures: unknown[]
    used: NonNullable<Call['used']>
    told: Allowance[]
    turns: Budget[]
  } {
    const [failures, told, turns]: [unknown[], Allowance[], Budget[]] = [[], [], []]
    return {
      ...callOf(),
      failures,
      told,
      turns,
      used: (_, allowance) => void told.push(allowance),
      async limit(budget, request) {
        turns.push(budget)
        try {
          return await request()
        } catch (error) {
          failures.push(error)
          throw error
        }
      },
    }
  }

  test('are named by the org and the client, and never by a secret', () => {
    const crm = salesforce({
      loginUrl: 'https://acme.my.salesforce.com/',
      clientId: '3MVG9-a-long-consumer-key-ABCD1234',
      clientSecret: 'very-secret',
      limits: { concurrency: 5, perSecond: 10 },
    })
    expect(crm.budget).toEqual({
      key: 'salesforce:acme.my.salesforce.com:ABCD1234',
      concurrency: 5,
      perSecond: 10,
    })
    expect(setup.crm.budget).toMatchObject({ concurrency: 20 })
    expect(setup.cadences.budget).toBe(setup.crm.budget)
  })

  test('are asked once for a request with its login, and hear of the allowance', async () => {
    setup.load({ leads: [{ Id: lead.id, LastName: 'L', Company: 'C' }], settings: { dailyApiRequests: 500 } })
    const call = listening()
    await setup.crm.readRecord(lead, call)
    expect(call.turns.map(({ key }) => key)).toEqual([setup.crm.budget.key])
    expect(call.told).toEqual([{ used: 1, limit: 500 }])
  })

  test('hear of dead credentials, once for two refusals', async () => {
    setup.sandbox.faults.add({ vendor: 'salesforce', name: 'expired-session', times: 1_000 })
    const call = listening()
    const failure = await failureOf(setup.crm.readRecord(lead, call))
    expect(failure).toMatchObject({ kind: 'needs-credentials', retryable: true })
    expect(call.failures).toEqual([failure])
    expect(setup.requests()).toHaveLength(2)
  })

  test('cost a server that refuses every token two requests, however many ask at once', async () => {
    setup.sandbox.faults.add({ vendor: 'salesforce', name: 'expired-session', times: 1_000 })
    const asked = Array.from({ length: 30 }, (_, index) =>
      failureOf(setup.crm.findAccounts(`firm${index}.example`, callOf())),
    )
    for (const failure of await Promise.all(asked))
      expect(failure).toMatchObject({ kind: 'needs-credentials' })
    expect(setup.requests()).toHaveLength(2)
  })

  test('let the next request try a new token when the first could not', async () => {
    setup.sandbox.faults.add({ vendor: 'salesforce', name: 'lost-request' })
    const asked = Array.from({ length: 5 }, (_, index) =>
      setup.crm.findAccounts(`firm${index}.example`, callOf()).then(
        () => 'answered',
        () => 'lost',
      ),
    )
    expect((await Promise.all(asked)).sort()).toEqual([
      'answered',
      'answered',
      'answered',
      'answered',
      'lost',
    ])
  })

  test('hear of a client that the token endpoint knows no more', async () => {
    setup.sandbox.faults.add({ vendor: 'salesforce', name: 'dead-client' })
    const call = listening()
    expect(await failureOf(setup.crm.readRecord(lead, call))).toMatchObject({ kind: 'needs-credentials' })
    expect(call.failures).toHaveLength(1)
    expect(setup.requests()).toEqual([])
  })

  test.each([
    [{ error: 'invalid_grant', error_description: 'login rate exceeded' }, 'rate-limited'],
    [{ error: 'unknown_error', error_description: 'retry your request' }, 'unavailable'],
    [{ error: 'inactive_user', error_description: 'user is inactive' }, 'needs-credentials'],
  ])('hear %j from a login as %s', async (body, kind) => {
    setup.sandbox.faults.add({ vendor: 'salesforce', path: '/oauth2', kind: 'status', status: 400, body })
    expect(await failureOf(setup.crm.readRecord(lead, listening()))).toMatchObject({ kind, retryable: true })
  })
})

test('every request says that it is ours, so that its change events can be told', async () => {
  const named: (string | null)[] = []
  const watched: typeof fetch = (url, init) => {
    if (!String(url).includes('/oauth2/')) named.push(new Headers(init?.headers).get('sforce-call-options'))
    return fetch(url, init)
  }
  await setup.crm.readRecord(lead, callOf({ fetch: watched }))
  await setup.crm.writeOwner(lead, { ownerId: idOf('User', 2) }, callOf({ fetch: watched }))
  expect(named).toEqual(['client=rota', 'client=rota'])
})
