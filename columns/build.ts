import { hash } from 'node:crypto'
import type { z } from 'zod'
import type { ServiceLevelClock } from '../routing/service-level/policy.ts'
import type { Column, ColumnOptions, Hearing, Signal, Spend, Values, Work } from './column.ts'
import { CallFailure, TableError } from './errors.ts'
import { type JsonObject, jsonSchemaOf, stableStringify } from './json.ts'
import type { Answered } from './types.ts'

export interface Parts<Row extends object, Out> extends ColumnOptions {
  kind: string
  reads?: readonly (keyof Row & string)[] | undefined
  needs?: readonly (keyof Row & string)[] | undefined
  output?: z.ZodType<Out> | null | undefined
  costUsd?: number
  /** Paths into values it reads, such as `firm.employees`. */
  paths?: readonly string[]
  /** Other tables that the column asks. */
  tables?: readonly string[]
  describe?: JsonObject
  /** Kinds of signal that the cell takes. */
  signals?: readonly string[]
  /** Why a signal cannot be taken now, null where it can. */
  refusal?: (signal: Signal, hearing: Hearing) => TableError | null
  /** The service-level clock that a result stands for. */
  clock?: (value: Out) => ServiceLevelClock
  /** Functions and data whose change makes old answers stale; their source text counts. */
  versionOf: readonly unknown[]
  work: Work<Out>
}

/** An hour without the other side is not the end of a write: its pauses add up to more, even with the shortest of jitters. */
const retries = {
  none: { attempts: 1, baseMs: 500, maxMs: 60_000 },
  read: { attempts: 4, baseMs: 500, maxMs: 60_000 },
  draw: { attempts: 1, baseMs: 500, maxMs: 60_000 },
  write: { attempts: 24, baseMs: 500, maxMs: 600_000 },
}
const timeouts = { none: 10_000, read: 20_000, draw: 10_000, write: 20_000 }

/**
 * Completes a column with the defaults of its effect class. Every kind, ours or yours, is made by this.
 *
 * @throws {TableError} `definition-invalid` for a limit of money or time that is none.
 */
export function buildColumn<Row extends object, Out>(parts: Parts<Row, Out>): Column<Row, Out> {
  const describe = parts.describe ?? {}
  checkSpend(parts.spend)
  checkWithin(parts.withinMs, parts.work.effect)
  return {
    kind: parts.kind,
    reads: parts.reads ?? [],
    needs: parts.needs ?? [],
    output: parts.output ?? null,
    retry: { ...retries[parts.work.effect], ...parts.retry },
    timeoutMs: parts.timeoutMs ?? timeouts[parts.work.effect],
    withinMs: parts.withinMs ?? null,
    spend: parts.spend ?? null,
    budget: parts.budget ?? null,
    costUsd: parts.costUsd ?? 0,
    ...(parts.paths !== undefined && { paths: parts.paths }),
    tables: parts.tables ?? [],
    describe,
    signals: parts.signals ?? [],
    refusal: parts.refusal ?? null,
    clock: parts.clock ?? null,
    version: versionOf([
      parts.kind,
      describe,
      parts.revision ?? 0,
      schemaOf(parts.output),
      ...parts.versionOf,
    ]),
    work: parts.work,
  }
}

function checkSpend(spend: Spend = {}): void {
  for (const [limit, usd] of Object.entries(spend)) {
    if (usd === undefined || (Number.isFinite(usd) && usd >= 0)) continue
    throw new TableError('definition-invalid', `spend.${limit} is no amount of money`, {
      field: `spend.${limit}`,
      value: String(usd),
      wayOut: 'give US dollars from 0, or leave the limit out',
    })
  }
}

/** A draw answers at once, and an effect that has left is waited for: only a question can be answered too late. */
function checkWithin(withinMs: number | undefined, effect: Work<unknown>['effect']): void {
  if (withinMs === undefined) return
  const isQuestion = effect === 'none' || effect === 'read'
  if (isQuestion && Number.isFinite(withinMs) && withinMs > 0) return
  throw new TableError(
    'definition-invalid',
    isQuestion ? 'withinMs is no span of time' : `a column of effect ${effect} cannot have withinMs`,
    {
      field: 'withinMs',
      value: String(withinMs),
      wayOut: isQuestion ? 'give milliseconds above 0, or leave it out' : 'leave it out',
    },
  )
}

/**
 * The runtime hands a cell exactly the values it declared, so the typed function may be called with them.
 * The one place where the types of a definition meet the untyped row.
 */
export const asSeen = <Shape>(values: Values): Shape => values as Shape

/** Read-only or not, it is the same value: nobody changes what a cell holds. */
export const asAnswered = <Out>(value: Answered<Out>): Out => value as Out

/** A narrower schema may refuse or strip what an earlier answer held. */
const schemaOf = (output: z.ZodType | null | undefined) => (output ? jsonSchemaOf(output) : null)

/** Runs code of the definition that says what to send. What it throws is its error; nothing has been sent, so nothing is in doubt. */
export function beforeSending<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (CallFailure.isInstance(error)) throw error
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    throw new CallFailure('crashed', message, { retryable: false, cause: error })
  }
}

export function versionOf(parts: readonly unknown[]): string {
  return hash('sha256', parts.map(sourceOf).join('\n'), 'hex').slice(0, 12)
}

function sourceOf(part: unknown): string {
  if (typeof part === 'function') return part.toString()
  return stableStringify(part, sourceOf)
}
