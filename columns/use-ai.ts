import type { z } from 'zod'
import { asAnswered, asSeen, buildColumn } from './build.ts'
import { type Column, type ColumnOptions, done, type Outcome, type Values } from './column.ts'
import { type CallFailure, TableError } from './errors.ts'
import type { Model } from './ports.ts'
import type { PathOf, Prompt } from './prompt.ts'
import type { Answered, NameOf, Seen } from './types.ts'
import { type Shown, standIn } from './use-ai/answer.ts'
import { askModel, requestOf } from './use-ai/ask.ts'
import { estimateOf, mostUsd } from './use-ai/estimate.ts'
import { outcomeOfFailure, RepairFailure } from './use-ai/outcomes.ts'
import { checkKnown, describePlan, planOf } from './use-ai/plan.ts'
import type { Price } from './use-ai/price.ts'

/** What the deterministic rule says: the whole answer, or the part it is sure of. `detail` is kept as `detail.rule` of the cell. */
export type RuleAnswer<Out> =
  | { complete: true; value: Out; detail?: object }
  | {
      complete: false
      known: Partial<Out>
      /** Fields that tell why, such as a reason and citations: they stand with `known` where it overrules the model. */
      explain?: Partial<Out>
      detail?: object
    }

export interface UseAiOptions<Row extends object, Reads extends NameOf<Row>, Needs extends NameOf<Row>, Out>
  extends ColumnOptions {
  reads?: readonly Reads[]
  needs?: readonly Needs[]
  model: Model
  /** A zod object; every enum in it has `unknown`, or may be null. Its descriptions are the rules that the model is told. */
  output: z.ZodType<Out>
  /** Its references, such as `{{domain}}` and `{{firm.employees}}`, must be among `reads` and `needs`. */
  prompt: Prompt<NoInfer<PathOf<Row, Reads | Needs>>>
  /** The only values that are sent. Left out: what the prompt refers to. */
  send?: readonly NoInfer<PathOf<Row, Reads | Needs>>[]
  /** False sends e-mail addresses as they are; otherwise they are replaced. */
  redact?: boolean
  /** A field of the output that lists the inputs an answer stands on: names of values that were empty or not sent make it invalid. */
  cites?: { field: NameOf<NoInfer<Out>> }
  /** Answers from facts. The model is asked only when this is not complete, and can never overrule what is known. */
  decide?: (row: NoInfer<Seen<Row, Reads, Needs>>) => RuleAnswer<Answered<Out>>
  /** Stands when the model gives no valid answer, fails or is too late; null makes it no result. */
  unknown?: (row: NoInfer<Seen<Row, Reads, Needs>>, known: Partial<Answered<Out>>) => Answered<Out> | null
  /** Longest answer, in tokens. */
  maxTokens?: number
  /** US dollars for a million tokens, in and out. `spend` needs it. */
  price?: Price
}

/** Read-only or not, it is the same part of an answer. */
const asKnown = <Out>(known: Partial<Answered<Out>>): Partial<Out> => known as Partial<Out>

/**
 * Messy fields into validated JSON: the rule first, the model for the rest, one repair, then an honest unknown. Identical questions
 * are asked once and answers that were valid are kept. Whatever the model's server does, the cell says which outcome it was.
 *
 * A prompt, output or limit that cannot work makes the table throw `definition-invalid`, with the names of table and column.
 */
export function useAi<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
  const Out extends object = object,
>(options: UseAiOptions<Row, Reads, Needs, Out>): Column<Row, Out> {
  try {
    return define(options)
  } catch (error) {
    if (!TableError.isInstance(error)) throw error
    const { reads, needs } = options
    const run = () => Promise.reject(error)
    const column = { kind: 'use-ai', reads, needs, versionOf: [], work: { effect: 'none', run } } as const
    return { ...buildColumn<Row, Out>(column), flaw: error }
  }
}

function define<Row extends object, Reads extends NameOf<Row>, Needs extends NameOf<Row>, Out extends object>(
  options: UseAiOptions<Row, Reads, Needs, Out>,
): Column<Row, Out> {
  const plan = planOf<Out>(options)
  const { decide, unknown } = options
  const byFacts = (values: Values): Out | null => {
    const row: Seen<Row, Reads, Needs> = asSeen(values)
    const rule = decide?.(row)
    if (rule?.complete) return asAnswered<Out>(rule.value)
    const value = unknown?.(row, rule?.known ?? {}) ?? null
    return value === null ? null : asAnswered<Out>(value)
  }
  const column = buildColumn<Row, Out>({
    ...options,
    kind: 'use-ai',
    describe: describePlan(plan),
    versionOf: [decide, unknown],
    work: {
      effect: 'read',
      run(values, context) {
        const rule = decide?.(asSeen<Seen<Row, Reads, Needs>>(values))
        const told = rule?.detail === undefined ? {} : { rule: rule.detail }
        if (rule?.complete) {
          const detail = { outcome: 'answered-by-rule', decidedBy: 'rule', ...told }
          return done(asAnswered<Out>(rule.value), { detail, cost: { usd: 0 } })
        }
        const known = asKnown<Out>(rule?.known ?? {})
        checkKnown(plan, known)
        const explain = asKnown<Out>(rule?.explain ?? {})
        checkKnown(plan, explain)
        const instead = () => byFacts(values)
        return askModel(plan, { values, known, explain, rule: rule?.detail, context, instead })
      },
      otherwise(values, failure) {
        const shown = (): Shown => {
          const detail = decide?.(asSeen<Seen<Row, Reads, Needs>>(values)).detail
          const { user } = requestOf(plan, values, '').request
          return { model: plan.model.model, sent: user, ...(detail !== undefined && { rule: detail }) }
        }
        return insteadOf(failure, () => byFacts(values), shown)
      },
    },
  })
  const { attempts } = column.retry
  return {
    ...column,
    paths: plan.send,
    costUsd: mostUsd(plan, attempts),
    estimate(values) {
      if (decide?.(asSeen<Seen<Row, Reads, Needs>>(values)).complete) return { atMostUsd: 0, likelyUsd: 0 }
      return estimateOf(plan, values, attempts)
    },
  }
}

/** The lead does not stop for the model: the facts stand. A bug in the definition stays an error. */
function insteadOf<Out>(
  failure: CallFailure,
  byFacts: () => Out | null,
  shown: () => Shown,
): Outcome<Out> | null {
  const outcome = outcomeOfFailure(failure)
  if (outcome === null) return null
  const answers = RepairFailure.isInstance(failure) ? failure.answers : []
  try {
    return standIn(byFacts(), { outcome, problem: failure.message, answers, ...shown() })
  } catch {
    return null
  }
}
