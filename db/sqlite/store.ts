import { TableError } from '../../columns/errors.ts'
import type { Store, TableRegistration } from '../store.ts'
import { createAnswers } from './answers.ts'
import { createCellCounts } from './cell-counts.ts'
import { createCellWriter } from './cell-writer.ts'
import { createCommitQueue } from './commit-queue.ts'
import { createEventLog } from './event-log.ts'
import { type Connection, openDatabase } from './open.ts'
import { createPurses } from './purses.ts'
import { createRotation } from './rotation.ts'
import { createRowReader } from './row-reader.ts'
import { createRowWriter } from './row-writer.ts'
import { createRunStore } from './run-store.ts'
import { createTableRegistry } from './table-registry.ts'

export interface SqliteOptions {
  /** A file path, or `:memory:`. */
  path: string
  now: () => number
  /** Commits whose changes a reader of the event stream can still catch up with, per store; 20,000 when left out. */
  keptEvents?: number
  /** Called once when the disk failed. The store takes nothing any more: the process should end. */
  onBroken?: (error: Error) => void
}

/** The embedded store: one SQLite file, one writer, group commit at full durability. */
export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  const { path, now, keptEvents = 20_000, onBroken = () => {} } = options
  const connection = openDatabase(path)
  return assemble(connection, { path, now, keptEvents, onBroken })
}

