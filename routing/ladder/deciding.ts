import type {
  Assignment,
  ConditionTrace,
  Considered,
  Decision,
  DecisionView,
  Draw,
  Hold,
  Method,
  Owner,
  RuleTrace,
} from '../decision.ts'
import type { Candidate } from './answers.ts'
import { isSameOwner } from './coverage.ts'
import type { Failure } from './nobody.ts'

/** Who shares a company's claim, and what happens to one whose owner is away, or which is old. */
export interface ClaimPolicy {
  /**
   * The name under which several columns, also of several tables, share their claims. Left out, a column knows its own claims alone, so
   * that an SDR column never answers with the account's AE.
   */
  scope?: string
  /** An owner on leave keeps the company's leads while the backup is told (the default), or the next rule decides. */
  onLeave?: 'keep' | 'next-rule'
  /** A claim that no lead of the company renewed for longer is let go. */
  dormantDays?: number
}

/** A decision under way. It lives for one call; the trace in it is handed out at the end. */
export interface Deciding {
  readonly view: DecisionView
  readonly claims: ClaimPolicy
  readonly rules: RuleTrace[]
  /** Pools and persons who could not take it, for a lead that nobody gets in the end. */
  readonly failures: Failure[]
  /** The rule that is asked now, what it saw, and the pool that pays for its relationships. */
  rule: string
  conditions: readonly ConditionTrace[]
  candidates: readonly Candidate[]
  tieBreak: string | null
  counts: string | null
  fallbackUsed: boolean
  claimRefused: boolean
  /** When the holds that count for this decision began: each rule and each pool has a clock of its own. */
  heldSince: Record<string, number>
}

/** What a rule's line of the trace says beside its reason. */
export interface Seen {
  pool?: string
  considered?: Considered[]
  /** Rep id of the member who was drawn. */
  chosen?: string
  conditions?: readonly ConditionTrace[]
}

/** A line of the trace that is no assignment: this rule does not decide. */
export function refuse(deciding: Deciding, reason: string, seen: Seen = {}): null {
  deciding.rules.push(lineOf(deciding, { matched: false, reason, seen }))
  return null
}

export interface Granted extends Seen {
  owner: Owner
  method: Method
  reason: string
  alsoTell?: Owner | null
  draw?: Draw | null
  /** False for a queue: it owns nothing, so the company's next lead is decided afresh. */
  claims?: boolean
}

export function assign(deciding: Deciding, granted: Granted): Decision {
  const { view, rule } = deciding
  const { owner, method, reason, pool } = granted
  deciding.rules.push(lineOf(deciding, { matched: true, reason, seen: granted }))
  const { rep, name, email, ids } = owner
  const assignment: Assignment = {
    rep,
    name,
    email,
    ids,
    method,
    rule,
    reason,
    pool: pool ?? null,
    alsoTell: granted.alsoTell ?? null,
    // Who has it again has not lost it; one who was barred did, and has it as the last stop only.
    previous: view.previous.filter((each) => each.barred === true || !isSameOwner(each, owner)),
  }
  return {
    assignment,
    reason,
    hold: null,
    draw: granted.draw ?? null,
    claims: granted.claims !== false && view.account !== null,
    trace: traceOf(deciding, method),
  }
}

/** When this hold began; now for one that does not hold the lead yet. */
export const holdSince = ({ view }: Deciding, key: string): number => view.heldSince[key] ?? view.now

/** Nobody gets it now, and it is decided again. */
export function holdOn(
  deciding: Deciding,
  { on, until }: Omit<Hold, 'since'>,
  { reason, ...seen }: Seen & { reason: string },
): Decision {
  deciding.rules.push(lineOf(deciding, { matched: true, reason, seen }))
  const hold = { on, until, since: { ...deciding.heldSince } }
  return { assignment: null, reason, hold, draw: null, claims: false, trace: traceOf(deciding, null) }
}

/** Nobody gets it, for good. */
export function nobody(
  deciding: Deciding,
  method: 'not_qualified' | 'no_eligible',
  reason: string,
): Decision {
  return { assignment: null, reason, hold: null, draw: null, claims: false, trace: traceOf(deciding, method) }
}

export function lineOf(
  deciding: Deciding,
  line: { matched: boolean; reason: string; seen?: Seen },
): RuleTrace {
  const { rule, conditions, candidates, tieBreak } = deciding
  const { matched, reason, seen = {} } = line
  const all = seen.conditions === undefined ? conditions : [...conditions, ...seen.conditions]
  const trace: RuleTrace = { rule, matched, reason }
  if (all.length > 0) trace.conditions = [...all]
  if (candidates.length > 0) trace.candidates = [...candidates]
  if (tieBreak !== null) trace.tieBreak = tieBreak
  if (seen.pool !== undefined) trace.pool = seen.pool
  if (seen.considered !== undefined) trace.considered = seen.considered
  if (seen.chosen !== undefined) trace.chosen = seen.chosen
  return trace
}

const traceOf = ({ rules, fallbackUsed }: Deciding, method: Method | null) => ({
  method,
  rules,
  fallbackUsed,
})
