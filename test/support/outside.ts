import type { Budget } from '../../columns/budget.ts'
import { buildColumn } from '../../columns/build.ts'
import {
  type CellContext,
  type Column,
  done,
  type EffectTarget,
  type Outcome,
  type RetryPolicy,
  type Values,
} from '../../columns/column.ts'
import { CallFailure } from '../../columns/errors.ts'

/**
 * What the other side does with the next request: takes effect and answers; takes effect and the answer is lost; loses the request;
 * takes effect and never answers; refuses for now; refuses for good; throws something of its own after it took effect.
 */
export type Behaviour = 'ok' | 'answer-lost' | 'request-lost' | 'hang' | 'busy' | 'refuse' | 'crash-after'

export interface Received {
  sendId: string
  row: string
  values: Values
}

/** Something outside that can be written to and asked, and that keeps its own books. */
export interface Outside {
  /** Requests as they arrived. */
  received: Received[]
  /** Those that took effect. */
  taken: Received[]
  /** Send ids that were asked about. */
  asked: string[]
  /** Behaviours of the next requests, in order; `ok` once they are used up. */
  plan(...behaviours: Behaviour[]): void
  /** What read-backs answer: what is in the books, or that nobody can say, or a failure. */
  readBack: 'books' | 'unknown' | 'fails'
  /** Called with every request before anything else. */
  onArrival: ((context: CellContext) => void | Promise<void>) | null
  send(values: Values, context: CellContext): Promise<Outcome<{ sent: string }>>
}

const lost = () =>
  new CallFailure('unavailable', 'the connection was reset', { retryable: true, outcomeUnknown: true })

export function createOutside(): Outside {
  let planned: Behaviour[] = []
  const outside: Outside = {
    received: [],
    taken: [],
    asked: [],
    readBack: 'books',
    onArrival: null,
    plan(...behaviours) {
      planned = behaviours
    },
    async send(values, context) {
      const { sendId, row } = context
      const behaviour = planned.shift() ?? 'ok'
      outside.received.push({ sendId, row, values })
      await outside.onArrival?.(context)
      if (behaviour === 'request-lost') throw lost()
      if (behaviour === 'busy') throw new CallFailure('unavailable', 'busy', { retryable: true })
      if (behaviour === 'refuse') throw new CallFailure('invalid-request', 'no', { retryable: false })
      outside.taken.push({ sendId, row, values })
      if (behaviour === 'answer-lost') throw lost()
      if (behaviour === 'crash-after') throw new TypeError('fetch failed')
      if (behaviour === 'hang') await new Promise(() => {})
      return done({ sent: sendId })
    },
  }
  return outside
}

export interface DeliverOptions<Row extends object> {
  reads?: readonly (keyof Row & string)[]
  needs?: readonly (keyof Row & string)[]
  confirms?: readonly string[]
  reaches?: 'records' | 'people'
  target?: EffectTarget
  whenUnknown?: 'leave' | 'repeat'
  horizonMs?: number
  timeoutMs?: number
  retry?: Partial<RetryPolicy>
  budget?: Budget
}

const quick: Partial<RetryPolicy> = { attempts: 4, baseMs: 5, maxMs: 20 }

/** A column of one's own that changes the outside world. */
export function deliver<Row extends object>(
  outside: Outside,
  options: DeliverOptions<Row> = {},
): Column<Row, { sent: string }> {
  const { confirms = [], horizonMs = 0, reaches = 'records', target = 'readable', ...others } = options
  const { whenUnknown = 'leave', ...rest } = others
  return buildColumn<Row, { sent: string }>({
    retry: quick,
    ...rest,
    kind: 'deliver',
    versionOf: [],
    work: {
      effect: 'write',
      sideEffect: 'delivers something',
      reaches,
      target,
      whenUnknown,
      confirms,
      horizonMs,
      send: (values, context) => outside.send(values, context),
      async reconcile(_, { sendId }) {
        outside.asked.push(sendId)
        if (outside.readBack === 'fails') throw new CallFailure('unavailable', 'down', { retryable: true })
        if (outside.readBack === 'unknown') return { state: 'unknown', reason: 'nobody can say' }
        const found = outside.taken.find((each) => each.sendId === sendId)
        return found === undefined
          ? { state: 'absent' }
          : { state: 'happened', outcome: done({ sent: sendId }, { detail: { reconciled: true } }) }
      },
    },
  })
}

export interface AskOptions<Row extends object, Out> {
  reads?: readonly (keyof Row & string)[]
  needs?: readonly (keyof Row & string)[]
  run: (values: Values, context: CellContext) => Promise<Outcome<Out>> | Outcome<Out>
  timeoutMs?: number
  retry?: Partial<RetryPolicy>
  budget?: Budget
  revision?: number
}

/** A column of one's own that asks the outside and changes nothing. */
export function ask<Row extends object, Out>({ run, ...rest }: AskOptions<Row, Out>): Column<Row, Out> {
  return buildColumn<Row, Out>({
    retry: quick,
    ...rest,
    kind: 'ask',
    versionOf: [],
    work: { effect: 'read', run: async (values, context) => run(values, context) },
  })
}
