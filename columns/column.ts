import type { z } from 'zod'
import type { Assignment, Decision, DecisionView } from '../routing/decision.ts'
import type { Pool } from '../routing/pool.ts'
import type { Rep } from '../routing/rep.ts'
import type { ServiceLevelClock } from '../routing/service-level/policy.ts'
import type { Territory } from '../routing/territory.ts'
import type { Budget } from './budget.ts'
import type { CallFailure, TableError } from './errors.ts'
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

/** What is known of a column that another one stands in for, see the option `late` of a table, at the moment that other one is run. */
export interface Lateness {
  column: string
  /** How it ended, after which nothing more is done by itself; null while it is under way or is tried again. */
  ended: 'error' | 'unknown' | 'cancelled' | null
  /** What it failed with last, null where that is not known. */
  reason: string | null
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
  /** ISO time the row was inserted. */
  receivedAt: string
  /** Identifies one intended effect: the same over its retries, another when content or generation changes. */
  sendId: string
  /** The value this cell had before the present effect was intended, null for none: what went out earlier. */
  earlier: Json | null
  /** Nobody could tell whether this effect happened, and it is repeated all the same: see `whenUnknown`. */
  mayRepeat: boolean
  /** What people or other systems told this cell, in order. */
  signals: readonly Signal[]
  /**
   * When the cell of an earlier column last settled (epoch ms), null while it has not, or for a column without a result; `first`: when a
   * draw that was made anew since gave its first owner.
   */
  finishedAt(column: string, which?: 'first'): number | null
  /** True when a person decided the owner in this column, and has not let go of it. */
  isPinned(column: string): boolean
  /** How the column stands that this one stands in for; null, or left out, for a column that stands in for none. */
  readonly lateness?: Lateness | null
  now(): number
  random(): number
  lookup(table: string, by: 'person' | 'account', key: string): Promise<LookedUpRow | null>
  /**
   * The answer kept under this key, else what `ask` gives. Identical questions under way are asked once; an answer that `ask` marks to be
   * kept survives restarts, and goes when the row that asked is erased. A kept answer that `accept` refuses is asked anew.
   */
  memo(
    key: string,
    ask: () => Promise<{ value: Json; keep: boolean }>,
    accept?: (value: Json) => boolean,
  ): Promise<{ value: Json; cached: boolean }>
  /**
   * Reserves money for one call before it is made, within the column's `spend`. Throws `CallFailure` `budget-exhausted` naming the limit;
   * settle with what the call really cost.
   */
  charge(maxUsd: number): Promise<{ settle(usd: number): void }>
}

/** Most a column may spend, in US dollars. A limit that is left out does not exist. */
export interface Spend {
  perRow?: number
  perRun?: number
  /** A day in UTC. */
  perDay?: number
}

/** Something that a person or another system tells a cell: a touch, an acceptance, a refusal. */
export interface Signal {
  kind: string
  /** Rep id, or whatever the caller is known by. */
  by: string
  /** Epoch ms at which it happened, which may be before it was told. */
  at: number
  note?: string
  /** Made by a machine: an automated e-mail is no human touch. */
  automated?: boolean
  /** How it was seen, where nobody told it. */
  how?: string
}

/** A row at the moment somebody tells one of its cells something. Times are epoch milliseconds. */
export interface Hearing {
  row: string
  /** The column that is told. */
  column: string
  /** What the column declared, as it is now. */
  values: Values
  occurredAt: number
  receivedAt: number
  now: number
  cell(column: string): { status: string; reason: string | null; finishedAt: number | null }
}

export type Outcome<Out> =
  | {
      status: 'done'
      value: Out
      reason?: string
      detail?: object
      cost?: Cost
      /** Epoch ms at which the cell is to be run again by itself. */
      again?: number
      /**
       * Takes the draw of an earlier column back and draws anew, or gives it to the rep `to`, with everything behind it, in the same run.
       * `rereads` are earlier columns that are out of date: they run again first, and the former owner may get the draw once more.
       * A write that answers with it has written nothing: its cell has no result, and `value` is the `earlier` of its next attempt.
       */
      redraw?: { column: string; reason: string; to?: string; rereads?: readonly string[] }
      /** Facts that the cell keeps among its signals: seen once, they are not asked for again. */
      learnt?: readonly Signal[]
    }
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

/**
 * What the other side allows when the outcome of an effect is not known. `same-state`: writing again gives the same state, so it is read
 * and written only where it differs. `keyed`: the other side knows our key and takes it once. `readable`: what was done can be found
 * afterwards. `blind`: nobody can tell.
 */
export type EffectTarget = 'same-state' | 'keyed' | 'readable' | 'blind'

/** What reading back after an unknown outcome found. */
export type Reconciliation<Out> =
  | { state: 'happened'; outcome: Outcome<Out> }
  | { state: 'absent' }
  | { state: 'unknown'; reason: string }

