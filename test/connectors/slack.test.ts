import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Message, Messenger } from '../../columns/ports.ts'
import { slack } from '../../connectors/slack.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { timed } from '../support/own-time.ts'
import { callWithin as call, deadAddress, failureOf } from './failure-of.ts'

let sandbox: Sandbox
let messenger: Messenger

const workspace = {
  tokens: ['xoxb-good'],
  users: [
    { id: 'U0ANA', email: 'ana@rota.test' },
    { id: 'U0BO', email: 'bo@rota.test', deleted: true },
  ],
  autoProvision: false,
  channels: [
    { id: 'C0SALES000', name: 'sales' },
    { id: 'C0OLD00000', name: 'old', archived: true },
    { id: 'C0SECRET00', name: 'secret', member: false },
  ],
}

const message: Message = {
  to: { email: 'ana@rota.test' },
  fallbackChannel: '#sales',
  title: 'New lead: Acme',
  facts: [
    ['Company', 'Acme & Sons'],
    ['Country', 'DE'],
  ],
  reason: 'Territory DACH x Enterprise',
  link: { text: 'Open in HubSpot', url: 'https://app.hubspot.com/contacts/42/record/0-1/7?a=1&b=2' },
}

beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())
beforeEach(() => {
  sandbox.ledger.clear()
  sandbox.faults.clear()
  sandbox.vendors.slack?.load(workspace)
  messenger = slack({ botToken: 'xoxb-good', apiUrl: `${sandbox.url}/slack/api/` })
})

function posts() {
  return sandbox.ledger.entries({ vendor: 'slack', effect: 'message-posted' }).map((entry) => entry.effect)
}

function asked(method: string) {
  return sandbox.ledger.entries({ vendor: 'slack' }).filter((entry) => entry.path === `/api/${method}`)
}

/** The arguments of the n-th post as Slack got them. */
function posted(index = 0) {
  const form = Object.fromEntries(new URLSearchParams(String(asked('chat.postMessage')[index]?.body)))
  return { form, blocks: z.array(z.looseObject({ type: z.string() })).parse(JSON.parse(form.blocks ?? '[]')) }
}

describe('sending', () => {
  it('writes to the person directly and carries the send id', async () => {
    const sent = await messenger.send(message, 'send_1', call())
    expect(sent).toMatchObject({ fallback: false, channel: expect.stringMatching(/^D/) })
    expect(posts()).toEqual([
      {
        kind: 'message-posted',
        channel: sent.channel,
        user: 'ana@rota.test',
        sendId: 'send_1',
        text: 'New lead: Acme: Territory DACH x Enterprise',
        thread: null,
      },
    ])
  })

  it('writes to a channel by name', async () => {
    const sent = await messenger.send({ ...message, to: { channel: '#sales' } }, 'send_1', call())
    expect(sent).toMatchObject({ channel: 'C0SALES000', fallback: false })
    expect(asked('users.lookupByEmail')).toEqual([])
  })

  it.each(['nobody@rota.test', 'bo@rota.test'])('falls back to the channel for %s', async (email) => {
    const sent = await messenger.send({ ...message, to: { email } }, 'send_1', call())
    expect(sent).toMatchObject({ channel: 'C0SALES000', fallback: true })
  })

  it('fails for good when there is neither a person nor a fallback', async () => {
    const { fallbackChannel, ...bare } = message
    const failure = await failureOf(
      messenger.send({ ...bare, to: { email: 'bo@rota.test' } }, 'send_1', call()),
    )
    expect(failure).toMatchObject({ kind: 'not-found', retryable: false, outcomeUnknown: false })
    expect(failure.message).toContain('bo@rota.test')
  })

  it('falls back when the person is deactivated after we looked them up', async () => {
    await messenger.send(message, 'send_1', call())
    const [ana, bo] = workspace.users
    sandbox.vendors.slack?.load({ ...workspace, users: [{ ...ana, deleted: true }, bo] })
    expect(await messenger.send(message, 'send_2', call())).toMatchObject({
      channel: 'C0SALES000',
      fallback: true,
    })
  })

  it('looks again when the direct channel it remembers is refused', async () => {
    await messenger.send(message, 'send_1', call())
    sandbox.vendors.slack?.load({ ...workspace, users: [{ id: 'U0ANA2', email: 'ana@rota.test' }] })
    const sent = await messenger.send(message, 'send_2', call())
    expect(sent.fallback).toBe(false)
    expect(posts().at(-1)).toMatchObject({ user: 'ana@rota.test', sendId: 'send_2' })
  })

  it('looks a person up once for a burst of messages', async () => {
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => messenger.send(message, `send_${index}`, call())),
    )
    expect(asked('users.lookupByEmail')).toHaveLength(1)
    expect(asked('conversations.open')).toHaveLength(1)
    expect(posts()).toHaveLength(100)
  })
})

