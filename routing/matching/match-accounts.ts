import { canOwn, orderAccounts } from '../accounts.ts'
import {
  type AccountMatch,
  type CompanyFacts,
  type MatchableAccount,
  type MatchCandidate,
  type Matcher,
  matchers,
} from './account-match.ts'
import { conflictOf, disputed, withoutMerged } from './conflicts.ts'
import { type Found, type Scored, scoreAccount } from './score.ts'
import { similarityTo } from './similarity.ts'

/** From which score on an account is the lead's, and from which on a person is asked. */
export interface Thresholds {
  certainAt: number
  reviewAt: number
}

export const defaultThresholds: Thresholds = { certainAt: 0.9, reviewAt: 0.7 }

/** The answer of matching: certain, to be decided by a person, or none. All that were compared come along. */
export interface MatchResult<Account extends MatchableAccount> {
  state: 'certain' | 'review' | 'none'
  account: Account | null
  match: AccountMatch | null
  compared: MatchCandidate[]
}

/** Which matcher decides before which. Contact and domain stand together: there one tie-break serves all their accounts. */
const ranks: readonly (readonly Matcher[])[] = [
  ['account-id'],
  ['contact', 'domain', 'alias-domain'],
  ['name'],
  ['fuzzy-name'],
]

/** Kept in the cell at most. */
const maxCandidates = 20

/**
 * Decides which of the accounts that were found is the lead's. The surest matcher with a certain account decides, several of its
 * accounts by the one tie-break of `orderAccounts`. Where nothing is certain, a person chooses between the likely ones.
 */
export function matchAccounts<Account extends MatchableAccount>(
  found: readonly Found<Account>[],
  facts: CompanyFacts,
  thresholds: Thresholds = defaultThresholds,
): MatchResult<Account> {
  const alike = similarityTo(facts.name ?? '')
  const merged = withoutMerged(found.map((each) => scoreAccount(each, facts, alike)))
  const scored = best(merged.standing)
  const certain = scored.filter(({ score }) => score >= thresholds.certainAt)
  const rank = ranks.find((matchersOfRank) => certain.some(({ by }) => matchersOfRank.includes(by)))
  const { ordered, tieBreak } = inOrder(
    rank === undefined
      ? scored.filter(({ score }) => score >= thresholds.reviewAt)
      : certain.filter(({ by }) => rank.includes(by)),
  )
  const compared = [...ordered, ...inOrder(scored.filter((each) => !ordered.includes(each))).ordered].map(
    toCandidate,
  )
  const [first] = ordered
  if (first === undefined) return { state: 'none', account: null, match: null, compared }
  const { account, by, score, why } = first
  const candidates = ordered.slice(0, maxCandidates).map(toCandidate)
  const base = { by, score, candidates: compared.slice(0, maxCandidates), tieBreak }
  const doubt = rank === undefined ? doubtOf(first, ordered.length) : disputed(ordered, tieBreak)
  if (doubt !== null) {
    const match = { ...base, reason: doubt, conflict: null, review: { reason: doubt, candidates } }
    return { state: 'review', account, match, compared }
  }
  const conflict = conflictOf(first, merged.losersOf(account.id))
  const review = conflict && {
    reason: conflict.reason,
    candidates: [...candidates.slice(0, 1), ...conflict.with],
  }
  const reason =
    tieBreak === null ? `${account.name}: ${why}` : `${account.name}: ${why}; of several by ${tieBreak}`
  return {
    state: 'certain',
    account,
    match: { ...base, reason, conflict: conflict?.reason ?? null, review },
    compared,
  }
}

/** One entry per account, with the best evidence for it. */
function best<Account extends MatchableAccount>(scored: readonly Scored<Account>[]): Scored<Account>[] {
  const byId = new Map<string, Scored<Account>>()
  for (const each of scored) {
    const known = byId.get(each.account.id)
    if (known === undefined || isBetter(each, known)) byId.set(each.account.id, each)
  }
  return [...byId.values()]
}

/** The order the accounts came in must not show: equal scores go by the matcher, then by the words. */
function isBetter<Account extends MatchableAccount>(each: Scored<Account>, known: Scored<Account>): boolean {
  if (each.score !== known.score) return each.score > known.score
  if (each.by !== known.by) return matchers.indexOf(each.by) < matchers.indexOf(known.by)
  return each.why < known.why
}

/** By the tie-break; where names are only alike, or nothing is certain, the likeness goes before it. */
function inOrder<Account extends MatchableAccount>(
  scored: readonly Scored<Account>[],
): { ordered: Scored<Account>[]; tieBreak: string | null } {
  const places = orderAccounts(scored.map(({ account }) => account))
  const place = new Map(places.ordered.map(({ id }, index) => [id, index]))
  const at = ({ account }: Scored<Account>) => place.get(account.id) ?? 0
  const likenessFirst = scored.some(({ by, score }) => by === 'fuzzy-name' || score < scoreOfFact)
  const likeness = (each: Scored<Account>) => (likenessFirst ? each.score : 0)
  const ordered = scored.toSorted((a, b) => likeness(b) - likeness(a) || at(a) - at(b))
  const [first, second] = ordered
  if (first === undefined || second === undefined) return { ordered, tieBreak: null }
  if (likeness(first) !== likeness(second)) return { ordered, tieBreak: 'the closer match' }
  return { ordered, tieBreak: orderAccounts([first.account, second.account]).tieBreak }
}

/** Matches by fact, not by likeness, score at least this. */
const scoreOfFact = 0.95

function doubtOf<Account extends MatchableAccount>({ account, why }: Scored<Account>, count: number): string {
  const others = count === 1 ? '' : `, or one of ${count - 1} more`
  return `${account.name}${others} may be the account, but it is not certain: ${why}`
}

function toCandidate<Account extends MatchableAccount>({
  account,
  by,
  score,
  why,
}: Scored<Account>): MatchCandidate {
  const owner = account.owner === null ? null : ownerName(account.owner)
  return { id: account.id, name: account.name, owner, by, score, why }
}

function ownerName(owner: NonNullable<MatchableAccount['owner']>): string {
  if (canOwn(owner)) return owner.name
  return `${owner.name} (${owner.kind === 'person' ? 'inactive' : owner.kind})`
}
