import { openSqliteStore } from '../../../db/sqlite/store.ts'

/**
 * A process of its own for the tests: `hold` opens the store and keeps it; `insert` inserts without end, two rows at a time and
 * several inserts in flight, and prints the ids of each insert as soon as it is acknowledged.
 */
const [task, path = ''] = process.argv.slice(2)

const store = await openSqliteStore({ path, now: () => Date.now() })
await store.registerTable({ name: 'leads', version: 'one', document: {} })
process.stdout.write('open\n')

if (task === 'insert') await Promise.all([0, 1, 2, 3].map(insertForever))
else setInterval(() => {}, 1_000)

async function insertForever(lane: number): Promise<never> {
  for (let index = 0; ; index += 1) {
    const at = Date.now()
    const ids = [`row_${lane}_${index}_a`, `row_${lane}_${index}_b`]
    await store.insert({
      table: 'leads',
      at,
      run: {
        id: `run_${lane}_${index}`,
        table: 'leads',
        kind: 'insert',
        lane: 'live',
        definition: 1,
        request: null,
        backfill: null,
        rows: 2,
        at,
      },
      rows: ids.map((id) => ({
        id,
        person: null,
        account: null,
        occurredAt: at,
        input: { id, filler: 'x'.repeat(500) },
      })),
    })
    process.stdout.write(`${ids.join(' ')}\n`)
  }
}
