import type { Considered } from '../decision.ts'

/** Who was asked and could not take the lead: a pool with its members as it saw them, or a person. */
export interface Failure {
  who: string
  why: string | readonly Considered[]
}

/** Everybody who was asked in vain, the latest answer of each: `pool emea (Ana: is not active), Mia (inactive: no successor)`. */
export function tellFailures(failures: readonly Failure[]): string {
  const latest = new Map(failures.map(({ who, why }) => [who, why]))
  return [...latest]
    .map(([who, why]) => `${who} (${typeof why === 'string' ? why : tellMembers(why)})`)
    .join(', ')
}

/** A reason stands in a cell and in a message; the whole list is in the trace. */
const mostMembers = 8

function tellMembers(considered: readonly Considered[]): string {
  const told = considered
    .slice(0, mostMembers)
    .map(({ name, excluded }) => `${name}: ${excluded?.reason ?? 'was not drawn'}`)
  const others = considered.length - told.length
  return others === 0 ? told.join('; ') : `${told.join('; ')}; and ${others} more`
}
