import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { TableError } from '../columns/errors.ts'
import type { Connectors } from '../columns/ports.ts'
import type { TableDefinition } from '../columns/table.ts'

const isTable = (value: unknown): value is TableDefinition =>
  typeof value === 'object' &&
  value !== null &&
  'columns' in value &&
  'personOf' in value &&
  'version' in value

const Module = z.object({
  tables: z.custom<(connectors: Connectors) => unknown>((value) => typeof value === 'function'),
  /** What the sandbox starts with, so that a table has reps and accounts to find. */
  sandboxState: z.custom<() => Record<string, unknown>>((value) => typeof value === 'function').optional(),
})

export interface LoadedModule {
  tables(connectors: Connectors): TableDefinition[]
  sandboxState: (() => Record<string, unknown>) | null
}

const exported = 'export const tables = (connectors: Connectors) => [myTable(connectors)]'
const notThere =
  'set ROTA_TABLES to a module of tables that is there, by its path from the folder in which Rota is started'
/** Node looks for packages beside the module that imports them, not where Rota is. */
const noPackage =
  'packages are looked for in the folder of the module and those above it: move the module into the folder of Rota, or run npm install for the package beside it'

/**
 * Imports the module that `ROTA_TABLES` names. It exports `tables`, a function from connectors to tables.
 *
 * @throws {TableError} `settings-invalid` when the file is not there or exports something else; from `tables`, when that function throws or
 *   answers no tables.
 */
export async function loadTables(path: string): Promise<LoadedModule> {
  const refuse = (message: string, { wayOut = exported, cause }: { wayOut?: string; cause?: unknown } = {}) =>
    new TableError('settings-invalid', `ROTA_TABLES=${path}: ${message}`, {
      field: 'ROTA_TABLES',
      value: path,
      wayOut,
      cause,
    })
  if (!statSync(resolve(path), { throwIfNoEntry: false })?.isFile())
    throw refuse('there is no such file', { wayOut: notThere })
  const address = pathToFileURL(resolve(path)).href
  const loaded: unknown = await import(address).catch((error: unknown) => {
    if (TableError.isInstance(error)) throw error
    const message = `it cannot be loaded: ${error instanceof Error ? error.message : String(error)}`
    const isPackage = message.includes("Cannot find package '")
    throw refuse(message, {
      wayOut: isPackage ? noPackage : 'mend the module, or what it imports',
      cause: error,
    })
  })
  const answerOf = (ask: () => unknown): unknown => {
    try {
      return ask()
    } catch (error) {
      if (TableError.isInstance(error)) throw error
      const message = `"tables" threw ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`
      throw refuse(message, { wayOut: 'mend the module; ROTA_DEBUG=1 shows where it happened', cause: error })
    }
  }
  const parsed = Module.safeParse(loaded)
  if (!parsed.success) throw refuse('it exports no function called "tables"')
  const { tables, sandboxState } = parsed.data
  return {
    sandboxState: sandboxState ?? null,
    tables(connectors) {
      const made = answerOf(() => tables(connectors))
      if (!Array.isArray(made)) throw refuse('"tables" answered something else than a list of tables')
      if (made.length === 0) throw refuse('"tables" answered an empty list, so there is nothing to serve')
      const other = made.findIndex((each) => !isTable(each))
      if (other >= 0) throw refuse(`"tables" answered a list whose entry ${other + 1} is no table`)
      return made
    },
  }
}
