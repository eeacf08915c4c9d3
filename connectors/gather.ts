import { CallFailure } from '../columns/errors.ts'
import { type HttpRequest, inTurn, type RunningCall, timeOver, transportFailure } from './call.ts'

/** A bulk batch leaves when nothing joined it for this long, in milliseconds. */
const quietMs = 25
/** A bulk batch never waits longer than this for others, in milliseconds. */
const longestMs = 250

/** What became of one item of a batch. */
export type Result<Answer> = { value: Answer } | { failure: CallFailure }

export interface GatherOptions<Item, Answer> {
  /** Names the requests in messages, e.g. `{ vendor: 'salesforce', method: 'PATCH', url: 'https://…/composite/sobjects', write: true }`. */
  request: Pick<HttpRequest, 'vendor' | 'method' | 'url' | 'write'>
  /** Most items in one request. */
  max: number
  /** Items of one key never share a request: two changes of one record have an order. Left out: any two may. */
  keyOf?(item: Item): string
  /** The request for a single item. It has its turn already. */
  one(item: Item, call: RunningCall): Promise<Answer>
  /** The request for several, with a result for each in their order. It has its turn already. What it throws has befallen all of them. */
  many(items: readonly Item[], call: RunningCall): Promise<readonly Result<Answer>[]>
}

/** Joins what many rows ask at about the same time into one request. */
export interface Gatherer<Item, Answer> {
  ask(item: Item, call: RunningCall): Promise<Answer>
}

interface Member<Item, Answer> {
  item: Item
  call: RunningCall
  /** Has the request that it is part of perhaps left? */
  sent: boolean
  settled: boolean
  /** It waits no longer for the batch: its own time runs. */
  leave(): void
  /** Ends it, once; later outcomes are for nobody. */
  settle(result: Result<Answer>): void
}

interface Batch<Item, Answer> {
  members: Member<Item, Answer>[]
  openedAt: number
  /** Null in the live lane. */
  quiet: NodeJS.Timeout | null
}

/**
 * Creates a gatherer. In the live lane only what is asked in the same turn of the event loop goes together; in the bulk lane a batch waits
 * for more, 25 ms after the last and 250 ms in all. Each caller keeps its own signal, time and outcome: one who leaves takes nobody along,
 * and a batch whose answer is lost is an unknown outcome for each write in it.
 */
export function createGatherer<Item, Answer>(options: GatherOptions<Item, Answer>): Gatherer<Item, Answer> {
  const open = new Map<RunningCall['lane'], Batch<Item, Answer>>()

  function leave(lane: RunningCall['lane'], batch: Batch<Item, Answer>): void {
    if (open.get(lane) !== batch) return
    open.delete(lane)
    if (batch.quiet !== null) clearTimeout(batch.quiet)
    void sendBatch(options, batch.members)
  }

  function start(lane: RunningCall['lane']): Batch<Item, Answer> {
    const batch: Batch<Item, Answer> = { members: [], openedAt: performance.now(), quiet: null }
    open.set(lane, batch)
    if (lane === 'bulk') batch.quiet = setTimeout(() => leave(lane, batch), quietMs)
    else setImmediate(() => leave(lane, batch))
    return batch
  }

  return {
    ask(item, call) {
      const { lane } = call
      const present = open.get(lane)
      if (present !== undefined && holdsKey(options, present, item)) leave(lane, present)
      const batch = open.get(lane) ?? start(lane)
      const { member, outcome } = join(options, item, call)
      batch.members.push(member)
      if (batch.members.length >= options.max) leave(lane, batch)
      else if (performance.now() - batch.openedAt < longestMs - quietMs) batch.quiet?.refresh()
      return outcome
    },
  }
}

function holdsKey<Item, Answer>(
  { keyOf }: GatherOptions<Item, Answer>,
  { members }: Batch<Item, Answer>,
  item: Item,
): boolean {
  if (keyOf === undefined) return false
  const key = keyOf(item)
  return members.some((member) => !member.settled && keyOf(member.item) === key)
}

