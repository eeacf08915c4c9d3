import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { FailureKind } from '../../columns/errors.ts'
import type { Message } from '../../columns/ports.ts'
import { teams } from '../../connectors/teams.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { callWithin as call, failureOf } from './failure-of.ts'
import { switchOn } from './named-fault.ts'

let sandbox: Sandbox
const message: Message = {
  to: { channel: 'leads' },
  title: 'New lead: Acme',
  facts: [['Company', 'Acme']],
  reason: 'Territory DACH x Enterprise',
}

beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())
beforeEach(() => fetch(`${sandbox.url}/reset`, { method: 'POST' }))

const messenger = () => teams({ webhookUrl: `${sandbox.url}/teams/workflows/flow-1?sig=top-secret` })
const posts = () => sandbox.ledger.entries({ vendor: 'teams', effect: 'message-posted' })

interface Ending {
  kind: FailureKind
  retryable: boolean
  outcomeUnknown: boolean
  retryAfterMs?: number | null
  posted: number
}
const refused = { retryable: false, outcomeUnknown: false, posted: 0 }
const inDoubt = { retryable: true, outcomeUnknown: true }

const endings: Record<string, Ending> = {
  'rate-limited': {
    kind: 'rate-limited',
    retryable: true,
    outcomeUnknown: false,
    retryAfterMs: 2_000,
    posted: 0,
  },
  'too-large': { kind: 'invalid-request', ...refused },
  'bad-card': { kind: 'invalid-request', ...refused },
  'flow-orphaned': { kind: 'invalid-request', ...refused },
  'signature-changed': { kind: 'needs-credentials', retryable: true, outcomeUnknown: false, posted: 0 },
  'flow-deleted': { kind: 'not-found', ...refused },
  slow: { kind: 'timeout', ...inDoubt, posted: 0 },
  reset: { kind: 'unavailable', ...inDoubt, posted: 0 },
  'answer-lost': { kind: 'unavailable', ...inDoubt, posted: 1 },
  'bad-gateway': { kind: 'unavailable', ...inDoubt, posted: 1 },
}

describe('every fault of a Teams workflow', () => {
  for (const [name, { posted, ...ending }] of Object.entries(endings)) {
    test(`${name} ends as ${ending.kind}${ending.outcomeUnknown ? ', outcome unknown' : ''}`, async () => {
      await switchOn(sandbox, { vendor: 'teams', name })
      const failure = await failureOf(messenger().send(message, 'send_1', call(400)))
      expect(failure).toMatchObject(ending)
      expect(posts()).toHaveLength(posted)
      expect(failure.message).not.toContain('top-secret')
    })
  }

  test('flow-fails: it was accepted, which is all that Teams ever says', async () => {
    await switchOn(sandbox, { vendor: 'teams', name: 'flow-fails' })
    const sent = await messenger().send(message, 'send_1', call())
    expect(sent.id).toBe('08580000000000000000FAILED')
    expect(posts()).toEqual([])
    expect(await messenger().find(message, 'send_1', call())).toMatchObject({ state: 'unknown' })
    expect(messenger().target).toBe('blind')
  })

  test('there is no fault without an ending here', () => {
    const names = Object.keys(sandbox.vendors.teams?.faults ?? {})
    expect(names.length).toBeGreaterThanOrEqual(10)
    expect(names.filter((name) => endings[name] === undefined)).toEqual(['flow-fails'])
  })
})
