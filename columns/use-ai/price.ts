import type { ModelAnswer, ModelRequest } from '../ports.ts'

/** US dollars for a million tokens, in and out. */
export interface Price {
  input: number
  output: number
}

/** Roles, separators and the words that a server or a simpler format adds around the messages, in tokens. */
const framing = 128

/**
 * The most one request can cost: a token is at least one byte of text, and the answer ends at its limit. Servers count the schema as
 * input too.
 */
export function maximumUsd(request: ModelRequest, price: Price | undefined): number {
  if (price === undefined) return 0
  return (mostInput(request) * price.input + request.maxTokens * price.output) / 1e6
}

const mostInput = ({ system, user, schema }: ModelRequest) =>
  bytesOf(system) + bytesOf(user) + bytesOf(JSON.stringify(schema.jsonSchema)) + framing

const bytesOf = (text: string) => Buffer.byteLength(text)

/**
 * The tokens as the server counted them; null where it counted none, or more than can be: more going in than bytes were sent, more coming
 * out than the limit and than bytes came.
 */
export function usageOf(answer: ModelAnswer, request: ModelRequest): ModelAnswer['usage'] {
  if (answer.usage === null) return null
  const { inputTokens, outputTokens } = answer.usage
  const received = bytesOf(answer.text ?? '') + bytesOf(answer.refusal ?? '')
  const isPossible =
    inputTokens <= mostInput(request) && outputTokens <= Math.max(request.maxTokens, received)
  return isPossible ? answer.usage : null
}

/** What an answer cost. Where the tokens are not known it is believed to have cost the maximum: `estimated`. */
export function costOf(
  usage: ModelAnswer['usage'],
  maximum: number,
  price: Price | undefined,
): { usd: number; estimated: boolean } {
  if (price === undefined) return { usd: 0, estimated: false }
  if (usage === null) return { usd: maximum, estimated: true }
  return {
    usd: (usage.inputTokens * price.input + usage.outputTokens * price.output) / 1e6,
    estimated: false,
  }
}
