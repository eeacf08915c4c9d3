import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { keptFile } from '../../cli/kept-file.ts'
import type { FailureKind } from '../../columns/errors.ts'
import type { EnrolRequest, Sequencer } from '../../columns/ports.ts'
import { apolloSequences } from '../../connectors/apollo.ts'
import { outreach } from '../../connectors/outreach.ts'
import { salesloft } from '../../connectors/salesloft.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { temporaryFolder } from '../support/temp.ts'
import { callWithin as call, failureOf } from './failure-of.ts'
import { switchOn } from './named-fault.ts'

let sandbox: Sandbox
/** Each connector to Outreach takes over the token of the one before it. */
let keptAt: string
let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())
beforeEach(async () => {
  folder = await temporaryFolder()
  keptAt = join(folder.path, 'token')
})
afterEach(() => folder.remove())

const people = [{ email: 'ada@acme.test' }, { email: 'opted.out@acme.test', optedOut: true }]
const senders = [
  { id: 11, email: 'ana@rota.test' },
  { id: 12, email: 'bo@rota.test' },
  { id: 13, email: 'gone@rota.test', active: false },
]
const request: EnrolRequest = {
  sequence: '301',
  record: { type: 'contact', id: '1' },
  email: 'Ada@acme.test',
  sender: { email: 'ana@rota.test', crmUserId: null },
}

interface Vendor {
  name: string
  make(): Sequencer
  /** Part of the path of the request that enrols. */
  enrols: string
}
const vendors: Vendor[] = [
  {
    name: 'salesloft',
    make: () => salesloft({ apiKey: 'good', baseUrl: `${sandbox.url}/salesloft/v2` }),
    enrols: '/cadence_memberships',
  },
  {
    name: 'outreach',
    make: () =>
      outreach({
        clientId: 'c',
        clientSecret: 's',
        refreshToken: 'good',
        kept: keptFile(keptAt),
        baseUrl: `${sandbox.url}/outreach`,
      }),
    enrols: '/sequenceStates',
  },
  {
    name: 'apollo',
    make: () => apolloSequences({ apiKey: 'good', baseUrl: `${sandbox.url}/apollo/api/v1` }),
    enrols: '/add_contact_ids',
  },
]