/** The declared values of a cell, with the types erased. Only `reads` and `needs` are in it. */
export type Values = Readonly<Record<string, unknown>>

/** A rep named from outside the rules, by a person or at the end of a service level. */
export interface Override {
  rep: string
  reason: string
  who: string
  method: 'manual_override' | 'fallback_person'
}

export type Work<Out> =
  | {
      effect: 'none' | 'read'
      run(values: Values, context: CellContext): Outcome<Out> | Promise<Outcome<Out>>
      /** What stands in the place of an error, once no further attempt is made: a lead does not stop for want of a model. Null: the error. */
      otherwise?(values: Values, failure: CallFailure): Outcome<Out> | null
    }
  | {
      effect: 'draw'
      /** Seeds of live data, added where they are not there yet. */
      pools: readonly Pool[]
      reps: readonly Rep[]
      territories: readonly Territory[]
      /** The name under which several columns share their claims; left out, the column knows its own alone. */
      claimScope?: string
      /** Pure: runs inside the store's transaction, perhaps more than once. */
      decide(values: Values, view: DecisionView): Decision
      /** A person's word against the rules: this rep gets it. Pure. Throws `TableError` for a rep who is not in the roster. */
      override(given: Override, view: DecisionView): Decision
      /** Why this standing answer must not be written any more, null while it may: asked again before an effect that confirms it. Pure. */
      recheck(assignment: Assignment, view: DecisionView): string | null
    }
  | {
      effect: 'write'
      /** One line for the preview of a run: `writes the owner to salesforce`. */
      sideEffect: string
      /** Whom it reaches: a backfill may change records without a word to anybody. */
      reaches: 'records' | 'people'
      target: EffectTarget
      /**
       * Once nobody can tell the outcome, a read-back of any target included: `leave` it so (at most once), or `repeat` it (at least once;
       * the detail says that it may be a repetition). `leave` when left out.
       */
      whenUnknown?: 'leave' | 'repeat'
      /** Columns whose draw is confirmed by the success of this effect. */
      confirms: readonly string[]
      /** Columns that it may have run again before those draws, see `redraw`. */
      rereads?: readonly string[]
      send(values: Values, context: CellContext): Promise<Outcome<Out>>
      /** How long after a lost answer the other side may still take the effect, in milliseconds: reading back earlier proves nothing. */
      horizonMs: number
      /** Reads back whether an attempt whose outcome is unknown took effect. */
      reconcile(values: Values, context: CellContext): Promise<Reconciliation<Out>>
      /**
       * What was done, in one sentence without a full stop, for whoever asks why. `values` are those that were sent, null where they are
       * not known any more. Pure.
       */
      tell?(value: Out, known: { values: Values | null; detail: object | null }): string
    }

/** As a method, so that a column of a narrower value may stand where one of a wider value is asked for. */
type ClockOf<Out> = { of(value: Out): ServiceLevelClock }['of']

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
  /**
   * Milliseconds from the first attempt of a run after which the row no longer waits for this cell: `otherwise` stands, and a later
   * answer is recorded and not applied. Null: as long as the attempts take.
   */
  readonly withinMs: number | null
  readonly spend: Spend | null
  readonly budget: Budget | null
  /** Highest price of one run in US dollars, for previews. */
  readonly costUsd: number
  /** The same for a row with these values, and what it is likely to be. Pure. */
  readonly estimate?: (values: Values) => { atMostUsd: number; likelyUsd: number }
  /** What is wrong with the definition: told when the column has a table and a name. */
  readonly flaw?: TableError
  /** Paths into the values it reads that the column uses, such as `firm.employees`: checked against the declared outputs. */
  readonly paths?: readonly string[]
  /** Other tables that the column asks; they must be served too. */
  readonly tables: readonly string[]
  /** What the column is made of, for people and for the version: prompt, rules, exits. */
  readonly describe: JsonObject
  /** Changes when the same inputs could give another answer. */
  readonly version: string
  /** Kinds of signal that the cell takes, for instance `touched`. */
  readonly signals: readonly string[]
  /** Why this signal cannot be taken now, null where it can: asked before it is written. Pure. Null for a column that takes all. */
  readonly refusal: ((signal: Signal, hearing: Hearing) => TableError | null) | null
  /** The service-level clock that a result stands for: kept beside the row for reports and open load. Null for other columns. */
  readonly clock: ClockOf<Out> | null
  readonly work: Work<Out>
}

/** The choices every kind of column shares. */
export interface ColumnOptions {
  retry?: Partial<RetryPolicy>
  timeoutMs?: number
  withinMs?: number
  spend?: Spend
  budget?: Budget
  /** Raise this by hand when behaviour changes in code that the column only calls. */
  revision?: number
}
