import { desc, eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { TableError } from '../../columns/errors.ts'
import type { TableRegistration } from '../store.ts'
import type { Connection } from './open.ts'
import { definitions, tables } from './schema.ts'

/** Names and numbers of tables and of their definition versions. */
export interface TableRegistry {
  register(table: TableRegistration, at: number): { definition: number }
  idOf(name: string): number
  nameOf(id: number): string
}

export function createTableRegistry(connection: Connection): TableRegistry {
  const database = drizzle(connection, { casing: 'snake_case' })
  const ids = new Map<string, number>()
  const names = new Map<number, string>()
  for (const { id, name } of database.select().from(tables).all()) know(id, name)

  function know(id: number, name: string): void {
    ids.set(name, id)
    names.set(id, name)
  }

  function idFor(name: string): number {
    const known = ids.get(name)
    if (known !== undefined) return known
    const { id } = database.insert(tables).values({ name }).returning().get()
    know(id, name)
    return id
  }

  return {
    register({ name, version, document }, createdAt) {
      const tableId = idFor(name)
      const latest = database
        .select()
        .from(definitions)
        .where(eq(definitions.tableId, tableId))
        .orderBy(desc(definitions.number))
        .limit(1)
        .get()
      if (latest?.version === version) return { definition: latest.number }
      const number = (latest?.number ?? 0) + 1
      database.insert(definitions).values({ tableId, number, version, document, createdAt }).run()
      return { definition: number }
    },
    idOf(name) {
      const id = ids.get(name)
      if (id !== undefined) return id
      throw new TableError('table-unknown', `there is no table "${name}"`, {
        field: 'table',
        value: name,
        wayOut: ids.size === 0 ? 'no table is served' : `use one of: ${[...ids.keys()].join(', ')}`,
      })
    },
    nameOf: (id) => names.get(id) ?? `table ${id}`,
  }
}
