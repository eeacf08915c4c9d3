import type { z } from 'zod'
import type { Decision, RotationView } from '../routing/decision.ts'
import type { Pool } from '../routing/pool.ts'
import type { Json, JsonObject } from './json.ts'
import type { Call } from './ports.ts'

/**
 * What running a column may do to the world. The runtime obeys this and never asks the kind.
 * `none` pure, in process; `read` asks the outside and changes nothing; `draw` takes a turn of a rotation, decided inside the
 * store's transaction; `write` changes the outside world: intent first, reconciled, repeated only by explicit word.
 */
export type Effect = 'none' | 'read' | 'draw' | 'write'

export interface RetryPolicy {
  /** Attempts in all, the first included. */
  attempts: number
  /** First pause in milliseconds; it doubles with every attempt, with jitter. */
  baseMs: number
  maxMs: number
}

/** A limit shared by every column that names the same key. */
export interface Budget {
  key: string
  concurrency: number
  perSecond?: number
}

export interface Cost {
  usd: number
  inputTokens?: number
  outputTokens?: number
}

/** A row of another table, as `lookup` sees it. */
export interface LookedUpRow {
  id: string
  input: JsonObject
  values: Record<string, Json>
}

/** Everything from outside that a column may use. Nothing else: no global clock, random or fetch. */
export interface CellContext extends Call {
  table: string
  row: string
  column: string
  /** 1 for the first. */
  attempt: number
  /** ISO time the lead was submitted, which may be long before the row was inserted. */
  occurredAt: string
  /** Identifies one intended effect: the same over its retries, another when content or generation changes. */
  sendId: string
  now(): number
  random(): number
  lookup(table: string, by: 'person' | 'account', key: string): Promise<LookedUpRow | null>
}

export type Outcome<Out> =
  | { status: 'done'; value: Out; reason?: string; detail?: object; cost?: Cost }
  | { status: 'no-result'; reason: string; detail?: object; cost?: Cost }

export const done = <Out>(
  value: Out,
  extra: { reason?: string; detail?: object; cost?: Cost } = {},
): Outcome<Out> => ({
  status: 'done',
  value,
  ...extra,
})

export const noResult = (reason: string, extra: { detail?: object; cost?: Cost } = {}): Outcome<never> => ({
  status: 'no-result',
  reason,
  ...extra,
})

/** What reading back after an unknown outcome found. */
export type Reconciliation<Out> =
  | { state: 'happened'; outcome: Outcome<Out> }
  | { state: 'absent' }
  | { state: 'unknown'; reason: string }

/** The declared values of a cell, with the types erased. Only `reads` and `needs` are in it. */
export type Values = Readonly<Record<string, unknown>>

export type Work<Out> =
  | {
      effect: 'none' | 'read'
      run(values: Values, context: CellContext): Outcome<Out> | Promise<Outcome<Out>>
    }
  | {
      effect: 'draw'
      pools: readonly Pool[]
      /** Pure: runs inside the store's transaction, perhaps more than once. */
      decide(values: Values, view: RotationView): Decision
    }
  | {
      effect: 'write'
      /** One line for the preview of a run: `writes the owner to salesforce`. */
      sideEffect: string
      /** Columns whose draw is confirmed by the success of this effect. */
      confirms: readonly string[]
      send(values: Values, context: CellContext): Promise<Outcome<Out>>
      /** How long after a lost answer the other side may still take the effect, in milliseconds: reading back earlier proves nothing. */
      horizonMs: number
      /** Reads back whether an attempt whose outcome is unknown took effect. */
      reconcile(values: Values, context: CellContext): Promise<Reconciliation<Out>>
    }

/** A typed function that fills one cell per row. */
export interface Column<Row extends object, Out> {
  readonly kind: string
  /** Values the cell sees, null allowed. */
  readonly reads: readonly (keyof Row & string)[]
  /** Values that must be present, or the cell is skipped. */
  readonly needs: readonly (keyof Row & string)[]
  readonly output: z.ZodType<Out> | null
  readonly retry: RetryPolicy
  /** Deadline of one attempt in milliseconds. */
  readonly timeoutMs: number
  readonly budget: Budget | null
  /** Highest price of one run in US dollars, for previews. */
  readonly costUsd: number
  /** Other tables that the column asks; they must be served too. */
  readonly tables: readonly string[]
  /** What the column is made of, for people and for the version: prompt, rules, exits. */
  readonly describe: JsonObject
  /** Changes when the same inputs could give another answer. */
  readonly version: string
  readonly work: Work<Out>
}

/** The choices every kind of column shares. */
export interface ColumnOptions {
  retry?: Partial<RetryPolicy>
  timeoutMs?: number
  budget?: Budget
  /** Raise this by hand when behaviour changes in code that the column only calls. */
  revision?: number
}
