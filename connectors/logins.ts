import { CallFailure, type FailureKind } from '../columns/errors.ts'
import { type RunningCall, startCall, transportFailure } from './call.ts'

/** A login serves every waiting call, so it has a deadline of its own. */
const loginTimeoutMs = 20_000

/** What a request with a token came to: an answer, or that the token is no good any more. Any other failure is thrown. */
export type Tried<Answer> = { value: Answer } | { expired: CallFailure }

export interface LoginOptions<Token> {
  /** Named in messages, with the address that logins go to. */
  vendor: string
  url: string
  /** Asks for a token, once. The call has its turn already and nobody's signal. */
  request(call: RunningCall): Promise<Token>
  /** Is the token at hand too old to be tried? Left out: none is. */
  isOver?(token: Token): boolean
}

/** Failures that may come without an answer of the vendor, or that say that the token is no good. */
const tellNothing: ReadonlySet<FailureKind> = new Set(['needs-credentials', 'unavailable', 'timeout'])

const isAnswer = (error: unknown): boolean => CallFailure.isInstance(error) && !tellNothing.has(error.kind)

/** The token of one credential, shared by all its calls. */
export interface Logins<Token> {
  /** The token at hand, null when there is none. */
  present(): Token | null
  /** The token at hand, or a new one. The call has its turn already. */
  token(call: RunningCall): Promise<Token>
  /** Makes a request with it, and once more with a new one when it has expired. */
  use<Answer>(call: RunningCall, send: (token: Token) => Promise<Tried<Answer>>): Promise<Answer>
}

interface Active<Token> {
  token: Token
  /** Has any answer come to it but that it is no good? */
  taken: boolean
  /** That answer. */
  refusal: CallFailure | null
  /** Ends with the request that tries it first; null while nobody does. */
  trial: Promise<void> | null
}

/** Logs in when a token is first needed, and once more when it has expired: one request for a token, however many wait. */
export function createLogins<Token>(options: LoginOptions<Token>): Logins<Token> {
  let current: Active<Token> | null = null
  let pending: Promise<Active<Token>> | null = null

  /** Everyone who needs a token at the same time waits for the same request. */
  function login(expired: Active<Token> | null, call: RunningCall): Promise<Active<Token>> {
    if (current !== null && current !== expired && options.isOver?.(current.token) !== true)
      return Promise.resolve(current)
    current = null
    if (pending === null) {
      const { signal } = new AbortController()
      const own = startCall({ signal, timeoutMs: loginTimeoutMs, fetch: call.fetch }, call.budget)
      const started = options
        .request(own)
        .then((token) => {
          current = { token, taken: false, refusal: null, trial: null }
          return current
        })
        .finally(() => {
          pending = null
        })
      started.catch(() => {}) // Those who wait see the failure; nobody may be waiting any more.
      pending = started
    }
    return withinTime(pending, call)
  }

  /** A new token is tried by one request, while the others wait: a server that refuses every token is asked twice, not by everybody. */
  async function tryFirst<Answer>(
    active: Active<Token>,
    call: RunningCall,
    send: (token: Token) => Promise<Tried<Answer>>,
  ): Promise<Tried<Answer>> {
    while (!active.taken && active.trial !== null) await withinTime(active.trial, call)
    if (active.refusal !== null) return { expired: active.refusal }
    if (active.taken) return send(active.token)
    const { promise, resolve } = Promise.withResolvers<void>()
    active.trial = promise
    try {
      const tried = await send(active.token)
      if ('expired' in tried) active.refusal = tried.expired
      else active.taken = true
      return tried
    } catch (error) {
      if (isAnswer(error)) active.taken = true
      throw error
    } finally {
      active.trial = null
      resolve()
    }
  }

  /** Waits for shared work, but no longer than this call may take. */
  async function withinTime<Value>(work: Promise<Value>, call: RunningCall): Promise<Value> {
    const { promise: ended, reject } = Promise.withResolvers<never>()
    const timeout = AbortSignal.timeout(Math.max(0, Math.ceil(call.clock.leftMs)))
    const signal = AbortSignal.any([call.signal, timeout])
    const asked = { vendor: options.vendor, method: 'POST', url: options.url, write: false }
    const give = () => reject(transportFailure(signal.reason, asked, { signal }))
    if (signal.aborted) give()
    signal.addEventListener('abort', give, { once: true })
    const startedAt = performance.now()
    try {
      return await Promise.race([work, ended])
    } finally {
      signal.removeEventListener('abort', give)
      call.clock.leftMs -= performance.now() - startedAt
    }
  }

  return {
    present: () => current?.token ?? null,
    token: async (call) => (await login(null, call)).token,
    async use(call, send) {
      const first = await login(null, call)
      const answer = await tryFirst(first, call, send)
      if (!('expired' in answer)) return answer.value
      const second = await login(first, call)
      const again = await tryFirst(second, call, send)
      if (!('expired' in again)) return again.value
      // A fresh token that is refused as well will not get better by asking once more.
      if (current === second) current = null
      throw again.expired
    },
  }
}
