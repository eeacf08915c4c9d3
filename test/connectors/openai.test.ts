import { createServer } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { jsonSchemaOf } from '../../columns/json.ts'
import type { Model, ModelRequest } from '../../columns/ports.ts'
import { openai } from '../../connectors/openai.ts'
import { Segmentation } from '../../routing/segment/segmentation.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { timed } from '../support/own-time.ts'
import { callWithin, deadAddress, failureOf } from './failure-of.ts'
import { openaiContract, openaiShape } from './openai-contract.ts'

let sandbox: Sandbox
let model: Model

beforeAll(async () => {
  sandbox = await startSandbox()
  model = openai({ apiKey: 'key', baseUrl: `${sandbox.url}/openai/v1`, model: 'gpt-test' })
})
afterAll(() => sandbox.close())
beforeEach(() => {
  sandbox.ledger.clear()
  sandbox.faults.clear()
  sandbox.vendors.openai?.reset()
})

const play = (...script: unknown[]) => sandbox.vendors.openai?.load({ script })
const calls = () => sandbox.ledger.entries({ vendor: 'openai' })

function requestFor(values: Record<string, string>, maxTokens = 400): ModelRequest {
  const lines = Object.entries(values).map(
    ([name, value]) => `${name}: ${value === '' ? '(empty)' : JSON.stringify(value)}`,
  )
  return {
    system: 'Classify this lead.',
    user: `<values>\n${lines.join('\n')}\n</values>`,
    schema: { name: 'segment', jsonSchema: jsonSchemaOf(Segmentation) ?? {} },
    maxTokens,
  }
}

const german = requestFor({ company: 'Acme', country: 'Germany', employees: 'about five thousand' })

describe('a model behind chat completions', () => {
  test('answers in the schema of the request and says what it cost', async () => {
    const answer = await model.answer(german, callWithin())
    expect(Segmentation.parse(JSON.parse(answer.text ?? ''))).toMatchObject({
      region: 'EMEA',
      segment: 'Enterprise',
    })
    expect(answer).toMatchObject({ refusal: null, finishReason: 'stop', model: 'gpt-test' })
    expect(answer.usage?.inputTokens).toBeGreaterThan(10)
    expect(answer.usage?.outputTokens).toBeGreaterThan(10)
    expect(model).toMatchObject({ vendor: 'openai', model: 'gpt-test' })
  })

  test('is asked once, strictly, with the instructions before the row and without bounds that strict mode refuses', async () => {
    await model.answer({ ...german, schema: { ...german.schema, name: 'lead segment/1' } }, callWithin())
    const [call, ...more] = calls()
    expect(more).toEqual([])
    expect(call).toMatchObject({ method: 'POST', path: '/v1/chat/completions', status: 200, effect: null })
    const body = z
      .object({ response_format: z.object({ json_schema: z.record(z.string(), z.unknown()) }) })
      .loose()
      .parse(call?.body)
    expect(body).toMatchObject({
      model: 'gpt-test',
      max_tokens: 400,
      messages: [{ role: 'system' }, { role: 'user', content: german.user }],
    })
    const { schema, ...format } = body.response_format.json_schema
    expect(format).toEqual({ name: 'lead_segment_1', strict: true })
    expect(schema).toMatchObject({ additionalProperties: false, required: ['region', 'segment', 'reason'] })
    expect(JSON.stringify(schema)).not.toMatch(/minLength|maxLength/)
  })

  test.each([
    ['refusal', { text: null, refusal: expect.stringContaining('sorry'), finishReason: 'stop' }],
    ['length', { finishReason: 'length' }],
    ['content-filter', { text: null, finishReason: 'content_filter' }],
    ['fenced', { text: expect.stringMatching(/^```json/), finishReason: 'stop' }],
    ['prose', { text: expect.stringMatching(/^Sure!/) }],
    ['wrong-enum', { text: expect.stringContaining('Galactic') }],
    ['extra-keys', { text: expect.stringContaining('__proto__') }],
    ['empty-content', { text: '' }],
    ['empty-choices', { text: null, refusal: null, finishReason: 'no choice' }],
    ['other-model', { model: 'gpt-test-2099-01-01' }],
  ] as const)('hands on an answer with %s as it came, with its usage', async (outcome, expected) => {
    play(outcome)
    const answer = await model.answer(german, callWithin())
    expect(answer).toMatchObject(expected)
    expect(answer.usage?.inputTokens).toBeGreaterThan(0)
  })

  test('has no usage where the server counts none', async () => {
    play('no-usage')
    expect((await model.answer(german, callWithin())).usage).toBeNull()
  })

  test('is OpenAI itself where no address is set, whose newer models know only the newer name of the limit', async () => {
    const urls: string[] = []
    const toSandbox: typeof fetch = (input, init) => {
      urls.push(String(input))
      return fetch(String(input).replace('https://api.openai.com', `${sandbox.url}/openai`), init)
    }
    const official = openai({ apiKey: 'key', model: 'gpt-test' })
    await official.answer(german, { ...callWithin(), fetch: toSandbox })
    expect(urls).toEqual(['https://api.openai.com/v1/chat/completions'])
    expect(calls()[0]?.body).toMatchObject({ max_completion_tokens: 400 })
    expect(calls()[0]?.body).not.toHaveProperty('max_tokens')
  })

  test('is cut off at the number of tokens it may take', async () => {
    expect((await model.answer({ ...german, maxTokens: 5 }, callWithin())).finishReason).toBe('length')
  })
})

describe.skipIf(openaiContract === null)('by the contract of the vendor', () => {
  test('the request is valid', async () => {
    const shape = openaiShape('CreateChatCompletionRequest')
    await model.answer(german, callWithin())
    expect(z.prettifyError(shape.safeParse(calls()[0]?.body).error ?? new z.ZodError([]))).toBe('')
    expect(shape.safeParse({ messages: [] }).success).toBe(false)
  })

  test.each(['answer', 'refusal', 'length', 'content-filter', 'fenced', 'no-usage'])(
    'the stand-in answers %s as the vendor would',
    async (outcome) => {
      play(outcome)
      const response = await fetch(`${sandbox.url}/openai/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: 'Bearer key' },
        body: JSON.stringify({ model: 'gpt-test', messages: [{ role: 'user', content: german.user }] }),
      })
      const checked = openaiShape('CreateChatCompletionResponse').safeParse(await response.json())
      expect(z.prettifyError(checked.error ?? new z.ZodError([]))).toBe('')
    },
  )
})

