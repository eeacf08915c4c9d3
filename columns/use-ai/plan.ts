import type { z } from 'zod'
import type { Spend } from '../column.ts'
import { TableError } from '../errors.ts'
import { type JsonObject, jsonSchemaOf } from '../json.ts'
import type { Model } from '../ports.ts'
import { checkPrompt, maxValueLength, type Prompt } from '../prompt.ts'
import type { Cites } from './judge.ts'
import { type Price, previewUsd } from './price.ts'
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
  const { prompt, cites, price, spend } = options
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
  return {
    model: options.model,
    output: options.output,
    prompt,
    jsonSchema,
    rules: rulesOf(jsonSchema),
    send,
    redact: options.redact ?? true,
    cites: cites === undefined ? null : { field: cites.field, decisive: decisiveFields(jsonSchema) },
    maxTokens: options.maxTokens ?? defaultMaxTokens,
    price,
    revision: options.revision ?? 0,
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

/** What one row is likely to cost at most, in US dollars. */
export const previewOf = <Out>({ prompt, rules, send, maxTokens, price }: Plan<Out>): number =>
  previewUsd(
    { instructions: prompt.text.length + rules.length, values: send.length * maxValueLength, maxTokens },
    price,
  )
