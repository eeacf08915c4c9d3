import { SalesforceError } from './errors.ts'
import { type FieldType, findField, schema, type TypeName } from './schema.ts'
import type { SalesforceRecord, Store, Value } from './store.ts'

/** A field of a record or of one it points to: `Owner.Name`. */
export interface FieldPath {
  /** The pointing fields to follow, with the relation's name in answers. */
  steps: { relation: string; field: string; targets: readonly TypeName[] }[]
  name: string
  fieldType: FieldType
}

/** What Salesforce shows of an owner that may be a user or a queue: the fields of its `Name` object. */
const polymorphic: Record<string, FieldType> = {
  Id: 'id',
  Name: 'text',
  Email: 'email',
  IsActive: 'boolean',
  Type: 'text',
}

/** Checks a path against the schema. Throws `INVALID_FIELD` as Salesforce does. */
export function fieldPath(type: TypeName, parts: readonly string[]): FieldPath {
  const steps: FieldPath['steps'] = []
  let targets: readonly TypeName[] = [type]
  for (const relation of parts.slice(0, -1)) {
    const step = findRelation(targets, relation)
    if (step === null) {
      throw new SalesforceError(
        400,
        'INVALID_FIELD',
        `Didn't understand relationship '${relation}' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name.`,
      )
    }
    steps.push(step)
    targets = step.targets
  }
  const last = parts.at(-1) ?? ''
  const found = targets.length > 1 ? findPolymorphic(last) : findPlain(targets[0], last)
  if (found === null) {
    const entity = targets.length > 1 ? 'Name' : (targets[0] ?? type)
    throw new SalesforceError(400, 'INVALID_FIELD', `No such column '${last}' on entity '${entity}'.`)
  }
  return { steps, ...found }
}

/** The value at the end of the path; null when a pointer on the way is empty. */
export function resolvePath(record: SalesforceRecord, path: FieldPath, store: Store): Value {
  let current: SalesforceRecord | null = record
  let targets: readonly TypeName[] | null = null
  for (const step of path.steps) {
    if (current === null) return null
    current = follow(current, step, store)
    targets = step.targets
  }
  if (current === null) return null
  return targets !== null && targets.length > 1 ? nameValue(current, path.name) : (current[path.name] ?? null)
}

/** The record a step leads to. */
export function follow(
  record: SalesforceRecord,
  step: FieldPath['steps'][number],
  store: Store,
): SalesforceRecord | null {
  const id = record[step.field]
  if (typeof id !== 'string') return null
  for (const target of step.targets) {
    const found = store.get(target, id)
    if (found !== null) return found
  }
  return null
}

/** A field of the `Name` object that stands for a user or a queue. */
export function nameValue(record: SalesforceRecord, name: string): Value {
  const isQueue = record.Id.startsWith(schema.Group.prefix)
  if (name === 'Type') return isQueue ? 'Queue' : record.Id.startsWith(schema.User.prefix) ? 'User' : null
  return record[name] ?? null
}

function findRelation(types: readonly TypeName[], relation: string): FieldPath['steps'][number] | null {
  for (const type of types) {
    for (const [name, field] of Object.entries(schema[type].fields)) {
      if (field.points?.relation.toLowerCase() === relation.toLowerCase()) {
        return { relation: field.points.relation, field: name, targets: field.points.to }
      }
    }
  }
  return null
}

function findPlain(type: TypeName | undefined, name: string): { name: string; fieldType: FieldType } | null {
  const found = type === undefined ? null : findField(type, name)
  return found === null ? null : { name: found.name, fieldType: found.field.type }
}

function findPolymorphic(name: string): { name: string; fieldType: FieldType } | null {
  const known = Object.entries(polymorphic).find(([field]) => field.toLowerCase() === name.toLowerCase())
  return known === undefined ? null : { name: known[0], fieldType: known[1] }
}