for (const { name, make, enrols } of vendors) {
  const effects = (kind: string) =>
    sandbox.ledger.entries({ vendor: name, effect: kind }).map(({ effect }) => effect)
  const enrolments = () =>
    sandbox.ledger
      .entries({ vendor: name })
      .filter((entry) => entry.method === 'POST' && entry.path.includes(enrols))
  let sequencer: Sequencer

  describe(`sequences of ${name}`, () => {
    beforeEach(async () => {
      await fetch(`${sandbox.url}/reset`, { method: 'POST' })
      sandbox.vendors[name]?.load({ apiKey: 'good', autoProvision: false, people, senders })
      sequencer = make()
    })

    test('a person is enrolled in the name of the rep, and found again', async () => {
      expect(await sequencer.find(request, call())).toEqual({ state: 'absent' })
      const enrolment = await sequencer.enrol(request, call())
      expect(enrolment).toMatchObject({ sequence: '301', sender: 'ana@rota.test' })
      expect(effects('enrolled')).toEqual([
        { kind: 'enrolled', contact: 'ada@acme.test', sequence: '301', sender: 'ana@rota.test' },
      ])
      expect(await make().find(request, call())).toEqual({ state: 'found', value: enrolment })
      expect(await sequencer.find({ ...request, sequence: '302' }, call())).toEqual({ state: 'absent' })
    })

    test('the same person is not enrolled twice', async () => {
      await sequencer.enrol(request, call())
      const failure = await failureOf(sequencer.enrol(request, call()))
      expect(failure).toMatchObject({ kind: 'invalid-request', retryable: false })
      expect(effects('enrolled')).toHaveLength(1)
    })

    test('one who was taken out is out, also a second time, and can be enrolled in another name', async () => {
      expect(sequencer.unenrols).toBe(true)
      const enrolment = await sequencer.enrol(request, call())
      await sequencer.unenrol(enrolment, request, call())
      await sequencer.unenrol(enrolment, request, call())
      expect(await sequencer.find(request, call())).toEqual({ state: 'absent' })
      const other = { ...request, sender: { email: 'bo@rota.test', crmUserId: null } }
      await sequencer.enrol(other, call())
      expect(await sequencer.find(request, call())).toMatchObject({ value: { sender: 'bo@rota.test' } })
      expect(effects('unenrolled')).toHaveLength(1)
    })

    test('says who must not be written to', async () => {
      expect(await sequencer.refusal(request, call())).toBeNull()
      const out = { ...request, email: 'opted.out@acme.test' }
      expect(await sequencer.refusal(out, call())).toContain('opted.out@acme.test')
    })

    test.each([
      ['a person that is not there', { ...request, email: 'nobody@acme.test' }, 'not-found'],
      ['an empty address', { ...request, email: ' ' }, 'invalid-request'],
      [
        'a rep without a mailbox',
        { ...request, sender: { email: 'gone@rota.test', crmUserId: null } },
        'inactive-owner',
      ],
      [
        'a rep whom it does not know',
        { ...request, sender: { email: 'stranger@rota.test', crmUserId: null } },
        'inactive-owner',
      ],
    ] as const)('%s is refused before anything is sent', async (_, wrong, kind) => {
      expect(await failureOf(sequencer.enrol(wrong, call()))).toMatchObject({ kind, retryable: false })
      expect(enrolments()).toEqual([])
    })

    const endings: Record<
      string,
      {
        kind: FailureKind
        retryable: boolean
        outcomeUnknown: boolean
        retryAfterMs?: number
        enrolled: number
      }
    > = {
      'rate-limited': { kind: 'rate-limited', retryable: true, outcomeUnknown: false, enrolled: 0 },
      'rate-limited-without-a-time': {
        kind: 'rate-limited',
        retryable: true,
        outcomeUnknown: false,
        retryAfterMs: 10_000,
        enrolled: 0,
      },
      'key-refused': { kind: 'needs-credentials', retryable: true, outcomeUnknown: false, enrolled: 0 },
      forbidden: { kind: 'unauthorized', retryable: false, outcomeUnknown: false, enrolled: 0 },
      'server-error': { kind: 'unavailable', retryable: true, outcomeUnknown: true, enrolled: 0 },
      'error-after-effect': { kind: 'unavailable', retryable: true, outcomeUnknown: true, enrolled: 1 },
      'answer-lost': { kind: 'unavailable', retryable: true, outcomeUnknown: true, enrolled: 1 },
      'cut-answer': { kind: 'unavailable', retryable: true, outcomeUnknown: true, enrolled: 1 },
      hang: { kind: 'timeout', retryable: true, outcomeUnknown: true, enrolled: 1 },
      reset: { kind: 'unavailable', retryable: true, outcomeUnknown: true, enrolled: 0 },
      'page-instead-of-answer': { kind: 'unavailable', retryable: true, outcomeUnknown: true, enrolled: 0 },
    }
    for (const [fault, { enrolled, ...ending }] of Object.entries(endings)) {
      test(`${fault} ends as ${ending.kind}, and the enrolment is read back`, async () => {
        await switchOn(sandbox, { vendor: name, name: fault, times: 5 })
        const failure = await failureOf(sequencer.enrol(request, call(400)))
        expect(failure).toMatchObject(ending)
        expect(failure.message).not.toContain('good')
        await fetch(`${sandbox.url}/faults`, { method: 'DELETE' })
        expect(effects('enrolled')).toHaveLength(enrolled)
        expect((await make().find(request, call())).state).toBe(enrolled === 1 ? 'found' : 'absent')
      })
    }

    test.each([403, 404, 410])('a page with status %i is nobody who refuses', async (status) => {
      const enrolment = await sequencer.enrol(request, call())
      const page = { vendor: name, kind: 'status', status, body: '<html>no such route</html>' } as const
      sandbox.faults.add({ ...page, path: enrols, method: 'POST' })
      const again = { kind: 'unavailable', retryable: true }
      const other = { ...request, sequence: '302' }
      expect(await failureOf(sequencer.enrol(other, call()))).toMatchObject({
        ...again,
        outcomeUnknown: true,
      })
      await fetch(`${sandbox.url}/faults`, { method: 'DELETE' })
      const taking = { salesloft: '/cadence_memberships/', outreach: '/finish', apollo: '/remove_or_stop' }[
        name
      ]
      sandbox.faults.add({ ...page, path: taking ?? '' })
      const left = await failureOf(sequencer.unenrol(enrolment, request, call()))
      expect(left).toMatchObject({ ...again, outcomeUnknown: true })
      expect((await sequencer.find(request, call())).state).toBe('found')
    })

    test('there is no fault without an ending here', () => {
      const extra: Record<string, string[]> = { outreach: ['login-refused'], apollo: ['credits-used-up'] }
      const names = Object.keys(sandbox.vendors[name]?.faults ?? {})
      expect(names.length).toBeGreaterThanOrEqual(10)
      expect(names.filter((each) => endings[each] === undefined)).toEqual(extra[name] ?? [])
    })
  })
}

