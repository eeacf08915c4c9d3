import type { Json } from '../columns/json.ts'
import type { LateEntry } from '../db/journal.ts'
import type { Engine } from './engine.ts'
import { abort, clearTimers } from './flight.ts'
import { isOutcome, noOutcome, problemOf } from './outcome.ts'
import { costOf, type Execution } from './record.ts'
import { asFailure } from './retry.ts'
import type { Task } from './task.ts'

export type Landed = { answer: unknown } | { error: unknown }

/**
 * Writes down what became of a question whose row stopped waiting. It changes no cell, whatever has happened to the row since: another
 * run may be at it, or it may be gone.
 */
export function recordLate(engine: Engine, task: Task, execution: Execution, landed: Landed): void {
  const { row, run } = task
  const entry: LateEntry = {
    kind: 'late',
    column: execution.column.name,
    run: run.ordinal,
    startedAt: execution.startedAt,
    at: engine.world.now(),
    ...contentOf(execution, landed),
  }
  engine.store.append(row.table, row.id, entry).catch((error: unknown) => {
    if (engine.stopping) return
    engine.log.error({ row: row.id, column: entry.column, error }, 'a late answer could not be recorded')
  })
}

function contentOf(
  execution: Execution,
  landed: Landed,
): Pick<LateEntry, 'status' | 'value' | 'reason' | 'detail' | 'cost'> {
  const { work, output } = execution.column.column
  const failed = (reason: string) => ({ status: 'error' as const, reason, ...costOf(execution, undefined) })
  if ('error' in landed) {
    const { kind, message } = asFailure(landed.error, work.effect)
    return failed(`${kind}: ${message}`)
  }
  const { answer } = landed
  const problem = problemIn(() => problemOf(answer, output))
  if (problem !== null || !isOutcome(answer)) return failed(`invalid-output: ${problem ?? noOutcome}`)
  const { status, reason, detail, cost } = answer
  return {
    status,
    ...(answer.status === 'done' && { value: answer.value as Json }),
    ...(reason !== undefined && { reason }),
    ...(detail !== undefined && { detail }),
    ...costOf(execution, cost),
  }
}

/** A schema of the definition may throw. */
function problemIn(check: () => string | null): string | null {
  try {
    return check()
  } catch (error) {
    return asFailure(error, 'read').message
  }
}

/** Ends the questions nobody waits for: the runtime stops, and a read may be asked again. */
export function dropLate(engine: Engine): void {
  for (const flight of engine.late) {
    clearTimers(flight)
    abort(flight, new Error('the runtime stops'))
  }
  engine.late.clear()
}
