import { handOversOf, type Pool } from './pool.ts'

/**
 * The pools that a lead would be handed through for ever when nobody is there, from this one on to the one it meets again; null when
 * the chain ends. Behind a hold it goes on as the hold says.
 */
export function circleFrom(
  start: Pool,
  poolOf: (name: string) => Pool | null | undefined,
): readonly string[] | null {
  const names = [start.name]
  let next = nextOf(start)
  while (next !== null) {
    names.push(next)
    if (names.indexOf(next) < names.length - 1) return names
    const pool: Pool | null | undefined = poolOf(next)
    next = pool === null || pool === undefined ? null : nextOf(pool)
  }
  return null
}

/** What stands against the circle, and what to do about it. */
export function circleText(circle: readonly string[]): { message: string; wayOut: string } {
  return {
    message: `the pools hand over in a circle: ${circle.join(' -> ')}`,
    wayOut: 'let one of them end at a person, a queue, or "assign-anyway"',
  }
}

function nextOf({ whenNobody }: Pool): string | null {
  for (const [to] of handOversOf(whenNobody)) if (typeof to === 'object' && 'pool' in to) return to.pool
  return null
}
