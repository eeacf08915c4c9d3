import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { jsonSchemaOf } from '../../columns/json.ts'
import type { ModelRequest } from '../../columns/ports.ts'
import { type AnswerFormat, openai } from '../../connectors/openai.ts'
import { Segmentation } from '../../routing/segment/segmentation.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { callWithin, failureOf } from './failure-of.ts'
import { openaiContract, openaiShape } from './openai-contract.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())
beforeEach(() => {
  sandbox.ledger.clear()
  sandbox.faults.clear()
  sandbox.vendors.openai?.reset()
})

const modelAt = (format?: AnswerFormat) =>
  openai({
    apiKey: 'key',
    baseUrl: `${sandbox.url}/openai/v1`,
    model: 'gpt-test',
    ...(format !== undefined && { format }),
  })

const request: ModelRequest = {
  system: 'Classify this lead.',
  user: '<values>\ncountry: "Japan"\nemployees: "12"\n</values>',
  schema: { name: 'segment', jsonSchema: jsonSchemaOf(Segmentation) ?? {} },
  maxTokens: 400,
}
const Body = z.looseObject({
  response_format: z.looseObject({ type: z.string() }).optional(),
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
})
const unknownFormat = {
  error: {
    message: "'response_format.type' is not supported",
    type: 'invalid_request_error',
    param: null,
    code: null,
  },
}
const bodies = () => sandbox.ledger.entries({ vendor: 'openai' }).map(({ body }) => Body.parse(body))
const formats = () => bodies().map(({ response_format }) => response_format?.type ?? 'text')

describe('the format an answer is asked in', () => {
  test.each(['json_schema', 'json_object', 'text'] as const)('%s gives the same answer', async (format) => {
    const answer = await modelAt(format).answer(request, callWithin())
    expect(Segmentation.parse(JSON.parse(answer.text ?? ''))).toMatchObject({
      region: 'APAC',
      segment: 'SMB',
    })
    expect(formats()).toEqual([format])
  })

  test('carries the schema in words where it has no place of its own', async () => {
    await modelAt('json_schema').answer(request, callWithin())
    await modelAt('json_object').answer(request, callWithin())
    const [strict, loose] = bodies().map(({ messages }) => messages[0]?.content)
    expect(strict).toBe('Classify this lead.')
    expect(loose).toContain('Classify this lead.')
    expect(loose).toMatch(/JSON schema: \{.*"Mid-Market".*\}$/)
    expect(bodies()[1]?.messages[1]?.content).toBe(request.user)
  })

  test.skipIf(openaiContract === null).each(['json_schema', 'json_object', 'text'] as const)(
    '%s is valid by the contract of the vendor',
    async (format) => {
      await modelAt(format).answer(request, callWithin())
      const checked = openaiShape('CreateChatCompletionRequest').safeParse(bodies()[0])
      expect(z.prettifyError(checked.error ?? new z.ZodError([]))).toBe('')
    },
  )

  test('falls back one step at a time where a server refuses it, and remembers', async () => {
    sandbox.vendors.openai?.load({ formats: ['text'] })
    const model = modelAt()
    expect((await model.answer(request, callWithin())).finishReason).toBe('stop')
    expect(formats()).toEqual(['json_schema', 'json_object', 'text'])
    await model.answer(request, callWithin())
    expect(formats().slice(3)).toEqual(['text'])
  })

  test('falls back once for calls that were refused together', async () => {
    sandbox.vendors.openai?.load({ formats: ['json_object', 'text'] })
    const model = modelAt()
    await Promise.all([1, 2, 3].map(() => model.answer(request, callWithin())))
    expect(formats().toSorted()).toEqual([
      ...['json_object', 'json_object', 'json_object'],
      ...['json_schema', 'json_schema', 'json_schema'],
    ])
  })

  test('is remembered only once it has worked', async () => {
    const model = modelAt()
    sandbox.faults.add({ vendor: 'openai', kind: 'status', status: 400, body: unknownFormat, times: 1 })
    sandbox.faults.add({ vendor: 'openai', kind: 'status', status: 500, body: {}, times: 1 })
    expect(await failureOf(model.answer(request, callWithin()))).toMatchObject({ kind: 'unavailable' })
    expect(await model.answer(request, callWithin())).toMatchObject({ format: 'json_schema' })
    expect(formats()).toEqual(['json_schema', 'json_object', 'json_schema'])
  })

  test('is not blamed where the server could not hold the model to it', async () => {
    const body = {
      error: { message: 'Failed to generate JSON for json_schema', code: 'json_validate_failed' },
    }
    sandbox.faults.add({ vendor: 'openai', kind: 'status', status: 400, body, times: 1 })
    const failure = await failureOf(modelAt().answer(request, callWithin()))
    expect(failure).toMatchObject({ kind: 'invalid-output', trouble: 'not-json', retryable: true })
    expect(formats()).toEqual(['json_schema'])
  })

  test('is refused for good by a server that takes none', async () => {
    sandbox.vendors.openai?.load({ formats: [] })
    expect(await failureOf(modelAt().answer(request, callWithin()))).toMatchObject({
      kind: 'invalid-request',
      retryable: false,
    })
    expect(formats()).toEqual(['json_schema', 'json_object', 'text'])
  })

  test.each([
    ["Invalid schema for response_format 'segment': 'required' is missing"],
    ['The prompt is too long'],
    ['messages: field required'],
  ])('is not blamed for another fault of the request: %s', async (message) => {
    const body = { error: { message, type: 'invalid_request_error', param: null, code: null } }
    sandbox.faults.add({ vendor: 'openai', kind: 'status', status: 400, body })
    const failure = await failureOf(modelAt().answer(request, callWithin()))
    expect(failure).toMatchObject({ kind: 'invalid-request', retryable: false })
    expect(failure.message).toContain(message)
    expect(formats()).toEqual(['json_schema'])
  })

  test('belongs to what answers are kept under, and so does the server', () => {
    const variants = [modelAt(), modelAt('text'), openai({ apiKey: 'key', model: 'gpt-test' })].map(
      ({ variant }) => variant,
    )
    expect(new Set(variants).size).toBe(3)
    expect(modelAt().variant).toBe(modelAt('json_schema').variant)
  })
})

