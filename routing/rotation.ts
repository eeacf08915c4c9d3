import type { Exclusion } from './decision.ts'
import type { CatchUp } from './pool.ts'

/** Someone a rotation may draw. Identity is the id, never the name or the place in the list. */
export interface RotationMember {
  id: string
  /** Finite and >= 0; decimals are fine; 0 means paused. */
  weight: number
  /** Why this member may not be drawn now (from availability), null when available. */
  excluded: Exclusion | null
}

export interface RotationRequest {
  /** `standard` takes turns, every weight above 0 counting as 1; `weighted` draws in proportion to the weights. */
  strategy: 'standard' | 'weighted'
  members: readonly RotationMember[]
  /** Leads owed to each member (negative: drawn ahead of the fair share). Absent means 0. */
  balances: Readonly<Record<string, number>>
  /** Ordinal of each member's latest draw; absent means never drawn. Breaks ties. */
  lastDrawn: Readonly<Record<string, number>>
  /** What members on leave or holiday go on accruing; nothing when it is left out. */
  catchUp?: CatchUp
}

/** What the draw saw of one member: the row of a trace. */
export interface RotationConsidered {
  member: string
  weight: number
  /** Part of this draw that is fairly theirs, 0 to 1; above 0 while away only where the pool lets them catch up. */
  share: number
  /** Leads owed with this draw's share counted in, before the chosen member pays. */
  balance: number
  excluded: Exclusion | null
}

export interface RotationChoice {
  /** Null when nobody can be drawn; then nothing was accrued either. */
  chosen: string | null
  /** The balances after the draw, those of excluded and former members untouched. */
  balances: Record<string, number>
  considered: RotationConsidered[]
  reason: string
}

/** Balances differ from their true value by rounding only; closer than this they are equal. */
const tolerance = 1e-9

/**
 * Draws the next member by Tijdeman's rule for the chairman assignment problem (1980): everybody who can be drawn accrues their
 * share, and of those already owed enough the one whose turn falls due first pays 1. For a fixed pool of n nobody is ever further
 * than 1 - 1/(2n - 2) leads from the fair share, which is optimal. While balances carried over pool edits exceed that bound, the
 * largest balance is drawn. Throws `RangeError` on a weight or balance that is not a usable number.
 *
 * @example
 * chooseMember({ strategy: 'weighted', members: [{ id: 'ana', weight: 3, excluded: null }, { id: 'bo', weight: 1, excluded: null }], balances: {}, lastDrawn: {} }).chosen // 'ana'
 */
export function chooseMember(request: RotationRequest): RotationChoice {
  const considered = accrue(request)
  const eligible = considered.filter((each) => each.excluded === null)
  const chosen = firstDue(eligible, request.lastDrawn)
  const balances = { ...request.balances }
  if (chosen === null) return { chosen: null, balances, considered, reason: explainNobody(considered) }
  for (const each of considered) {
    if (each.share === 0 && each !== chosen) continue
    balances[each.member] = each === chosen ? snapped(each.balance - 1, each.share) : each.balance
  }
  return { chosen: chosen.member, balances, considered, reason: explain(chosen, eligible.length, request) }
}

/**
 * The balances with so many leads owed to a member again: 1 for a turn that is given back, more or less for a credit, below 0 for a
 * lead that came to the member beside the rotation. The others bear it by their shares, so that balances add up to what they did.
 */
export function giveBack(
  request: Omit<RotationRequest, 'lastDrawn'>,
  member: string,
  leads = 1,
): Record<string, number> {
  const balances = { ...request.balances }
  for (const { member: each, share } of bearers(request)) {
    if (share > 0) balances[each] = balanceOf(balances, each) - leads * share
  }
  balances[member] = balanceOf(balances, member) + leads
  return balances
}

/** Who bears a credit: those who can be drawn; with nobody there everybody with a weight, in the end everybody. */
function bearers(request: Omit<RotationRequest, 'lastDrawn'>): RotationConsidered[] {
  const present = accrue(request)
  if (present.some(({ excluded }) => excluded === null)) return present
  const { members } = request
  const weighed = members.filter(({ weight }) => weight > 0)
  const all = weighed.length > 0 ? weighed : members.map((each) => ({ ...each, weight: 1 }))
  return accrue({ ...request, members: all.map((each) => ({ ...each, excluded: null })) })
}

/** Rational shares come back to 0 once per cycle; snapping there keeps rounding from adding up over millions of draws. */
const snapped = (balance: number, share: number): number =>
  Math.abs(balance) <= tolerance * share ? 0 : balance

const paused: Exclusion = { code: 'paused', reason: 'paused: weight 0', until: null }

