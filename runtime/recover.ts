import type { Engine } from './engine.ts'
import type { Lanes } from './lanes.ts'
import type { Runs } from './runs.ts'

const batch = 100_000

/**
 * Takes up what an earlier process left open. Rows in flight come first, which settles their open effects, then parked rows that are due,
 * both behind new live rows; a backlog comes last, in its own lane. Then runs go on that still have rows to hand out.
 */
export async function recover(
  { store }: Pick<Engine, 'store'>,
  { lanes, runs, tables }: { lanes: Lanes; runs: Runs; tables: readonly string[] },
): Promise<void> {
  const found = { live: [] as number[], bulk: [] as number[] }
  for (let after = 0; ; ) {
    const rows = await store.activeRows(after, batch)
    for (const { row, run } of rows) found[(await runs.known(run))?.lane ?? 'live'].push(row)
    const last = rows.at(-1)
    if (last === undefined || rows.length < batch) break
    after = last.row
  }
  // Definition and live data may be others than when a lead was held.
  await store.wakeHeld({ tables })
  const open = await store.openRuns()
  // In one turn: a run whose last row in flight ends before it is resumed would be taken for finished.
  lanes.takeUp(found.live)
  lanes.queue('bulk', found.bulk)
  for (const run of open) runs.resume(run)
  await lanes.wakeNow()
}
