import type { Condition, ValueQueryCondition, WhereClause } from '@jetstreamapp/soql-parser-js'
import { SalesforceError } from './errors.ts'

/** A condition on one field, its value still as written. */
export interface Comparison {
  kind: 'comparison'
  field: string
  operator: string
  value: string | string[]
  literalType: string
}

export type Predicate =
  | Comparison
  | { kind: 'and' | 'or'; parts: Predicate[] }
  | { kind: 'not'; part: Predicate }

type Token = '(' | ')' | 'AND' | 'OR' | 'NOT' | Comparison

/**
 * The parser gives a chain of conditions that count their parentheses. This rebuilds the tree, with SOQL's own rule that AND
 * and OR do not mix without parentheses.
 */
export function predicateOf(where: WhereClause): Predicate {
  const tokens = tokensOf(where)
  let position = 0
  const next = () => tokens[position]
  const take = () => {
    position += 1
    return tokens[position - 1]
  }
  const chain = (): Predicate => {
    const parts = [unit()]
    let joined: 'AND' | 'OR' | null = null
    for (let word = next(); word === 'AND' || word === 'OR'; word = next()) {
      if (joined !== null && joined !== word) throw malformed(`unexpected token: '${word}'`)
      joined = word
      take()
      parts.push(unit())
    }
    const [only] = parts
    if (joined === null && only !== undefined) return only
    return { kind: joined === 'OR' ? 'or' : 'and', parts }
  }
  const unit = (): Predicate => {
    const token = take()
    if (token === 'NOT') return { kind: 'not', part: unit() }
    if (token === '(') {
      const inside = chain()
      if (take() !== ')') throw malformed("expecting a right parenthesis, found 'EOF'")
      return inside
    }
    if (token === undefined || typeof token === 'string')
      throw malformed(`unexpected token: '${token ?? 'EOF'}'`)
    return token
  }
  const tree = chain()
  if (next() !== undefined) throw malformed(`unexpected token: '${String(next())}'`)
  return tree
}

function tokensOf(where: WhereClause): Token[] {
  const tokens: Token[] = []
  for (let clause: WhereClause | null = where; clause !== null; ) {
    const left: Condition | ValueQueryCondition | null = clause.left
    if (left !== null) tokens.push(...Array<Token>(left.openParen ?? 0).fill('('))
    if (left !== null && 'field' in left) tokens.push(comparisonOf(left))
    else if (left !== null && 'fn' in left) throw unsupported('functions in WHERE')
    if (left !== null && 'closeParen' in left) tokens.push(...Array<Token>(left.closeParen ?? 0).fill(')'))
    if ('operator' in clause) {
      tokens.push(clause.operator)
      clause = clause.right
    } else clause = null
  }
  return tokens
}

function comparisonOf(condition: Exclude<Condition | ValueQueryCondition, { fn: unknown }>): Comparison {
  if (!('field' in condition)) throw malformed('a condition without a field')
  if ('valueQuery' in condition) throw unsupported('subqueries in WHERE')
  const { field, operator, value, literalType } = condition
  return {
    kind: 'comparison',
    field,
    operator,
    value,
    literalType: (Array.isArray(literalType) ? literalType[0] : literalType) ?? 'STRING',
  }
}

export function malformed(message: string): SalesforceError {
  return new SalesforceError(400, 'MALFORMED_QUERY', message)
}

/** What the stand-in cannot do it refuses, so that nobody takes a wrong answer for a right one. */
export function unsupported(what: string): SalesforceError {
  return new SalesforceError(501, 'SANDBOX_UNSUPPORTED', `the sandbox does not support ${what}`)
}
