import { hash } from 'node:crypto'
import type { z } from 'zod'
import type { Budget } from './budget.ts'
import { asSeen, buildColumn } from './build.ts'
import {
  type CellContext,
  type Column,
  type ColumnOptions,
  done,
  type Outcome,
  type Reconciliation,
  type Values,
} from './column.ts'
import { CallFailure, TableError } from './errors.ts'
import { exchange } from './http-exchange.ts'
import { type Json, parseJson, stableStringify } from './json.ts'
import type { NameOf, Seen } from './types.ts'

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
  /** Whom a call that changes things reaches. Nobody knows what a service does with it, so people unless this says otherwise. */
  reaches?: 'records' | 'people'
  /**
   * What a service does with the same call twice: one that honours `Idempotency-Key` is `keyed`, one to which it leaves the same state is
   * `same-state`; both are called again after an unknown outcome, with what they were called with. `blind` unless this says otherwise.
   */
  target?: 'same-state' | 'keyed' | 'blind'
  /** What follows an unknown outcome of a blind target: `leave` it (perhaps never, never twice), or `repeat` it. `leave` when left out. */
  whenUnknown?: 'leave' | 'repeat'
  /** How much the service takes, for all columns that call this host with these headers; 20 requests at once when left out. */
  limits?: Partial<Omit<Budget, 'key'>>
}

/**
 * A JSON call to a service of your own. 404 is no result. A call that changes things carries our send id as `Idempotency-Key`; what
 * follows a lost answer is said by `target`. It is done once a 2xx answer came: one that the schema refuses leaves the value null. A 401
 * parks the rows until the key is replaced.
 *
 * @throws {TableError} `definition-invalid` when `url` is no http(s) address or leaves its host to a row.
 */
export function http<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
  Out = unknown,
>(options: HttpOptions<Row, Reads, Needs, Out>): Column<Row, Out> {
  const method = options.method ?? 'GET'
  const effect = options.effect ?? (method === 'GET' ? 'read' : 'write')
  const { host } = checkAddress(options.url)
  const fixed = { method, effect, budget: budgetOf(host, options) }
  const call = (row: NoInfer<Seen<Row, Reads, Needs>>, context: CellContext) =>
    request(options, { row, context, ...fixed })
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
            sideEffect: `calls ${method} ${host}`,
            reaches: options.reaches ?? 'people',
            ...afterUnknown(host, options, (values: Values, context: CellContext) =>
              calledAgain(() => call(asSeen(values), context)),
            ),
            confirms: [],
            horizonMs: 0,
            send: (values, context) => call(asSeen(values), context),
          },
  })
}

/** Nobody can ask a service of one's own what became of a call; what may follow depends on what it does with the same call twice. */
function afterUnknown<Again>(
  host: string,
  {
    target = 'blind',
    whenUnknown = 'leave',
  }: Pick<HttpOptions<never, never, never, never>, 'target' | 'whenUnknown'>,
  again: Again,
) {
  const reason = `${host} cannot be asked whether the call took effect`
  return target === 'blind'
    ? { target, whenUnknown, reconcile: async () => ({ state: 'unknown' as const, reason }) }
    : { target, reconcile: again }
}

/** The same call once more, under the key that it left with. A refusal shows that nothing of it was taken. */
async function calledAgain<Out>(call: () => Promise<Outcome<Out>>): Promise<Reconciliation<Out>> {
  try {
    return { state: 'happened', outcome: await call() }
  } catch (error) {
    if (!CallFailure.isInstance(error) || error.retryable || error.outcomeUnknown) throw error
    return { state: 'absent' }
  }
}

/** One budget for everything that calls a host with the same key. A digest stands for the headers, as they may hold that key. */
function budgetOf(
  host: string,
  { headers, limits }: Pick<HttpOptions<never, never, never, never>, 'headers' | 'limits'>,
): Budget {
  const key =
    headers === undefined ? host : `${host}:${hash('sha256', stableStringify(headers), 'hex').slice(0, 8)}`
  return { concurrency: 20, ...limits, key: `http:${key}` }
}

/** Braces belong behind the host: a row may fill in a path, never say where the call goes. */
function checkAddress(url: string): URL {
  const parsed = /^https?:\/\/[^/?#{}@]+(?:[/?#]|$)/i.test(url)
    ? URL.parse(url.replaceAll(/[{}]/g, ''))
    : null
  if (parsed !== null) return parsed
  throw new TableError('definition-invalid', `http column: "${url}" cannot be called`, {
    field: 'url',
    value: url,
    wayOut: 'write an http(s) address with a fixed host and no password; {names} may stand in the path',
  })
}

async function request<Row extends object, Reads extends NameOf<Row>, Needs extends NameOf<Row>, Out>(
  options: HttpOptions<Row, Reads, Needs, Out>,
  call: {
    row: Seen<Row, Reads, Needs>
    context: CellContext
    method: string
    effect: 'read' | 'write'
    budget: Budget
  },
): Promise<Outcome<Out>> {
  const { row, context, method, effect, budget } = call
  const address = addressOf(options.url, options.path?.(row) ?? {})
  for (const [name, value] of Object.entries(options.query?.(row) ?? {}))
    address.searchParams.set(name, value)
  const body = options.body === undefined ? null : JSON.stringify(options.body(row))
  const headers = {
    accept: 'application/json',
    ...(body !== null && { 'content-type': 'application/json' }),
    ...(effect === 'write' && { 'idempotency-key': context.sendId }),
    ...options.headers,
  }
  const asked = { address, method, headers, body, write: effect === 'write' }
  const leave = () => exchange(asked, context)
  const answer = await (context.limit === undefined ? leave() : context.limit(budget, leave))
  if (answer === null) return { status: 'no-result', reason: `${address.host} answered 404` }
  const parsed = parseJson(answer)
  const checked = parsed.ok ? options.output.safeParse(parsed.value) : null
  const repeated = context.mayRepeat ? { detail: { mayRepeat: true } } : {}
  if (checked?.success === true) return done(checked.data, repeated)
  const [issue] = checked?.error.issues ?? []
  const why = parsed.ok ? `${issue?.path.join('.') || 'the answer'}: ${issue?.message}` : parsed.error
  const problem = `${address.host} answered something else than the output schema: ${why}`
  if (effect === 'read') throw new CallFailure('invalid-output', problem, { retryable: false })
  // It has taken effect, whatever its answer is worth: an error would have it made once more.
  return done(null as Out, { reason: problem, ...repeated })
}

/** A value fills exactly one segment: `..` would climb out of the path that the definition fixed. */
function addressOf(url: string, parts: Record<string, string>): URL {
  const filled = url.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = Object.hasOwn(parts, name) ? (parts[name] ?? '') : ''
    if (value === '' || value === '.' || value === '..') {
      throw new CallFailure('invalid-request', `"${value}" cannot stand for {${name}} in ${url}`, {
        retryable: false,
      })
    }
    return encodeURIComponent(value)
  })
  return new URL(filled)
}
