import type { ChatRequest } from './request.ts'
import type { Step } from './script.ts'

export interface Wording {
  id: string
  /** Seconds since 1970. */
  created: number
  step: Step
  text: string
}

/** The body of a chat completion: one choice, with its finish reason and the tokens it would have cost. */
export function complete(request: ChatRequest, { id, created, step, text }: Wording) {
  const limit = request.max_completion_tokens ?? request.max_tokens ?? Number.POSITIVE_INFINITY
  const wanted = tokensOf(text)
  // A server that keeps to no limit is part of what it plays.
  const tooLong = step === 'length' || (wanted > limit && step !== 'megabyte')
  const completionTokens = step === 'length' ? Math.min(limit, wanted) : Math.min(wanted, limit)
  const promptTokens = tokensOf(request.messages.map(({ content }) => content ?? '').join('\n'))
  const content = tooLong ? text.slice(0, Math.min(text.length >> 1, completionTokens * 4)) : text
  const choice = {
    index: 0,
    message: {
      role: 'assistant',
      content: step === 'refusal' || step === 'content-filter' ? null : content,
      refusal: step === 'refusal' ? "I'm sorry, but I can't help with classifying this company." : null,
    },
    logprobs: null,
    finish_reason: step === 'content-filter' ? 'content_filter' : tooLong ? 'length' : 'stop',
  }
  const usage = {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  }
  return {
    id,
    object: 'chat.completion',
    created,
    model: step === 'other-model' ? `${request.model}-2099-01-01` : request.model,
    choices: step === 'empty-choices' ? [] : [choice],
    ...(step !== 'no-usage' && { usage }),
    system_fingerprint: 'sandbox',
  }
}

/** About four characters to a token, as for English text. */
function tokensOf(text: string): number {
  return Math.max(1, Math.ceil(text.length / 4))
}
