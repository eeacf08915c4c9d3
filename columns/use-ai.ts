import type { z } from 'zod'
import { asAnswered, asSeen, buildColumn } from './build.ts'
import { type Column, type ColumnOptions, done, type Outcome, type Values } from './column.ts'
import type { CallFailure } from './errors.ts'
import type { Model } from './ports.ts'
import type { PathOf, Prompt } from './prompt.ts'
import type { Answered, NameOf, Seen } from './types.ts'
import { standIn } from './use-ai/answer.ts'
import { askModel } from './use-ai/ask.ts'
import { outcomeOfFailure } from './use-ai/outcomes.ts'
import { describePlan, planOf, previewOf } from './use-ai/plan.ts'
import type { Price } from './use-ai/price.ts'

/** What the deterministic rule says: the whole answer, or the part it is sure of. */
export type RuleAnswer<Out> = { complete: true; value: Out } | { complete: false; known: Partial<Out> }

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
 * @throws {TableError} `definition-invalid` for a prompt, output or limit that cannot work.
 */
export function useAi<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
  const Out extends object = object,
>(options: UseAiOptions<Row, Reads, Needs, Out>): Column<Row, Out> {
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
    costUsd: previewOf(plan),
    describe: describePlan(plan),
    versionOf: [decide, unknown],
    work: {
      effect: 'read',
      run(values, context) {
        const rule = decide?.(asSeen<Seen<Row, Reads, Needs>>(values))
        if (rule?.complete) {
          const detail = { outcome: 'answered-by-rule', decidedBy: 'rule' }
          return done(asAnswered<Out>(rule.value), { detail, cost: { usd: 0 } })
        }
        const known = asKnown<Out>(rule?.known ?? {})
        return askModel(plan, { values, known, context, instead: () => byFacts(values) })
      },
      otherwise: (values, failure) => insteadOf(failure, () => byFacts(values), plan.model.model),
    },
  })
  return { ...column, paths: plan.send }
}

/** The lead does not stop for the model: the facts stand. A bug in the definition stays an error. */
function insteadOf<Out>(failure: CallFailure, byFacts: () => Out | null, model: string): Outcome<Out> | null {
  const outcome = outcomeOfFailure(failure)
  if (outcome === null) return null
  try {
    return standIn(byFacts(), { outcome, problem: failure.message, model, answers: [] })
  } catch {
    return null
  }
}
