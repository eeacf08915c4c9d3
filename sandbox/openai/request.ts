import { z } from 'zod'

const Schema = z.record(z.string(), z.unknown())

/** The part of a chat completion request that the stand-in understands; what else there is, it ignores like the real one. */
export const ChatRequest = z.object({
  model: z.string().min(1),
  messages: z
    .array(
      z.object({
        role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
        content: z.string().nullable().default(''),
      }),
    )
    .min(1),
  response_format: z
    .discriminatedUnion('type', [
      z.object({ type: z.enum(['text', 'json_object']) }),
      z.object({
        type: z.literal('json_schema'),
        json_schema: z.object({
          name: z.string().regex(/^[\w-]{1,64}$/),
          strict: z.boolean().nullish(),
          schema: Schema,
        }),
      }),
    ])
    .optional(),
  max_tokens: z.number().int().min(1).nullish(),
  max_completion_tokens: z.number().int().min(1).nullish(),
})
export type ChatRequest = z.output<typeof ChatRequest>

/** The JSON schema the answer must follow, or null when the request asks for plain text. */
export function schemaOf(request: ChatRequest): Record<string, unknown> | null {
  const format = request.response_format
  return format?.type === 'json_schema' ? format.json_schema.schema : null
}

/**
 * The values between `<values>` and `</values>` in the user's messages, by name: one per line, `name: "text"` or `name: (empty)`.
 * A value that is itself a JSON object adds its own fields where they are not named already.
 */
export function valuesOf(request: ChatRequest): Map<string, string> {
  const text = request.messages
    .filter(({ role }) => role === 'user')
    .map(({ content }) => content ?? '')
    .join('\n')
  const fence = /^<values>\n([\s\S]*?)\n<\/values>/m.exec(text)?.[1] ?? ''
  const values = new Map<string, string>()
  const nested: [string, unknown][] = []
  for (const line of fence.split('\n')) {
    const found = /^([\w-]+): (.*)$/.exec(line)
    const value = parse(found?.[2] ?? '')
    if (found?.[1] === undefined || typeof value !== 'string') continue
    values.set(found[1], value)
    const inner = Schema.safeParse(value.startsWith('{') ? parse(value) : null)
    if (inner.success) nested.push(...Object.entries(inner.data))
  }
  for (const [name, value] of nested) {
    if (!values.has(name) && (typeof value === 'string' || typeof value === 'number'))
      values.set(name, String(value))
  }
  return values
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
