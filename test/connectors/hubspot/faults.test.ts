import { inspect } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Crm, RecordRequest } from '../../../columns/ports.ts'
import { hubspot, hubspotSequences } from '../../../connectors/hubspot.ts'
import { type Sandbox, startSandbox } from '../../../sandbox/sandbox.ts'
import { timed } from '../../support/own-time.ts'
import { callWithin as call, failureOf } from '../failure-of.ts'

let sandbox: Sandbox
let crm: Crm

const accessToken = 'pat-secret-7f3'
const settings = () => ({ accessToken, baseUrl: `${sandbox.url}/hubspot` })
const contacts = ['1', '2', '3'].map((id) => ({ id, properties: { email: `${id}@acme.com` } }))
const lead: RecordRequest = {
  recordId: null,
  externalId: 'row_1',
  email: 'new@acme.com',
  firstName: 'Lea',
  lastName: 'Doe',
  company: null,
  website: null,
}

beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())
beforeEach(() => {
  sandbox.ledger.clear()
  sandbox.faults.clear()
  const owners = ['7', '8'].map((id) => ({ id, email: `${id}@rota.test` }))
  sandbox.vendors.hubspot?.load({ owners, contacts })
  crm = hubspot(settings())
})

const fault = (name: string) => sandbox.faults.add({ vendor: 'hubspot', name })
const write = (id = '1', ownerId = '7', timeoutMs?: number) =>
  crm.writeOwner({ type: 'contact', id }, { ownerId }, call(timeoutMs))
const ownerOf = async (id: string) => (await crm.readRecord({ type: 'contact', id }, call()))?.ownerId
const requests = () => sandbox.ledger.entries({ vendor: 'hubspot' })
const effects = (kind: string) => sandbox.ledger.entries({ vendor: 'hubspot', effect: kind })

