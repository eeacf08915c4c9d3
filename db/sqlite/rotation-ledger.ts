import type { Claim, Decision, Draw, PoolState } from '../../routing/decision.ts'
import { Pool } from '../../routing/pool.ts'
import type { DrawRecord, Settled, Settlement } from '../store.ts'
import type { Connection } from './open.ts'

interface LivePool {
  pool: Pool
  balances: Record<string, number>
  lastDrawn: Record<string, number>
}

type StoredDraw = Omit<DrawRecord, 'table'> & { tableId: number }

interface SettledRow {
  row: number
  id: string
  table: string
  tableId: number
  account: string | null
}

/** Pools, draws and claims. Pools are held in memory and written once for each transaction that drew from them. */
export interface RotationLedger {
  /** Decides with the ledger as it stands, and writes the draw and the claim. */
  settle(settlement: Settlement, cell: SettledRow): Settled
  confirm(draw: number): void
  /** Writes the balances that changed; called inside the transaction. */
  write(): void
  discard(): void
  seed(pools: readonly Pool[], at: number): void
  put(pool: Pool, who: string, at: number): PoolState
  all(): PoolState[]
  get(name: string): PoolState | null
  claim(account: string): Claim | null
  draws(query: { pool?: string; row?: number; after?: number; limit: number }): DrawRecord[]
  counts(pool: string): { member: string; draws: number; expected: number }[]
}

