import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import { buildColumn } from '../../columns/build.ts'
import {
  type CellContext,
  type Column,
  type ColumnOptions,
  done,
  type Outcome,
  type Values,
} from '../../columns/column.ts'
import { CallFailure, type FailureKind } from '../../columns/errors.ts'

export interface Reply {
  status: number
  answer?: string
  retryAfterMs?: number
}

export interface PaidServer {
  url: string
  /** What was asked, in order of arrival. */
  asked: unknown[]
}

/** Something outside that takes money for its answers: real HTTP, and a script that says what it does with each call. */
export async function startPaidServer(
  script: (call: number, question: unknown) => Reply | Promise<Reply>,
): Promise<PaidServer> {
  const asked: unknown[] = []
  const server = createServer(async (request, response) => {
    const question: unknown = JSON.parse(await text(request))
    asked.push(question)
    const { status, answer = '', retryAfterMs } = await script(asked.length, question)
    if (retryAfterMs !== undefined) response.setHeader('retry-after-ms', String(retryAfterMs))
    response.writeHead(status).end(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, asked }
}

const kinds: Record<number, FailureKind> = {
  401: 'needs-credentials',
  403: 'unauthorized',
  402: 'quota-exhausted',
  429: 'rate-limited',
}

async function post(url: string, values: Values, { fetch, signal }: CellContext): Promise<string> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(values), signal }).catch(
    (error: unknown) => {
      throw new CallFailure('unavailable', 'no connection', { retryable: true, cause: error })
    },
  )
  const said = await response.text()
  if (response.ok) return said
  const retryAfterMs = Number(response.headers.get('retry-after-ms') ?? 0)
  const kind = kinds[response.status] ?? 'unavailable'
  throw new CallFailure(kind, `${response.status} ${said}`, {
    retryable: response.status === 429 || response.status >= 500,
    ...(retryAfterMs > 0 && { retryAfterMs }),
  })
}

export interface PaidOptions<Row extends object> extends ColumnOptions {
  url: string
  needs: readonly (keyof Row & string)[]
  /** What a call may cost, and what it does cost. */
  maxUsd?: number
  usd?: number
  otherwise?: ((values: Values, failure: CallFailure) => Outcome<string> | null) | undefined
  /** Asks without looking for a kept answer. */
  forgetful?: boolean
}

/** A column of one's own that pays for each answer, keeps the answers, and has something to say without one. */
export function paid<Row extends object>({
  url,
  needs,
  maxUsd = 0.01,
  usd = 0.004,
  forgetful = false,
  ...rest
}: PaidOptions<Row>): Column<Row, string> {
  const { otherwise, ...options } = rest
  async function run(values: Values, context: CellContext): Promise<Outcome<string>> {
    const ask = async () => {
      const charged = await context.charge(maxUsd)
      const value = await post(url, values, context).catch((error: unknown) => {
        // A refused call costs nothing; of one that was broken off nobody knows.
        if (CallFailure.isInstance(error) && error.kind !== 'unavailable') charged.settle(0)
        throw error
      })
      charged.settle(usd)
      return { value, keep: true }
    }
    if (forgetful) return done((await ask()).value)
    const { value, cached } = await context.memo(JSON.stringify(values), ask)
    return done(String(value), { detail: { cached } })
  }
  return buildColumn<Row, string>({
    retry: { attempts: 3, baseMs: 5, maxMs: 20 },
    ...options,
    kind: 'paid',
    needs,
    output: z.string(),
    costUsd: maxUsd,
    versionOf: [],
    work: { effect: 'read', run, ...(otherwise !== undefined && { otherwise }) },
  })
}

/** What most of the columns under test say in the place of an answer. */
export const byRule = (_: Values, failure: CallFailure): Outcome<string> =>
  done('by rule', { detail: { outcome: failure.kind } })

/** A promise to hold a server's answer back with. */
export function gate(): { opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: () => resolve() }
}
