import type { Run, Store } from '../db/store.ts'

/** What an earlier process left open: rows in flight, parked rows, and runs that still have rows to hand out. */
export async function findUnfinished(
  store: Store,
  now: number,
  tables: readonly string[],
): Promise<{ rows: number[]; open: Run[]; nextAt: number | null }> {
  const unfinished: number[] = []
  for (let after = 0; ; ) {
    const rows = await store.activeRows(after, 10_000)
    const last = rows.at(-1)
    if (last === undefined) break
    unfinished.push(...rows)
    after = last
  }
  // Definition and live data may be others than when a lead was held.
  await store.wakeHeld({ tables })
  const { rows, nextAt } = await store.dueRows({ tables, now, limit: 100_000 })
  return { rows: [...unfinished, ...rows], open: await store.openRuns(), nextAt }
}