/** Everybody's share of this draw, and what they are owed with it. The shares add up to 1 unless nobody can be drawn. */
function accrue(request: Omit<RotationRequest, 'lastDrawn'>): RotationConsidered[] {
  const { strategy, members, balances } = request
  const largest = largestWeight(members)
  // Relative to the largest weight the sum can neither overflow nor vanish.
  const part = (weight: number) =>
    strategy === 'standard' ? Math.sign(weight) : Math.min(weight / largest, Number.MAX_SAFE_INTEGER)
  let present = 0
  for (const { weight, excluded } of members) if (excluded === null) present += part(weight)
  const away = present === 0 ? null : sharesAway(request, part, present)
  // What those who are away accrue does not go to those who are there.
  let left = 1
  for (const share of away?.values() ?? []) left -= share
  return members.map(({ id, weight, excluded: given }) => {
    const excluded = given ?? (weight === 0 ? paused : null)
    const share = excluded === null ? (part(weight) / present) * left : (away?.get(id) ?? 0)
    return { member: id, weight, share, balance: snapped(balanceOf(balances, id) + share, share), excluded }
  })
}

function largestWeight(members: readonly RotationMember[]): number {
  let largest = 0
  for (const { id, weight, excluded } of members) {
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      throw new RangeError(
        `member '${id}' has weight ${weight}: a weight is a number from 0 up (0 pauses the member)`,
      )
    }
    if (excluded === null && weight > largest) largest = weight
  }
  return largest
}

/** What members on leave or holiday accrue, up to the bound of the pool; null when nobody does. */
function sharesAway(
  { members, balances, catchUp }: Omit<RotationRequest, 'lastDrawn'>,
  part: (weight: number) => number,
  present: number,
): Map<string, number> | null {
  if (catchUp === undefined || catchUp === 'none') return null
  const bound = catchUp === 'full' ? Number.POSITIVE_INFINITY : catchUp.bounded
  const accruing = members.filter(
    ({ id, weight, excluded }) =>
      weight > 0 &&
      (excluded?.code === 'leave' || excluded?.code === 'holiday') &&
      balanceOf(balances, id) < bound,
  )
  const all = accruing.reduce((sum, { weight }) => sum + part(weight), present)
  return new Map(
    accruing.map(({ id, weight }) => [id, Math.min(part(weight) / all, bound - balanceOf(balances, id))]),
  )
}

function balanceOf(balances: Readonly<Record<string, number>>, id: string): number {
  const balance = Object.hasOwn(balances, id) ? (balances[id] ?? 0) : 0
  if (!Number.isFinite(balance))
    throw new RangeError(`member '${id}' has balance ${balance}: the ledger is damaged`)
  return balance
}

/** Tijdeman's choice among members who have already accrued. */
function firstDue(
  eligible: readonly RotationConsidered[],
  lastDrawn: Readonly<Record<string, number>>,
): RotationConsidered | null {
  const [only] = eligible
  if (only === undefined || eligible.length === 1) return only ?? null
  const slack = 1 / (2 * eligible.length - 2)
  const owed = eligible.filter((each) => each.balance >= slack - tolerance)
  // Neither happens in a fixed pool. After edits deadlines are no guide (a tiny share makes a small debt look ancient), and the
  // largest balance keeps everybody within 1.5 leads where the plain rule was measured at 1.97.
  const overdue = owed.some((each) => each.balance > 1 - slack + tolerance)
  if (owed.length === 0 || overdue) return leastBy(eligible, (each) => -each.balance, lastDrawn)
  return leastBy(owed, (each) => (1 - slack - each.balance) / each.share, lastDrawn)
}

function leastBy(
  candidates: readonly RotationConsidered[],
  urgency: (member: RotationConsidered) => number,
  lastDrawn: Readonly<Record<string, number>>,
): RotationConsidered | null {
  let least = Number.POSITIVE_INFINITY
  for (const candidate of candidates) least = Math.min(least, urgency(candidate))
  const limit = least + tolerance * (1 + Math.abs(least))
  let best: RotationConsidered | null = null
  for (const candidate of candidates) {
    if (urgency(candidate) > limit) continue
    if (best === null || comesBefore(candidate.member, best.member, lastDrawn)) best = candidate
  }
  return best
}

function comesBefore(left: string, right: string, lastDrawn: Readonly<Record<string, number>>): boolean {
  const drawnAt = (id: string) =>
    (Object.hasOwn(lastDrawn, id) ? lastDrawn[id] : undefined) ?? Number.NEGATIVE_INFINITY
  const [leftAt, rightAt] = [drawnAt(left), drawnAt(right)]
  return leftAt === rightAt ? left < right : leftAt < rightAt
}

function explain(
  chosen: RotationConsidered,
  eligible: number,
  { strategy, members }: RotationRequest,
): string {
  const away = members.length - eligible
  const others = `${eligible} available${away === 0 ? '' : `, ${away} not`}`
  const share = `${round(chosen.share * 100)} % of the ${strategy} rotation`
  return `${chosen.member} is next: a share of ${share}, ${round(chosen.balance)} leads owed, first due (${others})`
}

function explainNobody(considered: readonly RotationConsidered[]): string {
  if (considered.length === 0) return 'nobody can be drawn: the pool has no members'
  const reasons = considered.map(({ member, excluded }) => `${member} (${excluded?.reason ?? 'available'})`)
  return `nobody can be drawn: ${reasons.join(', ')}`
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
