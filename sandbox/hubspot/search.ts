import { z } from 'zod'
import type { Account, ObjectType } from './account.ts'
import type { StoredObject } from './objects.ts'
import { typeNamed } from './types.ts'

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
  /** Names of properties, `-` before one for the latest first. */
  sorts: z.array(z.string()).max(1).default([]),
  query: z.string().optional(),
})

/** The records that match, in the order they came to be. Records younger than the index delay are not found yet. */
export function search(
  account: Account,
  type: ObjectType,
  { filterGroups: groups, sorts }: Pick<z.output<typeof Search>, 'filterGroups' | 'sorts'>,
): StoredObject[] {
  const visibleUntil = new Date(account.now() - account.settings.searchDelayMs).toISOString()
  const found = new Map<string, StoredObject>()
  for (const { filters } of groups.length === 0 ? [{ filters: [] }] : groups) {
    for (const object of candidates(account, type, filters)) {
      if (
        object.createdAt <= visibleUntil &&
        filters.every((filter) => holds(filter, object, { account, type }))
      )
        found.set(object.id, object)
    }
  }
  const inOrder = [...found.values()].sort((one, other) => Number(one.id) - Number(other.id))
  const [sort] = sorts
  if (sort === undefined) return inOrder
  const property = sort.replace(/^-/, '')
  const direction = sort.startsWith('-') ? -1 : 1
  const value = ({ properties }: StoredObject) => properties[property] ?? ''
  return inOrder.sort((one, other) => order(value(one), value(other)) * direction)
}

/** With one exact filter the index names the candidates; without, every record is one. */
function candidates(account: Account, type: ObjectType, filters: Filter[]): Iterable<StoredObject> {
  const store = account.objects[type]
  const exact = filters.find(
    ({ operator, value, propertyName }) =>
      operator === 'EQ' && value !== undefined && !propertyName.startsWith('associations.'),
  )
  if (exact === undefined) return store.all()
  const ids = store.idsWith(exact.propertyName, exact.value ?? '')
  return [...ids].flatMap((id) => store.get(id) ?? [])
}

function holds(
  { propertyName, operator, value = '', values = [], highValue = '' }: Filter,
  object: StoredObject,
  { account, type }: { account: Account; type: ObjectType },
): boolean {
  const related = typeNamed(/^associations\.(\w+)$/.exec(propertyName)?.[1] ?? '')
  if (related !== null) {
    return operator === 'EQ' && account.links.of({ type, id: object.id }, related).includes(value)
  }
  const actual = object.properties[propertyName]?.toLowerCase() ?? ''
  const wanted = value.toLowerCase()
  const list = values.map((each) => each.toLowerCase())
  const tokens = actual.split(/[^\p{L}\p{N}]+/u)
  const wantedTokens = wanted.split(/[^\p{L}\p{N}*]+/u).filter((token) => token !== '')
  const hasToken = (token: string) =>
    token.endsWith('*') ? tokens.some((each) => each.startsWith(token.slice(0, -1))) : tokens.includes(token)
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
    CONTAINS_TOKEN: () => wantedTokens.every(hasToken),
    NOT_CONTAINS_TOKEN: () => !wantedTokens.every(hasToken),
  }
  return tests[operator]()
}

/** Numbers by value, times by instant (HubSpot takes them in milliseconds), texts by letter. */
function order(one: string, other: string): number {
  const numbers = [numberOf(one), numberOf(other)] as const
  if (!Number.isNaN(numbers[0]) && !Number.isNaN(numbers[1])) return numbers[0] - numbers[1]
  return one < other ? -1 : one > other ? 1 : 0
}

function numberOf(text: string): number {
  return /^\d{4}-\d\d-\d\dt/i.test(text)
    ? Date.parse(text.toUpperCase())
    : text === ''
      ? Number.NaN
      : Number(text)
}
