/** A record as the stand-in keeps it. */
export interface StoredObject {
  id: string
  properties: Record<string, string | null>
  createdAt: string
  updatedAt: string
}

/**
 * The records of one type. Equal values are found through an index that is built the first time a property is asked for and
 * kept up from then on, so that tens of thousands of records answer at once.
 */
export interface ObjectStore {
  get(id: string): StoredObject | null
  /** Ids of the records that have this value, ignoring case; all ids when `property` is null. */
  idsWith(property: string, value: string): ReadonlySet<string>
  all(): Iterable<StoredObject>
  put(object: StoredObject): void
  delete(id: string): boolean
  nextId(): string
}

const none: ReadonlySet<string> = new Set()

/** An empty store whose ids start at `firstId`. */
export function createObjectStore(firstId: number): ObjectStore {
  const objects = new Map<string, StoredObject>()
  const indexes = new Map<string, Map<string, Set<string>>>()
  let next = firstId

  function note(index: Map<string, Set<string>>, property: string, object: StoredObject) {
    const value = object.properties[property]?.toLowerCase()
    if (!value) return
    const ids = index.get(value)
    if (ids === undefined) index.set(value, new Set([object.id]))
    else ids.add(object.id)
  }

  function forget(object: StoredObject) {
    for (const [property, index] of indexes) {
      index.get(object.properties[property]?.toLowerCase() ?? '')?.delete(object.id)
    }
  }

  return {
    get: (id) => objects.get(id) ?? null,
    idsWith(property, value) {
      let index = indexes.get(property)
      if (index === undefined) {
        index = new Map()
        for (const object of objects.values()) note(index, property, object)
        indexes.set(property, index)
      }
      return index.get(value.toLowerCase()) ?? none
    },
    all: () => objects.values(),
    put(object) {
      const before = objects.get(object.id)
      if (before !== undefined) forget(before)
      objects.set(object.id, object)
      for (const [property, index] of indexes) note(index, property, object)
      const number = Number(object.id)
      if (number >= next) next = number + 1
    },
    delete(id) {
      const object = objects.get(id)
      if (object === undefined) return false
      forget(object)
      return objects.delete(id)
    },
    nextId: () => String(next++),
  }
}
