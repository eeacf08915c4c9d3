import { z } from 'zod'
import type { Told } from './request.ts'
import { type Conclusion, conclude } from './rule.ts'

const Node = z.object({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  minimum: z.number().optional(),
  maxLength: z.number().optional(),
})

/**
 * A JSON value that follows the schema. Properties called `region`, `segment`, `reason` and `decidingFields` carry what the rule concludes from the
 * values, as far as the schema allows it; all others the emptiest value there is, `unknown` before anything else.
 */
export function answerFor(schema: unknown, values: ReadonlyMap<string, Told>): unknown {
  return fill(schema, conclude(values))
}

function fill(schema: unknown, conclusion: Conclusion, name = ''): unknown {
  const parsed = Node.safeParse(schema)
  if (!parsed.success) return null
  const node = parsed.data
  const types = [node.type ?? (node.properties === undefined ? [] : 'object')].flat()
  const concluded = Object.entries(conclusion).find(([key]) => key === name)?.[1]
  if (node.enum !== undefined) return pick(node.enum, concluded)
  if (node.const !== undefined) return node.const
  if (node.anyOf !== undefined) return node.anyOf.some(isNull) ? null : fill(node.anyOf[0], conclusion, name)
  if (types.includes('string') && typeof concluded === 'string') return concluded.slice(0, node.maxLength)
  if (types.includes('null')) return null
  if (types.includes('object')) {
    const fields = Object.entries(node.properties ?? {})
    return Object.fromEntries(fields.map(([key, field]) => [key, fill(field, conclusion, key)]))
  }
  if (types.includes('array')) return Array.isArray(concluded) ? concluded : []
  if (types.includes('boolean')) return false
  return types.includes('number') || types.includes('integer') ? Math.max(0, node.minimum ?? 0) : ''
}

function pick(allowed: readonly unknown[], concluded: unknown): unknown {
  if (concluded !== undefined && allowed.includes(concluded)) return concluded
  return allowed.includes('unknown') ? 'unknown' : allowed[0]
}

function isNull(schema: unknown): boolean {
  return z.object({ type: z.literal('null') }).safeParse(schema).success
}
