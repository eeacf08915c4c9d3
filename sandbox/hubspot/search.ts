import { z } from 'zod'
import type { Account, ObjectType } from './account.ts'
import type { StoredObject } from './objects.ts'

const Filter = z.object({
  propertyName: z.string(),
  operator: z.enum([
    'EQ',
    'NEQ',
    'LT',
    'LTE',
    'GT',
    'GTE',
    'BETWEEN',
    'IN',
    'NOT_IN',
    'HAS_PROPERTY',
    'NOT_HAS_PROPERTY',
    'CONTAINS_TOKEN',
    'NOT_CONTAINS_TOKEN',
  ]),
  value: z.string().optional(),
  values: z.array(z.string()).optional(),
  highValue: z.string().optional(),
})
type Filter = z.output<typeof Filter>

/** The body of a search. Groups are alternatives, the filters of one group must all hold. */
export const Search = z.object({
  filterGroups: z
    .array(z.object({ filters: z.array(Filter).min(1) }))
    .max(6)
    .default([]),
  properties: z.array(z.string()).default([]),
  limit: z.number().int().min(1).max(200).default(10),
  after: z.union([z.string(), z.number()]).default('0'),
  sorts: z.array(z.unknown()).optional(),
  query: z.string().optional(),
})

/** The records that match, in the order they came to be. Records younger than the index delay are not found yet. */
export function search(
  account: Account,
  type: ObjectType,
  groups: z.output<typeof Search>['filterGroups'],
): StoredObject[] {
  const visibleUntil = new Date(account.now() - account.settings.searchDelayMs).toISOString()
  const found = new Map<string, StoredObject>()
  for (const { filters } of groups.length === 0 ? [{ filters: [] }] : groups) {
    for (const object of candidates(account, type, filters)) {
      if (object.createdAt <= visibleUntil && filters.every((filter) => holds(filter, object)))
        found.set(object.id, object)
    }
  }
  return [...found.values()].sort((one, other) => Number(one.id) - Number(other.id))
}

/** With one exact filter the index names the candidates; without, every record is one. */
function candidates(account: Account, type: ObjectType, filters: Filter[]): Iterable<StoredObject> {
  const store = account.objects[type]
  const exact = filters.find((filter) => filter.operator === 'EQ' && filter.value !== undefined)
  if (exact === undefined) return store.all()
  const ids = store.idsWith(exact.propertyName, exact.value ?? '')
  return [...ids].flatMap((id) => store.get(id) ?? [])
}

function holds(
  { propertyName, operator, value = '', values = [], highValue = '' }: Filter,
  object: StoredObject,
): boolean {
  const actual = object.properties[propertyName]?.toLowerCase() ?? ''
  const wanted = value.toLowerCase()
  const list = values.map((each) => each.toLowerCase())
  const tokens = actual.split(/[^\p{L}\p{N}]+/u)
  const wantedTokens = wanted.split(/[^\p{L}\p{N}]+/u).filter((token) => token !== '')
  const tests: Record<Filter['operator'], () => boolean> = {
    EQ: () => actual === wanted,
    NEQ: () => actual !== wanted,
    LT: () => actual !== '' && order(actual, wanted) < 0,
    LTE: () => actual !== '' && order(actual, wanted) <= 0,
    GT: () => actual !== '' && order(actual, wanted) > 0,
    GTE: () => actual !== '' && order(actual, wanted) >= 0,
    BETWEEN: () => order(actual, wanted) >= 0 && order(actual, highValue) <= 0,
    IN: () => list.includes(actual),
    NOT_IN: () => !list.includes(actual),
    HAS_PROPERTY: () => actual !== '',
    NOT_HAS_PROPERTY: () => actual === '',
    CONTAINS_TOKEN: () => wantedTokens.every((token) => tokens.includes(token)),
    NOT_CONTAINS_TOKEN: () => !wantedTokens.every((token) => tokens.includes(token)),
  }
  return tests[operator]()
}

function order(one: string, other: string): number {
  const numbers = [Number(one), Number(other)] as const
  if (!Number.isNaN(numbers[0]) && !Number.isNaN(numbers[1])) return numbers[0] - numbers[1]
  return one < other ? -1 : one > other ? 1 : 0
}
