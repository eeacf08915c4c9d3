import type { JsonObject } from '../columns/json.ts'

/** Deeper than any provider nests; what is deeper breaks whoever writes it down again. */
const maxDepth = 32

/** For what came out of `JSON.parse`: an object that does not nest too deep. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isShallow(value, 1)
}

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depth < maxDepth && Object.values(value).every((each) => isShallow(each, depth + 1))
}