describe('a failed call', () => {
  test.each([
    ['rate-limited', { kind: 'rate-limited', retryable: true, retryAfterMs: 850 }],
    ['rate-limited-long', { kind: 'rate-limited', retryable: true, retryAfterMs: 120_000 }],
    ['quota-exhausted', { kind: 'quota-exhausted', retryable: false }],
    ['server-error', { kind: 'unavailable', retryable: true }],
    ['unavailable', { kind: 'unavailable', retryable: true }],
    ['unauthorized', { kind: 'needs-credentials', retryable: true }],
    [
      'unknown-model',
      { kind: 'not-found', retryable: false, message: expect.stringContaining("'gpt-test'") },
    ],
    ['html', { kind: 'invalid-output', trouble: 'html', retryable: true }],
    ['html-as-json', { kind: 'invalid-output', trouble: 'html', retryable: true }],
    ['cut-json', { kind: 'invalid-output', trouble: 'not-json', retryable: true }],
    ['megabyte', { kind: 'invalid-output', trouble: 'too-large', retryable: false }],
    ['huge', { kind: 'invalid-output', trouble: 'too-large', retryable: false }],
    ['cut', { kind: 'unavailable', retryable: true, outcomeUnknown: true }],
  ] as const)(
    'by %s is named and never repeated; only a lost answer may stand on the bill',
    async (outcome, expected) => {
      play(outcome)
      const failure = await failureOf(model.answer(german, callWithin()))
      expect(failure).toMatchObject({ outcomeUnknown: false, ...expected })
      expect(calls()).toHaveLength(1)
    },
  )

  test.each(['before', 'half-body'] as const)(
    'by a connection lost (%s) may be tried again',
    async (kind) => {
      sandbox.faults.add({ vendor: 'openai', kind })
      expect(await failureOf(model.answer(german, callWithin()))).toMatchObject({
        kind: 'unavailable',
        retryable: true,
      })
      expect(calls()).toHaveLength(1)
    },
  )

  test('by a server that is not there may be tried again and has cost nothing', async () => {
    const nowhere = openai({ apiKey: 'key', baseUrl: `${await deadAddress()}/v1`, model: 'gpt-test' })
    expect(await failureOf(nowhere.answer(german, callWithin()))).toMatchObject({
      kind: 'unavailable',
      retryable: true,
      outcomeUnknown: false,
    })
  })

  test('by a wrong key needs another one', async () => {
    sandbox.vendors.openai?.load({ apiKey: 'another' })
    expect(await failureOf(model.answer(german, callWithin()))).toMatchObject({
      kind: 'needs-credentials',
      retryable: true,
    })
  })

  test('by a request the server does not understand is final and says why', async () => {
    const wrong = { ...german, maxTokens: 0 }
    const failure = await failureOf(model.answer(wrong, callWithin()))
    expect(failure).toMatchObject({ kind: 'invalid-request', retryable: false })
    expect(failure.message).toContain('max_tokens')
  })

  test('by JSON that breaks off is not taken for an answer', async () => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"choices":[{"message":')
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const broken = openai({ apiKey: 'key', baseUrl: `http://127.0.0.1:${port}/v1`, model: 'gpt-test' })
    const failure = await failureOf(broken.answer(german, callWithin()))
    server.close()
    expect(failure).toMatchObject({ kind: 'invalid-output', retryable: true })
  })
})

describe('the deadline', () => {
  test.each(['hang', 'stalled-body'] as const)(
    'ends a call to a server that keeps still (%s)',
    async (kind) => {
      sandbox.faults.add({ vendor: 'openai', kind })
      const { answer, ownMs } = await timed(() => failureOf(model.answer(german, callWithin(200))))
      expect(answer).toMatchObject({ kind: 'timeout', retryable: true })
      expect(ownMs).toBeLessThan(500)
    },
  )

  test('ends a call whose body never comes', async () => {
    play('hang')
    expect(await failureOf(model.answer(german, callWithin(200)))).toMatchObject({
      kind: 'timeout',
      retryable: true,
    })
  })

  test('is not needed by a caller who gives up: that is not tried again', async () => {
    sandbox.faults.add({ vendor: 'openai', kind: 'hang' })
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 50)
    const call = { ...callWithin(), signal: controller.signal }
    expect(await failureOf(model.answer(german, call))).toMatchObject({ kind: 'timeout', retryable: false })
  })

  test('that has passed already sends nothing', async () => {
    const call = { ...callWithin(), signal: AbortSignal.abort() }
    await failureOf(model.answer(german, call))
    expect(calls()).toEqual([])
  })
})