describe('the faults of HubSpot', () => {
  it.each([
    ['ten-secondly', { kind: 'rate-limited', retryAfterMs: 10_000 }],
    ['ten-secondly-retry-after', { kind: 'rate-limited', retryAfterMs: 2_000 }],
    ['daily-limit', { kind: 'quota-exhausted', retryAfterMs: 3_600_000 }],
  ])('%s: the write has not happened and knows how long to wait', async (name, expected) => {
    fault(name)
    expect(await failureOf(write())).toMatchObject({ ...expected, retryable: true, outcomeUnknown: false })
    expect(effects('owner-written')).toEqual([])
    await write()
    expect(await ownerOf('1')).toBe('7')
  })

  it('search-secondly: only the search waits, a second', async () => {
    fault('search-secondly')
    await write()
    const failure = await failureOf(crm.findAccounts('acme.com', call()))
    expect(failure).toMatchObject({ kind: 'rate-limited', retryAfterMs: 1_000, retryable: true })
  })

  it('partial-batch: the refused record fails with its reason, the others of the 207 are written', async () => {
    fault('partial-batch')
    const failed = failureOf(write('1'))
    await Promise.all([write('2'), write('3')])
    expect(await failed).toMatchObject({ kind: 'invalid-request', retryable: false, outcomeUnknown: false })
    expect((await failed).message).toContain('A rule of the account refuses changes of 1')
    expect(await Promise.all(['1', '2', '3'].map(ownerOf))).toEqual([null, '7', '7'])
    expect(requests().filter(({ path }) => path.endsWith('/batch/update'))).toMatchObject([{ status: 207 }])
  })

  it('bad-gateway-after-commit: the outcome is unknown, one request was made, and reading back finds it', async () => {
    fault('bad-gateway-after-commit')
    expect(await failureOf(write())).toMatchObject({
      kind: 'unavailable',
      retryable: true,
      outcomeUnknown: true,
    })
    expect(requests()).toHaveLength(1)
    expect(await ownerOf('1')).toBe('7')
  })

  it('hang: the deadline ends it with an unknown outcome', async () => {
    fault('hang')
    const { answer, ownMs } = await timed(() => failureOf(write('1', '7', 200)))
    expect(answer).toMatchObject({ kind: 'timeout', outcomeUnknown: true })
    expect(ownMs).toBeLessThan(500)
    expect(await ownerOf('1')).toBe('7')
  })

  it('owner-archived: the owner is named as inactive, so that the row is drawn again', async () => {
    expect(await crm.findUserByEmail('7@rota.test', call())).toMatchObject({ active: true })
    fault('owner-archived')
    expect(await failureOf(write())).toMatchObject({
      kind: 'inactive-owner',
      retryable: false,
      outcomeUnknown: false,
    })
    expect(await crm.findUserByEmail('7@rota.test', call())).toMatchObject({ active: false })
    expect(await ownerOf('1')).toBeNull()
  })

  it('away: every request fails, until the fault is cleared', async () => {
    fault('away')
    for (let attempt = 0; attempt < 5; attempt += 1)
      expect(await failureOf(write())).toMatchObject({ kind: 'unavailable', retryable: true })
    sandbox.faults.clear()
    await write()
    expect(await ownerOf('1')).toBe('7')
  })

  it('contact-deleted: the write is final, in a batch for that contact alone', async () => {
    fault('contact-deleted')
    expect(await failureOf(write('1'))).toMatchObject({ kind: 'not-found', retryable: false })
    expect(await ownerOf('1')).toBeUndefined()
    fault('contact-deleted')
    const gone = failureOf(write('2'))
    await write('3')
    expect(await gone).toMatchObject({ kind: 'not-found' })
    expect(await ownerOf('3')).toBe('7')
  })

  it('conflict-on-create: the contact that was there first is the record', async () => {
    fault('conflict-on-create')
    const record = await crm.createRecord(lead, call())
    expect(await crm.findRecord({ ...lead, externalId: 'row_other' }, call())).toEqual(record)
    expect(effects('record-created')).toEqual([])
    expect(requests().filter(({ status }) => status === 409)).toHaveLength(1)
  })

  it('stale-index: a new contact is found all the same, as it is not searched for', async () => {
    sandbox.vendors.hubspot?.load({ searchDelayMs: 60_000 })
    const { id } = await crm.createRecord(lead, call())
    expect(await crm.findRecord(lead, call())).toMatchObject({ id })
    expect(await crm.findRecord({ ...lead, externalId: 'row_other' }, call())).toMatchObject({ id })
    fault('stale-index')
    expect(await crm.findAccounts('acme.com', call())).toEqual([])
  })

  it('expired-token: somebody has to give another one, and until then nothing has failed for good', async () => {
    fault('expired-token')
    const failure = await failureOf(write())
    expect(failure).toMatchObject({ kind: 'needs-credentials', retryable: true, outcomeUnknown: false })
    expect(failure.message).toContain('has expired')
    expect(requests()).toHaveLength(1)
    await write()
    expect(await ownerOf('1')).toBe('7')
  })

  it('missing-scope: the one request fails, the credential goes on', async () => {
    fault('missing-scope')
    const failure = await failureOf(write())
    expect(failure).toMatchObject({ kind: 'unauthorized', retryable: false, outcomeUnknown: false })
    expect(failure.message).toContain('scopes')
    const account = { contacts, scopes: ['crm.objects.contacts.read'] }
    sandbox.vendors.hubspot?.load(account)
    expect(await failureOf(write())).toMatchObject({ kind: 'unauthorized' })
    expect(await ownerOf('1')).toBeNull()
  })

  it.each([
    ['cut-body', { kind: 'unavailable' }],
    ['maintenance-page', { kind: 'unavailable' }],
  ])('%s: an answer without sense leaves the outcome unknown', async (name, expected) => {
    fault(name)
    expect(await failureOf(write())).toMatchObject({ ...expected, retryable: true, outcomeUnknown: true })
    expect(requests()).toHaveLength(1)
  })

  it('a wrong token is refused as a dead one, and nothing of it is in the message nor in a cause', async () => {
    sandbox.vendors.hubspot?.load({ contacts, tokens: ['other'] })
    const sent: (string | null)[] = []
    const watched: typeof fetch = (url, init) => {
      sent.push(new Headers(init?.headers).get('authorization'))
      return fetch(url, init)
    }
    const failure = await failureOf(
      crm.writeOwner({ type: 'contact', id: '1' }, { ownerId: '7' }, { ...call(), fetch: watched }),
    )
    expect(sent).toEqual([`Bearer ${accessToken}`])
    expect(failure).toMatchObject({ kind: 'needs-credentials' })
    // All that a log could print of it: its message, its fields and the causes behind it.
    const told = inspect(failure, { depth: null, showHidden: true, maxStringLength: null })
    expect(told).toContain(failure.message)
    expect(told).not.toContain('secret-7f3')
  })

  it('every fault has a name, and no other name is taken', () => {
    const names = Object.keys(sandbox.vendors.hubspot?.faults ?? {})
    expect(names.length).toBeGreaterThanOrEqual(10)
    expect(() => fault('no-such-fault')).toThrow(names[0])
  })
})

