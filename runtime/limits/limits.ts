import type { Allowance, Budget } from '../../columns/budget.ts'
import { CallFailure, type FailureKind } from '../../columns/errors.ts'
import type { Log, World } from '../engine.ts'
import { type Failing, failingAfter } from './health.ts'
import { type Rest, type RestKind, refusalOf, restAfter } from './rest.ts'
import { type Asking, createTurns, type Turns } from './turns.ts'

/** What is known of one credential, or of a column that keeps its own calls in check. Times are epoch milliseconds. */
export interface CredentialState {
  /** Names vendor and account, never a secret; table and column for a column without a budget. */
  key: string
  /** Null for a column's own calls, which are not counted. */
  concurrency: number | null
  inFlight: number
  waiting: number
  /** Null while it takes calls. */
  rest: { kind: RestKind; message: string; since: number; until: number } | null
  /** Null while its requests are answered. */
  failing: Failing | null
  /** What the vendor said last of its own allowance. */
  allowance: (Allowance & { at: number }) | null
}

/** Who asks to make a request. */
export interface Asker extends Asking {
  /** Called when the waiting begins; what it returns when it ends, whatever way. */
  waits?(): () => void
}

/** Leave to make calls; `probe`: on behalf of all that have none. */
export type Leave = { refused: CallFailure } | { refused: null; probe: boolean }

/**
 * How much each credential takes, shared by every column and table that uses it. A side that said when to come back, that has no quota
 * left or does not know our key is not asked until then: whoever wants to is told so at once, with nothing sent.
 */
export interface Limits {
  /** Makes one request when its turn has come. */
  request<Answer>(budget: Budget, asker: Asker, send: () => Promise<Answer>): Promise<Answer>
  used(budget: Budget, allowance: Allowance): void
  /** For the calls that a column makes by itself, under the key of its own. */
  ask(key: string): Leave
  failed(key: string, failure: unknown, probe: boolean): void
  answered(key: string): void
  rests(key: string): boolean
  /** The key of the credential whose call failed like this, or was not made; null for another failure. */
  keyOf(failure: unknown): string | null
  states(): CredentialState[]
  stop(): void
}

interface Credential {
  key: string
  turns: Turns | null
  rest: Rest | null
  failing: Failing | null
  allowance: (Allowance & { at: number }) | null
}

export interface LimitsParts {
  world: Pick<World, 'now' | 'random' | 'elapsed'>
  log: Log
  /** A key that was dead works, or an account without quota takes calls: rows that wait for it may go on. */
  onCredentials(key: string): void
}

