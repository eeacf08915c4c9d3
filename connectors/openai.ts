import OpenAI from 'openai'
import type { Budget } from '../columns/budget.ts'
import { CallFailure } from '../columns/errors.ts'
import type { Call, Model, ModelAnswer, ModelRequest } from '../columns/ports.ts'
import { ModelFailure } from '../columns/use-ai/outcomes.ts'
import { exchange, type RunningCall, startCall } from './call.ts'
import { budgetOf, credentialName, type Limits } from './limits.ts'
import { readAnswer } from './openai/answer.ts'
import { failureOf, isAboutFormat, isAboutLimit, limitOf } from './openai/failure.ts'
import { type AnswerFormat, bodyOf, type LimitName, otherLimit, simplerFormat } from './openai/request.ts'

export type { AnswerFormat } from './openai/request.ts'

export interface OpenaiSettings {
  apiKey: string
  /** Of any server with OpenAI's chat completions, `/v1` included; OpenAI's own when absent. */
  baseUrl?: string
  /** A pinned name: an alias may change its behaviour overnight. */
  model: string
  /**
   * How the server is asked for JSON: by schema, as any JSON object, or in words alone. One that refuses a format is asked for the next
   * simpler one from then on.
   */
  format?: AnswerFormat
  limits?: Limits
}

const officialUrl = 'https://api.openai.com/v1'
/** A classification is a few hundred bytes; whatever is larger than this is not one. */
const maxAnswerBytes = 256 * 1024

/**
 * A model behind OpenAI's chat completions, asked for strict JSON. One request per call and no hidden retries, but for a server that
 * refuses the format; the answer comes back as received, with its tokens, and is judged by the caller. Throws `CallFailure`.
 */
export function openai(settings: OpenaiSettings): Model {
  const baseURL = settings.baseUrl ?? officialUrl
  const declared = settings.format ?? 'json_schema'
  const isOfficial = URL.parse(baseURL)?.hostname === new URL(officialUrl).hostname
  const limit = isOfficial ? 'max_completion_tokens' : 'max_tokens'
  const budget = budgetOf(
    credentialName('openai', `${baseURL} ${settings.apiKey}`),
    { concurrency: 10 },
    settings.limits,
  )
  const server: Server = { ...settings, baseURL, budget, format: declared, limit }
  return {
    vendor: 'openai',
    budget,
    model: settings.model,
    variant: `${baseURL} ${declared}`,
    answer: (request, call) => answer(server, request, call),
  }
}

interface Server {
  apiKey: string
  model: string
  baseURL: string
  budget: Budget
  /** What the server is known to take. */
  format: AnswerFormat
  limit: LimitName
}

async function answer(server: Server, request: ModelRequest, call: Call): Promise<ModelAnswer> {
  const running = startCall(call, server.budget)
  const known = { format: server.format, limit: server.limit }
  const tried = { ...known }
  for (;;) {
    try {
      const answered = await ask(server, { request, ...tried, running })
      // Only what has worked is remembered. Another call may have learnt more in the meantime.
      if (server.format === known.format) server.format = tried.format
      if (server.limit === known.limit) server.limit = tried.limit
      return { ...answered, format: tried.format }
    } catch (error) {
      const simpler = isAboutFormat(error) ? simplerFormat(tried.format) : null
      if (simpler !== null) tried.format = simpler
      else if (tried.limit === known.limit && isAboutLimit(error, tried.limit))
        tried.limit = otherLimit(tried.limit)
      else throw failureOf(error, { running, ...server })
    }
  }
}

interface Asking {
  request: ModelRequest
  format: AnswerFormat
  limit: LimitName
  running: RunningCall
}

/** Longer than any turn is in coming: the time of a request itself is kept by `exchange`. */
const noTimeoutMs = 86_400_000

async function ask(server: Server, { request, format, limit, running }: Asking): Promise<ModelAnswer> {
  const client = new OpenAI({
    apiKey: server.apiKey,
    baseURL: server.baseURL,
    maxRetries: 0,
    logLevel: 'off',
    fetch: readWhole(running, server),
  })
  const body = bodyOf(request, { model: server.model, format, limit })
  const options = { signal: running.signal, timeout: noTimeoutMs }
  const completion: unknown = await client.chat.completions.create(body, options)
  return readAnswer(completion, server.model)
}

/** The client's own reading knows neither a deadline for the body nor a limit to its size. */
function readWhole(running: RunningCall, server: Server): typeof fetch {
  return async (input, init) => {
    const { status, headers, text } = await exchange(
      {
        vendor: 'openai',
        method: init?.method ?? 'POST',
        url: input instanceof Request ? input.url : String(input),
        headers: Object.fromEntries(new Headers(init?.headers)),
        ...(typeof init?.body === 'string' && { body: init.body }),
        // Work that is billed: a lost answer may stand on the bill.
        write: true,
        maxBytes: maxAnswerBytes,
        failure: (answer) => limitOf(answer, { running, ...server }),
      },
      running,
    ).catch((error: unknown) => {
      // The one thing `exchange` finds wrong with an answer itself is its length.
      if (!CallFailure.isInstance(error) || error.kind !== 'invalid-output') throw error
      throw new ModelFailure('too-large', error.message, { retryable: false, cause: error })
    })
    if (status < 300 && text.trimStart().startsWith('<')) {
      throw new ModelFailure('html', 'openai: a page came instead of an answer: is a proxy in between?', {
        retryable: true,
      })
    }
    const { 'content-encoding': _, 'content-length': __, ...kept } = headers
    return new Response(status === 204 || status === 304 ? null : text, { status, headers: kept })
  }
}
