import OpenAI, { APIError } from 'openai'
import { z } from 'zod'
import { CallFailure } from '../columns/errors.ts'
import type { Json, JsonObject } from '../columns/json.ts'
import type { Call, Model, ModelAnswer, ModelRequest } from '../columns/ports.ts'
import { exchange, type RunningCall, retryAfterMs, startCall, transportFailure } from './call.ts'
import { failureOfStatus } from './status.ts'

export interface OpenaiSettings {
  apiKey: string
  /** Of any server with OpenAI's chat completions, `/v1` included; OpenAI's own when absent. */
  baseUrl?: string
  /** A pinned name: an alias may change its behaviour overnight. */
  model: string
}

const officialUrl = 'https://api.openai.com/v1'
/** A classification is a few hundred bytes; whatever is larger is not one. */
const maxAnswerBytes = 1024 * 1024

const Tokens = z.number().int().min(0)
const Completion = z.object({
  model: z.string().catch(''),
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
  usage: z.object({ prompt_tokens: Tokens, completion_tokens: Tokens }).nullish().catch(null),
})

/**
 * A model behind OpenAI's chat completions, asked for strict JSON. One request per call and no hidden retries; the answer comes back as
 * received, with its tokens, and is judged by the caller. Throws `CallFailure`.
 */
export function openai(settings: OpenaiSettings): Model {
  return {
    vendor: 'openai',
    model: settings.model,
    answer: (request, call) => answer(settings, request, call),
  }
}

async function answer(settings: OpenaiSettings, request: ModelRequest, call: Call): Promise<ModelAnswer> {
  const running = startCall(call)
  const baseURL = settings.baseUrl ?? officialUrl
  const client = new OpenAI({
    apiKey: settings.apiKey,
    baseURL,
    maxRetries: 0,
    logLevel: 'off',
    fetch: readWhole(running),
  })
  try {
    const completion: unknown = await client.chat.completions.create(
      bodyOf(settings.model, baseURL, request),
      {
        signal: running.signal,
        // Ours ends the call first; this one only keeps the client's ten minutes away.
        timeout: call.timeoutMs + 1000,
      },
    )
    return readAnswer(completion, settings.model)
  } catch (error) {
    throw failureOf(error, { running, baseURL, model: settings.model })
  }
}

function bodyOf(
  model: string,
  baseURL: string,
  request: ModelRequest,
): OpenAI.ChatCompletionCreateParamsNonStreaming {
  const { name, jsonSchema } = request.schema
  // Compatible servers know the older name, OpenAI's newer models only the other.
  const limit =
    baseURL === officialUrl ? { max_completion_tokens: request.maxTokens } : { max_tokens: request.maxTokens }
  return {
    model,
    messages: [
      { role: 'system', content: request.system },
      { role: 'user', content: request.user },
    ],
    response_format: {
      type: 'json_schema',
      json_schema: {
        name: name.replace(/[^\w-]/g, '_').slice(0, 64),
        strict: true,
        schema: strictSchema(jsonSchema),
      },
    },
    ...limit,
  }
}

/** Strict mode refuses schemas with bounds on the length of a text; they are checked on the answer instead. */
function strictSchema(schema: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(schema).flatMap(([key, value]): [string, Json][] => {
      const isBound = (key === 'minLength' || key === 'maxLength') && typeof value === 'number'
      return isBound ? [] : [[key, strictValue(value)]]
    }),
  )
}

function strictValue(value: Json): Json {
  if (Array.isArray(value)) return value.map(strictValue)
  return typeof value === 'object' && value !== null ? strictSchema(value) : value
}

/** The client's own reading knows neither a deadline for the body nor a limit to its size. */
function readWhole(running: RunningCall): typeof fetch {
  return async (input, init) => {
    const { status, headers, text } = await exchange(
      {
        vendor: 'openai',
        method: init?.method ?? 'POST',
        url: input instanceof Request ? input.url : String(input),
        headers: Object.fromEntries(new Headers(init?.headers)),
        ...(typeof init?.body === 'string' && { body: init.body }),
        write: false,
        maxBytes: maxAnswerBytes,
      },
      running,
    )
    const { 'content-encoding': _, 'content-length': __, ...kept } = headers
    return new Response(status === 204 || status === 304 ? null : text, { status, headers: kept })
  }
}

function readAnswer(completion: unknown, asked: string): ModelAnswer {
  const parsed = Completion.safeParse(completion)
  const choice = parsed.data?.choices[0]
  if (!parsed.success || choice === undefined) {
    throw new CallFailure('invalid-output', `openai: the answer is no chat completion with a choice`, {
      retryable: true,
      cause: parsed.error,
    })
  }
  const { usage, model } = parsed.data
  return {
    text: choice.message.content ?? null,
    refusal: choice.message.refusal ?? null,
    finishReason: choice.finish_reason ?? 'unknown',
    model: model === '' ? asked : model,
    usage: usage ? { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens } : null,
  }
}

interface Asked {
  running: RunningCall
  baseURL: string
  model: string
}

function failureOf(error: unknown, { running, baseURL, model }: Asked): CallFailure {
  if (CallFailure.isInstance(error)) return error
  if (error instanceof Error && CallFailure.isInstance(error.cause)) return error.cause
  if (error instanceof APIError && typeof error.status === 'number')
    return failureOfAnswer(error, error.status, model)
  if (error instanceof SyntaxError) {
    return new CallFailure('invalid-output', 'openai: the answer is not JSON', {
      retryable: true,
      cause: error,
    })
  }
  return transportFailure(
    error,
    { vendor: 'openai', method: 'POST', url: `${baseURL}/chat/completions`, write: false },
    running,
  )
}

function failureOfAnswer(error: APIError, status: number, model: string): CallFailure {
  const headers = Object.fromEntries(error.headers ?? [])
  const cause = { status, code: error.code ?? null, requestId: error.requestID ?? null }
  const detail = error.message.slice(0, 300)
  // Also a 429, but waiting does not fill an empty account.
  if (
    [error.code, error.type].some(
      (each) => each === 'insufficient_quota' || each === 'billing_hard_limit_reached',
    )
  ) {
    return new CallFailure('quota-exhausted', `openai: the account has no quota left (${detail})`, {
      retryable: false,
      cause,
    })
  }
  if (status === 404) {
    return new CallFailure('not-found', `openai: no model '${model}' at this address (${detail})`, {
      retryable: false,
      cause,
    })
  }
  if (status === 409) {
    return new CallFailure('unavailable', `openai answered 409: ${detail}`, { retryable: true, cause })
  }
  const exact = Number(headers['retry-after-ms'])
  const wait = exact > 0 ? exact : retryAfterMs(headers, Date.now())
  const failure = failureOfStatus(
    { status, headers: {}, text: '' },
    { vendor: 'openai', write: false },
    detail,
  )
  return new CallFailure(failure.kind, failure.message, {
    retryable: failure.retryable,
    ...(wait !== null && { retryAfterMs: Math.ceil(wait) }),
    cause,
  })
}
