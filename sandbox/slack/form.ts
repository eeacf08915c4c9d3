import type { Context } from 'hono'
import type { SandboxEnv } from '../vendor.ts'

/** A method's arguments, from the query and the form. The client sends objects in them as JSON text. */
export async function argumentsOf(c: Context<SandboxEnv>): Promise<Record<string, string>> {
  const form = c.req.method === 'POST' ? new URLSearchParams(await c.req.text()) : new URLSearchParams()
  return { ...c.req.query(), ...Object.fromEntries(form) }
}

/** The JSON in an argument; undefined when it is none, which every schema refuses. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
