import { z } from 'zod'
import { asAnswered, asSeen, buildColumn } from './build.ts'
import { type CellContext, type Column, type ColumnOptions, done, noResult, type Outcome } from './column.ts'
import { TableError } from './errors.ts'
import { type JsonObject, jsonSchemaOf, parseJson } from './json.ts'
import type { Model, ModelAnswer } from './ports.ts'
import { checkPrompt, maxValueLength, type Prompt, renderPrompt } from './prompt.ts'
import type { Answered, NameOf, Seen } from './types.ts'

/** What the deterministic rule says: the whole answer, or the part it is sure of. */
export type RuleAnswer<Out> = { complete: true; value: Out } | { complete: false; known: Partial<Out> }

export interface UseAiOptions<Row extends object, Reads extends NameOf<Row>, Needs extends NameOf<Row>, Out>
  extends ColumnOptions {
  reads?: readonly Reads[]
  needs?: readonly Needs[]
  model: Model
  output: z.ZodType<Out>
  /** Its references must be among `reads` and `needs`. */
  prompt: Prompt<NoInfer<Reads | Needs>>
  /** Answers from facts. The model is asked only when this is not complete, and can never overrule what is known. */
  decide?: (row: NoInfer<Seen<Row, Reads, Needs>>) => RuleAnswer<Answered<Out>>
  /** Stands when the model gives no valid answer; null makes it no result. */
  unknown?: (row: NoInfer<Seen<Row, Reads, Needs>>, known: Partial<Answered<Out>>) => Answered<Out> | null
  maxTokens?: number
  /** US dollars for a million tokens, in and out. */
  price?: { input: number; output: number }
}

/**
 * What one row can cost at most, for previews: the prompt with its values at four characters a token, the longest answer, and the repair.
 */
function highestCost({ price, prompt, maxTokens, reads = [], needs = [] }: PricedOptions): number {
  if (price === undefined) return 0
  const inputTokens = (prompt.text.length + (reads.length + needs.length) * maxValueLength) / 4
  return (2 * (inputTokens * price.input + (maxTokens ?? defaultMaxTokens) * price.output)) / 1e6
}

type PricedOptions = Pick<UseAiOptions<object, never, never, unknown>, 'price' | 'maxTokens'> & {
  prompt: { text: string }
  reads?: readonly string[]
  needs?: readonly string[]
}

const defaultMaxTokens = 400

/** Messy fields into validated JSON: the rule first, the model for the rest, one repair, then an honest unknown. */
export function useAi<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
  const Out extends object = object,
>(options: UseAiOptions<Row, Reads, Needs, Out>): Column<Row, Out> {
  const declared = [...(options.reads ?? []), ...(options.needs ?? [])]
  checkPrompt(options.prompt, declared)
  const jsonSchema = jsonSchemaOf(options.output)
  if (jsonSchema?.type !== 'object') {
    throw new TableError('definition-invalid', 'the output of a useAi column must be a zod object', {
      field: 'output',
      value: jsonSchema?.type ?? null,
      wayOut: 'wrap it: z.object({ … })',
    })
  }
  return buildColumn<Row, Out>({
    ...options,
    kind: 'use-ai',
    costUsd: highestCost(options),
    describe: { model: options.model.model, prompt: options.prompt.text, output: jsonSchema },
    versionOf: [options.decide, options.unknown],
    work: {
      effect: 'read',
      async run(values, context) {
        const row: Seen<Row, Reads, Needs> = asSeen(values)
        const rule = options.decide?.(row)
        if (rule?.complete)
          return done(asAnswered<Out>(rule.value), { detail: { decidedBy: 'rule' }, cost: { usd: 0 } })
        return ask({ options, row, values, context, known: rule?.known ?? {}, jsonSchema })
      },
    },
  })
}

interface Question<Row extends object, Reads extends NameOf<Row>, Needs extends NameOf<Row>, Out> {
  options: UseAiOptions<Row, Reads, Needs, Out>
  row: Seen<Row, Reads, Needs>
  values: Readonly<Record<string, unknown>>
  context: CellContext
  known: Partial<Answered<Out>>
  jsonSchema: JsonObject
}

async function ask<
  Row extends object,
  Reads extends NameOf<Row>,
  Needs extends NameOf<Row>,
  Out extends object,
>(question: Question<Row, Reads, Needs, Out>): Promise<Outcome<Out>> {
  const { options, known, context } = question
  const messages = renderPrompt(options.prompt, question.values)
  const answers: JsonObject[] = []
  const cost = { usd: 0, inputTokens: 0, outputTokens: 0 }
  let user = messages.user
  let problem = ''
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    const answer = await options.model.answer(
      {
        system: messages.system,
        user,
        schema: { name: context.column, jsonSchema: question.jsonSchema },
        maxTokens: options.maxTokens ?? defaultMaxTokens,
      },
      context,
    )
    answers.push({ ...answer })
    cost.inputTokens += answer.usage?.inputTokens ?? 0
    cost.outputTokens += answer.usage?.outputTokens ?? 0
    cost.usd =
      (cost.inputTokens * (options.price?.input ?? 0) + cost.outputTokens * (options.price?.output ?? 0)) /
      1e6
    const checked = validate(options.output, answer)
    if (checked.ok) {
      const overruled = differences(checked.value, known)
      const value = { ...checked.value, ...known }
      return done(asAnswered<Out>(value), {
        detail: { decidedBy: 'model', known: { ...known } as JsonObject, overruled, answers },
        cost,
      })
    }
    problem = checked.problem
    if (!checked.repairable) break
    user = `${messages.user}\nYour last answer was refused: ${problem}\nAnswer again, as JSON of the schema only.`
  }
  const value = options.unknown?.(question.row, known) ?? null
  const detail = { decidedBy: 'nobody', problem, answers }
  if (value !== null) return done(asAnswered<Out>(value), { detail, cost })
  return noResult(`the model gave no valid answer: ${problem}`, { detail, cost })
}

function validate<Out>(output: z.ZodType<Out>, answer: ModelAnswer) {
  const refuse = (problem: string, repairable: boolean) => ({ ok: false as const, problem, repairable })
  if (answer.refusal !== null) return refuse(`the model refused: ${answer.refusal}`, false)
  if (answer.finishReason !== 'stop') return refuse(`the answer ended with "${answer.finishReason}"`, false)
  const parsed = parseJson(answer.text ?? '')
  if (!parsed.ok) return refuse(`it is not JSON (${parsed.error})`, true)
  const checked = output.safeParse(parsed.value)
  if (checked.success) return { ok: true as const, value: checked.data }
  return refuse(z.prettifyError(checked.error), true)
}

/** Fields in which the model said something else than the facts. The facts stand; the disagreement is shown. */
function differences(value: object, known: object): JsonObject[] {
  const said = value as Record<string, unknown>
  return Object.entries(known).flatMap(([field, fact]) =>
    said[field] === fact ? [] : [{ field, model: String(said[field]), fact: String(fact) }],
  )
}
