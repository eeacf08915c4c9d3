import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { FailureKind } from '../../columns/errors.ts'
import type { Message, Messenger } from '../../columns/ports.ts'
import { slack } from '../../connectors/slack.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { callWithin as call, failureOf } from './failure-of.ts'
import { switchOn } from './named-fault.ts'

let sandbox: Sandbox
let messenger: Messenger

const message: Message = {
  to: { email: 'ana@rota.test' },
  title: 'New lead: Acme',
  facts: [['Company', 'Acme']],
  reason: 'Territory DACH x Enterprise',
}

beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())
beforeEach(async () => {
  await fetch(`${sandbox.url}/reset`, { method: 'POST' })
  messenger = slack({ botToken: 'xoxb-good', apiUrl: `${sandbox.url}/slack/api/` })
})

const posts = () => sandbox.ledger.entries({ vendor: 'slack', effect: 'message-posted' })
const asked = (method: string) =>
  sandbox.ledger.entries({ vendor: 'slack' }).filter(({ path }) => path === `/api/${method}`)

interface Ending {
  kind: FailureKind
  retryable: boolean
  outcomeUnknown: boolean
  retryAfterMs?: number | null
  /** Messages that are there all the same. */
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
  'rate-limited-without-a-time': {
    kind: 'rate-limited',
    retryable: true,
    outcomeUnknown: false,
    retryAfterMs: 10_000,
    posted: 0,
  },
  'channel-not-found': { kind: 'not-found', ...refused },
  'not-in-channel': { kind: 'not-found', ...refused },
  'channel-archived': { kind: 'not-found', ...refused },
  'token-revoked': { kind: 'needs-credentials', retryable: true, outcomeUnknown: false, posted: 0 },
  'missing-scope': { kind: 'unauthorized', ...refused },
  'person-unknown': { kind: 'not-found', ...refused },
  'error-after-posting': { kind: 'unavailable', ...inDoubt, posted: 1 },
  hang: { kind: 'timeout', ...inDoubt, posted: 1 },
  'cut-answer': { kind: 'unavailable', ...inDoubt, posted: 1 },
  'page-instead-of-answer': { kind: 'unavailable', ...inDoubt, posted: 0 },
  'page-not-found': { kind: 'unavailable', ...inDoubt, posted: 0 },
  'fatal-error': { kind: 'unavailable', ...inDoubt, posted: 1 },
  'blocks-too-long': { kind: 'invalid-request', ...refused },
}

describe('every fault of Slack', () => {
  for (const [name, { posted, ...ending }] of Object.entries(endings)) {
    test(`${name} ends as ${ending.kind}${ending.outcomeUnknown ? ', outcome unknown' : ''}`, async () => {
      // Each channel fault plays on the retry through the directory too.
      await switchOn(sandbox, { vendor: 'slack', name, times: 3 })
      const failure = await failureOf(messenger.send(message, 'send_1', call(400)))
      expect(failure).toMatchObject(ending)
      expect(posts()).toHaveLength(posted)
      expect(failure.message).not.toContain('xoxb')
      // One attempt never posts again after an answer that is in doubt.
      if (ending.outcomeUnknown) expect(asked('chat.postMessage')).toHaveLength(1)
      await fetch(`${sandbox.url}/faults`, { method: 'DELETE' })
      const found = await messenger.find(message, 'send_1', call())
      // Of somebody whom Slack does not know no messages can be read.
      const absent = name === 'person-unknown' ? 'unknown' : 'absent'
      expect(found.state).toBe(posted === 1 ? 'found' : absent)
    })
  }

  test('person-deactivated: the fallback channel has the message', async () => {
    await switchOn(sandbox, { vendor: 'slack', name: 'person-deactivated', times: 2 })
    const sent = await messenger.send({ ...message, fallbackChannel: '#general' }, 'send_1', call())
    expect(sent.fallback).toBe(true)
  })

  test('there is no fault without an ending here', async () => {
    const names = Object.keys(sandbox.vendors.slack?.faults ?? {})
    expect(names.length).toBeGreaterThanOrEqual(10)
    expect(names.filter((name) => endings[name] === undefined)).toEqual(['person-deactivated'])
  })
})
