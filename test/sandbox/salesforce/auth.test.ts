import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { assertionOf } from '../../../connectors/salesforce/login.ts'
import { startOrg, type TestOrg } from './org.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const user = { loginUrl: 'https://acme.my.salesforce.com', clientId: 'client', username: 'u', privateKey }
const now = () => Math.floor(Date.now() / 1000)

let org: TestOrg
beforeAll(async () => {
  org = await startOrg()
})
afterAll(() => org.sandbox.close())
beforeEach(() =>
  org.load({
    settings: { client: { id: 'client', secret: 's' }, certificate: { publicKey, username: 'u' } },
  }),
)

async function login(assertion: string): Promise<[number, unknown]> {
  const response = await fetch(`${org.sandbox.url}/salesforce/services/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }),
  })
  return [response.status, await response.json()]
}

describe('the JWT flow', () => {
  test('takes what the trusted key signed, for either kind of org', async () => {
    expect(await login(assertionOf(user, now()))).toMatchObject([200, { token_type: 'Bearer' }])
    const loginUrl = 'https://acme--dev.sandbox.my.salesforce.com'
    expect(await login(assertionOf({ ...user, loginUrl }, now()))).toMatchObject([200, {}])
  })

  test.each([
    ['one that has run out', () => assertionOf(user, now() - 600), 'expired authorization code'],
    ['one that is valid for too long', () => assertionOf(user, now() + 600), 'expired authorization code'],
    ['one of another client', () => assertionOf({ ...user, clientId: 'x' }, now()), 'invalid client'],
    [
      'one that was changed',
      () => `${assertionOf(user, now()).slice(0, -20)}${'A'.repeat(20)}`,
      'invalid assertion',
    ],
    ['an unsigned one', () => assertionOf(user, now()).replace(/[^.]*$/, ''), 'invalid assertion'],
    ['nothing', () => '', 'invalid assertion'],
  ])('refuses %s', async (_, assertion, words) => {
    expect(await login(assertion())).toMatchObject([
      400,
      { error: 'invalid_grant', error_description: expect.stringContaining(words) },
    ])
  })
})
