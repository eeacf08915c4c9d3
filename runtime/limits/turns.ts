import { CallFailure } from '../../columns/errors.ts'

export type Lane = 'live' | 'bulk'

/** How much may be under way at once, and how often something may begin. */
export interface Pace {
  concurrency: number
  perSecond?: number
  burst?: number
}

/** Who asks for a turn. */
export interface Asking {
  lane: Lane
  /**
   * The place of the row among all that were taken up. The earlier one goes first, so that a batch comes to its end lead by lead and not
   * column by column; among equals it is the one that asked first.
   */
  order?: number
  signal?: AbortSignal
}

/** Places under a limit: live rows first, among them the earlier ones, and one place is kept for them where there are several. */
export interface Turns {
  /** Resolves with what gives the place back. Rejects, with nothing begun, when the signal aborts or the waiting is called off. */
  take(asking: Asking): Promise<() => void>
  /** Whatever waits is told this instead of getting its turn. */
  callOff(failure: () => CallFailure): void
  /** Keeps to this pace as well: of two that differ the smaller counts. */
  narrow(pace: Pace): void
  concurrency(): number
  inFlight(): number
  waiting(): number
  stop(): void
}

interface Waiting {
  order: number
  give(): void
  refuse(failure: unknown): void
  over: boolean
}

/** @throws {TypeError} for a limit under which nothing could ever begin. */
export function createTurns(pace: Pace, elapsed: () => number): Turns {
  let { concurrency } = pace
  const first = rateOf(pace)
  const queues: Record<Lane, Waiting[]> = { live: [], bulk: [] }
  const under = { live: 0, bulk: 0 }
  let bucket = first === null ? null : createBucket(first, elapsed)
  let timer: NodeJS.Timeout | null = null
  let waiting = 0

  const inFlight = () => under.live + under.bulk
  const nextLane = (): Lane | null => {
    for (const lane of ['live', 'bulk'] as const) {
      while (queues[lane][0]?.over === true) queues[lane].shift()
    }
    if (inFlight() >= concurrency) return null
    if (queues.live.length > 0) return 'live'
    return queues.bulk.length > 0 && under.bulk < Math.max(1, concurrency - 1) ? 'bulk' : null
  }

  function pump(): void {
    for (let lane = nextLane(); lane !== null; lane = nextLane()) {
      const pauseMs = bucket?.take() ?? 0
      if (pauseMs > 0) {
        timer ??= setTimeout(() => {
          timer = null
          pump()
        }, pauseMs)
        return
      }
      queues[lane].shift()?.give()
    }
  }

  function begin(lane: Lane): () => void {
    under[lane] += 1
    let held = true
    return () => {
      if (!held) return
      held = false
      under[lane] -= 1
      pump()
    }
  }

  return {
    take({ lane, order = 0, signal }) {
      if (signal?.aborted === true) return Promise.reject(withdrawn())
      return new Promise((resolve, reject) => {
        const end = () => {
          each.over = true
          waiting -= 1
          signal?.removeEventListener('abort', leave)
        }
        const leave = () => each.refuse(withdrawn())
        const each: Waiting = {
          order,
          over: false,
          give() {
            end()
            resolve(begin(lane))
          },
          refuse(failure) {
            end()
            reject(failure)
          },
        }
        waiting += 1
        insert(queues[lane], each)
        signal?.addEventListener('abort', leave)
        pump()
      })
    },
    callOff(failure) {
      const all = [...queues.live.splice(0), ...queues.bulk.splice(0)]
      for (const each of all) if (!each.over) each.refuse(failure())
    },
    narrow(other) {
      const rate = rateOf(other)
      concurrency = Math.min(concurrency, other.concurrency)
      if (bucket !== null && rate !== null) bucket.narrow(rate)
      else if (rate !== null) bucket = createBucket(rate, elapsed)
    },
    concurrency: () => concurrency,
    inFlight,
    waiting: () => waiting,
    stop() {
      if (timer !== null) clearTimeout(timer)
    },
  }
}

/** Behind everything that is no later. */
function insert(queue: Waiting[], each: Waiting): void {
  let [low, high] = [0, queue.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((queue[middle]?.order ?? 0) <= each.order) low = middle + 1
    else high = middle
  }
  queue.splice(low, 0, each)
}

/** Nothing has left, and this is known: the call can be made later as if it had never been asked for. */
const withdrawn = () =>
  new CallFailure('unavailable', 'it was withdrawn before its turn came; nothing was sent', {
    retryable: true,
  })

interface Rate {
  perSecond: number
  most: number
}

/** Null for a pace without a rate. */
function rateOf({ concurrency, perSecond, burst }: Pace): Rate | null {
  if (!(concurrency >= 1)) throw new TypeError(`a concurrency of ${concurrency} lets nothing begin`)
  if (perSecond === undefined) return null
  if (!(perSecond > 0)) throw new TypeError(`${perSecond} a second lets nothing begin`)
  return { perSecond, most: Math.max(1, burst ?? perSecond) }
}

interface Bucket {
  /** Takes one token and answers 0, or answers in how many milliseconds there is one. */
  take(): number
  narrow(to: Rate): void
}

function createBucket({ perSecond, most }: Rate, elapsed: () => number): Bucket {
  let tokens = most
  let filledAt = elapsed()
  return {
    take() {
      const now = elapsed()
      tokens = Math.min(most, tokens + ((now - filledAt) * perSecond) / 1_000)
      filledAt = now
      // A timer may fire a little early: what is short by less than a thousandth is there.
      if (tokens < 0.999) return Math.ceil(((1 - tokens) * 1_000) / perSecond)
      tokens -= 1
      return 0
    },
    narrow(to) {
      perSecond = Math.min(perSecond, to.perSecond)
      most = Math.min(most, to.most)
      tokens = Math.min(tokens, most)
    },
  }
}
