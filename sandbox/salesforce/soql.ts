import {
  type FieldType,
  parseQuery,
  type Query,
  type QueryBase,
  type Subquery,
} from '@jetstreamapp/soql-parser-js'
import { SalesforceError } from './errors.ts'
import { findType, schema, type TypeName } from './schema.ts'
import { candidates, compile } from './soql-match.ts'
import { type FieldPath, fieldPath, follow, nameValue, resolvePath } from './soql-path.ts'
import { malformed, predicateOf, unsupported } from './soql-where.ts'
import type { SalesforceRecord, Store, Value } from './store.ts'

export interface QueryResult {
  totalSize: number
  /** Shaped as Salesforce answers them; empty for `COUNT()`. */
  records: Record<string, unknown>[]
}

export interface QuerySettings {
  /** The version's path, for the records' own addresses. */
  root: string
  /** Are deleted and merged records found as well? */
  deleted?: boolean
}

/** Runs one SOQL query against the store. */
export function runQuery(soql: string, store: Store, { root, deleted = false }: QuerySettings): QueryResult {
  const parsed = parse(soql)
  const type = findType(parsed.sObject ?? '')
  if (type === null) {
    throw new SalesforceError(400, 'INVALID_TYPE', `sObject type '${parsed.sObject ?? ''}' is not supported.`)
  }
  refuseUnsupported(parsed)
  const found = select(type, parsed, { store, source: null, deleted })
  if (isCount(parsed)) return { totalSize: found.length, records: [] }
  const shape = shaper(type, parsed.fields ?? [], { store, root })
  return { totalSize: found.length, records: found.map(shape) }
}

function parse(soql: string): Query {
  try {
    return parseQuery(soql)
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : String(error))
  }
}

function refuseUnsupported(query: QueryBase): void {
  if (query.groupBy !== undefined || query.having !== undefined) throw unsupported('GROUP BY')
  if (query.withDataCategory !== undefined) throw unsupported('WITH DATA CATEGORY')
}

function isCount(query: Query): boolean {
  const [field] = query.fields ?? []
  return (
    query.fields?.length === 1 &&
    field?.type === 'FieldFunctionExpression' &&
    field.rawValue?.toUpperCase() === 'COUNT()'
  )
}

/** The matching records in order, within limit and offset. `source` narrows to given records, as for a subquery. */
function select(
  type: TypeName,
  query: QueryBase,
  { store, source, deleted }: { store: Store; source: SalesforceRecord[] | null; deleted: boolean },
): SalesforceRecord[] {
  const predicate = query.where === undefined ? null : predicateOf(query.where)
  const matches = predicate === null ? () => true : compile(type, predicate, store)
  const pool = source ?? (predicate === null ? null : candidates(type, predicate, store)) ?? store.all(type)
  const found: SalesforceRecord[] = []
  for (const record of pool) {
    if ((deleted || record.IsDeleted !== true) && matches(record)) found.push(record)
  }
  const ordered = orderBy(type, query, found, store)
  const start = query.offset ?? 0
  return ordered.slice(start, query.limit === undefined ? undefined : start + query.limit)
}

function orderBy(
  type: TypeName,
  query: QueryBase,
  found: SalesforceRecord[],
  store: Store,
): SalesforceRecord[] {
  const orders = [query.orderBy ?? []].flat().map((order) => {
    if (!('field' in order)) throw unsupported('functions in ORDER BY')
    const direction = order.order === 'DESC' ? -1 : 1
    return { path: fieldPath(type, order.field.split('.')), direction, nullsLast: order.nulls === 'LAST' }
  })
  if (orders.length === 0) return found
  return found.toSorted((a, b) => {
    for (const { path, direction, nullsLast } of orders) {
      const left = resolvePath(a, path, store)
      const right = resolvePath(b, path, store)
      if (left === right) continue
      if (left === null) return nullsLast ? 1 : -1
      if (right === null) return nullsLast ? -1 : 1
      return compareValues(left, right) * direction
    }
    return 0
  })
}

function compareValues(left: NonNullable<Value>, right: NonNullable<Value>): number {
  const a = typeof left === 'string' ? left.toLowerCase() : left
  const b = typeof right === 'string' ? right.toLowerCase() : right
  return a < b ? -1 : a > b ? 1 : 0
}

type Shape = (record: SalesforceRecord) => Record<string, unknown>

function shaper(type: TypeName, fields: readonly FieldType[], around: { store: Store; root: string }): Shape {
  const writers = fields.map((field) => fieldWriter(type, field, around))
  return (record) => {
    const answer: Record<string, unknown> = { attributes: attributesOf(type, record, around.root) }
    for (const write of writers) write(record, answer)
    return answer
  }
}

type Writer = (record: SalesforceRecord, answer: Record<string, unknown>) => void

function fieldWriter(type: TypeName, field: FieldType, around: { store: Store; root: string }): Writer {
  if (field.type === 'Field') {
    const { name } = fieldPath(type, [field.field])
    return (record, answer) => {
      answer[name] = record[name] ?? null
    }
  }
  if (field.type === 'FieldRelationship') {
    const path = fieldPath(type, [...field.relationships, field.field])
    return (record, answer) => writeRelated(record, answer, path, around)
  }
  if (field.type === 'FieldSubquery') return subqueryWriter(type, field.subquery, around)
  throw unsupported(`${field.type} in SELECT`)
}

function writeRelated(
  record: SalesforceRecord,
  answer: Record<string, unknown>,
  path: FieldPath,
  { store, root }: { store: Store; root: string },
): void {
  let current = record
  let place = answer
  for (const [depth, step] of path.steps.entries()) {
    const target = follow(current, step, store)
    if (target === null) {
      place[step.relation] = null
      return
    }
    const known = place[step.relation]
    const type = step.targets.find((each) => store.get(each, target.Id) !== null) ?? 'User'
    const nested: Record<string, unknown> =
      known !== null && typeof known === 'object'
        ? { ...known }
        : {
            attributes:
              step.targets.length > 1 ? nameAttributes(type, target, root) : attributesOf(type, target, root),
          }
    if (depth === path.steps.length - 1) {
      nested[path.name] = step.targets.length > 1 ? nameValue(target, path.name) : (target[path.name] ?? null)
    }
    place[step.relation] = nested
    place = nested
    current = target
  }
}

function subqueryWriter(type: TypeName, subquery: Subquery, around: { store: Store; root: string }): Writer {
  const relations = Object.entries(schema[type].children)
  const relation = relations.find(([name]) => name.toLowerCase() === subquery.relationshipName.toLowerCase())
  if (relation === undefined) {
    throw new SalesforceError(
      400,
      'INVALID_TYPE',
      `Didn't understand relationship '${subquery.relationshipName}' in FROM part of query call.`,
    )
  }
  const [name, child] = relation
  refuseUnsupported(subquery)
  const shape = shaper(child.type, subquery.fields ?? [], around)
  return (record, answer) => {
    const children = around.store.lookUp(child.type, child.field, record.Id)
    const found = select(child.type, subquery, {
      store: around.store,
      source: children,
      deleted: false,
    })
    answer[name] =
      found.length === 0 ? null : { totalSize: found.length, done: true, records: found.map(shape) }
  }
}

/** The type and address Salesforce puts before a record's fields. */
export function attributesOf(type: TypeName, record: SalesforceRecord, root: string) {
  return { type, url: `${root}/sobjects/${type}/${record.Id}` }
}

function nameAttributes(type: TypeName, record: SalesforceRecord, root: string) {
  return { ...attributesOf(type, record, root), type: 'Name' }
}
