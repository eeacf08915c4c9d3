import { normalizeId } from '../../connectors/salesforce/ids.ts'
import { SalesforceError } from './errors.ts'
import { findField, type TypeName } from './schema.ts'
import { fieldPath, resolvePath } from './soql-path.ts'
import { type Comparison, malformed, type Predicate, unsupported } from './soql-where.ts'
import type { SalesforceRecord, Store, Value } from './store.ts'

export type Matcher = (record: SalesforceRecord) => boolean

/** Compiles a predicate once, so that a scan only compares. */
export function compile(type: TypeName, predicate: Predicate, store: Store): Matcher {
  if (predicate.kind === 'comparison') return compileComparison(type, predicate, store)
  if (predicate.kind === 'not') {
    const inner = compile(type, predicate.part, store)
    return (record) => !inner(record)
  }
  const matchers = predicate.parts.map((part) => compile(type, part, store))
  return predicate.kind === 'and'
    ? (record) => matchers.every((matches) => matches(record))
    : (record) => matchers.some((matches) => matches(record))
}

/** A superset of the matching records from the indexes; null when only a scan will do. */
export function candidates(type: TypeName, predicate: Predicate, store: Store): SalesforceRecord[] | null {
  if (predicate.kind === 'not') return null
  if (predicate.kind === 'comparison') return indexed(type, predicate, store)
  if (predicate.kind === 'and') {
    for (const part of predicate.parts) {
      const found = candidates(type, part, store)
      if (found !== null) return found
    }
    return null
  }
  const found = new Set<SalesforceRecord>()
  for (const part of predicate.parts) {
    const some = candidates(type, part, store)
    if (some === null) return null
    for (const record of some) found.add(record)
  }
  return [...found]
}

function indexed(type: TypeName, predicate: Comparison, store: Store): SalesforceRecord[] | null {
  const { operator, literalType, field } = predicate
  const known = findField(type, field)
  if (literalType !== 'STRING' || (operator !== '=' && operator !== 'IN') || known?.field.indexed !== true)
    return null
  const values = [predicate.value].flat().map(unquote)
  if (known.name === 'Id') return values.flatMap((id) => store.get(type, id) ?? [])
  return values.flatMap((value) =>
    store.lookUp(type, known.name, known.field.type === 'id' ? (normalizeId(value) ?? value) : value),
  )
}

function compileComparison(type: TypeName, comparison: Comparison, store: Store): Matcher {
  const path = fieldPath(type, comparison.field.split('.'))
  const read = (record: SalesforceRecord) => resolvePath(record, path, store)
  const { operator } = comparison
  if (operator === 'IN' || operator === 'NOT IN') {
    const wanted = new Set(
      [comparison.value].flat().map((text) => comparable(literalOf(comparison, text), path.fieldType)),
    )
    return (record) => wanted.has(comparable(read(record), path.fieldType)) === (operator === 'IN')
  }
  if (typeof comparison.value !== 'string') throw malformed(`a list after ${operator}`)
  if (operator === 'LIKE') {
    if (path.fieldType === 'id' || path.fieldType === 'boolean' || path.fieldType === 'number') {
      throw new SalesforceError(400, 'INVALID_FIELD', `invalid operator on ${comparison.field}: LIKE`)
    }
    const pattern = likePattern(comparison.value)
    return (record) => pattern.test(String(read(record) ?? ''))
  }
  const wanted = comparable(literalOf(comparison, comparison.value), path.fieldType)
  if (path.fieldType === 'id' && typeof wanted === 'string' && normalizeId(wanted) === null) {
    throw new SalesforceError(400, 'INVALID_QUERY_FILTER_OPERATOR', `invalid ID field: ${wanted}`)
  }
  return (record) => compare(comparable(read(record), path.fieldType), wanted, operator)
}

function compare(left: Value, right: Value, operator: string): boolean {
  if (operator === '=') return left === right
  if (operator === '!=') return left !== right
  if (left === null || right === null) return false
  if (operator === '<') return left < right
  if (operator === '<=') return left <= right
  if (operator === '>') return left > right
  if (operator === '>=') return left >= right
  throw unsupported(`the operator ${operator}`)
}

/** Texts compare without case, ids with it, times by their instant. */
function comparable(value: Value, fieldType: string): Value {
  if (value === null) return null
  if (fieldType === 'id') return normalizeId(String(value)) ?? String(value)
  if (fieldType === 'datetime') return Date.parse(String(value).replace(/([+-]\d{2})(\d{2})$/, '$1:$2'))
  return typeof value === 'string' ? value.toLowerCase() : value
}

function literalOf({ literalType }: Comparison, text: string): Value {
  if (literalType === 'STRING') return unquote(text)
  if (literalType === 'NULL') return null
  if (literalType === 'BOOLEAN') return text.toLowerCase() === 'true'
  if (literalType === 'INTEGER' || literalType === 'DECIMAL') return Number(text)
  if (literalType === 'DATE' || literalType === 'DATETIME') return text
  throw unsupported(`literals of type ${literalType}`)
}

const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }

/** The text of a quoted literal. Salesforce refuses a backslash before any other character. */
function unquote(literal: string): string {
  return decode(literal, (character) => character)
}

function likePattern(literal: string): RegExp {
  const quote = (character: string) => character.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  const source = decode(literal, quote, (character) =>
    character === '%' ? '.*' : character === '_' ? '.' : quote(character),
  )
  return new RegExp(`^${source}$`, 'is')
}

function decode(
  literal: string,
  escaped: (character: string) => string,
  plain: (character: string) => string = escaped,
): string {
  return literal
    .slice(1, -1)
    .replaceAll(/\\(?:u([0-9a-fA-F]{4})|(.))|([^\\])/gs, (_, code, after, character) => {
      if (code !== undefined) return escaped(String.fromCharCode(Number.parseInt(code, 16)))
      if (character !== undefined) return plain(character)
      const control = escapes[after.toLowerCase()]
      if (control !== undefined) return escaped(control)
      if ('\\\'"_%'.includes(after)) return escaped(after)
      throw malformed(
        `Invalid string literal ${literal}. Illegal character sequence '\\${after}' in string literal.`,
      )
    })
}
