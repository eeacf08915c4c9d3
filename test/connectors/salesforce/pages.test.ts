import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { salesforce } from '../../../connectors/salesforce.ts'
import { idOf } from '../../../sandbox/salesforce/store.ts'
import { callOf, failureOf, type Setup, startSetup } from './setup.ts'

const lead = { type: 'Lead', id: idOf('Lead', 1) }
const write = () => setup.crm.writeOwner(lead, { ownerId: idOf('User', 2) }, callOf())
const read = () => setup.crm.readRecord(lead, callOf())
const answer = (path: string, status: number, body: unknown) =>
  setup.sandbox.faults.add({ vendor: 'salesforce', path, kind: 'status', status, body })

let setup: Setup
beforeEach(async () => {
  setup = await startSetup()
})
afterEach(() => setup.sandbox.close())

describe('in place of a login', () => {
  test.each([
    [400, '<html>Bad Request</html>'],
    [403, '<html>Blocked by a firewall</html>'],
    [404, '<html>no such page</html>'],
    [405, '<html>Method not allowed</html>'],
    [405, { error: 'x' }],
    [404, [{ errorCode: 'NOT_FOUND', message: 'The requested resource does not exist' }]],
  ])('%i %j waits for somebody, and fails no row', async (status, body) => {
    answer('/oauth2/token', status, body)
    expect(await failureOf(write())).toMatchObject({
      kind: 'needs-credentials',
      retryable: true,
      outcomeUnknown: false,
    })
  })

  test.each([
    [408, 'unavailable'],
    [420, 'rate-limited'],
    [429, 'rate-limited'],
    [502, 'unavailable'],
  ])('%i ends as %s', async (status, kind) => {
    answer('/oauth2/token', status, 'busy')
    expect(await failureOf(write())).toMatchObject({ kind, retryable: true, outcomeUnknown: false })
  })

  test('a refusal for the calls of the day is no dead credential', async () => {
    answer('/oauth2/token', 403, [
      { errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'TotalRequests Limit exceeded.' },
    ])
    expect(await failureOf(write())).toMatchObject({ kind: 'quota-exhausted', retryable: true })
  })
})

describe('in place of an answer', () => {
  test.each([403, 404, 410])('a page with status %i is nobody who refuses', async (status) => {
    answer('/services/data', status, '<html>Access denied by proxy</html>')
    expect(await failureOf(write())).toMatchObject({
      kind: 'unavailable',
      retryable: true,
      outcomeUnknown: true,
    })
    answer('/services/data', status, { error: 'no route', error_description: 'of a gateway' })
    expect(await failureOf(read())).toMatchObject({
      kind: 'unavailable',
      retryable: true,
      outcomeUnknown: false,
    })
  })

  test.each([408, 502])('an error %i of a gateway leaves open what was written', async (status) => {
    answer('/services/data', status, { error: 'gateway' })
    expect(await failureOf(write())).toMatchObject({ retryable: true, outcomeUnknown: true })
  })

  test('a 429 that names no time rests the credential', async () => {
    answer('/services/data', 429, 'slow down')
    expect(await failureOf(read())).toMatchObject({ kind: 'rate-limited', retryAfterMs: 10_000 })
  })
})

test.each(['', 'acme.my.salesforce.com', 'ftp://acme.example'])(
  'the login URL "%s" is refused unsent',
  async (loginUrl) => {
    const crm = salesforce({ loginUrl, clientId: 'a', clientSecret: 'b' })
    expect(await failureOf(crm.readRecord(lead, callOf()))).toMatchObject({
      kind: 'invalid-request',
      retryable: false,
      outcomeUnknown: false,
    })
  },
)
