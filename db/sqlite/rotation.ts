import type { PoolState } from '../../routing/decision.ts'
import type { Pool } from '../../routing/pool.ts'
import type { ServiceLevelClock } from '../../routing/service-level/policy.ts'
import { type Audit, createAudit } from './audit.ts'
import { type Claims, createClaims } from './claims.ts'
import { type Clocks, createClocks } from './clocks.ts'
import { createCounters } from './counters.ts'
import { type Credits, createCredits } from './credits.ts'
import { createDrawReader, type DrawReader } from './draw-reader.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { createLiveData, type Edit, type LiveData } from './live-data.ts'
import { createLoads } from './loads.ts'
import type { Connection } from './open.ts'

/** Everything about whose lead it is: live data, ledger, claims and clocks, with what they hold in memory kept in step with the file. */
export interface Rotation extends Pick<Ledger, 'settle' | 'view' | 'confirm' | 'release'> {
  readonly live: LiveData
  readonly draws: DrawReader
  readonly credits: Credits
  readonly claims: Claims
  readonly clocks: Clocks
  readonly audit: Audit
  stateOf(pool: Pool): PoolState
  /** Writes a pool; what it counted goes with it to a counter of another name. */
  putPool(pool: Pool, edit: Edit<Pool | null>): PoolState
  /** Writes the clock of a row, which from now on says on whose plate it is. */
  clock(row: number, tableId: number, entry: { column: string; clock: ServiceLevelClock }): void
  /** The row came to rest. */
  rested(row: number): void
  /** Forgets what was known about a row that is gone; its draws stay. */
  erase(row: number, id: string): void
  /** Writes the balances and counts that changed; called inside the transaction. */
  write(): void
  discard(): void
  /** Marks the beginning of a piece of work, for `undo`. */
  mark(): void
  undo(): void
}

export function createRotation(
  connection: Connection,
  { now, nameOf }: { now: () => number; nameOf: (tableId: number) => string },
): Rotation {
  const audit = createAudit(connection)
  const live = createLiveData(connection, audit)
  const counters = createCounters(connection)
  const claims = createClaims(connection, nameOf)
  const clocks = createClocks(connection)
  const loads = createLoads(connection, clocks)
  const ledger = createLedger(connection, { live, counters, loads, claims, now })
  const credits = createCredits(connection, { live, counters, ledger, audit })
  const draws = createDrawReader(connection, { counters, nameOf })
  const kept = [live, counters]

  function forget(): void {
    clocks.forget()
    loads.forget()
  }

  function stateOf(pool: Pool): PoolState {
    const { balances, lastDrawn } = counters.ofPool(pool)
    return { pool, balances, lastDrawn }
  }

  return {
    settle: ledger.settle,
    view: ledger.view,
    confirm: ledger.confirm,
    release: ledger.release,
    live,
    draws,
    credits,
    claims,
    clocks,
    audit,
    stateOf,
    putPool(given, edit) {
      const before = live.pool(given.name)
      const pool = live.putPool(given, edit)
      if (before !== null) counters.carry(before, pool, live.pools())
      return stateOf(pool)
    },
    clock(row, tableId, entry) {
      clocks.put(row, tableId, entry)
      loads.clocked(row, entry.clock.rep)
    },
    rested: loads.rested,
    erase(row, id) {
      clocks.erase(row)
      loads.rested(row)
      ledger.eraseRow(row)
      credits.eraseRow(id)
      audit.eraseRow(id)
      claims.passOn(row)
    },
    write: () => counters.write(),
    discard() {
      for (const each of kept) each.discard()
      forget()
    },
    mark() {
      for (const each of kept) each.mark()
    },
    undo() {
      for (const each of kept) each.undo()
      forget()
    },
  }
}
