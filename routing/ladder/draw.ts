import { openingOf } from '../availability.ts'
import type { Considered, Decision, DecisionView, Method } from '../decision.ts'
import type { HandOver, Pool, Queue } from '../pool.ts'
import type { Rep } from '../rep.ts'
import { nearText } from '../time/words.ts'
import { coverFor, isBarred, ownerOf, whyUncovered } from './coverage.ts'
import { assign, type Deciding, holdOn, holdSince, refuse } from './deciding.ts'
import { type Turn, turnOf } from './members.ts'

export interface PoolAnswer {
  pool: string
  stratum: string | null
  /** Null: the one of the pool's strategy. */
  method: Method | null
  reason: string
}

const hourMs = 3_600_000

/**
 * Draws from a pool, following what it declares for "nobody available" until somebody is found or every pool was asked. The draw belongs
 * to the pool that supplied the rep (trap 83). Null when the chain ends with nobody.
 */
export function drawFrom(answer: PoolAnswer, deciding: Deciding): Decision | null {
  const { view } = deciding
  const { stratum } = answer
  const asked: string[] = []
  let { pool: name, reason: why } = answer
  while (!asked.includes(name)) {
    asked.push(name)
    const pool = view.pool(name)
    if (pool === null) {
      deciding.failures.push({ who: `pool ${name}`, why: 'does not exist' })
      return refuse(deciding, `${why}, but pool ${name} does not exist`, { pool: name })
    }
    const turn = turnOf(pool, view, { stratum })
    const method = asked.length > 1 ? 'fallback_pool' : (answer.method ?? turn.method)
    if (turn.rep !== null) return drawn(turn, turn.rep, { method, why, deciding })
    why = `${why}; nobody of it is available`
    const step = nextStep(pool, deciding)
    if ('until' in step) {
      const reason = `${why}, so it is held until ${nearText(step.until, step.rep.zone, view.now)}, when ${step.rep.name} can be drawn`
      return holdOn(
        deciding,
        { on: 'hours', until: step.until },
        { reason, pool: name, considered: turn.considered },
      )
    }
    deciding.failures.push({ who: `pool ${name}`, why: turn.considered })
    why = step.why === null ? why : `${why}, ${step.why}`
    if (typeof step.to === 'object' && 'pool' in step.to) {
      refuse(deciding, `${why}; its next pool is ${step.to.pool}`, {
        pool: name,
        considered: turn.considered,
      })
      deciding.fallbackUsed = true
      why = `pool ${name} has nobody available; its next pool is ${step.to.pool}`
      name = step.to.pool
      continue
    }
    return handOver(step.to, { turn, method, why, deciding })
  }
  return refuse(deciding, `the pools ${asked.join(', ')} hand over to each other and have nobody`)
}

interface Drawing {
  method: Method
  why: string
  deciding: Deciding
}

/** What a pool without anybody says: wait for an opening, or who takes it. A hold that had its time, or has nothing to wait for, is over. */
function nextStep(
  { whenNobody, ...pool }: Pool,
  deciding: Deciding,
): { until: number; rep: Rep } | { to: HandOver; why: string | null } {
  if (typeof whenNobody !== 'object' || !('hold' in whenNobody)) return { to: whenNobody, why: null }
  const { atMostHours, otherwise } = whenNobody
  const { view } = deciding
  const key = `hours ${pool.name}`
  const since = holdSince(deciding, key)
  const end = since + atMostHours * hourMs
  const isOver = view.now >= end
  const opening = isOver ? null : firstOpening({ ...pool, whenNobody }, view, end - view.now)
  // A pool that has nothing to wait for does not hold the lead, so its clock does not run.
  if (isOver || opening !== null) deciding.heldSince[key] = since
  const why = isOver ? `it was held for ${atMostHours} h` : `nobody will be within ${atMostHours} h`
  return opening ?? { to: otherwise, why }
}

