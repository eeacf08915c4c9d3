import { openSqliteStore } from '../../../db/sqlite/store.ts'
import type { NewRun } from '../../../db/store.ts'

/**
 * A process of its own for the tests: `hold` opens the store and keeps it; `insert` inserts without end, two rows at a time and
 * several inserts in flight, and prints the ids of each insert as soon as it is acknowledged; `charge` takes a cent without end out of a
 * purse, gives nothing back, and keeps an answer for each, which it prints.
 */
const [task, path = ''] = process.argv.slice(2)

const store = await openSqliteStore({ path, now: () => Date.now() })
await store.registerTable({ name: 'leads', version: 'one', document: {} })
process.stdout.write('open\n')

if (task === 'insert') await Promise.all([0, 1, 2, 3].map(insertForever))
else if (task === 'charge') await chargeForever()
else setInterval(() => {}, 1_000)

async function chargeForever(): Promise<never> {
  const row = { id: 'row_1', person: null, account: null, occurredAt: 0, input: {} }
  await store.insert({ table: 'leads', at: 0, run: runOf('run_1', 0), rows: [row] })
  for (let index = 0; ; index += 1) {
    await store.charge(0.01, [{ key: 'day', limitUsd: 1_000 }])
    await store.remember({ key: `question ${index}`, value: { index }, row: row.id, table: 'leads' })
    process.stdout.write(`${index}\n`)
  }
}

async function insertForever(lane: number): Promise<never> {
  for (let index = 0; ; index += 1) {
    const at = Date.now()
    const ids = [`row_${lane}_${index}_a`, `row_${lane}_${index}_b`]
    await store.insert({
      table: 'leads',
      at,
      run: runOf(`run_${lane}_${index}`, at),
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

function runOf(id: string, at: number): NewRun {
  return {
    id,
    table: 'leads',
    kind: 'insert',
    lane: 'live',
    definition: 1,
    request: null,
    backfill: null,
    rows: 2,
    at,
  }
}
