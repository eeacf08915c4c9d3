import { CallFailure, type FailureKind } from '../../columns/errors.ts'

/** Why a side is not asked for a while. */
export type RestKind = Extract<FailureKind, 'rate-limited' | 'quota-exhausted' | 'needs-credentials'>

/** A side that is not asked. Times are milliseconds of `World.elapsed`: a clock that is put back must not keep it closed. */
export interface Rest {
  kind: RestKind
  /** What it said. */
  message: string
  since: number
  /** Not before. One call may try then, on behalf of all; after a rate limit everybody may. */
  until: number
  /** How long it rests after the next try that fails. */
  pauseMs: number
}

/** After this long one call tries whether the other side takes calls again. */
const shortestMs = 60_000
/** A dead key is tried ever more rarely, up to this. */
const longestProbeMs = 30 * 60_000
/** What another side may ask for at most: a header it got wrong must not close it for ever. */
const longestAskedMs = 24 * 60 * 60_000
/** Rows that were refused come back spread over this much behind the end of the rest, at most. */
const widestSpreadMs = 30 * 60_000

/** What a failed call means for all others: the rest that follows, the present one where it says nothing new. */
export function restAfter(
  rest: Rest | null,
  failure: unknown,
  { now, probe }: { now: number; probe: boolean },
): Rest | null {
  if (!CallFailure.isInstance(failure)) return rest
  const { kind, message, retryAfterMs } = failure
  const askedMs =
    retryAfterMs === null || Number.isNaN(retryAfterMs) ? null : Math.min(retryAfterMs, longestAskedMs)
  const since = rest?.kind === kind ? rest.since : now
  if (kind === 'rate-limited') {
    // A dead key, or an empty purse, stays what it is.
    if (askedMs === null || (rest !== null && rest.kind !== kind)) return rest
    return { kind, message, since, until: Math.max(now + askedMs, rest?.until ?? 0), pauseMs: shortestMs }
  }
  if (kind === 'quota-exhausted') {
    if (rest?.kind === 'needs-credentials') return rest
    return { kind, message, since, until: now + (askedMs ?? shortestMs), pauseMs: shortestMs }
  }
  if (kind !== 'needs-credentials') return rest
  // Of calls that left together the first has told it all.
  if (rest?.kind === kind && !probe) return rest
  const pauseMs = probe && rest?.kind === kind ? Math.min(rest.pauseMs * 2, longestProbeMs) : shortestMs
  return { kind, message, since, until: now + pauseMs, pauseMs }
}

/** The failure in place of a call. `at` is now as epoch milliseconds; `random` (0 to 1) spreads those that come back. */
export function refusalOf(
  key: string,
  { kind, message, until, pauseMs }: Rest,
  { now, at, random }: { now: number; at: number; random: number },
): CallFailure {
  const leftMs = Math.max(0, until - now)
  const next = new Date(at + leftMs).toISOString()
  // Where one call tries for all, the others need not be there at once.
  const spreadMs = kind === 'rate-limited' ? Math.max(1_000, leftMs / 10) : pauseMs
  return new CallFailure(kind, `no call was made: "${key}" rests until ${next} after "${message}"`, {
    retryable: true,
    retryAfterMs: Math.ceil(leftMs + random * Math.min(spreadMs, widestSpreadMs)),
  })
}