describe('a page that is not HubSpot’s own', () => {
  const page = (status: number) =>
    sandbox.faults.add({ vendor: 'hubspot', kind: 'status', status, body: '<html>no route</html>', times: 9 })
  const sequencer = () => hubspotSequences(settings())
  const request = {
    sequence: '5',
    record: { type: 'contact', id: '1' },
    email: null,
    sender: { email: '7@rota.test', crmUserId: '7' },
  }
  const away = { kind: 'unavailable', retryable: true }

  it.each([403, 404, 410])(
    'with %i says nothing of a record, an owner, an account, an enrolment',
    async (status) => {
      page(status)
      const looks = [
        crm.readRecord({ type: 'contact', id: '1' }, call()),
        crm.findRecord(lead, call()),
        crm.findUserByEmail('7@rota.test', call()),
        crm.findContactAccounts('1@acme.com', call()),
        crm.readAccount('5', call()),
        sequencer().find(request, call()),
      ]
      for (const failure of await Promise.all(looks.map(failureOf)))
        expect(failure).toMatchObject({ ...away, outcomeUnknown: false })
    },
  )

  it.each([403, 404, 410])('with %i to a write leaves its outcome unknown', async (status) => {
    page(status)
    expect(await failureOf(write())).toMatchObject({ ...away, outcomeUnknown: true })
    expect(await failureOf(crm.createRecord(lead, call()))).toMatchObject({ ...away, outcomeUnknown: true })
    sandbox.faults.clear()
    sandbox.faults.add({ vendor: 'hubspot', kind: 'status', status, body: { message: 'no Route matched' } })
    expect(await failureOf(write())).toMatchObject({ ...away, outcomeUnknown: true })
  })
})

describe('an enrolment under a fault', () => {
  const request = {
    sequence: '5',
    record: { type: 'contact', id: '1' },
    email: null,
    sender: { email: '7@rota.test', crmUserId: '7' },
  }

  it('bad-gateway-after-commit: is unknown, and found afterwards', async () => {
    const sequencer = hubspotSequences(settings())
    expect(await sequencer.refusal(request, call())).toBeNull()
    sandbox.faults.add({
      vendor: 'hubspot',
      name: 'bad-gateway-after-commit',
      path: '/enrollments',
      method: 'POST',
    })
    expect(await failureOf(sequencer.enrol(request, call()))).toMatchObject({ outcomeUnknown: true })
    expect(await sequencer.find(request, call())).toMatchObject({ state: 'found' })
    expect(effects('enrolled')).toHaveLength(1)
  })

  it('enrolment-short-form: nobody can say which sequence it is, so it is neither found nor absent', async () => {
    const sequencer = hubspotSequences(settings())
    await sequencer.enrol(request, call())
    fault('enrolment-short-form')
    expect(await sequencer.find(request, call())).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining('not in which sequence'),
    })
    expect(await sequencer.find(request, call())).toMatchObject({ state: 'found' })
  })
})
