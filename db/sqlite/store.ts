import { TableError } from '../../columns/errors.ts'
import type { Store, TableRegistration } from '../store.ts'
import { createCommitQueue } from './commit-queue.ts'
import { createEventLog } from './event-log.ts'
import { type Connection, openDatabase } from './open.ts'
import { createRotationLedger } from './rotation-ledger.ts'
import { createRowReader } from './row-reader.ts'
import { createRowWriter } from './row-writer.ts'
import { createRunStore } from './run-store.ts'
import { createTableRegistry } from './table-registry.ts'

export interface SqliteOptions {
  /** A file path, or `:memory:`. */
  path: string
  now: () => number
}

/** The embedded store: one SQLite file, one writer, group commit at full durability. */
export async function openSqliteStore({ path, now }: SqliteOptions): Promise<Store> {
  const connection = openDatabase(path)
  return assemble(connection, path, now)
}

function assemble(connection: Connection, path: string, now: () => number): Store {
  const registry = createTableRegistry(connection)
  const events = createEventLog(connection, registry.nameOf)
  const ledger = createRotationLedger(connection, { now, nameOf: registry.nameOf })
  const runs = createRunStore(connection)
  const reader = createRowReader(connection, registry.nameOf)
  const writer = createRowWriter(connection, { events, ledger, runs, reader })
  const queue = createCommitQueue(connection, {
    beforeWork() {
      ledger.mark()
      events.mark()
    },
    undoWork() {
      ledger.undo()
      events.undo()
      writer.discard()
    },
    beforeCommit() {
      ledger.write()
      events.write(now())
    },
    afterCommit: () => events.publish(),
    onRollback() {
      ledger.discard()
      events.discard()
      writer.discard()
    },
  })
  const idOf = registry.idOf

  return {
    info: {
      engine: 'sqlite',
      durability: `journal_mode=${connection.pragma('journal_mode', { simple: true })} synchronous=${connection.pragma('synchronous', { simple: true }) === 2 ? 'FULL' : 'not full'}`,
      location: path,
    },
    registerTable: (table: TableRegistration) => queue.run(() => registry.register(table, now())),

    insert: (batch) => queue.run(() => writer.insert(batch, idOf(batch.table))),
    step: (request) => queue.runUnguarded((guard) => writer.step(request, idOf(request.table), guard)),
    activate: (request) => queue.run(() => writer.activate(request, idOf(request.table))),
    editInput: (edit) => queue.run(() => writer.editInput(edit, idOf(edit.table))),
    async erase(table, id) {
      const erased = await queue.run(() => writer.erase(idOf(table), id))
      // The overwritten pages are still in the write-ahead log until it is emptied.
      if (erased) connection.pragma('wal_checkpoint(TRUNCATE)')
      return erased
    },

    load: async (rows) => rows.flatMap((seq) => reader.load(seq) ?? []),
    find: async (table, id) => reader.find(idOf(table), id),
    lookUp: async (table, by, key) => reader.lookUp(idOf(table), by, key),
    findByKey: async (table, by, key) => reader.findByKey(idOf(table), by, key),
    scan: async (query) => reader.scan(idOf(query.table), query),
    count: async (table, filter = []) => reader.count(idOf(table), filter),
    cellCounts: async (table) => reader.cellCounts(idOf(table)),
    journal: async (row) => reader.journal(row),
    activeRows: async (after, limit) => reader.active(after, limit),
    dueRows: async (at, limit) => reader.due(at, limit),

    createRun: (run) => queue.run(() => runs.create(run, idOf(run.table))),
    updateRun: (id, change) =>
      queue.run(() => {
        if (runs.find(id) === null)
          throw new TableError('run-unknown', `there is no run ${id}`, { field: 'run', value: id })
        return runs.update(id, change)
      }),
    findRun: async (id) => runs.find(id),
    runByOrdinal: async (ordinal) => runs.byOrdinal(ordinal),
    openRuns: async () => runs.open(),
    remaining: async (run) => reader.remaining(run),

    seedPools: (pools) => queue.run(() => ledger.seed(pools, now())),
    pools: async () => ledger.all(),
    pool: async (name) => ledger.get(name),
    putPool: (pool, who) => queue.run(() => ledger.put(pool, who, now())),
    draws: async (query) => ledger.draws(query),
    drawCounts: async (pool) => ledger.counts(pool),
    claim: async (account) => ledger.claim(account),

    events: async ({ table, after, limit }) => events.since(idOf(table), after, limit),
    lastEvent: async (table) => events.last(idOf(table)),
    onCommit: (listener) => events.subscribe(listener),

    async close() {
      await queue.close()
      connection.close()
    },
  }
}
