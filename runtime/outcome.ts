import type { z } from 'zod'
import type { Outcome } from '../columns/column.ts'

const maxDepth = 100

/** Why an outcome cannot be kept: its own schema refuses the value, or it is not plain JSON. Null when it can. */
export function problemOf(outcome: Outcome<unknown>, output: z.ZodType<unknown> | null): string | null {
  const { reason, detail, cost } = outcome
  if (reason !== undefined && typeof reason !== 'string') return refused('the reason', `a ${typeof reason}`)
  for (const [name, extra] of Object.entries({ detail, cost })) {
    const found = extra === undefined ? null : notJson(extra, name, 0)
    if (found !== null) return found
  }
  if (outcome.status !== 'done') return null
  if (output !== null) {
    const checked = output.safeParse(outcome.value)
    if (!checked.success) {
      const [issue] = checked.error.issues
      return `the result does not fit the output schema: ${issue?.path.join('.') || 'the value'}: ${issue?.message}`
    }
  }
  return notJson(outcome.value, 'the value', 0)
}

/** What the store would lose or refuse. A field that is `undefined` counts as absent. */
function notJson(value: unknown, path: string, depth: number): string | null {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return null
    case 'number':
      return Number.isFinite(value) ? null : refused(path, String(value))
    case 'undefined':
      return depth === 0 ? refused(path, 'undefined') : null
    case 'object':
      return value === null ? null : insideOf(value, path, depth)
    default:
      return refused(path, `a ${typeof value}`)
  }
}

function insideOf(value: object, path: string, depth: number): string | null {
  if (depth > maxDepth) return `${path} is nested deeper than ${maxDepth} levels, or refers to itself`
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const found = notJson(value[index] ?? null, `${path}[${index}]`, depth + 1)
      if (found !== null) return found
    }
    return null
  }
  const shape: unknown = Object.getPrototypeOf(value)
  if (shape !== Object.prototype && shape !== null) return refused(path, `a ${value.constructor.name}`)
  for (const [name, each] of Object.entries(value)) {
    const found = notJson(each, `${path}.${name}`, depth + 1)
    if (found !== null) return found
  }
  return null
}

const refused = (path: string, what: string) =>
  `${path} is ${what}, which is not JSON: answer with plain values`
