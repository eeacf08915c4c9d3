import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { TableError } from '../../columns/errors.ts'

const migrationsFolder = fileURLToPath(new URL('../migrations/sqlite', import.meta.url))

const require = createRequire(import.meta.url)

export type Connection = Database.Database

/**
 * Opens the file for this process alone, with every commit flushed to disk, and brings its schema up to date.
 *
 * @throws {TableError} `store-locked` when another process has it, `store-unsafe` when FULL durability cannot be had,
 * `store-newer` when a later Rota wrote it, `settings-invalid` when no file can be there, or what is there is no database or a damaged one.
 */
export function openDatabase(path: string): Connection {
  const connection = connectTo(path)
  try {
    // Held until the process ends, so a second process is refused; the system releases it even after kill -9.
    connection.pragma('locking_mode = EXCLUSIVE')
    connection.pragma('page_size = 4096')
    connection.pragma('journal_mode = WAL')
    connection.pragma('secure_delete = ON')
    connection.pragma('temp_store = MEMORY')
    connection.pragma('cache_size = -262144')
    connection.function('fold', { deterministic: true }, fold)
    connection.exec('BEGIN IMMEDIATE; COMMIT')
    connection.pragma('synchronous = FULL')
    assertDurable(connection, path)
    bringUpToDate(connection, path)
    return connection
  } catch (error) {
    connection.close()
    if (hasCode(error, 'SQLITE_BUSY')) {
      throw new TableError('store-locked', `another process has the database ${path} open`, {
        field: 'ROTA_DB',
        value: path,
        wayOut: 'stop the other process, or give this one a file of its own with ROTA_DB',
        cause: error,
      })
    }
    if (hasCode(error, 'SQLITE_NOTADB'))
      throw unusable(path, 'the file is no SQLite database', {
        wayOut:
          'set ROTA_DB to a file that Rota wrote, or to one that does not exist yet; this one was left as it is',
        cause: error,
      })
    if (hasCode(error, 'SQLITE_CORRUPT'))
      throw unusable(path, 'the database is damaged: parts of the file are missing or overwritten', {
        wayOut:
          'put a backup in its place, without the -wal file beside it, or set ROTA_DB to a file that does not exist yet',
        cause: error,
      })
    throw error
  }
}

const unusable = (path: string, message: string, details: { wayOut: string; cause?: unknown }) =>
  new TableError('settings-invalid', `ROTA_DB=${path}: ${message}`, {
    field: 'ROTA_DB',
    value: path,
    ...details,
  })

/** Text without its case, in any script. Upper case: the lower one of a sigma depends on where it stands, and a search for ß has to meet SS. */
const fold = (text: unknown) => (typeof text === 'string' ? text.toUpperCase() : null)

function connectTo(path: string): Connection {
  const folder = dirname(resolve(path))
  if (path !== ':memory:' && !existsSync(folder))
    throw unusable(path, `the folder ${folder} does not exist`, {
      wayOut: 'make the folder, or set ROTA_DB to a file in one that exists',
    })
  try {
    return new Database(path, { timeout: 1_000 })
  } catch (error) {
    if (!hasCode(error, 'SQLITE_CANTOPEN')) throw error
    throw unusable(path, 'the file cannot be opened', {
      wayOut: 'set ROTA_DB to a file, not a folder, that this user may read and write',
      cause: error,
    })
  }
}

/** better-sqlite3 reopens a WAL file at NORMAL, where a commit may be lost with the power; so it is set and asserted on each open. */
function assertDurable(connection: Connection, path: string): void {
  const mode = connection.pragma('journal_mode', { simple: true })
  const level = connection.pragma('synchronous', { simple: true })
  const wanted = path === ':memory:' ? 'memory' : 'wal'
  if (mode === wanted && level === 2) return
  throw new TableError('store-unsafe', `${path} runs with journal_mode=${mode} and synchronous=${level}`, {
    field: 'ROTA_DB',
    value: path,
    wayOut: 'put the file on a local disk that supports WAL',
  })
}

function bringUpToDate(connection: Connection, path: string): void {
  const known = knownMigrations()
  const applied = appliedMigrations(connection)
  if (applied < known) applyMigrations(connection)
  if (applied <= known) return
  throw new TableError('store-newer', `${path} was written by a later version of Rota`, {
    field: 'ROTA_DB',
    value: path,
    wayOut: `update Rota: the file has ${applied} migrations, this version knows ${known}`,
  })
}

/**
 * Loads drizzle, which a file that is up to date can do without. Required, not imported: for each module that is imported from it, Node reads
 * the 180 KB of its package.json anew, half a second in all.
 */
function applyMigrations(connection: Connection): void {
  const { drizzle }: typeof import('drizzle-orm/better-sqlite3') = require('drizzle-orm/better-sqlite3')
  const { migrate }: typeof import('drizzle-orm/better-sqlite3/migrator') =
    require('drizzle-orm/better-sqlite3/migrator')
  migrate(drizzle(connection), { migrationsFolder })
}

function appliedMigrations(connection: Connection): number {
  const present = connection
    .prepare(`SELECT count(*) FROM sqlite_master WHERE name = '__drizzle_migrations'`)
    .pluck()
    .get()
  if (present === 0) return 0
  return connection.prepare('SELECT count(*) FROM __drizzle_migrations').pluck().get() as number
}

function knownMigrations(): number {
  const journal = JSON.parse(readFileSync(`${migrationsFolder}/meta/_journal.json`, 'utf8')) as {
    entries: unknown[]
  }
  return journal.entries.length
}

/** SQLite says more after the name of an error: `SQLITE_BUSY_SNAPSHOT`. */
const hasCode = (error: unknown, code: string) =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith(code)
