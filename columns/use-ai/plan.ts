import { z } from 'zod'
import type { Spend } from '../column.ts'
import { CallFailure, TableError } from '../errors.ts'
import { type JsonObject, jsonSchemaOf } from '../json.ts'
import { wayOutOf } from '../nearest.ts'
import type { Model } from '../ports.ts'
import { checkPrompt, type Prompt } from '../prompt.ts'
import type { Cites } from './judge.ts'
import type { Price } from './price.ts'
import { checkOutput, decisiveFields, isListOfTexts, rulesOf } from './rules.ts'

/** The options of a useAi column that do not know the row. */
export interface PlanOptions<Out> {
  reads?: readonly string[]
  needs?: readonly string[]
  model: Model
  output: z.ZodType<Out>
  prompt: Prompt
  send?: readonly string[]
  redact?: boolean
  cites?: { field: string }
  maxTokens?: number
  price?: Price
  spend?: Spend
  revision?: number
}

/** What a definition comes to, worked out once. */
export interface Plan<Out> {
  model: Model
  output: z.ZodType<Out>
  prompt: Prompt
  jsonSchema: JsonObject
  rules: string
  send: readonly string[]
  redact: boolean
  cites: Cites | null
  maxTokens: number
  price: Price | undefined
  revision: number
}

const defaultMaxTokens = 400

/** @throws {TableError} `definition-invalid` for a prompt, output or limit that cannot work. */
export function planOf<Out>(options: PlanOptions<Out>): Plan<Out> {
  const { prompt, cites, price, spend, maxTokens = defaultMaxTokens } = options
  if (typeof prompt !== 'object' || prompt === null)
    throw problem('prompt', String(prompt).slice(0, 80), {
      message: 'the prompt is no prompt, so its references cannot be checked',
      wayOut: "write it as prompt('…'), or as a template: prompt`…`",
    })
  const declared = [...(options.reads ?? []), ...(options.needs ?? [])]
  checkPrompt(prompt, declared)
  const jsonSchema = checkOutput(jsonSchemaOf(options.output))
  const send = options.send ?? prompt.references
  checkPrompt({ text: '', references: send }, declared)
  checkSend(prompt, send)
  if (cites !== undefined) checkCites(jsonSchema, cites.field)
  if (spend !== undefined && price === undefined) {
    throw problem('spend', null, {
      message: 'a limit of money needs the price of a token',
      wayOut: 'set price: { input, output } in US dollars for a million tokens',
    })
  }
  checkPrice(price)
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 1)
    throw problem('maxTokens', String(maxTokens), {
      message: 'maxTokens is no number of tokens',
      wayOut: 'give a whole number from 1, or leave it out',
    })
  return {
    model: options.model,
    output: options.output,
    prompt,
    jsonSchema,
    rules: rulesOf(jsonSchema),
    send,
    redact: options.redact ?? true,
    cites: cites === undefined ? null : { field: cites.field, decisive: decisiveFields(jsonSchema) },
    maxTokens,
    price,
    revision: options.revision ?? 0,
  }
}

/** What is no amount would make a limit of money hold nothing back: nothing compares with NaN. */
function checkPrice(price: Price | undefined): void {
  for (const each of ['input', 'output'] as const) {
    if (price === undefined || (Number.isFinite(price[each]) && price[each] >= 0)) continue
    throw problem(`price.${each}`, String(price[each]), {
      message: `price.${each} is no amount of money`,
      wayOut: 'give US dollars for a million tokens, from 0',
    })
  }
}

function checkSend(prompt: Prompt, send: readonly string[]): void {
  const path = prompt.references.find((each) => !send.includes(each))
  if (path === undefined) return
  throw problem('send', path, {
    message: `the prompt refers to {{${path}}}, which is not sent`,
    wayOut: `add '${path}' to send, or take it out of the prompt`,
  })
}

function checkCites(jsonSchema: JsonObject, field: string): void {
  if (isListOfTexts(jsonSchema, field)) return
  throw problem('cites', field, {
    message: `the output's field "${field}" cannot name inputs`,
    wayOut: `make it a list of texts: ${field}: z.array(z.string())`,
  })
}

const problem = (field: string, value: unknown, { message, wayOut }: { message: string; wayOut: string }) =>
  new TableError('definition-invalid', message, { field, value, wayOut })

/**
 * What the rule knows must be fields of the output that the output takes: otherwise the cell would fail on the model's answer, and the
 * model be blamed.
 *
 * @throws {CallFailure} `crashed`, naming the field.
 */
export function checkKnown<Out>({ output, jsonSchema }: Plan<Out>, known: Partial<Out>): void {
  const fields = output instanceof z.ZodObject ? output.shape : {}
  const names = Object.keys(jsonSchema.properties ?? {})
  for (const [name, value] of Object.entries(known)) {
    const field: unknown = fields[name]
    const checked = field instanceof z.ZodType ? field.safeParse(value) : null
    const problem = !names.includes(name)
      ? `is no field of the output: ${wayOutOf(name, names)}`
      : checked?.success === false
        ? `is not what the output takes: ${z.prettifyError(checked.error)}`
        : value === undefined
          ? 'is undefined: leave out what is not known'
          : null
    if (problem === null) continue
    const message = `the field "${name}" that decide knows ${problem}`.replaceAll(/\s+/g, ' ')
    throw new CallFailure('crashed', message, { retryable: false, cause: new TypeError(message) })
  }
}

/** What the column is made of, for people and for its version. */
export const describePlan = <Out>({
  model,
  prompt,
  jsonSchema,
  send,
  redact,
  cites,
}: Plan<Out>): JsonObject => ({
  model: model.model,
  prompt: prompt.text,
  output: jsonSchema,
  send: [...send],
  redact,
  cites: cites?.field ?? null,
})
