import { hash } from 'node:crypto'
import type { CellContext, Outcome } from '../column.ts'
import { stableStringify } from '../json.ts'
import type { ModelRequest } from '../ports.ts'
import { renderPrompt } from '../prompt.ts'
import { answered } from './answer.ts'
import { Conversation, converse, type Question } from './conversation.ts'
import { judgeValue } from './judge.ts'
import type { Plan } from './plan.ts'

export interface Asked<Out> {
  values: Readonly<Record<string, unknown>>
  known: Partial<Out>
  /** What goes with the facts where they overrule the model. */
  explain: Partial<Out>
  /** What the rule says of how it decided. */
  rule: object | undefined
  context: CellContext
  /** What the facts alone say; null when they say nothing. */
  instead: () => Out | null
}

/** Asks the model, or takes the answer that was kept for the very same question. Throws `CallFailure` when the call fails. */
export async function askModel<Out extends object>(
  plan: Plan<Out>,
  { values, known, explain, rule, context, instead }: Asked<Out>,
): Promise<Outcome<Out>> {
  const { request, filled } = requestOf(plan, values, context.column)
  const question: Question<Out> = {
    ...plan,
    request,
    judging: { output: plan.output, cites: plan.cites, filled },
  }
  const kept = await context.memo(
    keyOf(plan, request),
    async () => {
      const conversation = await converse(question, context)
      return { value: conversation, keep: conversation.value !== null }
    },
    (value) => isStillGood(value, question.judging),
  )
  return answered(Conversation.parse(kept.value), {
    cached: kept.cached,
    known,
    explain,
    shown: { model: plan.model.model, sent: request.user, ...(rule !== undefined && { rule }) },
    model: plan.model.model,
    judging: question.judging,
    instead,
  })
}

/** What is asked for these values, and the paths of those that hold something. */
export function requestOf(
  plan: Plan<unknown>,
  values: Readonly<Record<string, unknown>>,
  name: string,
): { request: ModelRequest; filled: string[] } {
  const { system, user, filled } = renderPrompt(plan.prompt, { ...plan, values })
  const schema = { name, jsonSchema: plan.jsonSchema }
  return { request: { system, user, schema, maxTokens: plan.maxTokens }, filled }
}

/** A refinement of the schema may have changed without changing the question, and a file may be of another version of this program. */
function isStillGood<Out>(value: unknown, judging: Question<Out>['judging']): boolean {
  const said = Conversation.safeParse(value)
  return said.success && (said.data.value === null || judgeValue(said.data.value, judging).ok)
}

/** Raised when `Conversation` changes: answers kept in another form are not read. */
const form = 1

/** Everything an answer depends on. The name of the column is not among it: another column with the same question gets the same answer. */
function keyOf<Out>({ model, cites, revision }: Plan<Out>, request: ModelRequest): string {
  const { system, user, schema, maxTokens } = request
  const parts = {
    form,
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
