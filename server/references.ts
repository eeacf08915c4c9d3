import { circleFrom, circleText } from '../routing/hand-over-circle.ts'
import { checkHolidays } from '../routing/holidays.ts'
import { handOversOf, type Pool } from '../routing/pool.ts'
import type { Rep } from '../routing/rep.ts'
import { findSameEmail } from '../routing/same-email.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { ProblemError } from './problem.ts'

/** Something a document of live data names and that is not there, with what would be. */
interface Missing {
  field: string
  value: unknown
  message: string
  wayOut: string
}

/** @throws {ProblemError} `request-invalid` where a member or a hand-over names a rep or a pool that is not there. */
export async function requireKnownIn(pool: Pool, runtime: Runtime): Promise<void> {
  const [reps, pools] = await Promise.all([runtime.reps(), runtime.pools()])
  const repIds = new Set(reps.map(({ id }) => id))
  const names = pools.map(({ state }) => state.pool.name)
  const missing = pool.members.flatMap(({ rep }, index) => missingRep(`members.${index}.rep`, rep, repIds))
  for (const [handOver, path] of handOversOf(pool.whenNobody)) {
    if (typeof handOver === 'string') continue
    if ('person' in handOver)
      missing.push(...missingRep([...path, 'person'].join('.'), handOver.person, repIds))
    if ('pool' in handOver && !names.includes(handOver.pool)) {
      missing.push({
        field: [...path, 'pool'].join('.'),
        value: handOver.pool,
        // Found out only when the first lead is stuck, otherwise.
        message: `there is no pool "${handOver.pool}" to hand over to`,
        wayOut: `use one of: ${names.join(', ')}`,
      })
    }
  }
  if (missing.length === 0)
    missing.push(
      ...endless(
        pool,
        pools.map(({ state }) => state.pool),
      ),
    )
  refuse(missing)
}

/**
 * @throws {ProblemError} `request-invalid` where a rep names somebody who is not there, holidays that no calendar has, or the address of
 *   another rep.
 */
export async function requireKnownFor(rep: Rep, runtime: Runtime): Promise<void> {
  const reps = await runtime.reps()
  const repIds = new Set(reps.map(({ id }) => id))
  const missing = (['successor', 'manager', 'backup'] as const).flatMap((field) => {
    const other = rep[field]
    return other === null ? [] : missingRep(field, other, repIds)
  })
  const noCalendar = rep.holidays === null ? null : checkHolidays(rep.holidays)
  if (noCalendar !== null) {
    const wayOut = 'name a country, and a state of it, whose public holidays are known; or null for none'
    missing.push({ field: 'holidays', value: rep.holidays, message: noCalendar, wayOut })
  }
  refuse([...missing, ...sameAddress(rep, reps)])
}

/** Vendors and messages know people by their address: with two of one, a lead would be told to the wrong one. */
function sameAddress(rep: Rep, reps: readonly Rep[]): Missing[] {
  const other = findSameEmail(rep, reps)
  if (other === null) return []
  const message = `rep ${other.id} (${other.name}) has this address already`
  const wayOut = `use another address for ${rep.id}, or change ${other.id} first with PATCH /v1/reps/${other.id}`
  return [{ field: 'email', value: rep.email, message, wayOut }]
}

/** A chain of pools without an end would leave its leads with nobody. */
function endless(pool: Pool, pools: readonly Pool[]): Missing[] {
  const circle = circleFrom(pool, (name) =>
    name === pool.name ? pool : pools.find((each) => each.name === name),
  )
  if (circle === null) return []
  const [first] = handOversOf(pool.whenNobody)
  return [
    { field: first?.[1].concat('pool').join('.') ?? 'whenNobody', value: circle, ...circleText(circle) },
  ]
}

function missingRep(field: string, id: string, known: ReadonlySet<string>): Missing[] {
  if (known.has(id)) return []
  const wayOut = `name a rep of GET /v1/reps, or make one first with PUT /v1/reps/${id}`
  return [{ field, value: id, message: `there is no rep "${id}"`, wayOut }]
}

function refuse(missing: readonly Missing[]): void {
  const [first] = missing
  if (first === undefined) return
  const { field, value, message, wayOut } = first
  const errors = missing.map((each) => ({
    field: each.field,
    message: each.message,
    value: JSON.stringify(each.value),
    wayOut: each.wayOut,
  }))
  throw new ProblemError('request-invalid', `${field}: ${message}`, { field, value, wayOut, errors })
}
