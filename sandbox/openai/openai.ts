import { Hono } from 'hono'
import { z } from 'zod'
import type { SandboxEnv, Vendor, VendorContext } from '../vendor.ts'
import { answerFor } from './answer.ts'
import { complete } from './completion.ts'
import { openaiFaults } from './faults.ts'
import { obey } from './obey.ts'
import { ChatRequest, schemaOf, valuesOf } from './request.ts'
import { misworded, OpenaiState, Outcome, type Step } from './script.ts'
import { apiError, wireFault } from './wire.ts'

const Answer = z.record(z.string(), z.unknown())

/**
 * The stand-in for OpenAI and whoever speaks its protocol: `POST /v1/chat/completions` and `GET /v1/models`. It reads the fenced values
 * of the prompt, applies the written rule to them and answers in the JSON schema of the request, unless its script says otherwise.
 */
export function createOpenai(context: VendorContext): Vendor {
  let state = OpenaiState.parse({})
  let answered = 0
  const app = new Hono<SandboxEnv>()

  app.get('/v1/models', (c) => {
    const data = (state.models ?? ['sandbox-model']).map((id) => ({
      id,
      object: 'model',
      owned_by: 'sandbox',
    }))
    return c.json({ object: 'list', data })
  })

  app.post('/v1/chat/completions', async (c) => {
    const key = /^Bearer (.+)$/.exec(c.req.header('authorization') ?? '')?.[1]
    if (key === undefined || (state.apiKey !== null && key !== state.apiKey)) return apiError('unauthorized')
    const parsed = ChatRequest.safeParse(await c.req.json().catch(() => null))
    if (!parsed.success) return apiError('invalid-request', z.prettifyError(parsed.error))
    const request = parsed.data
    if (state.models !== null && !state.models.includes(request.model))
      return apiError('unknown-model', request.model)
    if (!state.formats.includes(request.response_format?.type ?? 'text')) return apiError('unknown-format')
    const step = nextStep()
    answered += 1
    return typeof step === 'string'
      ? (wireFault(step, request.model) ?? answer(request, step))
      : answer(request, step)
  })

  function nextStep(): Step {
    const [step = state.otherwise, ...rest] = state.script
    state = { ...state, script: rest }
    return step
  }

  function answer(request: ChatRequest, step: Step): Response {
    const schema = schemaOf(request)
    const honest = Answer.safeParse(answerFor(schema ?? {}, valuesOf(request))).data ?? {}
    const text = schema === null ? plainText(step) : textOf(request, step, { honest, schema })
    const id = `chatcmpl-sandbox-${answered}`
    const created = Math.floor(context.now() / 1000)
    return Response.json(complete(request, { id, created, step, text }))
  }

  return {
    name: 'openai',
    faults: openaiFaults,
    app,
    state: () => state,
    load(given) {
      state = OpenaiState.parse(given)
    },
    reset() {
      state = OpenaiState.parse({})
      answered = 0
    },
    play(name) {
      state = { ...state, script: [...state.script, Outcome.parse(name)] }
    },
  }
}

function textOf(
  request: ChatRequest,
  step: Step,
  { honest, schema }: { honest: Record<string, unknown>; schema: Record<string, unknown> },
): string {
  return step === 'obedient' ? obey(request, honest) : misworded(step, honest, schema)
}

function plainText(step: Step): string {
  return typeof step === 'object' ? step.text : 'This is the sandbox: it only classifies into a JSON schema.'
}
