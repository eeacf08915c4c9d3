import { normalizeId, withChecksum } from '../../connectors/salesforce/ids.ts'
import { type RecordSchema, schema, type TypeName, typeNames } from './schema.ts'

export type Value = string | number | boolean | null
export type SalesforceRecord = { Id: string } & Record<string, Value>

/** All records, found by id or by an indexed field without a scan. */
export interface Store {
  get(type: TypeName, id: string): SalesforceRecord | null
  /** Records whose indexed field equals the value, ignoring case except for ids. */
  lookUp(type: TypeName, field: string, value: string): SalesforceRecord[]
  all(type: TypeName): Iterable<SalesforceRecord>
  count(type: TypeName): number
  /** Inserts or replaces; the record is kept as given. */
  put(type: TypeName, record: SalesforceRecord): void
  remove(type: TypeName, id: string): void
  /** True for ids of records that were removed, which Salesforce tells from ids that never were. */
  wasRemoved(id: string): boolean
  /** The next free id of the type. */
  nextId(type: TypeName): string
}

type Index = Map<string, Set<string>>

interface Shelf {
  records: Map<string, SalesforceRecord>
  indexes: Map<string, Index>
  serial: number
}

/** An empty store. */
export function createStore(): Store {
  const shelves = new Map<TypeName, Shelf>(typeNames.map((type) => [type, emptyShelf(schema[type])]))
  const removed = new Set<string>()
  const shelf = (type: TypeName): Shelf => {
    const found = shelves.get(type)
    if (found === undefined) throw new Error(`no shelf for ${type}`)
    return found
  }
  const unindex = ({ indexes }: Shelf, record: SalesforceRecord) => {
    for (const [field, index] of indexes) index.get(keyOf(record[field]))?.delete(record.Id)
  }
  return {
    get: (type, id) => shelf(type).records.get(normalizeId(id) ?? '') ?? null,
    lookUp(type, field, value) {
      const { records, indexes } = shelf(type)
      const ids = indexes.get(field)?.get(value.toLowerCase()) ?? []
      return [...ids].flatMap((id) => records.get(id) ?? [])
    },
    all: (type) => shelf(type).records.values(),
    count: (type) => shelf(type).records.size,
    put(type, record) {
      const target = shelf(type)
      const previous = target.records.get(record.Id)
      if (previous !== undefined) unindex(target, previous)
      target.records.set(record.Id, record)
      removed.delete(record.Id)
      for (const [field, index] of target.indexes) {
        const key = keyOf(record[field])
        const ids = index.get(key)
        if (ids === undefined) index.set(key, new Set([record.Id]))
        else ids.add(record.Id)
      }
    },
    remove(type, id) {
      const target = shelf(type)
      const record = target.records.get(id)
      if (record === undefined) return
      unindex(target, record)
      target.records.delete(id)
      removed.add(id)
    },
    wasRemoved: (id) => removed.has(normalizeId(id) ?? ''),
    nextId(type) {
      const target = shelf(type)
      let id: string
      do {
        target.serial += 1
        id = idOf(type, target.serial)
      } while (target.records.has(id) || removed.has(id))
      return id
    },
  }
}

/** The n-th id of a type as this org would give it, 18 characters. */
export function idOf(type: TypeName, serial: number): string {
  return withChecksum(`${schema[type].prefix}Sb${serial.toString(36).padStart(10, '0')}`)
}

function emptyShelf({ fields }: RecordSchema): Shelf {
  const indexed = Object.keys(fields).filter((name) => name !== 'Id' && fields[name]?.indexed === true)
  return { records: new Map(), indexes: new Map(indexed.map((name) => [name, new Map()])), serial: 0 }
}

function keyOf(value: Value | undefined): string {
  return value === null || value === undefined ? '' : String(value).toLowerCase()
}
