import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'

/** A vendor's own contract, kept beside the project and never copied into it; null where it is not there. */
export function vendorContract(path: string): unknown {
  const file = new URL(`../../../shared/specs/${path}`, import.meta.url)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null
}

/** The Adaptive Card schema as a zod type, adjusted where zod reads JSON schema more loosely than its authors did. */
export function adaptiveCardSchema(contract: unknown): z.ZodType {
  const schema = z.record(z.string(), z.json()).parse(tightened(contract))
  return z.fromJSONSchema({ ...schema, $schema: 'http://json-schema.org/draft-07/schema#' })
}

/** zod looks at a `pattern` only where the type is said to be text. */
function tightened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tightened)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]) => [key, tightened(inner)])
  const isPattern = 'pattern' in value && typeof value.pattern === 'string' && !('type' in value)
  return Object.fromEntries(isPattern ? [...entries, ['type', 'string']] : entries)
}

const Parameter = z.object({ name: z.string(), type: z.string(), required: z.boolean().default(false) })
const SlackContract = z.object({
  paths: z.record(
    z.string(),
    z.object({ post: z.object({ parameters: z.array(Parameter).default([]) }).optional() }),
  ),
})

/** What is wrong with a form posted to a Slack method, by the vendor's list of its arguments. */
export function slackProblems(contract: unknown, method: string, form: Record<string, string>): string[] {
  const parameters = SlackContract.parse(contract).paths[`/${method}`]?.post?.parameters
  if (parameters === undefined) return [`there is no method ${method}`]
  const problems = parameters
    .filter(({ name, required }) => required && !form[name])
    .map(({ name }) => `${name} is missing`)
  for (const [name, value] of Object.entries(form)) {
    const type = parameters.find((parameter) => parameter.name === name)?.type
    if (type === undefined) problems.push(`${name} is unknown`)
    if (type === 'boolean' && !/^(true|false)$/.test(value)) problems.push(`${name} is no boolean`)
    if ((type === 'integer' || type === 'number') && !/^[\d.]+$/.test(value))
      problems.push(`${name} is no number`)
  }
  return problems
}
