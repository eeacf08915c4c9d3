import type { ModelAnswer, ModelRequest } from '../ports.ts'

/** US dollars for a million tokens, in and out. */
export interface Price {
  input: number
  output: number
}

/** Roles, separators and the like that a server adds around the messages, in tokens. */
const framing = 64

/**
 * The most one request can cost: a token is at least one byte of text, and the answer ends at its limit. Servers count the schema as
 * input too.
 */
export function maximumUsd(request: ModelRequest, price: Price | undefined): number {
  if (price === undefined) return 0
  const input =
    bytesOf(request.system) +
    bytesOf(request.user) +
    bytesOf(JSON.stringify(request.schema.jsonSchema)) +
    framing
  return (input * price.input + request.maxTokens * price.output) / 1e6
}

const bytesOf = (text: string) => Buffer.byteLength(text)

/** What an answer cost. A server that counts no tokens is believed to have charged the maximum: `estimated`. */
export function costOf(
  answer: ModelAnswer,
  maximum: number,
  price: Price | undefined,
): { usd: number; estimated: boolean } {
  if (price === undefined) return { usd: 0, estimated: false }
  if (answer.usage === null) return { usd: maximum, estimated: true }
  const { inputTokens, outputTokens } = answer.usage
  return { usd: (inputTokens * price.input + outputTokens * price.output) / 1e6, estimated: false }
}

/** What one row is likely to cost at most, for previews: everything sent at its longest, four characters to a token, and the repair. */
export function previewUsd(
  sizes: { instructions: number; values: number; maxTokens: number },
  price: Price | undefined,
): number {
  if (price === undefined) return 0
  const input = (sizes.instructions + sizes.values) / 4
  return (2 * (input * price.input + sizes.maxTokens * price.output)) / 1e6
}