describe('the limit of an answer', () => {
  const Limits = z.object({ max_tokens: z.number().optional(), max_completion_tokens: z.number().optional() })
  const limits = () =>
    sandbox.ledger.entries({ vendor: 'openai' }).map(({ body }) => Object.keys(Limits.parse(body)).join())

  test('has the name that the server asks for, which is remembered', async () => {
    const message =
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    const body = {
      error: { message, type: 'invalid_request_error', param: 'max_tokens', code: 'unsupported_parameter' },
    }
    sandbox.faults.add({ vendor: 'openai', kind: 'status', status: 400, body, times: 1 })
    const model = modelAt()
    await model.answer(request, callWithin())
    await model.answer(request, callWithin())
    expect(limits()).toEqual(['max_tokens', 'max_completion_tokens', 'max_completion_tokens'])
  })

  test('is tried under its other name once, and not for a value that is too large', async () => {
    const refuse = (message: string) =>
      sandbox.faults.add({
        vendor: 'openai',
        kind: 'status',
        status: 400,
        body: { error: { message, param: 'max_tokens' } },
        times: 2,
      })
    refuse('max_tokens is too large: 400')
    expect(await failureOf(modelAt().answer(request, callWithin()))).toMatchObject({
      kind: 'invalid-request',
    })
    expect(limits()).toEqual(['max_tokens'])
    sandbox.faults.clear()
    refuse('unknown parameter max_tokens')
    expect(await failureOf(modelAt().answer(request, callWithin()))).toMatchObject({
      kind: 'invalid-request',
    })
    expect(limits()).toEqual(['max_tokens', 'max_tokens', 'max_completion_tokens'])
  })

  test.each(['https://api.openai.com/v1', 'https://api.openai.com/v1/', 'https://API.openai.com/v1'])(
    'has its new name at %s',
    async (baseUrl) => {
      let sent: unknown
      const send: typeof fetch = async (_, init) => {
        sent = JSON.parse(String(init?.body))
        return Response.json({
          choices: [{ message: { content: '{}', refusal: '' }, finish_reason: 'stop' }],
        })
      }
      const model = openai({ apiKey: 'key', baseUrl, model: 'gpt-test' })
      const answer = await model.answer(request, { ...callWithin(), fetch: send })
      expect(Object.keys(Limits.parse(sent))).toEqual(['max_completion_tokens'])
      expect(answer.refusal).toBeNull()
    },
  )
})

test('bounds that strict mode refuses stay out of the schema that is sent', async () => {
  const output = z.object({
    list: z.array(z.string().min(1)).min(1).max(3),
    either: z.discriminatedUnion('k', [z.object({ k: z.literal('a') }), z.object({ k: z.literal('b') })]),
  })
  const schema = { name: 'x', jsonSchema: jsonSchemaOf(output) ?? {} }
  await modelAt().answer({ ...request, schema }, callWithin())
  const sent = JSON.stringify(bodies()[0]?.response_format)
  expect(sent).not.toMatch(/minItems|maxItems|minLength|oneOf/)
  expect(sent).toContain('anyOf')
})
