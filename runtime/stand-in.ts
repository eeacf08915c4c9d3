import type { Outcome } from '../columns/column.ts'
import type { CallFailure } from '../columns/errors.ts'
import type { Engine } from './engine.ts'
import { problemOf } from './outcome.ts'
import type { Execution } from './record.ts'
import type { Task } from './task.ts'

/** What the column gives in the place of an error; null where it has nothing to give, or nothing that could be kept. */
export function standInFor(
  engine: Engine,
  task: Task,
  { column, values }: Execution,
  failure: CallFailure,
): Outcome<unknown> | null {
  const { work, output } = column.column
  if (work.effect === 'draw' || work.effect === 'write' || values === undefined) return null
  try {
    const outcome = work.otherwise?.(values, failure) ?? null
    const problem = outcome === null ? null : problemOf(outcome, output)
    if (problem !== null) throw new TypeError(problem)
    return outcome
  } catch (error) {
    const whose = { row: task.row.id, column: column.name, error }
    engine.log.error(whose, 'what was to stand in for a failed answer is none; the failure stands')
    return null
  }
}
