import { canOwn } from '../accounts.ts'
import type { MatchableAccount, MatchCandidate } from './account-match.ts'
import type { Scored } from './score.ts'

/** Puts the survivor of a merge in the place of the account that is gone, with the evidence that was for that one. */
export function withoutMerged<Account extends MatchableAccount>(
  scored: readonly Scored<Account>[],
): { standing: Scored<Account>[]; losersOf(survivor: string): Account[] } {
  const byId = new Map(scored.map((each) => [each.account.id, each.account]))
  const losers = new Map<string, Set<Account>>()
  const standing = scored.map((each) => {
    const survivor = survivorOf(each.account, byId)
    if (survivor === each.account) return each
    losers.set(survivor.id, (losers.get(survivor.id) ?? new Set()).add(each.account))
    return { ...each, account: survivor, why: `${each.account.name} was merged into it: ${each.why}` }
  })
  return { standing, losersOf: (survivor) => [...(losers.get(survivor) ?? [])] }
}

/** Follows merges as far as the accounts are known; a circle ends where it began. */
function survivorOf<Account extends MatchableAccount>(
  account: Account,
  byId: ReadonlyMap<string, Account>,
): Account {
  const seen = new Set<string>()
  let current = account
  while (current.mergedInto !== null && !seen.has(current.id)) {
    seen.add(current.id)
    const next = byId.get(current.mergedInto)
    if (next === undefined) break
    current = next
  }
  return current
}

/** Somebody else with a right to the account: the owner of its parent, or of an account that was merged into it. */
export function conflictOf<Account extends MatchableAccount>(
  { account, by, score }: Scored<Account>,
  losers: readonly Account[],
): { reason: string; with: MatchCandidate[] } | null {
  const { owner } = account
  if (owner === null || !canOwn(owner)) return null
  const { parent } = account
  const others = [
    ...(parent === null ? [] : [{ ...parent, what: 'its parent', why: `the parent of ${account.name}` }]),
    ...losers.map((loser) => ({ ...loser, what: 'the merged', why: `was merged into ${account.name}` })),
  ].flatMap((other) =>
    other.owner !== null && canOwn(other.owner) && other.owner.id !== owner.id
      ? [
          {
            id: other.id,
            name: other.name,
            owner: other.owner.name,
            by,
            score,
            why: other.why,
            what: other.what,
          },
        ]
      : [],
  )
  const [first] = others
  if (first === undefined) return null
  return {
    reason: `${account.name} is owned by ${owner.name}, and ${first.what} ${first.name} by ${first.owner}`,
    with: others.map(({ what: _, ...candidate }) => candidate),
  }
}

/**
 * Why a person should choose although the match is certain: nothing but the id tells two owners' accounts apart, or several
 * companies bear one name. Null when there is nothing to choose.
 */
export function disputed<Account extends MatchableAccount>(
  ordered: readonly Scored<Account>[],
  tieBreak: string | null,
): string | null {
  const [first, second] = ordered
  if (first === undefined || second === undefined) return null
  const owners = new Set(ordered.flatMap(({ account }) => (canOwn(account.owner) ? [account.owner?.id] : [])))
  if (owners.size < 2) return null
  const domains = new Set(ordered.map(({ account }) => account.domain ?? account.id))
  if (first.by === 'name' && domains.size > 1) {
    return `${ordered.length} companies are called ${first.account.name}, and different people own them`
  }
  const tied = tieBreak === lastResort && first.account.owner?.id !== second.account.owner?.id
  return tied
    ? `${first.account.name} of ${first.account.owner?.name} and ${second.account.name} of ${second.account.owner?.name} match alike`
    : null
}

/** The criterion of `orderAccounts` that says nothing about the accounts. */
const lastResort = 'lowest id'
