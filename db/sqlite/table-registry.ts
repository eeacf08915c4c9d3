import { TableError } from '../../columns/errors.ts'
import type { StoredDefinition, TableRegistration } from '../store.ts'
import type { Connection } from './open.ts'

/** Names and numbers of tables and of their definition versions. */
export interface TableRegistry {
  register(table: TableRegistration, at: number): { definition: number }
  definitions(tableId: number): StoredDefinition[]
  idOf(name: string): number
  nameOf(id: number): string
}

export function createTableRegistry(connection: Connection): TableRegistry {
  const insertTable = connection.prepare('INSERT INTO tables (name) VALUES (?) RETURNING id').pluck()
  const selectLatest = connection.prepare(
    'SELECT number, version FROM definitions WHERE table_id = ? ORDER BY number DESC LIMIT 1',
  )
  const insertDefinition = connection.prepare(
    'INSERT INTO definitions (table_id, number, version, document, created_at) VALUES (?, ?, ?, ?, ?)',
  )
  const selectDefinitions = connection.prepare(
    'SELECT number, document FROM definitions WHERE table_id = ? ORDER BY number',
  )
  const ids = new Map<string, number>()
  const names = new Map<number, string>()
  const known = connection.prepare('SELECT id, name FROM tables').all() as { id: number; name: string }[]
  for (const { id, name } of known) know(id, name)

  function know(id: number, name: string): void {
    ids.set(name, id)
    names.set(id, name)
  }

  function idFor(name: string): number {
    const given = ids.get(name)
    if (given !== undefined) return given
    const id = insertTable.get(name) as number
    know(id, name)
    return id
  }

  return {
    register({ name, version, document }, createdAt) {
      const tableId = idFor(name)
      const latest = selectLatest.get(tableId) as { number: number; version: string } | undefined
      if (latest?.version === version) return { definition: latest.number }
      const number = (latest?.number ?? 0) + 1
      insertDefinition.run(tableId, number, version, JSON.stringify(document), createdAt)
      return { definition: number }
    },
    definitions(tableId) {
      const found = selectDefinitions.all(tableId) as { number: number; document: string }[]
      return found.map(({ number, document }) => ({ number, document: JSON.parse(document) as object }))
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
