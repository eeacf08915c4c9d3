import type { z } from 'zod'
import type { Outcome, Reconciliation } from '../columns/column.ts'

const maxDepth = 100

/** What a column in JavaScript answers may be anything. */
export const isOutcome = (answer: unknown): answer is Outcome<unknown> =>
  isObject(answer) && (answer.status === 'done' || answer.status === 'no-result')

/** The same of what reading back found. The outcome of what happened is not looked at. */
export const isReconciliation = (found: unknown): found is Reconciliation<unknown> =>
  isObject(found) &&
  (found.state === 'happened' ||
    found.state === 'absent' ||
    (found.state === 'unknown' && typeof found.reason === 'string'))

export const noOutcome = 'the answer is no outcome: answer with done(...) or noResult(...)'

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/**
 * Why an answer cannot be kept: it is no outcome, its own schema refuses the value, or it is not plain JSON. Null when it can.
 */
export function problemOf(outcome: unknown, output: z.ZodType<unknown> | null): string | null {
  if (!isOutcome(outcome)) return noOutcome
  const beside = problemBeside(outcome)
  if (beside !== null) return beside
  if (outcome.status !== 'done') return null
  if (output !== null) {
    const checked = output.safeParse(outcome.value)
    if (!checked.success) {
      const [issue] = checked.error.issues
      return `the result does not fit the output schema: ${issue?.path.join('.') || 'the value'}: ${issue?.message}`
    }
  }
  return problemIn(outcome.value, 'the value')
}

/** The same of what an outcome says beside its value: a JavaScript column may say anything there too. */
function problemBeside(outcome: Outcome<unknown>): string | null {
  const { reason, detail, cost } = outcome
  const learnt = outcome.status === 'done' ? outcome.learnt : undefined
  if (reason !== undefined && typeof reason !== 'string') return refused('the reason', `a ${typeof reason}`)
  if (detail !== undefined && !isPlain(detail)) return 'detail is no plain object'
  if (learnt !== undefined && !(Array.isArray(learnt) && learnt.every(isPlain)))
    return 'learnt is no list of signals'
  return problemIn(detail ?? null, 'detail') ?? problemOfCost(cost) ?? problemIn(learnt ?? null, 'learnt')
}

const isPlain = (value: unknown) => isObject(value) && !Array.isArray(value)

/** Why a cost cannot be kept, null when it can. Costs are added up: text among them would be put end to end. */
export function problemOfCost(cost: unknown): string | null {
  if (cost === undefined) return null
  const isNumber = (value: unknown) => typeof value === 'number'
  const { usd, inputTokens = 0, outputTokens = 0 } = isObject(cost) ? cost : {}
  if (![usd, inputTokens, outputTokens].every(isNumber))
    return 'cost is no object of numbers with usd, in US dollars'
  return problemIn(cost, 'cost')
}

/** What the store would lose or refuse. A field that is `undefined` counts as absent. */
function problemIn(value: unknown, root: string): string | null {
  const found = notJson(value, 0)
  if (found === null) return null
  return refused(`${root}${found.path.toReversed().join('')}`, found.what)
}

/** The path of what is refused, from the inside out: nothing is spent on paths as long as all is well. */
interface NotJson {
  path: string[]
  what: string
}

function notJson(value: unknown, depth: number): NotJson | null {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return null
    case 'number':
      return Number.isFinite(value) ? null : { path: [], what: String(value) }
    case 'undefined':
      return depth === 0 ? { path: [], what: 'undefined' } : null
    case 'object':
      return value === null ? null : insideOf(value, depth)
    default:
      return { path: [], what: `a ${typeof value}` }
  }
}

function insideOf(value: object, depth: number): NotJson | null {
  if (depth > maxDepth)
    return { path: [], what: `nested deeper than ${maxDepth} levels, or refers to itself` }
  const shape: unknown = Object.getPrototypeOf(value)
  const isList = Array.isArray(value)
  if (!isList && shape !== Object.prototype && shape !== null)
    return { path: [], what: `a ${value.constructor.name}` }
  const inside: readonly unknown[] = isList ? value : Object.values(value)
  for (let index = 0; index < inside.length; index += 1) {
    const found = notJson(inside[index], depth + 1)
    if (found === null) continue
    found.path.push(isList ? `[${index}]` : `.${Object.keys(value)[index]}`)
    return found
  }
  return null
}

const refused = (path: string, what: string) =>
  `${path} is ${what}, which is not JSON: answer with plain values`