function assemble(connection: Connection, options: Required<SqliteOptions>): Store {
  const { path, now, keptEvents, onBroken } = options
  const registry = createTableRegistry(connection)
  const events = createEventLog(connection, { nameOf: registry.nameOf, keptEvents })
  const rotation = createRotation(connection, { now, nameOf: registry.nameOf })
  const runs = createRunStore(connection)
  const reader = createRowReader(connection, registry.nameOf)
  const counts = createCellCounts(connection)
  const cells = createCellWriter(connection, counts)
  const answers = createAnswers(connection)
  const purses = createPurses(connection)
  const writer = createRowWriter(connection, { cells, events, rotation, runs, reader, answers })
  const queue = createCommitQueue(connection, {
    beforeWork() {
      rotation.mark()
      events.mark()
      counts.mark()
    },
    undoWork() {
      rotation.undo()
      events.undo()
      counts.undo()
      writer.discard()
    },
    beforeCommit() {
      rotation.write()
      counts.write()
      runs.write()
      events.write(now())
    },
    afterCommit: () => events.publish(),
    onRollback() {
      rotation.discard()
      events.discard()
      counts.discard()
      runs.discard()
      writer.discard()
    },
    onBroken,
  })
  const idOf = registry.idOf
  const idsOf = (tables: readonly string[]) => tables.map(idOf)
  const { live } = rotation
  /** Reads see what is committed: nothing else runs while one does. */
  async function read<Result>(work: () => Result): Promise<Result> {
    if (!connection.open) throw new TableError('store-closed', 'the store is closed')
    return work()
  }

  return {
    info: {
      engine: 'sqlite',
      durability: `journal_mode=${connection.pragma('journal_mode', { simple: true })} synchronous=${connection.pragma('synchronous', { simple: true }) === 2 ? 'FULL' : 'not full'}`,
      location: path,
    },
    registerTable: (table: TableRegistration) => queue.run(() => registry.register(table, now())),
    definitions: (table) => read(() => registry.definitions(idOf(table))),

    insert: (batch) => queue.runUnguarded((guard) => writer.insert(batch, idOf(batch.table), guard)),
    step: (request) => queue.runUnguarded((guard) => writer.step(request, idOf(request.table), guard)),
    activate: (request) => queue.run(() => writer.activate(request, idOf(request.table))),
    editInput: (edit) => queue.run(() => writer.editInput(edit, idOf(edit.table))),
    async erase(table, id) {
      const erased = await queue.run(() => writer.erase(idOf(table), id))
      // The overwritten pages are still in the write-ahead log until it is emptied.
      if (erased && connection.open) connection.pragma('wal_checkpoint(TRUNCATE)')
      return erased
    },

    load: (rows) => read(() => rows.flatMap((seq) => reader.load(seq) ?? [])),
    find: (table, id) => read(() => reader.find(idOf(table), id)),
    lookUp: (table, by, key) => read(() => reader.lookUp(idOf(table), by, key)),
    findByKey: (table, by, key) => read(() => reader.findByKey(idOf(table), by, key)),
    scan: (query) => read(() => reader.scan(idOf(query.table), query)),
    count: (table, filter = []) => read(() => reader.count(idOf(table), filter)),
    cellCounts: (table, outdated = []) => read(() => counts.of(idOf(table), outdated)),
    journal: (row) => read(() => reader.journal(row)),
    activeRows: (after, limit) => read(() => reader.active(after, limit)),
    dueRows: (query) => read(() => reader.due(idsOf(query.tables), query)),

    createRun: (run) =>
      queue.run(() => {
        rotation.audit.addRun(run)
        return runs.create(run, idOf(run.table))
      }),
    updateRun: (id, change) =>
      queue.run(() => {
        if (runs.find(id) === null)
          throw new TableError('run-unknown', `there is no run ${id}`, { field: 'run', value: id })
        return runs.update(id, change)
      }),
    findRun: (id) => read(() => runs.find(id)),
    runByOrdinal: (ordinal) => read(() => runs.byOrdinal(ordinal)),
    openRuns: () => read(() => runs.open()),
    remaining: (run) => read(() => reader.remaining(run)),

    seed: (seeds) => queue.run(() => live.seed(seeds, now())),
    reps: () => read(() => live.reps()),
    pools: () => read(() => live.pools().map(rotation.stateOf)),
    pool: (name) =>
      read(() => {
        const pool = live.pool(name)
        return pool === null ? null : rotation.stateOf(pool)
      }),
    territories: () => read(() => live.territories()),
    putRep: (rep, who, check) => queue.run(() => live.putRep(rep, { who, at: now(), check })),
    putPool: (pool, who, check) => queue.run(() => rotation.putPool(pool, { who, at: now(), check })),
    putTerritory: (planned, who, check) =>
      queue.run(() => live.putTerritory(planned, { who, at: now(), check })),
    withdrawTerritory: (of, who, check) =>
      queue.run(() => live.withdrawTerritory(of, { who, at: now(), check })),
    audit: (query) => read(() => rotation.audit.find(query)),
    recordAudit: (line) => queue.run(() => rotation.audit.add({ ...line, at: now() })),
    credit: (credit) => queue.run(() => rotation.credits.give(credit)),
    credits: (query) => read(() => rotation.credits.find(query)),
    draws: (query) => read(() => rotation.draws.draws(query)),
    drawCounts: (pool) => read(() => rotation.draws.counts(live.pool(pool))),
    decisionView: (of) => read(() => rotation.view(of)),

    clocks: ({ table, ...span }) => read(() => rotation.clocks.between(idOf(table), span)),
    alarms: (query) => read(() => reader.alarms(idsOf(query.tables), query)),
    async wakeHeld({ tables, account }) {
      const at = now()
      for (const id of idsOf(tables)) while ((await queue.run(() => writer.wakeHeld(id, at, account))) > 0);
    },

    claim: (account, scope) => read(() => rotation.claims.get(account, scope)),

    memo: (key) => read(() => answers.get(key)),
    remember: ({ table, ...answer }) =>
      queue.runUnguarded(() => answers.keep({ ...answer, tableId: idOf(table), at: now() })),
    charge: (usd, those) => queue.runUnguarded(() => purses.charge(usd, those)),
    refund: (usd, those) => queue.runUnguarded(() => purses.refund(usd, those)),
    spent: (purse) => read(() => purses.spent(purse)),
    append: (table, row, entry) => queue.runUnguarded(() => writer.append(idOf(table), row, entry)),

    events: ({ table, after, limit }) => read(() => events.since(idOf(table), after, limit)),
    lastEvent: (table) => read(() => events.last(idOf(table))),
    onCommit: (listener) => events.subscribe(listener),

    async close() {
      await queue.close()
      connection.close()
    },
  }
}
