import type { Assignment, Decision, DecisionView, Method } from '../decision.ts'
import { absenceOf, coverFor, ownerOf, repBehind } from './coverage.ts'
import { assign, type Deciding } from './deciding.ts'
import { membersOf } from './members.ts'

/** A rep named from outside the rules: by a person, or as the last stop of a service level. */
export interface GivenOwner {
  rep: string
  reason: string
  who: string
  method: 'manual_override' | 'fallback_person'
}

/** Why this rep cannot be given a lead at all, null for one who can. */
export function whyNotGiven(given: GivenOwner, view: DecisionView): string | null {
  const rep = view.rep(given.rep)
  if (rep === null) return `no rep has the id ${given.rep}`
  if (rep.active || given.method === 'fallback_person') return null
  return `${rep.name} is inactive, and a CRM refuses an inactive owner`
}

/**
 * This rep gets the lead, whatever the rules say and whether available or not. The claim moves along; nothing is drawn: the balances
 * of a pool that both are in move by credits. Throws `RangeError` for a rep whom `whyNotGiven` refuses.
 */
export function overrideOwner(given: GivenOwner, view: DecisionView): Decision {
  const refused = whyNotGiven(given, view)
  const rep = view.rep(given.rep)
  if (refused !== null || rep === null) throw new RangeError(refused ?? `no rep has the id ${given.rep}`)
  const deciding: Deciding = {
    view,
    claims: {},
    rules: [],
    failures: [],
    rule: given.method === 'manual_override' ? 'override' : given.who,
    conditions: [],
    candidates: [],
    tieBreak: null,
    counts: null,
    fallbackUsed: given.method === 'fallback_person',
    claimRefused: false,
    heldSince: {},
  }
  const cover = rep.active ? null : coverFor(rep, view)
  const taker = cover?.rep ?? rep
  const covered = cover === null ? '' : `; ${rep.name} is inactive, ${cover.reason}`
  const reason =
    given.method === 'manual_override'
      ? `${given.who} gave it to ${rep.name}: ${given.reason}`
      : `${rep.name} takes it (${given.who}): ${given.reason}${covered}`
  return assign(deciding, { owner: ownerOf(taker), method: given.method, reason })
}

const drawn: ReadonlySet<Method> = new Set(['round_robin', 'weighted_round_robin', 'fallback_pool'])
/** People decided these, or nobody else is left: they stand whoever is away. */
const standing: ReadonlySet<Method> = new Set(['manual_override', 'fallback_person', 'no_eligible'])

/**
 * Why a standing answer must not be written any more: the rep has gone, or, for one a rotation drew, went away in the meantime. Caps and
 * balances do not count, the draw is made. Null while it may be written; also where drawing anew could find nobody better.
 */
export function recheckOwner(assignment: Assignment, view: DecisionView): string | null {
  if (standing.has(assignment.method)) return null
  const rep = repBehind(assignment, view)
  if (rep === null) return null
  const absence = absenceOf(rep, view.now)
  if (absence === null) return null
  const reason = `${rep.name} is ${absence.code === 'inactive' ? 'inactive' : absence.reason}`
  if (absence.code === 'inactive') return reason
  if (assignment.pool === null || !drawn.has(assignment.method)) {
    // An owner keeps what is theirs during a leave; a territory's only rep is stood in for.
    return assignment.method === 'territory' && absence.code !== 'hours' ? reason : null
  }
  return assignsAnyway(assignment.pool, view) ? null : reason
}

/** True where the pool gives leads out whoever is away, and nobody else of it is there. */
function assignsAnyway(name: string, view: DecisionView): boolean {
  const pool = view.pool(name)
  if (pool === null) return false
  const { whenNobody } = pool
  const end = typeof whenNobody === 'object' && 'hold' in whenNobody ? whenNobody.otherwise : whenNobody
  return end === 'assign-anyway' && !membersOf(pool, view).some(({ excluded }) => excluded === null)
}
