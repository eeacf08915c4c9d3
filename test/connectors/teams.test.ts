import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Message } from '../../columns/ports.ts'
import { teams } from '../../connectors/teams.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { callWithin as call, deadAddress, failureOf } from './failure-of.ts'
import { adaptiveCardSchema, vendorContract } from './vendor-contracts.ts'

const contract = vendorContract('adaptivecards/adaptive-card-1.5.0.json')

const message: Message = {
  to: { email: 'ana@rota.test' },
  title: 'New lead: Acme',
  facts: [['Company', 'Acme']],
  reason: 'Territory DACH x Enterprise',
  link: { text: 'Open in HubSpot', url: 'https://app.hubspot.com/contacts/42/record/0-1/7' },
}
const longMessage: Message = {
  ...message,
  title: '🙂'.repeat(500),
  facts: Array.from({ length: 80 }, (_, index) => [`Label ${index}`, '"漢'.repeat(2_000)] as const),
  reason: '漢"'.repeat(20_000),
}

let sandbox: Sandbox
let webhookUrl: string

beforeAll(async () => {
  sandbox = await startSandbox()
  webhookUrl = `${sandbox.url}/teams/workflows/flow-1?api-version=1&sig=secret-signature`
})
afterAll(() => sandbox.close())
beforeEach(() => {
  sandbox.ledger.clear()
  sandbox.faults.clear()
  sandbox.vendors.teams?.load({ signature: 'secret-signature', deletedFlows: ['flow-gone'] })
})

const Posted = z.object({ attachments: z.array(z.object({ content: z.json() })).length(1) })

function posts() {
  return sandbox.ledger.entries({ vendor: 'teams', effect: 'message-posted' })
}

function card() {
  return Posted.parse(posts()[0]?.body).attachments[0]?.content
}

describe('sending', () => {
  it('posts one card that names the person and carries the send id', async () => {
    const sent = await teams({ webhookUrl }).send(message, 'send_1', call())
    expect(sent).toEqual({ id: expect.stringMatching(/^0858/), channel: 'workflow', fallback: false })
    expect(posts().map(({ effect }) => effect)).toEqual([
      expect.objectContaining({ kind: 'message-posted', channel: 'flow-1', sendId: 'send_1' }),
    ])
    expect(JSON.stringify(card())).toContain('ana@rota.test')
  })

  it('shows what a lead wrote as text, not as Markdown', async () => {
    const evil = '[click](https://evil.test) **bold** <at>everyone</at>'
    await teams({ webhookUrl }).send(
      { ...message, title: evil, facts: [['Name', evil]], reason: evil },
      's',
      call(),
    )
    const json = JSON.stringify(card())
    expect(json).toContain('[click](https://evil.test)')
    // Both read Markdown; text runs do not.
    expect(json).not.toContain('"TextBlock"')
    expect(json).not.toContain('"FactSet"')
  })

  it('cuts a message of any size to what Teams takes, and says that it did', async () => {
    await teams({ webhookUrl }).send(longMessage, 'send_1', call())
    expect(posts()).toHaveLength(1)
    expect(JSON.stringify(card())).toMatch(/and \d+ more/)
    expect(JSON.stringify(card()).isWellFormed()).toBe(true)
  })

  it('drops a link that is no web address', async () => {
    await teams({ webhookUrl }).send(
      { ...message, link: { text: 'x', url: 'javascript:alert(1)' } },
      's',
      call(),
    )
    expect(JSON.stringify(card())).not.toContain('actions')
  })

  it('cannot say afterwards whether a message arrived', async () => {
    expect(await teams({ webhookUrl }).find(message, 'send_1', call())).toMatchObject({ state: 'unknown' })
  })
})

