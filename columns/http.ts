import type { z } from 'zod'
import { asSeen, buildColumn } from './build.ts'
import { type CellContext, type Column, type ColumnOptions, done, type Outcome } from './column.ts'
import { CallFailure } from './errors.ts'
import { type Json, parseJson } from './json.ts'
import type { NameOf, Seen } from './types.ts'

const maxAnswerBytes = 1_000_000

export interface HttpOptions<Row extends object, Reads extends NameOf<Row>, Needs extends NameOf<Row>, Out>
  extends ColumnOptions {
  reads?: readonly Reads[]
  needs?: readonly Needs[]
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Fixed in code. `{name}` in the path is filled from `path`, percent-encoded; a row can never choose the host. */
  url: string
  path?: (row: NoInfer<Seen<Row, Reads, Needs>>) => Record<string, string>
  query?: (row: NoInfer<Seen<Row, Reads, Needs>>) => Record<string, string>
  headers?: Record<string, string>
  body?: (row: NoInfer<Seen<Row, Reads, Needs>>) => Json
  output: z.ZodType<Out>
  /** A GET reads; anything else is taken to change the world unless it says `read`. */
  effect?: 'read' | 'write'
}

/**
 * A JSON call to a service of your own. 404 is no result. A call that changes things carries our send id as `Idempotency-Key`;
 * a service that honours it makes repeats harmless, and one that does not is never called twice after an unknown outcome.
 */
export function http<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
  Out = unknown,
>(options: HttpOptions<Row, Reads, Needs, Out>): Column<Row, Out> {
  const method = options.method ?? 'GET'
  const effect = options.effect ?? (method === 'GET' ? 'read' : 'write')
  const target = new URL(options.url.replaceAll(/[{}]/g, ''))
  if (target.protocol !== 'https:' && target.protocol !== 'http:') {
    throw new TypeError(`http column: ${options.url} is not an http(s) address`)
  }
  const call = (row: NoInfer<Seen<Row, Reads, Needs>>, context: CellContext) =>
    request(options, { row, context, method, effect })
  return buildColumn<Row, Out>({
    ...options,
    kind: 'http',
    describe: { method, url: options.url },
    versionOf: [options.path, options.query, options.body],
    work:
      effect === 'read'
        ? { effect, run: (values, context) => call(asSeen(values), context) }
        : {
            effect,
            sideEffect: `calls ${method} ${target.host}`,
            confirms: [],
            horizonMs: 0,
            send: (values, context) => call(asSeen(values), context),
            reconcile: async () => ({
              state: 'unknown',
              reason: `${target.host} cannot be asked whether the call took effect`,
            }),
          },
  })
}

async function request<Row extends object, Reads extends NameOf<Row>, Needs extends NameOf<Row>, Out>(
  options: HttpOptions<Row, Reads, Needs, Out>,
  call: { row: Seen<Row, Reads, Needs>; context: CellContext; method: string; effect: 'read' | 'write' },
): Promise<Outcome<Out>> {
  const { row, context, method, effect } = call
  const parts = options.path?.(row) ?? {}
  const address = new URL(
    options.url.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parts[name] ?? '')),
  )
  for (const [name, value] of Object.entries(options.query?.(row) ?? {}))
    address.searchParams.set(name, value)
  const body = options.body === undefined ? null : JSON.stringify(options.body(row))
  const response = await context
    .fetch(address, {
      method,
      redirect: 'error',
      signal: context.signal,
      headers: {
        accept: 'application/json',
        ...(body !== null && { 'content-type': 'application/json' }),
        ...(effect === 'write' && { 'idempotency-key': context.sendId }),
        ...options.headers,
      },
      ...(body !== null && { body }),
    })
    .catch((error: unknown) => {
      throw new CallFailure('unavailable', `${method} ${address.host} got no answer`, {
        retryable: true,
        outcomeUnknown: effect === 'write',
        cause: error,
      })
    })
  if (response.status === 404) return { status: 'no-result', reason: `${address.host} answered 404` }
  if (!response.ok) throw failureOf(response, address.host, effect)
  const text = await response.text()
  if (text.length > maxAnswerBytes) {
    throw new CallFailure('invalid-output', `${address.host} answered more than 1 MB`, { retryable: false })
  }
  const parsed = parseJson(text)
  const checked = parsed.ok ? options.output.safeParse(parsed.value) : null
  if (checked?.success !== true) {
    const why = parsed.ok ? checked?.error?.issues[0]?.message : parsed.error
    throw new CallFailure(
      'invalid-output',
      `${address.host} answered something else than the output schema: ${why}`,
      {
        retryable: false,
      },
    )
  }
  return done(checked.data)
}

function failureOf(response: Response, host: string, effect: 'read' | 'write'): CallFailure {
  const { status } = response
  const seconds = Number(response.headers.get('retry-after'))
  const message = `${host} answered ${status}`
  if (status === 429) {
    return new CallFailure('rate-limited', message, {
      retryable: true,
      ...(seconds > 0 && { retryAfterMs: seconds * 1000 }),
    })
  }
  if (status === 401 || status === 403) return new CallFailure('unauthorized', message, { retryable: false })
  if (status < 500) return new CallFailure('invalid-request', message, { retryable: false })
  return new CallFailure('unavailable', message, { retryable: true, outcomeUnknown: effect === 'write' })
}
