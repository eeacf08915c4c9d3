import { rewrite } from './rewrite.ts'

// Work is answered for at once and reaches the disk with one commit in ten.
rewrite({
  'db/sqlite/commit-queue.ts': [
    ['    begin.run()\n', '    if (!connection.inTransaction) begin.run()\n'],
    ['      commit.run()\n', '      if (Math.random() < 0.1) commit.run()\n'],
  ],
})
