import { exclusionOf } from '../availability.ts'
import type { DecisionView, Exclusion, Owner } from '../decision.ts'
import type { Rep } from '../rep.ts'

export const ownerOf = (rep: Rep): Owner => ({ rep: rep.id, name: rep.name, email: rep.email, ids: rep.ids })

/** The same person: by rep id where both have one, else by an id at the same vendor, else by e-mail. Never by name (trap 75). */
export function isSameOwner(one: Owner, other: Owner): boolean {
  if (one.rep !== null && other.rep !== null) return one.rep === other.rep
  for (const [vendor, id] of Object.entries(one.ids)) {
    if (Object.hasOwn(other.ids, vendor)) return other.ids[vendor] === id
  }
  return one.email !== null && one.email.toLowerCase() === other.email?.toLowerCase()
}

/** True for somebody who may not get the lead back: a rep who let it lie, or refused it. */
export const isBarred = (owner: Owner, view: DecisionView): boolean =>
  view.previous.some((each) => each.barred === true && isSameOwner(each, owner))

/** The rep behind an owner, null for somebody only a CRM knows. */
export function repBehind(owner: Owner, view: DecisionView): Rep | null {
  if (owner.rep !== null) return view.rep(owner.rep)
  for (const [vendor, id] of Object.entries(owner.ids)) {
    const rep = view.repOf({ vendor, id, email: owner.email })
    if (rep !== null) return rep
  }
  return null
}

/** Why a rep cannot work now, by the rep's own data alone: caps and weights do not count. */
export const absenceOf = (rep: Rep, now: number): Exclusion | null =>
  exclusionOf({ rep, weight: 1, pool: null, load: null, now })

/** Gone, on leave or on a holiday: the absences that hand an owned lead over. Off hours and caps do not. */
export function awayFrom(rep: Rep, now: number): Exclusion | null {
  const absence = absenceOf(rep, now)
  return absence !== null && ['inactive', 'leave', 'holiday'].includes(absence.code) ? absence : null
}

/** The rep's cap, when it is reached. Ownership goes beyond it, and the manager is told (trap 46). */
export function overCap(rep: Rep, view: DecisionView): Exclusion | null {
  const { perDay, perWeek, open } = rep.caps
  if (perDay === undefined && perWeek === undefined && open === undefined) return null
  const alwaysThere: Rep = { ...rep, hours: null, holidays: null, leave: [] }
  const load = view.load(rep.id)
  const excluded = exclusionOf({ rep: alwaysThere, weight: 1, pool: null, load, now: view.now })
  return excluded?.code === 'cap' ? excluded : null
}

type CoverField = 'successor' | 'manager' | 'backup'

export interface Cover {
  rep: Rep
  /** `Bo covers as successor of Ana`. */
  reason: string
}

/**
 * Who stands in for a rep: for one who is gone the successor, then the manager; for one who is away the backup, then the manager. Whoever
 * cannot take it either is covered in turn. Null when the chain ends with nobody.
 */
export function coverFor(
  rep: Rep,
  view: DecisionView,
  order: readonly CoverField[] = ['successor', 'manager'],
): Cover | null {
  const seen = new Set([rep.id])
  const walk = (from: Rep): Cover | null => {
    for (const field of order) {
      const id = from[field]
      const next = id === null || seen.has(id) ? null : view.rep(id)
      if (next === null) continue
      seen.add(next.id)
      if (canCover(next, view, order))
        return { rep: next, reason: `${next.name} covers as ${field} of ${from.name}` }
      const further = walk(next)
      if (further !== null) return further
    }
    return null
  }
  return walk(rep)
}

/** What became of each who could have stood in: `no successor, manager Sue is inactive`. For a rep whom `coverFor` finds nobody for. */
export function whyUncovered(
  rep: Rep,
  view: DecisionView,
  order: readonly CoverField[] = ['successor', 'manager'],
): string {
  return order
    .map((field) => {
      const id = rep[field]
      if (id === null) return `no ${field}`
      const next = view.rep(id)
      if (next === null) return `${field} ${id} is not in the roster`
      const why = !next.active ? 'is inactive' : isBarred(ownerOf(next), view) ? 'had it before' : 'is away'
      return `${field} ${next.name} ${why}`
    })
    .join(', ')
}

function canCover(rep: Rep, view: DecisionView, order: readonly CoverField[]): boolean {
  if (!rep.active || isBarred(ownerOf(rep), view)) return false
  // A successor keeps what comes during a leave; somebody who only stands in must be there.
  return !order.includes('backup') || awayFrom(rep, view.now) === null
}

/** The backup of a rep on leave, as somebody to tell. */
export function backupOf(rep: Rep, view: DecisionView): Owner | null {
  const backup = rep.backup === null ? null : view.rep(rep.backup)
  return backup?.active === true ? ownerOf(backup) : null
}

export function managerOf(rep: Rep, view: DecisionView): Owner | null {
  const manager = rep.manager === null ? null : view.rep(rep.manager)
  return manager?.active === true ? ownerOf(manager) : null
}