export function createRotationLedger(
  connection: Connection,
  { now, nameOf }: { now: () => number; nameOf: (tableId: number) => string },
): RotationLedger {
  const selectPools = connection.prepare(
    'SELECT document, balances, last_drawn AS lastDrawn FROM pools ORDER BY name',
  )
  const insertPool = connection.prepare(
    'INSERT INTO pools (name, document, updated_at) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING',
  )
  const putPool = connection.prepare(
    'INSERT INTO pools (name, document, updated_at) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET document = excluded.document, updated_at = excluded.updated_at',
  )
  const logChange = connection.prepare(
    'INSERT INTO pool_changes (pool, who, at, before, after) VALUES (?, ?, ?, ?, ?)',
  )
  const writeBalances = connection.prepare('UPDATE pools SET balances = ?, last_drawn = ? WHERE name = ?')
  const insertDraw = connection.prepare(
    'INSERT INTO draws (pool, row_seq, row, table_id, "column", generation, member, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const setDraw = connection.prepare(
    `UPDATE draws SET state = ?, reason = ? WHERE id = ? AND state != 'released' RETURNING pool, member`,
  )
  const selectClaim = connection.prepare('SELECT document FROM claims WHERE account = ?')
  const putClaim = connection.prepare(
    'INSERT INTO claims (account, row_seq, document) VALUES (?, ?, ?) ON CONFLICT (account) DO UPDATE SET row_seq = excluded.row_seq, document = excluded.document',
  )
  const drawColumns = 'id, pool, row, table_id AS tableId, "column", generation, member, state, reason, at'
  const selectDraws = connection.prepare(
    `SELECT ${drawColumns} FROM draws WHERE pool = ? AND id > ? ORDER BY id LIMIT ?`,
  )
  const selectRowDraws = connection.prepare(
    `SELECT ${drawColumns} FROM draws WHERE row_seq = ? AND id > ? ORDER BY id LIMIT ?`,
  )
  const allDraws = connection.prepare(`SELECT ${drawColumns} FROM draws WHERE id > ? ORDER BY id LIMIT ?`)
  const countDraws = connection.prepare(
    `SELECT member, count(*) AS draws FROM draws WHERE pool = ? AND state != 'released' GROUP BY member`,
  )

  let pools = readPools()
  const changed = new Set<string>()

  function readPools(): Map<string, LivePool> {
    const found = selectPools.all() as { document: string; balances: string; lastDrawn: string }[]
    return new Map(
      found.map(({ document, balances, lastDrawn }) => {
        const pool = Pool.parse(JSON.parse(document))
        return [pool.name, { pool, balances: JSON.parse(balances), lastDrawn: JSON.parse(lastDrawn) }]
      }),
    )
  }

  function writeDraw(draw: Draw, settlement: Settlement, cell: SettledRow, at: number): number {
    const { column, generation } = settlement
    const written = insertDraw.run(
      draw.pool,
      cell.row,
      cell.id,
      cell.tableId,
      column,
      generation,
      draw.member,
      at,
    )
    const id = Number(written.lastInsertRowid)
    const live = pools.get(draw.pool)
    if (live !== undefined) {
      live.balances = draw.balances
      live.lastDrawn[draw.member] = id
      changed.add(draw.pool)
    }
    return id
  }

  function writeClaim(decision: Decision, cell: SettledRow, at: number): void {
    const { assignment } = decision
    // A sticky answer leaves the claim with the row that made it.
    if (!decision.claims || assignment === null || cell.account === null || assignment.method === 'sticky')
      return
    const { rep, name, email, ids, rule } = assignment
    const { account, table, id } = cell
    const claim: Claim = {
      account,
      owner: { rep, name, email, ids },
      table,
      row: id,
      rule,
      at: new Date(at).toISOString(),
    }
    putClaim.run(account, cell.row, JSON.stringify(claim))
  }

  function release(draw: number, reason: string): void {
    const released = setDraw.get('released', reason, draw) as { pool: string; member: string } | undefined
    const live = released && pools.get(released.pool)
    if (live === undefined || released === undefined) return
    // The turn is given back: the rep is owed one more draw.
    live.balances = { ...live.balances, [released.member]: (live.balances[released.member] ?? 0) + 1 }
    changed.add(released.pool)
  }

  const ledger: RotationLedger = {
    settle(settlement, cell) {
      const at = now()
      if (settlement.release !== null) release(settlement.release.draw, settlement.release.reason)
      const decision = settlement.decide({
        now: at,
        account: cell.account,
        claim: cell.account === null ? null : ledger.claim(cell.account),
        pool: (name) => pools.get(name) ?? null,
      })
      const draw = decision.draw === null ? null : writeDraw(decision.draw, settlement, cell, at)
      writeClaim(decision, cell, at)
      return { decision, draw }
    },
    confirm(draw) {
      setDraw.get('confirmed', null, draw)
    },
    write() {
      for (const name of changed) {
        const live = pools.get(name)
        if (live) writeBalances.run(JSON.stringify(live.balances), JSON.stringify(live.lastDrawn), name)
      }
      changed.clear()
    },
    discard() {
      changed.clear()
      pools = readPools()
    },
    seed(seeds, at) {
      for (const pool of seeds) insertPool.run(pool.name, JSON.stringify(pool), at)
      pools = readPools()
    },
    put(pool, who, at) {
      const before = pools.get(pool.name)
      const after = JSON.stringify(pool)
      logChange.run(pool.name, who, at, before === undefined ? null : JSON.stringify(before.pool), after)
      putPool.run(pool.name, after, at)
      const live = { pool, balances: before?.balances ?? {}, lastDrawn: before?.lastDrawn ?? {} }
      pools.set(pool.name, live)
      return live
    },
    all: () => [...pools.values()],
    get: (name) => pools.get(name) ?? null,
    claim(account) {
      const found = selectClaim.get(account) as { document: string } | undefined
      return found === undefined ? null : (JSON.parse(found.document) as Claim)
    },
    draws({ pool, row, after = 0, limit }) {
      const found = (
        pool !== undefined
          ? selectDraws.all(pool, after, limit)
          : row !== undefined
            ? selectRowDraws.all(row, after, limit)
            : allDraws.all(after, limit)
      ) as StoredDraw[]
      return found.map(({ tableId, ...draw }) => ({ ...draw, table: nameOf(tableId) }))
    },
    counts(pool) {
      const live = pools.get(pool)
      const found = countDraws.all(pool) as { member: string; draws: number }[]
      const drawn = new Map(found.map(({ member, draws }) => [member, draws]))
      const members = new Set([...(live?.pool.members.map(({ rep }) => rep.id) ?? []), ...drawn.keys()])
      return [...members].map((member) => {
        const draws = drawn.get(member) ?? 0
        // A balance is what a rep was due and did not get, so due = got + balance.
        return { member, draws, expected: draws + (live?.balances[member] ?? 0) }
      })
    },
  }
  return ledger
}
