import { z } from 'zod'

/** Plain JSON: what a cell may hold, and what goes into the store. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

/** Parses JSON text that came from outside. Returns the error instead of throwing it. */
export function parseJson(text: string): { ok: true; value: unknown } | { ok: false; error: string } {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) }
  }
}

/**
 * JSON with object keys in a fixed order, so that equal values give equal text. `undefined` is left out; functions are written
 * by `ofFunction` where it is given.
 */
export function stableStringify(value: unknown, ofFunction?: (value: unknown) => string): string {
  if (typeof value === 'function')
    return ofFunction === undefined ? 'null' : JSON.stringify(ofFunction(value))
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map((each) => stableStringify(each, ofFunction)).join(',')}]`
  const record = value as Record<string, unknown>
  const parts: string[] = []
  for (const key of Object.keys(record).sort()) {
    const each = record[key]
    if (each !== undefined) parts.push(`${JSON.stringify(key)}:${stableStringify(each, ofFunction)}`)
  }
  return `{${parts.join(',')}}`
}

/** The JSON schema of a zod type, or null where it has none (a transform, say). */
export function jsonSchemaOf(schema: z.ZodType): JsonObject | null {
  try {
    const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'output' }) as JsonObject
    return rest
  } catch {
    return null
  }
}