describe('what a lead can write', () => {
  it('mentions, links, emoji and formatting in values stay text', async () => {
    const evil = '<!channel> <https://evil.test|click> <@U0ANA> *bold* :fire: & co\n> quote\u202e'
    await messenger.send({ ...message, title: evil, facts: [['Name', evil]], reason: evil }, 'send_1', call())
    const { form, blocks } = posted()
    const written = JSON.stringify(
      blocks.filter((block) => !JSON.stringify(block).includes('Open in HubSpot')),
    )
    expect(written).not.toMatch(/[<>]/)
    expect(written).toContain('&lt;!channel&gt; &lt;https://evil.test|click&gt;')
    expect(form.text).not.toMatch(/[<>]/)
    expect(form.mrkdwn).toBe('false')

    const texts = z.array(
      z.looseObject({ type: z.string(), text: z.string(), emoji: z.boolean().optional() }),
    )
    const values = texts.parse([blocks[0]?.text, blocks[1]?.fields, blocks[2]?.text].flat())
    for (const value of values.filter(({ text }) => text.includes('channel'))) {
      expect(value).toMatchObject({ type: 'plain_text', emoji: false })
    }
    expect(values.filter(({ type }) => type === 'mrkdwn').map(({ text }) => text)).toEqual(['*Name*'])
  })

  it('messages of any size stay within the limits', async () => {
    const facts = Array.from(
      { length: 60 },
      (_, index) => [`Label ${index} ${'l'.repeat(200)}`, '"&\\'.repeat(900)] as const,
    )
    const long = { ...message, title: '<'.repeat(400), facts, reason: `${'&"🙂'.repeat(9_000)}` }
    await messenger.send(long, 'send_1', call())
    expect(posts()).toHaveLength(1)
    const { blocks } = posted()
    expect(JSON.stringify(blocks)).toContain('more')
    expect(JSON.stringify(blocks)).not.toMatch(/&(?!amp;|lt;|gt;)/)
    expect(JSON.stringify(blocks).isWellFormed()).toBe(true)
  })

  it('empty values are still sent', async () => {
    await messenger.send({ ...message, title: ' ', facts: [['', '\n']], reason: '' }, 'send_1', call())
    expect(posts()).toHaveLength(1)
  })

  it('only web addresses become links', async () => {
    await messenger.send({ ...message, link: { text: 'Open', url: 'javascript:alert(1)' } }, 'send_1', call())
    await messenger.send(
      { ...message, link: { text: 'a|b>', url: 'https://x.test/?q=|<!here>' } },
      'send_2',
      call(),
    )
    expect(JSON.stringify(posted(0).blocks)).not.toContain('javascript')
    expect(JSON.stringify(posted(1).blocks)).toContain('<https://x.test/?q=%7C%3C!here%3E|ab&gt;>')
  })
})

describe('finding', () => {
  it('tells a sent message from one that was not', async () => {
    const sent = await messenger.send(message, 'send_1', call())
    await messenger.send(message, 'send_2', call())
    const fresh = slack({ botToken: 'xoxb-good', apiUrl: `${sandbox.url}/slack/api` })
    expect(await fresh.find(message, 'send_1', call())).toEqual({ state: 'found', value: sent })
    expect(await fresh.find(message, 'send_3', call())).toEqual({ state: 'absent' })
  })

  it('finds it in the fallback channel, by its name', async () => {
    const to = { email: 'bo@rota.test' }
    const sent = await messenger.send({ ...message, to }, 'send_1', call())
    const fresh = slack({ botToken: 'xoxb-good', apiUrl: `${sandbox.url}/slack/api` })
    expect(await fresh.find({ ...message, to }, 'send_1', call())).toEqual({ state: 'found', value: sent })
  })

  it('reads on through pages, and admits when it stopped', async () => {
    const messages = Array.from({ length: 2_100 }, (_, index) => ({
      channel: 'C0SALES000',
      ts: `${1_700_000_000 + index}.000000`,
      metadata: { event_type: 'rota_send', event_payload: { send_id: `old_${index}` } },
    }))
    sandbox.vendors.slack?.load({ ...workspace, messages })
    const inChannel = { ...message, to: { channel: 'C0SALES000' } }
    expect(await messenger.find(inChannel, 'old_900', call())).toMatchObject({ state: 'found' })
    expect(await messenger.find(inChannel, 'old_5', call())).toMatchObject({ state: 'unknown' })
    expect(asked('conversations.history').length).toBeLessThan(20)
  })

  it.each(['secret', 'unheard-of'])('does not know about %s, which it cannot read', async (channel) => {
    expect(await messenger.find({ ...message, to: { channel } }, 'send_1', call())).toMatchObject({
      state: 'unknown',
    })
  })
})

