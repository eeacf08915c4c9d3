import type { ConditionTrace, Decision, Draw, Exclusion, Method, Owner } from '../decision.ts'
import type { Rep } from '../rep.ts'
import { giveBack } from '../rotation.ts'
import { dayMs } from '../time/zone.ts'
import { type Answer, answerOf, type OwnerOptions } from './answers.ts'
import {
  awayFrom,
  backupOf,
  coverFor,
  isBarred,
  isSameOwner,
  managerOf,
  overCap,
  ownerOf,
} from './coverage.ts'
import { assign, type Deciding, refuse } from './deciding.ts'
import { membersOf } from './members.ts'

/** Methods that stand for something the CRM knew before us. A claim by any other method is our own work. */
export const relationshipMethods: ReadonlySet<Method> = new Set([
  'existing_owner',
  'open_opportunity',
  'named_account',
])

type OwnerAnswer = Extract<Answer, { kind: 'owner' }>

/** What is left to do: a decision, null for the next rule, or another answer in the place of this one. */
export type Settled = { decision: Decision | null } | { instead: Answer }

/** Whether the owner a record has gets the lead: gone, away, in the wrong role, dormant and our own writes are told apart. */
export function settleOwner(answer: OwnerAnswer, deciding: Deciding): Settled {
  const { view } = deciding
  const { owner: known, vendor, of } = answer
  const no = (reason: string, conditions?: ConditionTrace[]): Settled => ({
    decision: refuse(deciding, reason, conditions === undefined ? {} : { conditions }),
  })
  if (known.kind !== 'person')
    return no(`${of} is owned by the ${known.kind} ${known.name}, which owns nothing`)
  const rep = view.repOf({ vendor, id: known.id, email: known.email })
  const ids = { ...rep?.ids, [vendor]: known.id }
  const owner: Owner =
    rep === null ? { rep: null, name: known.name, email: known.email, ids } : { ...ownerOf(rep), ids }

  const own = ownWrite(owner, deciding)
  if (own !== null) return no(`${known.name} owns ${of} because of ${own}`)
  const dormant = dormancy(answer, view.now)
  if (dormant?.matched === false) {
    const last = answer.lastActivityAt?.slice(0, 10)
    return no(`${of} is dormant: ${last === undefined ? 'no activity' : `last activity ${last}`}`, [dormant])
  }
  if (!known.active || rep?.active === false) return handOn(answer, rep, deciding)
  if (isBarred(owner, view)) return no(`${known.name} owns ${of} and had this lead before`)
  const pod = podFor(answer.options, rep)
  if (typeof pod === 'string') return no(`${known.name} owns ${of}, but ${pod}`)
  if (pod !== null) {
    return {
      instead: answerOf(pod.to, {
        reason: `${known.name} owns ${of} and is ${pod.role}: the pod`,
        method: null,
      }),
    }
  }
  return keepOwner(answer, { owner, rep }, deciding)
}

function keepOwner(
  { of, method, options }: OwnerAnswer,
  { owner, rep }: { owner: Owner; rep: Rep | null },
  deciding: Deciding,
): Settled {
  const { view } = deciding
  const away = rep === null ? null : awayFrom(rep, view.now)
  if (rep !== null && away !== null && !keepsAway(options.onLeave, away, view.now)) {
    return { decision: refuse(deciding, `${owner.name} owns ${of} and is ${away.reason}`) }
  }
  const note = rep === null ? null : noteOn(rep, away, deciding)
  return {
    decision: assign(deciding, {
      owner,
      method,
      reason: `${owner.name} already owns ${of}${note === null ? '' : `; ${note.text}`}`,
      alsoTell: note?.tell ?? null,
      draw: rep === null ? null : paidDraw(rep, deciding),
    }),
  }
}

/** Who else is told when the rep who owns the lead is away, or full. */
export function noteOn(
  rep: Rep,
  away: Exclusion | null,
  { view }: Deciding,
): { text: string; tell: Owner | null } | null {
  if (away !== null) {
    const tell = backupOf(rep, view) ?? managerOf(rep, view)
    const told = tell === null ? 'there is no backup to tell' : `${tell.name} is told as well`
    return { text: `${rep.name} is ${away.reason}, ${told}`, tell }
  }
  const full = overCap(rep, view)
  if (full === null) return null
  const tell = managerOf(rep, view)
  const told = tell === null ? '' : `, ${tell.name} is told as well`
  return { text: `ownership goes beyond the cap (${full.reason})${told}`, tell }
}

/** The coverage chain of an owner who is gone (trap 42): nothing is ever written to an inactive owner. */
function handOn({ of, owner, method }: OwnerAnswer, rep: Rep | null, deciding: Deciding): Settled {
  const cover = rep === null ? null : coverFor(rep, deciding.view)
  if (cover === null) {
    const chain =
      rep === null ? 'no rep has this id or e-mail' : 'has neither an active successor nor manager'
    return { decision: refuse(deciding, `the owner of ${of}, ${owner.name}, is inactive and ${chain}`) }
  }
  deciding.fallbackUsed = true
  const reason = `${owner.name} owned ${of} and is inactive; ${cover.reason}`
  return { decision: assign(deciding, { owner: ownerOf(cover.rep), method, reason }) }
}

/** What made the record's owner, when it was this very lead: our own write is no relationship (trap 54). */
function ownWrite(owner: Owner, { view }: Deciding): string | null {
  const { claim } = view
  if (claim === null || claim.row !== view.row || relationshipMethods.has(claim.method)) return null
  return isSameOwner(claim.owner, owner)
    ? `this lead's own rule "${claim.rule}", which is no relationship`
    : null
}

function dormancy({ options, lastActivityAt }: OwnerAnswer, now: number): ConditionTrace | null {
  const days = options.dormantAfterDays
  if (days === undefined) return null
  const last = lastActivityAt === null ? Number.NEGATIVE_INFINITY : Date.parse(lastActivityAt)
  return {
    field: 'lastActivityAt',
    operator: 'within days',
    expected: days,
    seen: lastActivityAt,
    matched: now - last <= days * dayMs,
  }
}

/** Where the owner's role is not one that takes such leads: the pod, or why there is none. Null when the role is right. */
function podFor({ roles, pods = {} }: OwnerOptions, rep: Rep | null) {
  if (roles === undefined) return null
  if (rep === null) return 'is not in the roster, so the role is not known'
  if (rep.role !== null && roles.includes(rep.role)) return null
  const role = rep.role ?? 'without a role'
  const to = Object.hasOwn(pods, rep.id) ? pods[rep.id] : undefined
  return to === undefined ? `is ${role}, not ${roles.join(' or ')}, and has no pod` : { to, role }
}

function keepsAway(policy: OwnerOptions['onLeave'], away: Exclusion, now: number): boolean {
  if (policy === 'next-rule') return false
  if (policy === undefined || policy === 'keep') return true
  return away.until !== null && away.until - now <= policy.keepWhenBackWithinHours * 3_600_000
}

/** A turn of the pool that this rule counts in, although the rotation did not choose. */
export function paidDraw(rep: Rep, { counts, view }: Deciding): Draw | null {
  const pool = counts === null ? null : view.pool(counts)
  if (pool === null || !pool.members.some((member) => member.rep === rep.id)) return null
  const members = membersOf(pool, view)
  const { balances } = view.counter(pool, null)
  const { strategy, catchUp } = pool
  return {
    pool: pool.name,
    stratum: null,
    member: rep.id,
    balances: giveBack({ strategy, members, balances, catchUp }, rep.id, -1),
  }
}
