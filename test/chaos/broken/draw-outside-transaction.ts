import { rewrite } from './rewrite.ts'

// The ledger is written a few milliseconds after the owner, by a commit of its own.
rewrite({
  'db/sqlite/draw-writer.ts': [
    [
      'insert.run(id, pool, row, publicId, tableId, column, generation, member, stratum, backfill, counter, at)',
      'setTimeout(() => insert.run(id, pool, row, publicId, tableId, column, generation, member, stratum, backfill, counter, at), 12)',
    ],
  ],
})