describe('answering under an earlier message', () => {
  it('goes into its thread and is found there', async () => {
    const first = await messenger.send(message, 'send_1', call())
    const answer = { ...message, title: 'No longer yours', replyTo: { channel: first.channel, id: first.id } }
    const sent = await messenger.send(answer, 'send_2', call())
    expect(posts().at(-1)).toMatchObject({ sendId: 'send_2', channel: first.channel, thread: first.id })
    expect(await messenger.find(answer, 'send_2', call())).toEqual({ state: 'found', value: sent })
    expect(await messenger.find(answer, 'send_3', call())).toEqual({ state: 'absent' })
  })

  it('stands by itself when the earlier message is gone', async () => {
    const answer = { ...message, replyTo: { channel: 'C0SALES000', id: '1700000000.000001' } }
    const sent = await messenger.send(answer, 'send_1', call())
    expect(posts()).toEqual([expect.objectContaining({ sendId: 'send_1', thread: null })])
    expect(sent.channel).toMatch(/^D/)
    expect(await messenger.find(answer, 'send_1', call())).toMatchObject({ state: 'found' })
  })

  it('stands by itself when the earlier one came through another messenger', async () => {
    const answer = { ...message, replyTo: { channel: 'workflow', id: '08585' } }
    await messenger.send(answer, 'send_1', call())
    expect(posts()).toEqual([expect.objectContaining({ thread: null })])
    expect(await messenger.find(answer, 'send_1', call())).toMatchObject({ state: 'found' })
  })
})

describe('finding where the fallback channel cannot be read', () => {
  it('a person who can be written to and has no such message got none', async () => {
    const hidden = { ...message, fallbackChannel: '#unheard-of' }
    expect(await messenger.find(hidden, 'send_1', call())).toEqual({ state: 'absent' })
  })

  it.each(['#sales', undefined])(
    'of a person who left after it was sent, nobody knows (fallback %s)',
    async (fallback) => {
      const { fallbackChannel: _, ...direct } = message
      const sent = fallback === undefined ? direct : { ...direct, fallbackChannel: fallback }
      await messenger.send(sent, 'send_1', call())
      const users = workspace.users.map((user) => ({ ...user, deleted: true }))
      sandbox.vendors.slack?.load({ ...workspace, users })
      const fresh = slack({ botToken: 'xoxb-good', apiUrl: `${sandbox.url}/slack/api` })
      expect(await fresh.find(sent, 'send_1', call())).toEqual({
        state: 'unknown',
        reason: expect.stringContaining('ana@rota.test'),
      })
    },
  )

  it('of a person who cannot, nobody knows', async () => {
    const hidden = { ...message, to: { email: 'bo@rota.test' }, fallbackChannel: '#unheard-of' }
    expect(await messenger.find(hidden, 'send_1', call())).toMatchObject({ state: 'unknown' })
  })
})