function firstOpening(pool: Pool, view: DecisionView, horizonMs: number): { until: number; rep: Rep } | null {
  let first: { until: number; rep: Rep } | null = null
  for (const { rep: id, weight } of pool.members) {
    const rep = view.rep(id)
    if (rep === null || isBarred(ownerOf(rep), view)) continue
    const within = first === null ? horizonMs : first.until - view.now
    const at = openingOf({ rep, weight, pool, load: view.load(id), now: view.now, horizonMs: within })
    if (at !== null && (first === null || at < first.until)) first = { until: at, rep }
  }
  // Whoever opens at this very moment was closed a moment ago: asking again at once would go round in a circle.
  return first === null ? null : { ...first, until: Math.max(first.until, view.now + 1_000) }
}

function handOver(to: Exclude<HandOver, { pool: string }>, given: Drawing & { turn: Turn }): Decision | null {
  const { turn, why, deciding } = given
  const { view } = deciding
  const seen = { pool: turn.pool.name, considered: turn.considered }
  deciding.fallbackUsed = true
  if (to === 'assign-anyway') {
    const anyway = turnOf(turn.pool, view, { stratum: turn.stratum, anyway: true })
    const said = `${why}, and the pool assigns anyway`
    if (anyway.rep !== null) return drawn(anyway, anyway.rep, { ...given, why: said })
    deciding.failures.push({ who: `pool ${turn.pool.name}`, why: anyway.considered })
    return refuse(deciding, `${said}, but it has nobody at all`, {
      pool: turn.pool.name,
      considered: anyway.considered,
    })
  }
  if ('queue' in to)
    return toQueue(to.queue, { reason: `${why}, so queue ${to.queue.name} takes it`, ...seen }, deciding)
  return lastPerson(to.person, { why: `${why}, so`, ...seen }, deciding)
}

/** The queue of a CRM takes the lead. It owns nothing: the company's next lead is decided afresh (trap 44). */
export function toQueue(
  queue: Queue,
  seen: { reason: string; pool?: string; considered?: Considered[] },
  deciding: Deciding,
): Decision {
  const owner = { rep: null, name: queue.name, email: null, ids: queue.ids }
  return assign(deciding, { ...seen, owner, method: 'no_eligible', claims: false })
}

/** The person at the end of a chain: there at any hour, and covered when gone. */
export function lastPerson(
  id: string,
  { why, ...seen }: { why: string; pool?: string; considered?: Considered[]; final?: boolean },
  deciding: Deciding,
): Decision | null {
  const { view } = deciding
  const { final = false, ...shown } = seen
  const no = (who: string, said: string, failed = said) => {
    deciding.failures.push({ who, why: failed })
    return refuse(deciding, `${why} ${who} takes it, who ${said}`, shown)
  }
  const rep = view.rep(id)
  if (rep === null) return no(`rep ${id}`, 'is not in the roster')
  // The last stop of a ladder takes even what it had before: a lead always goes somewhere.
  const among = final ? { ...view, previous: [] } : view
  const cover = rep.active ? null : coverFor(rep, among)
  const taker = rep.active ? rep : cover?.rep
  if (taker === undefined)
    return no(rep.name, 'is inactive and has nobody to cover', `inactive: ${whyUncovered(rep, among)}`)
  if (isBarred(ownerOf(taker), among)) return no(taker.name, 'had this lead before')
  const reason = `${why} ${cover === null ? `${taker.name} takes it` : `${rep.name} takes it, who is inactive; ${cover.reason}`}`
  return assign(deciding, { ...shown, owner: ownerOf(taker), method: 'fallback_person', reason })
}

function drawn(turn: Turn, rep: Rep, { method, why, deciding }: Drawing): Decision {
  const { pool, stratum, balances, considered } = turn
  return assign(deciding, {
    owner: ownerOf(rep),
    method,
    reason: `${why}; ${rep.name} is next${standing(considered, rep.id)}`,
    pool: pool.name,
    considered,
    chosen: rep.id,
    draw: { pool: pool.name, stratum, member: rep.id, balances },
  })
}

/** How the rep stood in the rotation, for people: `: share 50 %, 0.62 leads owed, 2 of 3 reps available`. */
function standing(considered: readonly Considered[], member: string): string {
  const chosen = considered.find((each) => each.member === member)
  if (chosen === undefined) return ''
  const available = considered.filter((each) => each.excluded === null).length
  const share = Math.round(chosen.share * 100)
  return `: share ${share} %, ${chosen.balance.toFixed(2)} leads owed, ${available} of ${considered.length} reps available`
}
