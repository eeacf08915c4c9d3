import { checkTerritory, type Territory } from '../routing/territory.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { FieldProblem } from './contract.ts'
import { ProblemError } from './problem.ts'

/**
 * Refuses a territory that may not be saved: gaps, overlaps, entries never reached, names that are not there, and a dimension or value
 * that the version before had and that rows may still be asked with.
 *
 * @throws {ProblemError} `request-invalid` with every problem, the first one in front.
 */
export async function requireSound(runtime: Runtime, territory: Territory, before: Territory): Promise<void> {
  const [reps, pools] = await Promise.all([runtime.reps(), runtime.pools()])
  const known = { reps, pools: pools.map(({ state }) => state.pool) }
  const problems = [...lostDimensions(territory, before), ...checkTerritory(territory, known)]
  const [first] = problems
  if (first === undefined) return
  const errors = problems.map(
    ({ path, message, value }): FieldProblem => ({
      field: path.join('.'),
      message,
      value: (JSON.stringify(value) ?? 'missing').slice(0, 200),
      wayOut: 'change the territory as the message says, and send it again; nothing of it was saved',
    }),
  )
  throw new ProblemError('request-invalid', `${errors[0]?.field}: ${first.message}`, {
    field: first.path.join('.'),
    value: first.value,
    wayOut: 'mend what stands under errors and send the territory again; nothing of it was saved',
    errors: errors.slice(0, 100),
  })
}

/** The definition asks with all of these; without one of them its leads would have no place. */
function lostDimensions(territory: Territory, before: Territory) {
  return before.dimensions.flatMap(({ name, values }) => {
    const kept = territory.dimensions.find((each) => each.name === name)
    if (kept === undefined) {
      const message = `dimension ${name} is missing; tables ask with it, so keep it with its values`
      return [{ path: ['dimensions'], message, value: name }]
    }
    const lost = values.filter((value) => !kept.values.includes(value))
    return lost.map((value) => ({
      path: ['dimensions', territory.dimensions.indexOf(kept), 'values'],
      message: `${name} no longer has ${value}; rows may still be asked with it, so keep it`,
      value,
    }))
  })
}