test('salesloft gets no more than 600 calls in any minute', () => {
  const { burst = 0, perSecond = 0 } = salesloft({ apiKey: 'k' }).budget
  expect(burst + 60 * perSecond).toBeLessThanOrEqual(600)
})

describe('logging in to outreach', () => {
  beforeEach(async () => {
    await fetch(`${sandbox.url}/reset`, { method: 'POST' })
    sandbox.vendors.outreach?.load({ apiKey: 'good', people, senders })
  })

  const make = () =>
    outreach({ clientId: 'c', clientSecret: 's', refreshToken: 'good', baseUrl: `${sandbox.url}/outreach` })
  const logins = () =>
    sandbox.ledger.entries({ vendor: 'outreach' }).filter(({ path }) => path === '/oauth/token')

  test('is done once for all who wait, and once more when the token has run out', async () => {
    const sequencer = make()
    await Promise.all(Array.from({ length: 10 }, () => sequencer.find(request, call())))
    expect(logins()).toHaveLength(1)
    await fetch(`${sandbox.url}/outreach/expire`, { method: 'POST' })
    expect(await sequencer.find(request, call())).toEqual({ state: 'absent' })
    expect(logins()).toHaveLength(2)
  })

  test('login-refused needs other credentials', async () => {
    await switchOn(sandbox, { vendor: 'outreach', name: 'login-refused' })
    const failure = await failureOf(make().find(request, call()))
    expect(failure).toMatchObject({ kind: 'needs-credentials', outcomeUnknown: false })
    expect(failure.message).not.toContain('good')
  })

  test('a server that refuses every token gets two requests, not more', async () => {
    const status = { vendor: 'outreach', path: '/api/v2', kind: 'status', status: 401, times: 100 } as const
    sandbox.faults.add(status)
    expect(await failureOf(make().find(request, call()))).toMatchObject({ kind: 'needs-credentials' })
    const asked = sandbox.ledger
      .entries({ vendor: 'outreach' })
      .filter(({ path }) => path.startsWith('/api/v2'))
    expect(asked).toHaveLength(2)
  })
})

test('a key of apollo that is no master key is named as such', async () => {
  sandbox.vendors.apollo?.load({ apiKey: 'good', people, senders, master: false })
  const failure = await failureOf(
    apolloSequences({ apiKey: 'good', baseUrl: `${sandbox.url}/apollo/api/v1` }).find(request, call()),
  )
  expect(failure).toMatchObject({ kind: 'unauthorized', retryable: false })
  expect(failure.message).toContain('master key')
})
