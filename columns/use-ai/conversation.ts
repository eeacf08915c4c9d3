import { z } from 'zod'
import type { CellContext } from '../column.ts'
import { CallFailure } from '../errors.ts'
import type { Json, JsonObject } from '../json.ts'
import type { Call, Model, ModelAnswer, ModelRequest } from '../ports.ts'
import { type Judging, judge, type Verdict } from './judge.ts'
import { maybeBilled, RepairFailure } from './outcomes.ts'
import { costOf, maximumUsd, type Price, usageOf } from './price.ts'

export interface Question<Out> {
  model: Model
  request: ModelRequest
  judging: Judging<Out>
  price: Price | undefined
}

/** What was said: kept under the question when `value` is valid, shown in the cell either way. */
export const Conversation = z.object({
  /** Null when no answer was valid. */
  value: z.json(),
  /** The name of what is wrong with the last answer, null with a value. */
  wrong: z.string().nullable(),
  problem: z.string().nullable(),
  repaired: z.boolean(),
  answers: z.array(z.record(z.string(), z.json())),
  usd: z.number(),
  /** A part of the cost is the maximum, since the server did not count. */
  estimated: z.boolean(),
  inputTokens: z.number(),
  outputTokens: z.number(),
})
export type Conversation = z.output<typeof Conversation>

/** Time left to a call so that it ends before the attempt does: an attempt that timed out would ask, and repair, once more. */
const marginMs = 250
/** Less than this is no time for a second answer. */
const leastMs = 200
const longestKept = 4_000

/**
 * Asks once, and once more with what was wrong. Throws when a call fails: the runtime tries the first again; that of a repair is for good,
 * so that one run of a cell makes at most one, and leaves the question open.
 */
export async function converse<Out>(question: Question<Out>, context: CellContext): Promise<Conversation> {
  const startedAt = context.now()
  const conversation: Conversation = {
    value: null,
    wrong: null,
    problem: null,
    repaired: false,
    answers: [],
    usd: 0,
    estimated: false,
    inputTokens: 0,
    outputTokens: 0,
  }
  const first = await askOnce(question, context, conversation)
  settle(conversation, first)
  if (first.ok || !first.repairable) return conversation
  const timeoutMs = context.timeoutMs - (context.now() - startedAt) - marginMs
  if (timeoutMs < leastMs)
    throw unrepaired(conversation, new CallFailure('timeout', 'there was no time left', { retryable: false }))
  try {
    const second = await askOnce(repairOf(question, first), within(context, timeoutMs), conversation)
    settle(conversation, second)
    conversation.repaired = second.ok
    return conversation
  } catch (error) {
    if (!CallFailure.isInstance(error)) throw error
    throw unrepaired(conversation, error)
  }
}

type Asking = Call & Pick<CellContext, 'charge'>

/** The same context with less time. It has its parts by name: a spread would lose what is not its own. */
const within = (context: CellContext, timeoutMs: number): Asking => {
  const { signal, fetch, lane, limit, wait, used, charge } = context
  return {
    signal,
    fetch,
    timeoutMs,
    charge,
    ...(lane !== undefined && { lane }),
    ...(limit !== undefined && { limit }),
    ...(wait !== undefined && { wait }),
    ...(used !== undefined && { used }),
  }
}

async function askOnce<Out>(
  { model, request, judging, price }: Question<Out>,
  context: Asking,
  conversation: Conversation,
): Promise<Verdict<Out>> {
  const maximum = maximumUsd(request, price)
  const reserved = maximum === 0 ? null : await context.charge(maximum)
  const answer = await model.answer(request, context).catch((error: unknown) => {
    // Otherwise the reservation stays: the server may have worked.
    if (!maybeBilled(error)) reserved?.settle(0)
    throw error
  })
  const usage = usageOf(answer, request)
  const cost = costOf(usage, maximum, price)
  reserved?.settle(cost.usd)
  conversation.usd += cost.usd
  conversation.estimated ||= cost.estimated
  conversation.inputTokens += usage?.inputTokens ?? 0
  conversation.outputTokens += usage?.outputTokens ?? 0
  conversation.answers.push(shown(answer))
  return judge(answer, judging)
}

function settle<Out>(conversation: Conversation, verdict: Verdict<Out>): void {
  conversation.value = verdict.ok ? (verdict.value as Json) : null
  conversation.wrong = verdict.ok ? null : verdict.outcome
  conversation.problem = verdict.ok ? null : verdict.problem
}

const unrepaired = ({ problem, answers }: Conversation, failed: CallFailure): RepairFailure =>
  new RepairFailure(failed, { problem: problem ?? '', answers })

/** The same question with what was wrong, in our words: what the model wrote itself is not repeated outside the fence. */
function repairOf<Out>(question: Question<Out>, verdict: { told: string }): Question<Out> {
  const { request } = question
  const user = `${request.user}\nYour last answer was refused: ${verdict.told}\nAnswer again, as JSON of the schema only.`
  return { ...question, request: { ...request, user } }
}

function shown({ text, ...rest }: ModelAnswer): JsonObject {
  return {
    text: text !== null && text.length > longestKept ? `${text.slice(0, longestKept)}…` : text,
    ...rest,
  }
}