/** A caller as a member of a batch, which it leaves when it is cancelled. */
function join<Item, Answer>({ request }: GatherOptions<Item, Answer>, item: Item, call: RunningCall) {
  const { promise: outcome, resolve, reject } = Promise.withResolvers<Answer>()
  const cancel = () => {
    const sent = { ...request, write: request.write && member.sent }
    member.settle({ failure: transportFailure(call.signal.reason, sent, call) })
  }
  let stopWaiting = call.wait?.()
  const member: Member<Item, Answer> = {
    item,
    call,
    sent: false,
    settled: false,
    leave() {
      stopWaiting?.()
      stopWaiting = undefined
    },
    settle(result) {
      if (member.settled) return
      member.settled = true
      member.leave()
      call.signal.removeEventListener('abort', cancel)
      if ('value' in result) resolve(result.value)
      else reject(result.failure)
    },
  }
  call.signal.addEventListener('abort', cancel, { once: true })
  if (call.signal.aborted) cancel()
  return { member, outcome }
}

/** Sends what is left of a batch in one turn, which the first of its members asks for. */
async function sendBatch<Item, Answer>(
  options: GatherOptions<Item, Answer>,
  members: readonly Member<Item, Answer>[],
): Promise<void> {
  const waiting = members.filter((member) => !member.settled)
  const [asking] = waiting
  if (asking === undefined) return
  try {
    await inTurn(asking.call, async () => {
      let delivered = false
      while (!delivered) delivered = await deliver(options, waiting)
    })
  } catch (error) {
    // Whoever asked for the turn may have gone while waiting for it; that is no answer to the others.
    if (asking.settled && waiting.some((member) => !member.settled)) return sendBatch(options, waiting)
    const failure = transportFailure(error, { ...options.request, write: false }, asking.call)
    for (const member of waiting) member.settle({ failure })
  }
}

/**
 * Makes the request and gives each member its result; false when it was held back, and is to be made without those who have gone. Throws
 * what befell the whole batch, so that the limits hear of it.
 */
async function deliver<Item, Answer>(
  options: GatherOptions<Item, Answer>,
  waiting: readonly Member<Item, Answer>[],
): Promise<boolean> {
  const members = waiting.filter((member) => !member.settled)
  const [lead, ...others] = members
  if (lead === undefined) return true
  const startedAt = performance.now()
  const { shared, isHeld, stop } = share(options, [lead, ...others])
  try {
    const items = members.map(({ item }) => item)
    const results: readonly Result<Answer>[] =
      members.length === 1
        ? [{ value: await options.one(lead.item, shared) }]
        : await options.many(items, shared)
    if (isHeld()) return false
    members.forEach((member, index) => {
      member.settle(results[index] ?? { failure: unanswered(options) })
    })
    return true
  } catch (error) {
    if (isHeld()) return false
    const failure = transportFailure(error, options.request, shared)
    for (const member of members) member.settle({ failure })
    throw failure
  } finally {
    stop()
    for (const { call } of members) call.clock.leftMs -= performance.now() - startedAt
  }
}

/**
 * One call for all members: it has the time of the most patient, and ends when nobody waits for it any more. It is held back when a member
 * went before it left: that one was told that nothing was sent.
 */
function share<Item, Answer>(
  { request }: GatherOptions<Item, Answer>,
  members: readonly [Member<Item, Answer>, ...Member<Item, Answer>[]],
): { shared: RunningCall; isHeld(): boolean; stop(): void } {
  const nobodyWaits = new AbortController()
  let held = false
  const leaveTogether = () => {
    if (members.every(({ settled }) => settled)) nobodyWaits.abort()
  }
  const timers = members.map((member) => {
    member.leave()
    member.call.signal.addEventListener('abort', leaveTogether, { once: true })
    return setTimeout(
      () => {
        member.settle({ failure: timeOver({ ...request, write: request.write && member.sent }) })
        leaveTogether()
      },
      Math.max(0, member.call.clock.leftMs),
    )
  })
  const { limit: _, wait: __, ...rest } = members[0].call
  const clock = { leftMs: Math.max(...members.map(({ call }) => call.clock.leftMs)) }
  return {
    shared: {
      ...rest,
      signal: nobodyWaits.signal,
      clock,
      leaving() {
        held = members.some(({ settled, sent }) => settled && !sent)
        if (held) throw new CallFailure('unavailable', 'a member has left the batch', { retryable: true })
        for (const member of members) member.sent = true
      },
    },
    isHeld: () => held,
    stop() {
      for (const timer of timers) clearTimeout(timer)
      for (const { call } of members) call.signal.removeEventListener('abort', leaveTogether)
    },
  }
}

function unanswered<Item, Answer>({ request }: GatherOptions<Item, Answer>): CallFailure {
  return new CallFailure('invalid-output', `${request.vendor}: an answer to a batch leaves a record out`, {
    retryable: true,
    outcomeUnknown: request.write,
  })
}
