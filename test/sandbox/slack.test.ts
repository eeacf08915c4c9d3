import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { slack } from '../../connectors/slack.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { callWithin } from '../connectors/failure-of.ts'
import { slackProblems, vendorContract } from '../connectors/vendor-contracts.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())
beforeEach(() => {
  sandbox.ledger.clear()
  sandbox.vendors.slack?.reset()
})

const Answer = z.looseObject({ ok: z.boolean(), error: z.string().optional() })

async function ask(method: string, form: Record<string, string> = {}, token = 'xoxb-any') {
  const response = await fetch(`${sandbox.url}/slack/api/${method}`, {
    method: 'POST',
    headers: token === '' ? {} : { authorization: `Bearer ${token}` },
    body: new URLSearchParams(form),
  })
  expect(response.status).toBe(200)
  return Answer.parse(await response.json())
}

describe('the Slack stand-in', () => {
  it('wants a token, and the right one when it knows it', async () => {
    expect(await ask('auth.test', {}, '')).toMatchObject({ ok: false, error: 'not_authed' })
    expect(await ask('auth.test')).toMatchObject({ ok: true })
    sandbox.vendors.slack?.load({ tokens: ['xoxb-one'] })
    expect(await ask('auth.test')).toMatchObject({ ok: false, error: 'invalid_auth' })
  })

  it('knows every e-mail unless told otherwise, always as the same person', async () => {
    const first = await ask('users.lookupByEmail', { email: 'any@rota.test' })
    sandbox.vendors.slack?.reset()
    expect(await ask('users.lookupByEmail', { email: 'ANY@rota.test' })).toMatchObject({
      user: { id: z.looseObject({ user: z.object({ id: z.string() }) }).parse(first).user.id },
    })
    sandbox.vendors.slack?.load({ autoProvision: false })
    expect(await ask('users.lookupByEmail', { email: 'any@rota.test' })).toMatchObject({
      error: 'users_not_found',
    })
  })

  it('refuses arguments it does not know, as it does `client_msg_id`', async () => {
    const answer = await ask('chat.postMessage', { channel: 'general', text: 'x', client_msg_id: '1' })
    expect(answer).toMatchObject({ ok: false, error: 'invalid_arguments' })
    expect(await ask('chat.teleport')).toMatchObject({ error: 'unknown_method' })
    expect(sandbox.ledger.entries({ effect: 'message-posted' })).toEqual([])
  })

  it.each([
    [{ channel: 'nowhere', text: 'x' }, 'channel_not_found'],
    [{ channel: 'general' }, 'no_text'],
    [{ channel: 'general', text: 'x'.repeat(40_001) }, 'msg_too_long'],
    [{ channel: 'general', blocks: '[{"type":"section"}]' }, 'invalid_blocks'],
    [{ channel: 'general', blocks: 'no json' }, 'invalid_arguments'],
    [{ channel: 'general', text: 'x', metadata: '{"event_payload":{}}' }, 'invalid_arguments'],
  ])('refuses %j', async (form, error) => {
    expect(await ask('chat.postMessage', form)).toMatchObject({ ok: false, error })
  })

  it('refuses blocks that are too long one by one or together', async () => {
    const section = (length: number) => ({
      type: 'section',
      text: { type: 'plain_text', text: 'x'.repeat(length) },
    })
    const post = (blocks: object[]) =>
      ask('chat.postMessage', { channel: 'general', blocks: JSON.stringify(blocks) })
    expect(await post([section(3_001)])).toMatchObject({ error: 'invalid_blocks' })
    expect(await post(Array.from({ length: 51 }, () => section(1)))).toMatchObject({
      error: 'invalid_blocks',
    })
    expect(await post(Array.from({ length: 5 }, () => section(2_900)))).toMatchObject({
      error: 'msg_blocks_too_long',
    })
    expect(await post([section(3_000)])).toMatchObject({ ok: true })
  })

  it('shows metadata in the history only when asked, newest first, page by page', async () => {
    const channel = z.looseObject({ channels: z.array(z.object({ id: z.string() })) })
    const id = channel.parse(await ask('conversations.list')).channels[0]?.id ?? ''
    for (const send_id of ['a', 'b', 'c']) {
      const metadata = JSON.stringify({ event_type: 'rota_send', event_payload: { send_id } })
      await ask('chat.postMessage', { channel: id, text: send_id, metadata })
    }
    const plain = await ask('conversations.history', { channel: id })
    expect(JSON.stringify(plain)).not.toContain('send_id')
    const Page = z.looseObject({
      messages: z.array(z.looseObject({ text: z.string() })),
      has_more: z.boolean(),
      response_metadata: z.object({ next_cursor: z.string() }).optional(),
    })
    const first = Page.parse(
      await ask('conversations.history', { channel: id, limit: '2', include_all_metadata: 'true' }),
    )
    expect(first.messages.map(({ text }) => text)).toEqual(['c', 'b'])
    const cursor = first.response_metadata?.next_cursor ?? ''
    const second = Page.parse(await ask('conversations.history', { channel: id, limit: '2', cursor }))
    expect(second).toMatchObject({ has_more: false, messages: [{ text: 'a' }] })
  })

  it('gives back a state that can be loaded again', async () => {
    await ask('users.lookupByEmail', { email: 'any@rota.test' })
    await ask('chat.postMessage', { channel: 'general', text: 'x' })
    const state = await (await fetch(`${sandbox.url}/state/slack`)).json()
    sandbox.vendors.slack?.load(state)
    expect(await (await fetch(`${sandbox.url}/state/slack`)).json()).toEqual(state)
  })
})

describe("the requests of our connector, by Slack's own list of arguments", () => {
  it('are all known and complete', async ({ skip }) => {
    const contract = vendorContract('slack/slack-subset-overlay.json')
    if (contract === null) skip('the list is not beside this checkout (../shared/specs/slack)')
    const messenger = slack({ botToken: 'xoxb-any', apiUrl: `${sandbox.url}/slack/api/` })
    const message = {
      to: { email: 'ana@rota.test' },
      fallbackChannel: 'general',
      title: 'Lead',
      facts: [],
      reason: 'Because',
    }
    await messenger.send(message, 'send_1', callWithin())
    await messenger.find(message, 'other', callWithin())
    const requests = sandbox.ledger.entries({ vendor: 'slack' }).map(({ path, body }) => ({
      method: path.replace('/api/', ''),
      form: Object.fromEntries(new URLSearchParams(String(body))),
    }))
    expect(requests.map(({ method }) => method).sort()).toEqual([
      'chat.postMessage',
      'conversations.history',
      'conversations.history',
      'conversations.list',
      'conversations.open',
      'users.lookupByEmail',
    ])
    for (const { method, form } of requests) {
      // Younger than the list, which is of 2021.
      const { include_all_metadata, ...listed } = form
      expect({ method, problems: slackProblems(contract, method, listed) }).toEqual({ method, problems: [] })
    }
    expect(slackProblems(contract, 'chat.postMessage', { client_msg_id: '1' })).toHaveLength(2)
  })
})
