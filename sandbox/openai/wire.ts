import type { Outcome } from './script.ts'

interface ApiError {
  status: number
  type: string
  code: string | null
  message: string
  headers?: Record<string, string>
}

const errors = {
  'invalid-request': {
    status: 400,
    type: 'invalid_request_error',
    code: null,
    message: 'The request is not valid',
  },
  'unknown-format': {
    status: 400,
    type: 'invalid_request_error',
    code: null,
    message: "'response_format.type' is not supported by this server",
  },
  unauthorized: {
    status: 401,
    type: 'invalid_request_error',
    code: 'invalid_api_key',
    message: 'Incorrect API key',
  },
  'unknown-model': {
    status: 404,
    type: 'invalid_request_error',
    code: 'model_not_found',
    message: 'The model does not exist',
  },
  'rate-limited': {
    status: 429,
    type: 'requests',
    code: 'rate_limit_exceeded',
    message: 'Rate limit reached for requests',
    headers: { 'retry-after': '1', 'retry-after-ms': '850' },
  },
  'rate-limited-long': {
    status: 429,
    type: 'tokens',
    code: 'rate_limit_exceeded',
    message: 'Rate limit reached for tokens per day',
    headers: { 'retry-after': '120' },
  },
  'quota-exhausted': {
    status: 429,
    type: 'insufficient_quota',
    code: 'insufficient_quota',
    message: 'You exceeded your current quota, please check your plan and billing details',
  },
  'server-error': { status: 500, type: 'server_error', code: null, message: 'The server had an error' },
  unavailable: { status: 503, type: 'server_error', code: null, message: 'The engine is overloaded' },
} satisfies Record<string, ApiError>

/** An error in the vendor's form, `{ error: { message, type, param, code } }`. */
export function apiError(name: keyof typeof errors, detail = ''): Response {
  const { status, type, code, message, headers = {} }: ApiError = errors[name]
  const error = { message: detail === '' ? message : `${message}: ${detail}`, type, param: null, code }
  return Response.json({ error }, { status, headers })
}

/** The answer of a step that is no completion at all, or null when it is one. */
export function wireFault(step: Outcome, model: string): Response | null {
  const json = { 'content-type': 'application/json' }
  switch (step) {
    case 'unknown-model':
      return apiError(step, model)
    case 'rate-limited':
    case 'rate-limited-long':
    case 'quota-exhausted':
    case 'server-error':
    case 'unavailable':
    case 'unauthorized':
      return apiError(step)
    case 'html':
      return new Response('<!doctype html><title>Proxy</title><p>Please sign in.', {
        headers: { 'content-type': 'text/html' },
      })
    case 'html-as-json':
      return new Response('<html><body>502 Bad Gateway</body></html>', { headers: json })
    case 'cut-json':
      return new Response('{"id":"chatcmpl-cut","choices":[{"message":{"content":"{', { headers: json })
    case 'huge':
      return new Response(endless('{"choices":[{"message":{"content":"', 'x'.repeat(64 * 1024)), {
        headers: json,
      })
    case 'cut':
      return new Response(broken('{"id":"chatcmpl-cut","choices":[{"mess'), { headers: json })
    case 'hang':
      return new Response(new ReadableStream({ pull: () => new Promise(() => {}) }), { headers: json })
    default:
      return null
  }
}

/** 100 MB, unless the client stops reading before. */
function endless(start: string, part: string): ReadableStream {
  const encoder = new TextEncoder()
  let left = 1600
  return new ReadableStream({
    start: (controller) => controller.enqueue(encoder.encode(start)),
    pull(controller) {
      left -= 1
      if (left === 0) controller.close()
      else controller.enqueue(encoder.encode(part))
    },
  })
}

function broken(start: string): ReadableStream {
  let sent = false
  return new ReadableStream({
    async pull(controller) {
      if (sent) {
        // Only after the first half has gone out.
        await new Promise((resolve) => setTimeout(resolve, 20))
        controller.error(new Error('the sandbox cut this answer off'))
      } else controller.enqueue(new TextEncoder().encode(start))
      sent = true
    },
  })
}
