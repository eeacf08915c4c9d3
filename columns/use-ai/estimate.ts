import type { ModelRequest } from '../ports.ts'
import { maxValueLength, renderPrompt } from '../prompt.ts'
import { requestOf } from './ask.ts'
import { longestTold } from './judge.ts'
import type { Plan } from './plan.ts'
import { costOf, maximumUsd } from './price.ts'

/** Bytes that a sign of a value takes at most between the fences: as `\\u003c`. */
const longestSign = 6
/** Of English text, roughly. */
const bytesOfToken = 4

/**
 * Most that a run of one row can cost, as the calls will be charged: every attempt at its maximum, and one repair, which no failure follows.
 */
const atMostUsd = (request: ModelRequest, plan: Plan<unknown>, attempts: number): number => {
  const told = 'x'.repeat(longestTold * longestSign)
  const repair = { ...request, user: `${request.user}\n${told}` }
  return attempts * maximumUsd(request, plan.price) + maximumUsd(repair, plan.price)
}

/** The most for any row, with every value at its longest. */
export function mostUsd(plan: Plan<unknown>, attempts: number): number {
  if (plan.price === undefined) return 0
  const { request } = requestOf(plan, {}, '')
  const { user } = renderPrompt(plan.prompt, { ...plan, values: {} })
  const values = 'x'.repeat(plan.send.length * (maxValueLength + 1) * longestSign)
  return atMostUsd({ ...request, user: user + values }, plan, attempts)
}

/** What a row with these values costs at most, and what it likely costs: one call, with an answer of half its limit. In US dollars. */
export function estimateOf(
  plan: Plan<unknown>,
  values: Readonly<Record<string, unknown>>,
  attempts: number,
): { atMostUsd: number; likelyUsd: number } {
  const { request } = requestOf(plan, values, '')
  const bytes = Buffer.byteLength(request.system + request.user + JSON.stringify(plan.jsonSchema))
  const likely = {
    inputTokens: Math.ceil(bytes / bytesOfToken),
    outputTokens: Math.ceil(request.maxTokens / 2),
  }
  return {
    atMostUsd: atMostUsd(request, plan, attempts),
    likelyUsd: costOf(likely, 0, plan.price).usd,
  }
}
