/** What the tie-break looks at. */
export interface AccountFacts {
  id: string
  relationship: 'customer' | 'open-opportunity' | 'prospect'
  owner: { active: boolean; kind: 'person' | 'queue' | 'integration' } | null
  lastActivityAt: string | null
  createdAt: string
}

type Compare = (a: AccountFacts, b: AccountFacts) => number

const relationshipRank = { 'open-opportunity': 0, customer: 1, prospect: 2 }

/** Later first; an account without activity comes last. */
const byActivity: Compare = (a, b) => (b.lastActivityAt ?? '').localeCompare(a.lastActivityAt ?? '')

/** The one tie-break for several accounts of one company (routing trap 40). The first criterion that tells two apart decides. */
const criteria: readonly { name: string; compare: Compare }[] = [
  {
    name: 'open opportunity before customer before prospect',
    compare: (a, b) => relationshipRank[a.relationship] - relationshipRank[b.relationship],
  },
  { name: 'an owner who can work it', compare: (a, b) => Number(canOwn(b.owner)) - Number(canOwn(a.owner)) },
  { name: 'most recent activity', compare: byActivity },
  { name: 'oldest account', compare: (a, b) => a.createdAt.localeCompare(b.createdAt) },
  { name: 'lowest id', compare: (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0) },
]

/** A queue, an integration user or an inactive person owns nothing (routing traps 42 and 44). */
export function canOwn(owner: AccountFacts['owner']): boolean {
  return owner?.active === true && owner.kind === 'person'
}

/** Accounts of one company, the deciding one first, and the criterion that put it there (null when there was no choice). */
export function orderAccounts<Account extends AccountFacts>(
  accounts: readonly Account[],
): { ordered: Account[]; tieBreak: string | null } {
  const ordered = [...accounts].sort((a, b) => {
    for (const { compare } of criteria) {
      const order = compare(a, b)
      if (order !== 0) return order
    }
    return 0
  })
  const [first, second] = ordered
  if (first === undefined || second === undefined) return { ordered, tieBreak: null }
  return { ordered, tieBreak: criteria.find(({ compare }) => compare(first, second) !== 0)?.name ?? null }
}
