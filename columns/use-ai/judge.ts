import { z } from 'zod'
import { parseJson } from '../json.ts'
import type { ModelAnswer } from '../ports.ts'
import { duplicateKey } from './duplicate-keys.ts'
import type { AiOutcome } from './outcomes.ts'

/** A classification is a few hundred characters; whatever is longer is not one. */
const longestAnswer = 64 * 1024
const deepest = 32

/** The field that lists the inputs an answer stands on. */
export interface Cites {
  field: string
  /** Paths of the fields that say `unknown` or null where nothing decided: `region`, `firm.size`, `offices[].country`. */
  decisive: readonly string[]
}

export interface Judging<Out> {
  output: z.ZodType<Out>
  cites: Cites | null
  /** Inputs that were sent and held something. */
  filled: readonly string[]
}

/** `told` is what the model may read of the problem: in our words, nothing of what it wrote itself. */
export type Verdict<Out> =
  | { ok: true; value: Out }
  | { ok: false; outcome: AiOutcome; problem: string; repairable: boolean; told: string }

/** Whether an answer may be used: whole, JSON of the schema to the letter, and standing on inputs that were there. */
export function judge<Out>(answer: ModelAnswer, judging: Judging<Out>): Verdict<Out> {
  if (answer.refusal !== null && answer.refusal.trim() !== '')
    return final('refused', `the model refused: ${answer.refusal}`)
  if (answer.finishReason === 'length')
    return final('cut-off', 'the answer ended with "length": it was cut off')
  if (answer.finishReason === 'content_filter')
    return final('filtered', 'the answer ended with "content_filter"')
  const text = answer.text ?? ''
  if (text.trim() === '') return repairable('empty', 'the answer is empty')
  if (text.length > longestAnswer) return final('too-large', `the answer has ${text.length} characters`)
  const parsed = parseJson(text)
  if (!parsed.ok) {
    const told = 'it is not JSON alone: nothing may stand before or behind the object'
    return repairable('not-json', `it is not JSON (${parsed.error})`, told)
  }
  const twice = duplicateKey(text)
  if (twice !== null)
    return repairable(
      'duplicate-keys',
      `the key "${twice}" stands twice in one object`,
      'a key stands twice in one object',
    )
  return judgeValue(parsed.value, judging)
}

/** The same for an answer that was kept. */
export function judgeValue<Out>(given: unknown, { output, cites, filled }: Judging<Out>): Verdict<Out> {
  const checked = output.safeParse(given)
  if (!checked.success) {
    const own = checked.error.issues.filter(({ code }) => code !== 'unrecognized_keys')
    const told = own.length === 0 ? unknownKeys : z.prettifyError(new z.ZodError(own))
    return repairable('schema-violation', z.prettifyError(checked.error), told)
  }
  const changed = differenceOf(given, checked.data, { path: '', depth: 0 })
  if (changed !== null) return repairable('schema-violation', changed, unknownKeys)
  const wrong = cites === null ? null : wrongCitation(checked.data, cites, filled)
  if (wrong !== null) return repairable('wrong-citation', wrong.problem, wrong.told)
  return { ok: true, value: checked.data }
}

const unknownKeys = 'it holds something that the schema does not know'

const final = (outcome: AiOutcome, problem: string): Verdict<never> => ({
  ok: false,
  outcome,
  problem: short(problem),
  repairable: false,
  told: '',
})
const repairable = (outcome: AiOutcome, problem: string, told = problem): Verdict<never> => ({
  ok: false,
  outcome,
  problem: short(problem),
  repairable: true,
  told: short(told),
})

/** Most that a model is told of what is wrong, in signs. */
export const longestTold = 500
const short = (text: string) => (text.length > longestTold ? `${text.slice(0, longestTold - 1)}…` : text)

/**
 * Where the schema changed an answer instead of refusing it: a key left out, a default filled in, a text trimmed. An answer is taken as
 * it came or not at all.
 */
function differenceOf(
  given: unknown,
  taken: unknown,
  { path, depth }: { path: string; depth: number },
): string | null {
  if (depth > deepest) return `${path} is nested deeper than ${deepest} levels`
  if (Array.isArray(given) && Array.isArray(taken) && given.length === taken.length) {
    return firstOf(given, (each, index) =>
      differenceOf(each, taken[index], { path: `${path}[${index}]`, depth: depth + 1 }),
    )
  }
  if (isRecord(given) && isRecord(taken)) {
    const keys = [...new Set([...Object.keys(given), ...Object.keys(taken)])]
    return firstOf(keys, (key) => {
      const inner = path === '' ? key : `${path}.${key}`
      if (!Object.hasOwn(taken, key)) return `"${inner}" is no key of the schema`
      return differenceOf(given[key], taken[key], { path: inner, depth: depth + 1 })
    })
  }
  return Object.is(given, taken) ? null : `"${path}" is not taken as it came: the schema changes it`
}

function firstOf<Each>(
  list: readonly Each[],
  find: (each: Each, index: number) => string | null,
): string | null {
  for (const [index, each] of list.entries()) {
    const found = find(each, index)
    if (found !== null) return found
  }
  return null
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const Cited = z.array(z.string())

/** Inputs that were empty or never sent cannot have decided anything, and what is not unknown stands on some input. */
function wrongCitation(
  value: unknown,
  { field, decisive }: Cites,
  filled: readonly string[],
): { problem: string; told: string } | null {
  if (!isRecord(value)) return null
  const cited = Cited.safeParse(value[field]).data ?? []
  const wrong = cited.find((name) => !filled.includes(name))
  const known =
    filled.length === 0 ? 'every value is empty' : `these values are not empty: ${filled.join(', ')}`
  if (wrong !== undefined) {
    return {
      problem: `${field} names "${wrong}", which was empty or not sent`,
      told: `${field} may only name values that are not empty; ${known}`,
    }
  }
  if (cited.length > 0 || !decisive.some((path) => isDecided(value, path.split('.')))) return null
  return { problem: `${field} names nothing`, told: `${field} must name the values that decided; ${known}` }
}

/** Whether anything at the end of a path says more than that it is not known. */
function isDecided(value: unknown, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) {
    if (Array.isArray(value)) return value.some((each) => isDecided(each, []))
    return value !== undefined && value !== null && value !== 'unknown'
  }
  const isList = name.endsWith('[]')
  const inner = isRecord(value) ? value[isList ? name.slice(0, -2) : name] : undefined
  if (!isList) return isDecided(inner, rest)
  return Array.isArray(inner) && inner.some((each) => isDecided(each, rest))
}
