import { z } from 'zod'
import type { ModelAnswer } from '../../columns/ports.ts'
import { ModelFailure } from '../../columns/use-ai/outcomes.ts'

const Tokens = z.number().int().min(0)
const Completion = z.object({
  model: z.string().catch(''),
  choices: z.array(
    z.object({
      message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
      finish_reason: z.string().nullish(),
    }),
  ),
  usage: z.object({ prompt_tokens: Tokens, completion_tokens: Tokens }).nullish().catch(null),
})

/** A completion as the port has it. One without a choice is an answer with nothing in it, which its usage shows was paid for. */
export function readAnswer(completion: unknown, asked: string): ModelAnswer {
  const parsed = Completion.safeParse(completion)
  if (!parsed.success) {
    throw new ModelFailure('not-json', 'openai: the answer is no chat completion', {
      retryable: true,
      cause: parsed.error,
    })
  }
  const { usage, model, choices } = parsed.data
  const [choice] = choices
  return {
    text: choice?.message.content ?? null,
    // Some servers send an empty one with every answer.
    refusal: choice?.message.refusal || null,
    finishReason: choice === undefined ? 'no choice' : (choice.finish_reason ?? 'unknown'),
    model: model === '' ? asked : model,
    usage: usage ? { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens } : null,
  }
}
