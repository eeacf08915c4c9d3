import { z } from 'zod'
import { parseJson } from './form.ts'
import type { Workspace } from './workspace.ts'

/** What a method answers: Slack's `ok` is added around it. */
export type Answer =
  | { ok: true; body: Record<string, unknown>; effect?: { kind: string } & Record<string, unknown> }
  | { ok: false; error: string; problems?: string[] }

/** One Web API method: its arguments as they come in a form, and what it does. Unknown arguments are refused. */
interface Method<Arguments extends z.ZodType = z.ZodType> {
  arguments: Arguments
  run(given: z.output<Arguments>, workspace: Workspace): Answer
}

/** Keeps the argument type between the two fields of a method. */
export function method<Arguments extends z.ZodType>(definition: Method<Arguments>) {
  return (given: unknown, workspace: Workspace): Answer => {
    const parsed = definition.arguments.safeParse(given)
    if (parsed.success) return definition.run(parsed.data, workspace)
    return {
      ok: false,
      error: 'invalid_arguments',
      problems: parsed.error.issues.map((issue) => issue.message),
    }
  }
}

/** Yes or no, as a form says it. */
export const flag = z
  .enum(['true', 'false', '1', '0'])
  .transform((value) => value === 'true' || value === '1')
const count = z.string().regex(/^\d+$/).transform(Number)

/** An object in a form: JSON text. */
export const json = <Shape extends z.ZodType>(shape: Shape) => z.string().transform(parseJson).pipe(shape)

/** The arguments of every method that answers in pages. */
export const page = { limit: count.default(100), cursor: z.string().default('') }
