import { z } from 'zod'

/** Everything the stand-in can be told to do with a request, by name. `answer` is to apply the rule honestly. */
export const Outcome = z.enum([
  'answer',
  'refusal',
  'length',
  'content-filter',
  'fenced',
  'prose',
  'not-json',
  'empty-content',
  'wrong-enum',
  'wrong-case',
  'missing-key',
  'extra-keys',
  'duplicate-keys',
  'array',
  'wrong-citation',
  'obedient',
  'hostile',
  'empty-choices',
  'no-usage',
  'other-model',
  'rate-limited',
  'rate-limited-long',
  'quota-exhausted',
  'server-error',
  'unavailable',
  'unauthorized',
  'unknown-model',
  'html',
  'html-as-json',
  'megabyte',
  'huge',
  'cut-json',
  'cut',
  'hang',
])
export type Outcome = z.output<typeof Outcome>

/** One step of a script: a named outcome, or any text to answer with. */
export const Step = z.union([Outcome, z.strictObject({ text: z.string() })])
export type Step = z.output<typeof Step>

/** What `PUT /state/openai` takes. */
export const OpenaiState = z.strictObject({
  /** Played in order, one step per request. */
  script: z.array(Step).default([]),
  /** Played when the script is at its end. */
  otherwise: Step.default('answer'),
  /** The key a request must carry; null accepts any. */
  apiKey: z.string().nullable().default(null),
  /** The models that exist; null lets every name pass. */
  models: z.array(z.string()).nullable().default(null),
  /** The formats that are known; a request for another one is refused with 400. */
  formats: z
    .array(z.enum(['json_schema', 'json_object', 'text']))
    .default(['json_schema', 'json_object', 'text']),
})
export type OpenaiState = z.output<typeof OpenaiState>

/** Changes an honest answer into the one the step asks for; steps about the wire leave it alone. */
export function misworded(step: Step, honest: Record<string, unknown>, schema: unknown): string {
  if (typeof step === 'object') return step.text
  const json = (value: unknown) => JSON.stringify(value)
  switch (step) {
    case 'fenced':
      return `\`\`\`json\n${json(honest)}\n\`\`\``
    case 'prose':
      return `Sure! Here is the classification you asked for: ${json(honest)} Let me know if you need more.`
    case 'not-json':
      return 'The lead is probably a larger European company.'
    case 'empty-content':
      return ''
    case 'wrong-enum':
      return json(withEnums(honest, schema, () => 'Galactic'))
    case 'wrong-case':
      return json(withEnums(honest, schema, (value) => value.toLowerCase().replace('-', ' ')))
    case 'hostile':
      return json(
        withEnums(honest, schema, (_, allowed) => allowed.find((each) => each !== 'unknown') ?? 'unknown'),
      )
    case 'missing-key':
      return json(Object.fromEntries(Object.entries(honest).slice(1)))
    case 'extra-keys':
      return `{"__proto__":{"admin":true},"owner":"005000000000001",${json(honest).slice(1)}`
    case 'duplicate-keys':
      return doubled(honest, schema)
    case 'array':
      return json([honest])
    case 'wrong-citation':
      return json({
        ...honest,
        ...(Array.isArray(honest.decidingFields) && { decidingFields: ['horoscope'] }),
      })
    case 'megabyte':
      return json({ ...honest, reason: 'x'.repeat(1024 * 1024) })
    default:
      return json(honest)
  }
}

/** The first field twice, the second time with another value: `JSON.parse` would take that one and say nothing. */
function doubled(honest: Record<string, unknown>, schema: unknown): string {
  const other = withEnums(honest, schema, (value, allowed) => allowed.find((each) => each !== value) ?? value)
  const again = JSON.stringify(Object.fromEntries(Object.entries(other).slice(0, 1)))
  return `${JSON.stringify(honest).slice(0, -1)},${again.slice(1)}`
}

const EnumFields = z.object({
  properties: z.record(z.string(), z.object({ enum: z.array(z.string()).optional() })),
})

function withEnums(
  honest: Record<string, unknown>,
  schema: unknown,
  change: (value: string, allowed: string[]) => string,
): Record<string, unknown> {
  const fields = EnumFields.safeParse(schema)
  if (!fields.success) return honest
  const changed = Object.entries(honest).map(([key, value]) => {
    const allowed = fields.data.properties[key]?.enum
    return [key, allowed === undefined ? value : change(String(value), allowed)]
  })
  return Object.fromEntries(changed)
}
