import type { ObjectType } from './account.ts'

/** A record of any type. */
export interface Address {
  type: ObjectType
  id: string
}

/** Which records belong together. A link holds in both directions, as HubSpot's default associations do. */
export interface Links {
  add(one: Address, other: Address): void
  /** Ids of the records of a type that are linked with this one, in the order they were. */
  of(record: Address, type: ObjectType): string[]
  /** Takes a record out of every link, as when it is archived. */
  forget(record: Address): void
}

/** No links yet. */
export function createLinks(): Links {
  const links = new Map<string, Map<string, Address>>()

  function point(from: Address, to: Address) {
    const found = links.get(keyOf(from))
    if (found === undefined) links.set(keyOf(from), new Map([[keyOf(to), to]]))
    else found.set(keyOf(to), to)
  }

  return {
    add(one, other) {
      point(one, other)
      point(other, one)
    },
    of(record, type) {
      const found = links.get(keyOf(record))
      if (found === undefined) return []
      return [...found.values()].filter((each) => each.type === type).map(({ id }) => id)
    },
    forget(record) {
      for (const other of links.get(keyOf(record))?.values() ?? [])
        links.get(keyOf(other))?.delete(keyOf(record))
      links.delete(keyOf(record))
    },
  }
}

function keyOf({ type, id }: Address): string {
  return `${type} ${id}`
}
