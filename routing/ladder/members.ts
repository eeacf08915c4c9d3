import { memberExclusion } from '../availability.ts'
import type { Considered, DecisionView, Exclusion, Method } from '../decision.ts'
import type { Pool, PoolMember } from '../pool.ts'
import type { Rep } from '../rep.ts'
import { chooseMember, type RotationMember } from '../rotation.ts'
import { isBarred, ownerOf } from './coverage.ts'

/** A turn of one pool, taken or not. */
export interface Turn {
  pool: Pool
  stratum: string | null
  /** Null when nobody may be drawn. */
  rep: Rep | null
  method: Method
  balances: Record<string, number>
  considered: Considered[]
}

/** Why a member may not be drawn: availability, then whether the rep had this very lead and may not get it back. */
function exclusionIn(pool: Pool, member: PoolMember, view: DecisionView): Exclusion | null {
  const excluded = memberExclusion(view, pool, member)
  if (excluded !== null) return excluded
  const rep = view.rep(member.rep)
  if (rep === null || view.previous.length === 0) return null
  return isBarred(ownerOf(rep), view) ? hadIt : null
}

const hadIt: Exclusion = { code: 'previous', reason: 'had this lead before', until: null }

/** The members as the rotation sees them. Who had this lead before is left out while anybody else is there. */
export function membersOf(pool: Pool, view: DecisionView): RotationMember[] {
  const members = pool.members.map((member) => ({
    id: member.rep,
    weight: member.weight,
    excluded: exclusionIn(pool, member, view),
  }))
  if (view.previous.length === 0) return members
  const before = new Set(view.previous.map(({ rep }) => rep))
  const others = members.some(({ id, excluded }) => excluded === null && !before.has(id))
  if (!others) return members
  return members.map((member) =>
    member.excluded === null && before.has(member.id) ? { ...member, excluded: hadIt } : member,
  )
}

/** Who is drawn whoever is away: only the gone, the paused and those who may not get this lead again are left out. */
function membersAnyway(pool: Pool, view: DecisionView): RotationMember[] {
  return membersOf(pool, view).map((member) => {
    const { excluded } = member
    if (excluded === null || !['leave', 'holiday', 'hours', 'cap'].includes(excluded.code)) return member
    const rep = view.rep(member.id)
    return rep !== null && isBarred(ownerOf(rep), view)
      ? { ...member, excluded: hadIt }
      : { ...member, excluded: null }
  })
}

/** What the rotation of a pool answers now. Pure: nothing is drawn. */
export function turnOf(
  pool: Pool,
  view: DecisionView,
  options: { stratum?: string | null; anyway?: boolean } = {},
): Turn {
  const { stratum = null, anyway = false } = options
  const members = anyway ? membersAnyway(pool, view) : membersOf(pool, view)
  const { strategy, catchUp } = pool
  const choice = chooseMember({ strategy, catchUp, members, ...view.counter(pool, stratum) })
  return {
    pool,
    stratum,
    rep: choice.chosen === null ? null : view.rep(choice.chosen),
    method: strategy === 'weighted' ? 'weighted_round_robin' : 'round_robin',
    balances: choice.balances,
    considered: choice.considered.map(({ member, weight, share, balance, excluded }) => {
      const name = view.rep(member)?.name ?? member
      return { member, name, weight, share, balance, excluded }
    }),
  }
}