export function createLimits({ world, log, onCredentials }: LimitsParts): Limits {
  const known = new Map<string, Credential>()
  const keys = new WeakMap<CallFailure, string>()

  function credentialOf(key: string): Credential {
    const found = known.get(key)
    if (found !== undefined) return found
    const made: Credential = { key, turns: null, rest: null, failing: null, allowance: null }
    known.set(key, made)
    return made
  }

  let offset = world.now() - world.elapsed()
  /** The same moment is shown the same, until somebody sets the clock. */
  function epochOf(elapsed: number): number {
    const present = world.now() - world.elapsed()
    if (Math.abs(present - offset) > 1_000) offset = present
    return Math.round(elapsed + offset)
  }

  function refusal({ key }: Credential, rest: Rest): CallFailure {
    const now = world.elapsed()
    const failure = refusalOf(key, rest, { now, at: world.now(), random: world.random() })
    keys.set(failure, key)
    return failure
  }

  /** May a call be made now? The rest of a side that everybody may ask again is over with it. */
  function leaveOf(credential: Credential): Leave {
    const { rest } = credential
    if (rest === null) return { refused: null, probe: false }
    const now = world.elapsed()
    if (now < rest.until) return { refused: refusal(credential, rest) }
    if (rest.kind === 'rate-limited') {
      credential.rest = null
      return { refused: null, probe: false }
    }
    // Should this one never come back, another tries after the same pause.
    credential.rest = { ...rest, until: now + rest.pauseMs }
    return { refused: null, probe: true }
  }

  function hear(credential: Credential, failure: unknown, probe: boolean): void {
    if (CallFailure.isInstance(failure)) keys.set(failure, credential.key)
    if (probe && isAnswer(failure)) wentWell(credential)
    const before = credential.rest
    const rest = restAfter(before, failure, { now: world.elapsed(), probe })
    if (rest === null || rest === before) return
    credential.rest = rest
    const until = new Date(epochOf(rest.until)).toISOString()
    if (before?.kind !== rest.kind)
      log.warn({ budget: credential.key, kind: rest.kind, until, error: rest.message }, 'no calls are made')
    credential.turns?.callOff(() => refusal(credential, rest))
  }

  /** The one that was to try for all never left: the next one tries. */
  function untried(credential: Credential): void {
    const { rest } = credential
    if (rest !== null && rest.kind !== 'rate-limited') credential.rest = { ...rest, until: world.elapsed() }
  }

  function wentWell(credential: Credential): void {
    const { rest } = credential
    if (rest === null || rest.kind === 'rate-limited') return
    credential.rest = null
    log.info({ budget: credential.key }, 'calls are made again')
    onCredentials(credential.key)
  }

  return {
    async request(budget, asker, send) {
      const credential = credentialOf(budget.key)
      credential.turns ??= createTurns(budget, world.elapsed)
      credential.turns.narrow(budget)
      const leave = leaveOf(credential)
      if (leave.refused !== null) throw leave.refused
      const ends = asker.waits?.()
      const giveBack = await credential.turns
        .take(asker)
        .catch((error: unknown) => {
          if (leave.probe) untried(credential)
          throw error
        })
        .finally(ends)
      // Whatever has not ended with its time is waited for no longer: it must not keep the place for ever.
      asker.signal?.addEventListener('abort', giveBack)
      try {
        const answer = await send()
        credential.failing = null
        // What left before the rest began says nothing about it.
        if (leave.probe) wentWell(credential)
        return answer
      } catch (error) {
        credential.failing = failingAfter(credential.failing, error, world.now())
        hear(credential, error, leave.probe)
        throw error
      } finally {
        asker.signal?.removeEventListener('abort', giveBack)
        giveBack()
      }
    },
    used({ key }, { used, limit }) {
      credentialOf(key).allowance = { used, limit, at: world.now() }
    },
    ask: (key) => leaveOf(credentialOf(key)),
    failed: (key, failure, probe) => hear(credentialOf(key), failure, probe),
    answered: (key) => wentWell(credentialOf(key)),
    rests: (key) => {
      const rest = known.get(key)?.rest ?? null
      return rest !== null && world.elapsed() < rest.until
    },
    keyOf(failure) {
      // A column may say more of what happened, with the failure of the call as the cause.
      for (let each = failure; CallFailure.isInstance(each); each = each.cause) {
        const key = keys.get(each)
        if (key !== undefined) return key
      }
      return null
    },
    states() {
      for (const credential of known.values()) {
        const { rest } = credential
        if (rest?.kind === 'rate-limited' && world.elapsed() >= rest.until) credential.rest = null
      }
      return [...known.values()]
        .filter(isWorthTelling)
        .map((each) => stateOf(each, epochOf))
        .toSorted((one, other) => (one.key < other.key ? -1 : 1))
    },
    stop() {
      for (const { turns } of known.values()) turns?.stop()
    },
  }
}

/** A column's own key is only of interest while something is the matter. */
const isWorthTelling = ({ turns, rest, allowance }: Credential): boolean =>
  turns !== null || rest !== null || allowance !== null

const stateOf = (
  { key, turns, rest, failing, allowance }: Credential,
  epochOf: (elapsed: number) => number,
): CredentialState => ({
  key,
  concurrency: turns?.concurrency() ?? null,
  inFlight: turns?.inFlight() ?? 0,
  waiting: turns?.waiting() ?? 0,
  rest:
    rest === null
      ? null
      : {
          kind: rest.kind,
          message: rest.message,
          since: epochOf(rest.since),
          until: epochOf(rest.until),
        },
  failing,
  allowance,
})

const answers: ReadonlySet<FailureKind> = new Set([
  'invalid-request',
  'unauthorized',
  'not-found',
  'inactive-owner',
])

/** A refusal of this one request comes from a side that knows our key and takes calls. */
const isAnswer = (failure: unknown): boolean => CallFailure.isInstance(failure) && answers.has(failure.kind)
