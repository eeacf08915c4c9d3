import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())
beforeEach(() => {
  sandbox.ledger.clear()
  sandbox.vendors.teams?.reset()
})

const card = {
  type: 'AdaptiveCard',
  version: '1.5',
  body: [{ type: 'TextBlock', text: 'Hello', id: 'rota-send-s1' }],
}
const envelope = (content: object) => ({
  type: 'message',
  attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }],
})

async function post(body: unknown, path = 'flow-1?sig=any') {
  return fetch(`${sandbox.url}/teams/workflows/${path}`, { method: 'POST', body: JSON.stringify(body) })
}

describe('the Teams stand-in', () => {
  it('accepts a card with 202 and writes down what it says', async () => {
    const response = await post(envelope(card))
    expect(response.status).toBe(202)
    expect(sandbox.ledger.entries().map(({ effect }) => effect)).toEqual([
      { kind: 'message-posted', channel: 'flow-1', user: null, sendId: 's1', text: 'Hello' },
    ])
    expect(sandbox.vendors.teams?.state()).toMatchObject({ posts: [{ flow: 'flow-1', card }] })
  })

  it.each([
    ['a bare card', card],
    ['no attachment', { type: 'message', attachments: [] }],
    ['an element without a type', envelope({ ...card, body: [{ text: 'x' }] })],
    ['a version Teams does not know', envelope({ ...card, version: '1.6' })],
  ])('refuses %s', async (_, body) => {
    expect((await post(body)).status).toBe(400)
    expect(sandbox.vendors.teams?.state()).toMatchObject({ posts: [] })
  })

  it('refuses a message over 28 KB', async () => {
    const long = { ...card, body: [{ type: 'TextBlock', text: 'x'.repeat(29_000) }] }
    expect((await post(envelope(long))).status).toBe(413)
  })

  it('wants the signature, and knows which flows are gone', async () => {
    sandbox.vendors.teams?.load({ signature: 'right', deletedFlows: ['gone'] })
    expect((await post(envelope(card), 'flow-1')).status).toBe(401)
    expect((await post(envelope(card), 'flow-1?sig=wrong')).status).toBe(401)
    expect((await post(envelope(card), 'gone?sig=right')).status).toBe(404)
    expect((await post(envelope(card), 'flow-1?sig=right')).status).toBe(202)
  })
})
