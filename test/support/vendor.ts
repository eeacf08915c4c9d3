import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import type { Budget } from '../../columns/budget.ts'
import { buildColumn } from '../../columns/build.ts'
import { type CellContext, type Column, type ColumnOptions, done, type Values } from '../../columns/column.ts'
import { CallFailure, type FailureKind } from '../../columns/errors.ts'

export interface VendorReply {
  status: number
  /** Seconds, or a date. */
  retryAfter?: string
  /** What it says of its own allowance: requests used, of how many. */
  allowance?: readonly [used: number, limit: number]
  /** Milliseconds before it answers. */
  afterMs?: number
}

export interface Arrival {
  /** What was sent, such as the name of a column. */
  said: string
  /** Epoch ms. */
  at: number
}

export interface Vendor {
  url: string
  arrivals: Arrival[]
  /** Most requests that were being answered at once. */
  most(): number
  underWay(): number
}

/** A vendor on real HTTP that keeps its own books and answers as the script says; 200 where it says nothing. */
export async function startVendor(
  script: (call: number, said: string) => VendorReply | Promise<VendorReply> | null = () => null,
): Promise<Vendor> {
  const arrivals: Arrival[] = []
  let [present, most] = [0, 0]
  const server = createServer(async (request, response) => {
    present += 1
    most = Math.max(most, present)
    const said = await text(request)
    arrivals.push({ said, at: Date.now() })
    const reply = await script(arrivals.length, said)
    const { status, retryAfter, allowance, afterMs = 0 }: VendorReply = reply ?? { status: 200 }
    await new Promise((resolve) => setTimeout(resolve, afterMs))
    present -= 1
    if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter)
    if (allowance !== undefined) response.setHeader('allowance', allowance.join('/'))
    response.writeHead(status).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, arrivals, most: () => most, underWay: () => present }
}

const kinds: Record<number, FailureKind> = {
  401: 'needs-credentials',
  402: 'quota-exhausted',
  403: 'unauthorized',
  404: 'not-found',
  429: 'rate-limited',
}
const passing: readonly FailureKind[] = [
  'needs-credentials',
  'quota-exhausted',
  'rate-limited',
  'unavailable',
]

/** One request as a connector makes it: within the limits of its credential, and failed inside them. */
export function request(
  said: string,
  { url, budget, write }: { url: string; budget: Budget; write: boolean },
  context: CellContext,
): Promise<void> {
  const send = async () => {
    const response = await context
      .fetch(url, { method: 'POST', body: said, signal: context.signal })
      .catch((cause: unknown) => {
        throw new CallFailure('unavailable', 'lost', { retryable: true, outcomeUnknown: write, cause })
      })
    await response.text()
    const [used, limit] = response.headers.get('allowance')?.split('/').map(Number) ?? []
    if (used !== undefined && limit !== undefined) context.used?.(budget, { used, limit })
    if (response.ok) return
    const kind = kinds[response.status] ?? 'unavailable'
    const seconds = response.headers.get('retry-after')
    throw new CallFailure(kind, `the vendor answered ${response.status}`, {
      retryable: passing.includes(kind),
      outcomeUnknown: write && response.status >= 500,
      ...(seconds !== null && { retryAfterMs: Number(seconds) * 1_000 }),
    })
  }
  return context.limit === undefined ? send() : context.limit(budget, send)
}

export interface VendorColumn extends ColumnOptions {
  url: string
  account: Budget
  /** What it says, one request after the other. Left out: its column's name. */
  says?: readonly string[]
}

/** A question that goes through a connector. */
export const question = <Row extends object>(
  options: VendorColumn & { reads?: readonly (keyof Row & string)[]; otherwise?: (values: Values) => string },
): Column<Row, string> => {
  const { url, account, says, otherwise, ...rest } = options
  return buildColumn<Row, string>({
    retry: { attempts: 2, baseMs: 5, maxMs: 20 },
    ...rest,
    kind: 'question',
    versionOf: [],
    work: {
      effect: 'read',
      async run(_, context) {
        for (const said of says ?? [context.column])
          await request(said, { url, budget: account, write: false }, context)
        return done('answered')
      },
      ...(otherwise !== undefined && { otherwise: (values) => done(otherwise(values)) }),
    },
  })
}

/** An effect that goes through a connector. What it did can be found by asking with `?` and its send id. */
export const effect = <Row extends object>(options: VendorColumn): Column<Row, string> => {
  const { url, account, says, ...rest } = options
  return buildColumn<Row, string>({
    retry: { attempts: 2, baseMs: 5, maxMs: 20 },
    ...rest,
    kind: 'effect',
    versionOf: [],
    work: {
      effect: 'write',
      sideEffect: 'tells the vendor',
      reaches: 'records',
      target: 'readable',
      confirms: [],
      horizonMs: 0,
      async send(_, context) {
        for (const said of says ?? [context.sendId])
          await request(said, { url, budget: account, write: true }, context)
        return done(context.sendId)
      },
      async reconcile(_, context) {
        await request(`? ${context.sendId}`, { url, budget: account, write: false }, context)
        return { state: 'absent' }
      },
    },
  })
}
