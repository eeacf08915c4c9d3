import type OpenAI from 'openai'
import type { Json, JsonObject } from '../../columns/json.ts'
import type { ModelRequest } from '../../columns/ports.ts'

/** How a server is asked for JSON. */
export type AnswerFormat = 'json_schema' | 'json_object' | 'text'

/** What to try with a server that does not know a format, null when there is nothing simpler. */
export function simplerFormat(format: AnswerFormat): AnswerFormat | null {
  if (format === 'text') return null
  return format === 'json_schema' ? 'json_object' : 'text'
}

/** What a server calls the limit of an answer: compatible servers know the older name, OpenAI's newer models only the other. */
export type LimitName = 'max_tokens' | 'max_completion_tokens'

export const otherLimit = (name: LimitName): LimitName =>
  name === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens'

export interface Wording {
  model: string
  format: AnswerFormat
  limit: LimitName
}

/** The body of one request. Instructions come first and the row last, so that servers can cache what all rows share. */
export function bodyOf(
  request: ModelRequest,
  { model, format, limit }: Wording,
): OpenAI.ChatCompletionCreateParamsNonStreaming {
  const { system, user, maxTokens, schema } = request
  const strict = strictSchema(schema.jsonSchema)
  const inWords = `\nThe answer is a JSON object of this JSON schema: ${JSON.stringify(strict)}`
  return {
    model,
    messages: [
      { role: 'system', content: format === 'json_schema' ? system : system + inWords },
      { role: 'user', content: user },
    ],
    ...(format !== 'text' && { response_format: formatOf(format, schema.name, strict) }),
    [limit]: maxTokens,
  }
}

function formatOf(format: 'json_schema' | 'json_object', name: string, schema: JsonObject) {
  if (format === 'json_object') return { type: format }
  return {
    type: format,
    json_schema: { name: name.replace(/[^\w-]/g, '_').slice(0, 64), strict: true, schema },
  }
}

const bounds = new Set(['minLength', 'maxLength', 'minItems', 'maxItems'])

/** Strict mode refuses schemas with bounds on the length of a text or a list; they are checked on the answer instead. It knows one kind of alternative. */
function strictSchema(schema: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(schema).flatMap(([key, value]): [string, Json][] => {
      if (bounds.has(key) && typeof value === 'number') return []
      return [[key === 'oneOf' && Array.isArray(value) ? 'anyOf' : key, strictValue(value)]]
    }),
  )
}

function strictValue(value: Json): Json {
  if (Array.isArray(value)) return value.map(strictValue)
  return typeof value === 'object' && value !== null ? strictSchema(value) : value
}