describe('the Adaptive Card schema 1.5', () => {
  it('accepts our cards and refuses broken ones', async ({ skip }) => {
    if (contract === null) skip('the schema is not beside this checkout (../shared/specs/adaptivecards)')
    const schema = adaptiveCardSchema(contract)
    const broken = [
      { type: 'TextBlock' },
      { type: 'Nonsense' },
      { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text: 'x', weight: 'Boldest' }] },
      { type: 'FactSet', facts: [{ title: 'no value' }] },
    ]
    for (const element of broken) {
      expect(schema.safeParse({ type: 'AdaptiveCard', version: '1.5', body: [element] }).success).toBe(false)
    }
    for (const sent of [message, longMessage, { ...message, title: '', facts: [], reason: '' }]) {
      sandbox.ledger.clear()
      await teams({ webhookUrl }).send(sent, 'send_1', call())
      expect(schema.safeParse(card())).toMatchObject({ success: true })
    }
  })
})

it('lets no more than four requests go in any one second', () => {
  const { perSecond = 0, burst = 0 } = teams({ webhookUrl }).budget
  expect(perSecond + burst).toBeLessThanOrEqual(4)
})

describe('when Teams misbehaves', () => {
  const post = { vendor: 'teams', path: '/workflows' } as const

  it.each(['after', 'hang'] as const)('a post that ends in "%s" has an unknown outcome', async (kind) => {
    sandbox.faults.add({ ...post, kind })
    const failure = await failureOf(teams({ webhookUrl }).send(message, 'send_1', call(300)))
    expect(failure).toMatchObject({ retryable: true, outcomeUnknown: true })
    expect(posts()).toHaveLength(1)
  })

  it.each([
    [502, {}, { kind: 'unavailable', retryable: true, outcomeUnknown: true }],
    [504, {}, { kind: 'timeout', retryable: true, outcomeUnknown: true }],
    [
      429,
      { 'retry-after': '3' },
      { kind: 'rate-limited', retryable: true, retryAfterMs: 3_000, outcomeUnknown: false },
    ],
    [413, {}, { kind: 'invalid-request', retryable: false, outcomeUnknown: false }],
    [400, {}, { kind: 'invalid-request', retryable: false, outcomeUnknown: false }],
  ])('a %i is understood', async (status, headers, expected) => {
    sandbox.faults.add({ ...post, kind: 'status', status, headers })
    expect(await failureOf(teams({ webhookUrl }).send(message, 's', call()))).toMatchObject(expected)
    expect(posts()).toEqual([])
  })

  it.each([403, 404, 410])('a %i page that is not its own leaves the outcome unknown', async (status) => {
    sandbox.faults.add({ ...post, kind: 'status', status, body: '<html>Blocked</html>' })
    expect(await failureOf(teams({ webhookUrl }).send(message, 's', call()))).toMatchObject({
      kind: 'unavailable',
      retryable: true,
      outcomeUnknown: true,
    })
  })

  it('reads the refusal that older webhooks hide in a 200', async () => {
    const body =
      'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429'
    sandbox.faults.add({ ...post, kind: 'status', status: 200, body })
    expect(await failureOf(teams({ webhookUrl }).send(message, 's', call()))).toMatchObject({
      kind: 'rate-limited',
    })
  })

  it.each([
    ['flow-1?sig=rotated', { kind: 'needs-credentials', retryable: true }],
    ['flow-gone?sig=secret-signature', { kind: 'not-found', retryable: false }],
  ])('the address %s is refused, and never shown', async (path, expected) => {
    const failure = await failureOf(
      teams({ webhookUrl: `${sandbox.url}/teams/workflows/${path}` }).send(message, 's', call()),
    )
    expect(failure).toMatchObject(expected)
    expect(failure.message).not.toContain('sig=')
  })

  it('nobody listening means that nothing was sent, and the signature is not shown', async () => {
    const failure = await failureOf(
      teams({ webhookUrl: `${await deadAddress()}/w?sig=abc` }).send(message, 's', call()),
    )
    expect(failure).toMatchObject({ kind: 'unavailable', outcomeUnknown: false })
    expect(failure.message).not.toContain('abc')
  })
})
