import { hash } from 'node:crypto'
import type { CellContext, Outcome } from '../column.ts'
import { stableStringify } from '../json.ts'
import type { ModelRequest } from '../ports.ts'
import { renderPrompt } from '../prompt.ts'
import { answered } from './answer.ts'
import { Conversation, converse, type Question } from './conversation.ts'
import type { Plan } from './plan.ts'

export interface Asked<Out> {
  values: Readonly<Record<string, unknown>>
  known: Partial<Out>
  context: CellContext
  /** What the facts alone say; null when they say nothing. */
  instead: () => Out | null
}

/** Asks the model, or takes the answer that was kept for the very same question. Throws `CallFailure` when the call fails. */
export async function askModel<Out extends object>(
  plan: Plan<Out>,
  { values, known, context, instead }: Asked<Out>,
): Promise<Outcome<Out>> {
  const { system, user, filled } = renderPrompt(plan.prompt, { ...plan, values })
  const request: ModelRequest = {
    system,
    user,
    schema: { name: context.column, jsonSchema: plan.jsonSchema },
    maxTokens: plan.maxTokens,
  }
  const question: Question<Out> = {
    ...plan,
    request,
    judging: { output: plan.output, cites: plan.cites, filled },
  }
  const kept = await context.memo(keyOf(plan, request), async () => {
    const conversation = await converse(question, context)
    return { value: conversation, keep: conversation.value !== null }
  })
  return answered(Conversation.parse(kept.value), {
    cached: kept.cached,
    known,
    model: plan.model.model,
    judging: question.judging,
    instead,
  })
}

/** Everything an answer depends on. The name of the column is not among it: another column with the same question gets the same answer. */
function keyOf<Out>({ model, cites, revision }: Plan<Out>, request: ModelRequest): string {
  const { system, user, schema, maxTokens } = request
  const parts = {
    system,
    user,
    schema: schema.jsonSchema,
    maxTokens,
    vendor: model.vendor,
    model: model.model,
    variant: model.variant ?? '',
    cites: cites?.field ?? null,
    revision,
  }
  return `use-ai.${hash('sha256', stableStringify(parts), 'hex')}`
}
