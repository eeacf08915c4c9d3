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

/**
 * The JSON schema the answer must follow: from the format, or from the words of the instructions where the format cannot carry it.
 * Null when the request asks for plain text.
 */
export function schemaOf(request: ChatRequest): Record<string, unknown> | null {
  const format = request.response_format
  if (format?.type === 'json_schema') return format.json_schema.schema
  for (const { role, content } of request.messages) {
    const written = role === 'system' ? /JSON schema: (\{.*\})$/m.exec(content ?? '')?.[1] : undefined
    const schema = written === undefined ? null : Schema.safeParse(parse(written))
    if (schema?.success) return schema.data
  }
  return null
}

/** A value of the prompt, and the name under which it stands there: `firm.country` for a country. */
export interface Told {
  value: string
  from: string
}

/**
 * The values between `<values>` and `</values>` in the user's messages, by name: one per line, `name: "text"` or `name: (empty)`.
 * A name with dots also counts as its last part, and a value that is itself a JSON object adds its own fields, where these are not named
 * already.
 */
export function valuesOf(request: ChatRequest): Map<string, Told> {
  const fence = /^<values>\n([\s\S]*?)\n<\/values>/m.exec(userText(request))?.[1] ?? ''
  const values = new Map<string, Told>()
  const nested: [string, Told][] = []
  for (const line of fence.split('\n')) {
    const found = /^([\w.-]+): (.*)$/.exec(line)
    const value = parse(found?.[2] ?? '')
    const from = found?.[1]
    if (from === undefined || typeof value !== 'string') continue
    values.set(from, { value, from })
    if (from.includes('.')) nested.push([from.slice(from.lastIndexOf('.') + 1), { value, from }])
    const inner = Schema.safeParse(value.startsWith('{') ? parse(value) : null)
    for (const [name, each] of Object.entries(inner.data ?? {})) {
      if (typeof each === 'string' || typeof each === 'number')
        nested.push([name, { value: String(each), from }])
    }
  }
  for (const [name, told] of nested) if (!values.has(name)) values.set(name, told)
  return values
}

/** What the user's messages say. */
export const userText = (request: ChatRequest): string =>
  request.messages
    .filter(({ role }) => role === 'user')
    .map(({ content }) => content ?? '')
    .join('\n')

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
