import type { Claim, Decision, Draw, PoolState } from '../../routing/decision.ts'
import { exclusionOf, Pool } from '../../routing/pool.ts'
import { giveBack } from '../../routing/rotation.ts'
import type { DrawRecord, Settled, Settlement } from '../store.ts'
import type { Connection } from './open.ts'

interface LivePool {
  pool: Pool
  balances: Readonly<Record<string, number>>
  lastDrawn: Readonly<Record<string, number>>
  /** Draws by member that were not given back. */
  drawn: Readonly<Record<string, number>>
}

type StoredDraw = Omit<DrawRecord, 'table'> & { tableId: number }

interface StoredPool {
  document: string
  balances: string
  lastDrawn: string
  drawn: string
}

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
  /** Hands the claims of a row that is gone to the next row of their account; without one they are deleted. */
  passOnClaims(row: number): void
  /** Writes the balances and counts that changed; called inside the transaction. */
  write(): void
  discard(): void
  /** Remembers the pools as they are, for `undo`. */
  mark(): void
  undo(): void
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
    'SELECT document, balances, last_drawn AS lastDrawn, drawn FROM pools ORDER BY name',
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
  const writeBalances = connection.prepare(
    'UPDATE pools SET balances = ?, last_drawn = ?, drawn = ? WHERE name = ?',
  )
  const insertDraw = connection.prepare(
    'INSERT INTO draws (pool, row_seq, row, table_id, "column", generation, member, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const setDraw = connection.prepare(
    `UPDATE draws SET state = ?, reason = ? WHERE id = ? AND state != 'released'`,
  )
  const selectStanding = connection.prepare(
    `SELECT pool, member FROM draws WHERE id = ? AND state != 'released'`,
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
    `SELECT ${drawColumns} FROM draws WHERE row_seq = ? AND pool = ifnull(?, pool) AND id > ? ORDER BY id LIMIT ?`,
  )
  const allDraws = connection.prepare(`SELECT ${drawColumns} FROM draws WHERE id > ? ORDER BY id LIMIT ?`)
  const selectClaimsOf = connection.prepare('SELECT account, document FROM claims WHERE row_seq = ?')
  const selectHeir = connection.prepare(
    // By table, so that the index of accounts serves it.
    `SELECT seq, id, table_id AS tableId FROM rows
     WHERE table_id IN (SELECT id FROM tables) AND account = ? AND seq != ? ORDER BY seq LIMIT 1`,
  )
  const dropClaim = connection.prepare('DELETE FROM claims WHERE account = ?')

  let pools = readPools()
  const changed = new Set<string>()
  /** Pools as they were before the present piece of work; null where there was none. */
  const before = new Map<string, LivePool | null>()

  function readPools(): Map<string, LivePool> {
    const found = selectPools.all() as StoredPool[]
    return new Map(
      found.map(({ document, balances, lastDrawn, drawn }) => {
        const pool = Pool.parse(JSON.parse(document))
        return [
          pool.name,
          {
            pool,
            balances: JSON.parse(balances),
            lastDrawn: JSON.parse(lastDrawn),
            drawn: JSON.parse(drawn),
          },
        ]
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
      const lastDrawn = { ...live.lastDrawn, [draw.member]: id }
      const drawn = { ...live.drawn, [draw.member]: (live.drawn[draw.member] ?? 0) + 1 }
      change(draw.pool, { ...live, balances: draw.balances, lastDrawn, drawn })
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

  function change(name: string, next: LivePool): void {
    if (!before.has(name)) before.set(name, pools.get(name) ?? null)
    pools.set(name, next)
    changed.add(name)
  }

  /** The pool of a draw with its turn given back: the rep is owed one more. Null when the draw was given back before. */
  function creditedPool(draw: number, at: number): { live: LivePool; member: string } | null {
    const standing = selectStanding.get(draw) as { pool: string; member: string } | undefined
    const live = standing && pools.get(standing.pool)
    if (live === undefined || standing === undefined) return null
    const { member } = standing
    const members = live.pool.members.map(({ rep, weight, ...each }) => ({
      id: rep.id,
      weight,
      excluded: exclusionOf({ rep, weight, ...each }, at),
    }))
    const balances = giveBack({ strategy: live.pool.strategy, members, balances: live.balances }, member)
    const drawn = { ...live.drawn, [member]: (live.drawn[member] ?? 0) - 1 }
    return { live: { ...live, balances, drawn }, member }
  }

  const ledger: RotationLedger = {
    settle(settlement, cell) {
      const at = now()
      const { release } = settlement
      const credited = release === null ? null : creditedPool(release.draw, at)
      // Nothing is written before the decision stands: it is made by code of the definition, which may throw.
      const decision = settlement.decide({
        now: at,
        account: cell.account,
        claim: cell.account === null ? null : ledger.claim(cell.account),
        previous: credited?.member ?? null,
        pool: (name) => (credited?.live.pool.name === name ? credited.live : (pools.get(name) ?? null)),
      })
      if (release !== null) setDraw.run('released', release.reason, release.draw)
      if (credited !== null) change(credited.live.pool.name, credited.live)
      const draw = decision.draw === null ? null : writeDraw(decision.draw, settlement, cell, at)
      writeClaim(decision, cell, at)
      return { decision, draw }
    },
    confirm(draw) {
      setDraw.run('confirmed', null, draw)
    },
    passOnClaims(row) {
      for (const { account, document } of selectClaimsOf.all(row) as {
        account: string
        document: string
      }[]) {
        const heir = selectHeir.get(account, row) as { seq: number; id: string; tableId: number } | undefined
        if (heir === undefined) {
          dropClaim.run(account)
          continue
        }
        const claim: Claim = { ...(JSON.parse(document) as Claim), table: nameOf(heir.tableId), row: heir.id }
        putClaim.run(account, heir.seq, JSON.stringify(claim))
      }
    },
    write() {
      for (const name of changed) {
        const live = pools.get(name)
        if (live === undefined) continue
        const [balances, lastDrawn, drawn] = [live.balances, live.lastDrawn, live.drawn].map((each) =>
          JSON.stringify(each),
        )
        writeBalances.run(balances, lastDrawn, drawn, name)
      }
      changed.clear()
    },
    discard() {
      changed.clear()
      before.clear()
      pools = readPools()
    },
    mark: () => before.clear(),
    undo() {
      for (const [name, live] of before) {
        if (live === null) pools.delete(name)
        else pools.set(name, live)
      }
      before.clear()
    },
    seed(seeds, at) {
      for (const pool of seeds) {
        if (pools.has(pool.name)) continue
        insertPool.run(pool.name, JSON.stringify(pool), at)
        change(pool.name, { pool, balances: {}, lastDrawn: {}, drawn: {} })
      }
    },
    put(pool, who, at) {
      const old = pools.get(pool.name)
      const after = JSON.stringify(pool)
      logChange.run(pool.name, who, at, old === undefined ? null : JSON.stringify(old.pool), after)
      putPool.run(pool.name, after, at)
      const live = {
        pool,
        balances: old?.balances ?? {},
        lastDrawn: old?.lastDrawn ?? {},
        drawn: old?.drawn ?? {},
      }
      change(pool.name, live)
      return live
    },
    all: () => [...pools.values()].sort((a, b) => (a.pool.name < b.pool.name ? -1 : 1)),
    get: (name) => pools.get(name) ?? null,
    claim(account) {
      const found = selectClaim.get(account) as { document: string } | undefined
      return found === undefined ? null : (JSON.parse(found.document) as Claim)
    },
    draws({ pool, row, after = 0, limit }) {
      const found = (
        row !== undefined
          ? selectRowDraws.all(row, pool ?? null, after, limit)
          : pool !== undefined
            ? selectDraws.all(pool, after, limit)
            : allDraws.all(after, limit)
      ) as StoredDraw[]
      return found.map(({ tableId, ...draw }) => ({ ...draw, table: nameOf(tableId) }))
    },
    counts(pool) {
      const live = pools.get(pool)
      const drawn = live?.drawn ?? {}
      // Who left and holds no draw any more is not told.
      const left = Object.keys(drawn).filter((member) => drawn[member] !== 0)
      const members = new Set([...(live?.pool.members.map(({ rep }) => rep.id) ?? []), ...left])
      return [...members].map((member) => {
        const draws = drawn[member] ?? 0
        // A balance is what a rep was due and did not get, so due = got + balance.
        return { member, draws, expected: draws + (live?.balances[member] ?? 0) }
      })
    },
  }
  return ledger
}
