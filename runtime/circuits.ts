import { CallFailure, type FailureKind } from '../columns/errors.ts'
import type { Log } from './engine.ts'
import type { PlannedColumn, TablePlan } from './plan.ts'

/** Nobody is asked for this long after the other side said that asking is of no use, in milliseconds. */
const restMs = 60_000

export interface OpenCircuit {
  /** Key of the budget, or table and column. */
  key: string
  kind: FailureKind
  /** Epoch ms at which one call may try again. */
  until: number
}

/**
 * Stops asking a side that has no quota left or refuses our key. After a minute one call tries again, and the others go on failing without
 * a call until it worked.
 */
export interface Circuits {
  /** The failure in place of the calls of an attempt, or leave to make them; `probe`: on behalf of all that have none. */
  ask(key: string): { refused: CallFailure } | { refused: null; probe: boolean }
  failed(key: string, column: PlannedColumn, error: unknown): void
  /** A probe was answered. What others hear that had left before says nothing new. */
  answered(key: string): void
  open(): OpenCircuit[]
}

interface Broken extends OpenCircuit {
  message: string
}

export function createCircuits(now: () => number, log: Log): Circuits {
  const broken = new Map<string, Broken>()

  return {
    ask(key) {
      const found = broken.get(key)
      if (found === undefined) return { refused: null, probe: false }
      if (now() < found.until) return { refused: refusalOf(found) }
      // Should this one never come back, another tries after the same rest.
      found.until = now() + restMs
      return { refused: null, probe: true }
    },
    failed(key, column, error) {
      if (!breaks(column, error)) return
      const { kind, message } = error
      if (!broken.has(key)) log.warn({ budget: key, kind, error: message }, 'no calls are made for a minute')
      broken.set(key, { key, kind, message, until: now() + restMs })
    },
    answered(key) {
      if (broken.delete(key)) log.info({ budget: key }, 'calls are made again')
    },
    open: () => [...broken.values()].map(({ key, kind, until }) => ({ key, kind, until })),
  }
}

/** Columns that share a budget share what the other side said. */
export const circuitOf = (plan: TablePlan, { name, column }: PlannedColumn): string =>
  column.budget?.key ?? `${plan.table.name}.${name}`

/**
 * A CRM refuses single records as `unauthorized` too. So that stops only columns that have an answer of their own to give in its place.
 */
function breaks({ column: { work } }: PlannedColumn, error: unknown): error is CallFailure {
  if (work.effect !== 'read' || !CallFailure.isInstance(error)) return false
  return error.kind === 'quota-exhausted' || (error.kind === 'unauthorized' && work.otherwise !== undefined)
}

function refusalOf({ key, kind, message, until }: Broken): CallFailure {
  const next = new Date(until).toISOString()
  return new CallFailure(kind, `no call was made: "${key}" rests until ${next} after "${message}"`, {
    retryable: false,
  })
}