describe('when Slack misbehaves', () => {
  const post = { vendor: 'slack', path: '/api/chat.postMessage' } as const

  it('a 500 after the post was accepted leaves one post and an unknown outcome, and find clears it up', async () => {
    const lateError: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      return String(input).endsWith('chat.postMessage') ? new Response('oops', { status: 500 }) : response
    }
    const failure = await failureOf(messenger.send(message, 'send_1', { ...call(), fetch: lateError }))
    expect(failure).toMatchObject({ kind: 'unavailable', retryable: true, outcomeUnknown: true })
    expect(posts()).toHaveLength(1)
    expect(await messenger.find(message, 'send_1', call())).toMatchObject({ state: 'found' })
  })

  it.each(['after', 'half-body', 'hang', 'stalled-body'] as const)(
    'a post that ends in "%s" has an unknown outcome',
    async (kind) => {
      sandbox.faults.add({ ...post, kind })
      const { answer, ownMs } = await timed(() => failureOf(messenger.send(message, 'send_1', call(300))))
      expect(answer).toMatchObject({ retryable: true, outcomeUnknown: true })
      expect(ownMs).toBeLessThan(700)
      expect(posts()).toHaveLength(1)
    },
  )

  it('a connection cut before the post took effect is unknown too, and find says absent', async () => {
    sandbox.faults.add({ ...post, kind: 'before' })
    expect(await failureOf(messenger.send(message, 'send_1', call()))).toMatchObject({ outcomeUnknown: true })
    expect(await messenger.find(message, 'send_1', call())).toEqual({ state: 'absent' })
  })

  it.each(['users.lookupByEmail', 'conversations.open'])(
    'a hanging %s leaves nothing unknown',
    async (method) => {
      sandbox.faults.add({ vendor: 'slack', path: method, kind: 'hang' })
      const failure = await failureOf(messenger.send(message, 'send_1', call(300)))
      expect(failure).toMatchObject({ kind: 'timeout', retryable: true, outcomeUnknown: false })
      expect(posts()).toEqual([])
      expect(await messenger.send(message, 'send_1', call())).toMatchObject({ fallback: false })
    },
  )

  it('one cancelled call does not fail the others that wait for the same lookup', async () => {
    sandbox.faults.add({ vendor: 'slack', path: 'users.lookupByEmail', kind: 'hang' })
    const [first, second] = await Promise.allSettled([
      messenger.send(message, 'send_1', call(200)),
      messenger.send(message, 'send_2', call()),
    ])
    expect([first.status, second.status]).toEqual(['rejected', 'fulfilled'])
  })

  it.each([
    [{ 'retry-after': '7' }, 7_000],
    [{}, 10_000],
  ])('a 429 with %j is handed on without waiting', async (headers, retryAfterMs) => {
    sandbox.faults.add({
      ...post,
      kind: 'status',
      status: 429,
      headers,
      body: { ok: false, error: 'ratelimited' },
    })
    const { answer, ownMs } = await timed(() => failureOf(messenger.send(message, 'send_1', call())))
    expect(answer).toMatchObject({
      kind: 'rate-limited',
      retryable: true,
      retryAfterMs,
      outcomeUnknown: false,
    })
    expect(ownMs).toBeLessThan(700)
    expect(asked('chat.postMessage')).toHaveLength(1)
  })

  it.each([
    ['fatal_error', { kind: 'unavailable', retryable: true, outcomeUnknown: true }],
    ['ratelimited', { kind: 'rate-limited', retryable: true, outcomeUnknown: false }],
    ['token_revoked', { kind: 'needs-credentials', retryable: true, outcomeUnknown: false }],
    ['missing_scope', { kind: 'unauthorized', retryable: false, outcomeUnknown: false }],
    ['msg_blocks_too_long', { kind: 'invalid-request', retryable: false, outcomeUnknown: false }],
  ])('%s is understood', async (error, expected) => {
    sandbox.faults.add({ ...post, kind: 'status', status: 200, body: { ok: false, error } })
    expect(await failureOf(messenger.send(message, 'send_1', call()))).toMatchObject(expected)
  })

  it('a web page with 200 has an unknown outcome', async () => {
    sandbox.faults.add({ ...post, kind: 'status', status: 200, body: '<html>Sign in</html>' })
    expect(await failureOf(messenger.send(message, 'send_1', call()))).toMatchObject({ outcomeUnknown: true })
  })

  it.each([
    ['old', 'not-found'],
    ['secret', 'not-found'],
    ['unheard-of', 'not-found'],
  ])('the channel %s is refused for good', async (channel, kind) => {
    const failure = await failureOf(messenger.send({ ...message, to: { channel } }, 'send_1', call()))
    expect(failure).toMatchObject({ kind, retryable: false, outcomeUnknown: false })
  })

  it('a wrong token needs another one', async () => {
    const stale = slack({ botToken: 'xoxb-stale', apiUrl: `${sandbox.url}/slack/api/` })
    expect(await failureOf(stale.send(message, 'send_1', call()))).toMatchObject({
      kind: 'needs-credentials',
    })
  })

  it('nobody listening means that nothing was sent', async () => {
    const alone = slack({ botToken: 'xoxb-good', apiUrl: await deadAddress() })
    const inChannel = { ...message, to: { channel: '#sales' } }
    expect(await failureOf(alone.send(inChannel, 'send_1', call()))).toMatchObject({
      kind: 'unavailable',
      outcomeUnknown: false,
    })
  })
})
