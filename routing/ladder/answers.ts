import type { ConditionTrace, Method, RuleTrace } from '../decision.ts'
import type { Queue } from '../pool.ts'
import type { Destination, Territory, TerritoryDefinition } from '../territory.ts'

/** Somebody a CRM names as the owner of a record. */
export interface RecordOwner {
  id: string
  name: string
  email: string | null
  active: boolean
  kind: 'person' | 'queue' | 'integration'
}

/** What a rule needs to know of an account of the CRM. */
export interface OwnedAccount {
  name: string
  relationship: 'customer' | 'open-opportunity' | 'prospect'
  owner: RecordOwner | null
  /** ISO time. */
  lastActivityAt?: string | null
  /** How the account was found, where a matching column says so. */
  match?: {
    tieBreak?: string | null
    candidates?: readonly Candidate[]
    review?: ReviewCase | null
  }
}

/** A record that competed, and why it stands where it does. */
export type Candidate = NonNullable<RuleTrace['candidates']>[number]

/** The lead, contact or opportunity that the CRM holds for this person already. */
export interface OwnedRecord {
  owner: RecordOwner | null
  /** ISO times. */
  lastActivityAt?: string | null
  createdAt?: string | null
}

/** Something a person has to decide: `find-account` says so of an account it is not certain of. */
export interface ReviewCase {
  reason: string
  candidates?: readonly Candidate[]
}

export interface OwnerOptions<PoolName extends string = string> {
  /**
   * An owner on leave: `keep` them and tell the backup, leave the lead to the `next-rule`, or keep them only when they are back within
   * so many hours.
   */
  onLeave?: 'keep' | 'next-rule' | { keepWhenBackWithinHours: number }
  /** An account without activity for longer is nobody's. */
  dormantAfterDays?: number
  /** Roles that take such leads; an owner with another role, or none, hands over to the pod. */
  roles?: readonly string[]
  /** Who takes the leads of an owner whose role is another: by rep id. */
  pods?: Readonly<Record<string, { pool: PoolName } | { person: string }>>
}

export interface KeepOptions {
  /** Which record it is; an opportunity answers with the method `open_opportunity`. */
  of?: 'lead' | 'contact' | 'opportunity'
  /** Ids, e-mails or names of owners who may be replaced, beside queues, integration users and inactive people. */
  replaceable?: readonly string[]
  /** A record that nobody worked for longer may be given to somebody else. */
  unworkedDays?: number
}

/** Where a named company's leads go; a text is a rep id. */
export type NamedTo<PoolName extends string> =
  | string
  | { person: string }
  | { pool: PoolName }
  | { queue: Queue }

/** What a rule answers: an assignment, or a reason why not. Plain data, so a rule needs no ledger to be tested. */
export type Answer = (
  | { kind: 'no'; reason: string }
  | {
      kind: 'owner'
      owner: RecordOwner
      vendor: string
      /** The record, for people: `account Acme (customer)`. */
      of: string
      method: Method
      options: OwnerOptions
      lastActivityAt: string | null
    }
  | { kind: 'person'; rep: string; method: Method; reason: string; beforeClaims: boolean }
  | { kind: 'pool'; pool: string; stratum: string | null; method: Method | null; reason: string }
  | { kind: 'queue'; queue: Queue; reason: string }
  | { kind: 'territory'; territory: Territory; key: object }
  | { kind: 'review'; reason: string; dwellMs: number }
  | { kind: 'not-qualified'; reason: string }
) &
  AnswerTrace

/** What a word saw, for the trace. */
export interface AnswerTrace {
  conditions?: readonly ConditionTrace[]
  candidates?: readonly Candidate[]
  tieBreak?: string
}

/** The words a rule answers with. */
export interface By<PoolName extends string> {
  /** The owner of an account the CRM already has; `vendor` names the CRM the owner id belongs to. */
  owner(account: OwnedAccount | null, vendor: string, options?: OwnerOptions<PoolName>): Answer
  /** Whoever owns the lead, contact or opportunity already: kept, unless the owner is replaceable or the record lies unworked. */
  keep(record: OwnedRecord | null, vendor: string, options?: KeepOptions): Answer
  /** Named accounts, deal registrations of partners, legal overrides: by registrable domain. They come before claims. */
  named(list: Readonly<Record<string, NamedTo<PoolName>>>, domain: string | null, why?: string): Answer
  /** The live version of this territory; the definition where there is none yet. */
  territory<Key extends object>(territory: TerritoryDefinition<Key>, key: NoInfer<Key>): Answer
  /** A turn of a pool. A stratum keeps turns of its own for leads of one tier, so that each rep gets as many big ones. */
  rotate(pool: PoolName, options?: { stratum?: string }): Answer
  person(rep: string | { id: string }, reason?: string): Answer
  queue(queue: Queue, reason: string): Answer
  /** A person decides, for at most so many hours; then the next rule. Null: there is nothing to decide. */
  review(
    what: string | ReviewCase | null,
    options: { dwellHours: number; candidates?: readonly Candidate[] },
  ): Answer
  /** Nobody gets it, and nothing is drawn. */
  notQualified(reason: string): Answer
  no(reason: string): Answer
}

/** Where a territory sends its leads, as the answer of a rule. */
export function answerOf(
  to: Destination,
  { reason, method }: { reason: string; method: Method | null },
): Answer {
  return 'person' in to
    ? { kind: 'person', rep: to.person, method: method ?? 'territory', reason, beforeClaims: false }
    : { kind: 'pool', pool: to.pool, stratum: null, method, reason: `${reason} is pool ${to.pool}` }
}
