import type { ConditionTrace } from '../decision.ts'

type Scalar = string | number | boolean | null

type Wish<Value> =
  | Extract<Value, Scalar>
  | readonly Extract<Value, Scalar>[]
  | { readonly not: Extract<Value, Scalar> | readonly Extract<Value, Scalar>[] }
  | ((value: Value) => boolean)
  | ([Extract<Value, object>] extends [never] ? never : RuleWhen<Extract<Value, object>>)

/**
 * When a rule is asked, as data, so that the trace can say which value stood against which wish: a value, a list of values, `{ not }`
 * either, a test of the value, or wishes for the fields of an object. Null means: there is none.
 */
export type RuleWhen<Row> = { readonly [Key in keyof Row]?: Wish<Row[Key]> }

/** The wishes with the values they met. All must match. */
export function checkWhen(when: object, row: object): ConditionTrace[] {
  return [...conditionsOf(when, row, '')]
}

function* conditionsOf(when: object, row: unknown, path: string): Generator<ConditionTrace> {
  for (const [name, wish] of Object.entries(when) as [string, unknown][]) {
    if (wish === undefined) continue
    const field = `${path}${name}`
    const value = fieldOf(row, name)
    if (isPart(wish)) {
      yield* conditionsOf(wish, value, `${field}.`)
      continue
    }
    const seen = shorten(value)
    if (typeof wish === 'function') {
      yield {
        field,
        operator: 'passes',
        expected: wish.name || 'a test',
        seen,
        matched: wish(value) === true,
      }
    } else {
      const { not, values } = valuesOf(wish)
      const among = values.some((each) => each === value)
      const operator = `${not ? 'is not' : 'is'}${values.length === 1 ? '' : ' one of'}`
      const expected = values.length === 1 ? values[0] : values
      yield { field, operator, expected, seen, matched: among !== not }
    }
  }
}

/** True when every row that passes `narrow` passes `wide` too, as far as data can tell: tests of a value are never compared. */
export function covers(wide: object | undefined, narrow: object | undefined): boolean {
  if (wide === undefined) return true
  const other = narrow ?? {}
  return Object.entries(wide).every(([name, wish]) => {
    if (wish === undefined) return true
    const against: unknown = fieldOf(other, name) ?? undefined
    const [mine, theirs] = [wish, narrowOf(other, name, against)]
    if (theirs === undefined || typeof mine === 'function' || typeof theirs === 'function') return false
    if (isPart(mine)) return isPart(theirs) && covers(mine, theirs)
    if (isPart(theirs)) return false
    const [left, right] = [valuesOf(mine), valuesOf(theirs)]
    if (left.not && right.not) return left.values.every((each) => right.values.includes(each))
    if (left.not) return right.values.every((each) => !left.values.includes(each))
    return !right.not && right.values.every((each) => left.values.includes(each))
  })
}

/** A wish for null is a wish; a field that is left out is none. */
const narrowOf = (when: object, name: string, value: unknown): unknown =>
  value === undefined && Object.hasOwn(when, name) ? null : value

/** A row that remembers which of its values were read. */
export interface Recorder<Row> {
  row: Row
  /** What was read since the last call. */
  take(): ConditionTrace[]
}

export function recordReads<Row extends object>(values: Row): Recorder<Row> {
  let seen = new Map<string, unknown>()
  const row = new Proxy(values, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver)
      if (typeof name === 'string') seen.set(name, value)
      return value
    },
  })
  return {
    row,
    take() {
      const read = seen
      if (read.size === 0) return []
      seen = new Map()
      return [...read].map(([field, value]) => ({
        field,
        operator: 'read',
        expected: null,
        seen: shorten(value),
        matched: true,
      }))
    },
  }
}

const longest = 200
const mostFields = 8
const longestField = 80

/** A value small enough for every trace: long text is cut, an object is its id and name, or else its plain fields. */
export function shorten(value: unknown, most = longest): unknown {
  if (typeof value === 'string') return value.length > most ? `${value.slice(0, most)}…` : value
  if (value === undefined || value === null) return null
  if (typeof value !== 'object') return typeof value === 'function' ? 'function' : value
  if (Array.isArray(value)) return `${value.length} values`
  const named = ['id', 'rep', 'name'].flatMap((name) => {
    const each = fieldOf(value, name)
    return typeof each === 'string' ? [[name, shorten(each, longestField)] as const] : []
  })
  if (named.length > 0) return Object.fromEntries(named)
  const plain = Object.entries(value).filter(([, each]) => each === null || typeof each !== 'object')
  return Object.fromEntries(
    plain.slice(0, mostFields).map(([name, each]) => [name, shorten(each, longestField)]),
  )
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null
  return Reflect.get(value, name) ?? null
}

/** Wishes for the fields of an object. */
function isPart(wish: unknown): wish is object {
  return typeof wish === 'object' && wish !== null && !Array.isArray(wish) && !Object.hasOwn(wish, 'not')
}

function valuesOf(wish: unknown): { not: boolean; values: readonly unknown[] } {
  if (typeof wish === 'object' && wish !== null && 'not' in wish)
    return { not: true, values: listOf(wish.not) }
  return { not: false, values: listOf(wish) }
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value])
