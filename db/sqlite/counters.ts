import type { Counter } from '../../routing/decision.ts'
import type { Pool } from '../../routing/pool.ts'
import type { Connection } from './open.ts'

/** What a rotation has done so far, with the draws by member that were not given back. */
export interface LiveCounter extends Counter {
  drawn: Readonly<Record<string, number>>
}

interface StoredCounter {
  key: string
  balances: string
  lastDrawn: string
  drawn: string
}

/** The sums of the ledger, held in memory and written once for each transaction that changed them. */
export interface Counters {
  /** Empty for one that nobody drew from yet. */
  get(key: string): LiveCounter
  put(key: string, next: LiveCounter): void
  /** All that a pool draws from for live leads, its strata together. */
  ofPool(pool: Pool): LiveCounter
  /** The strata that a pool keeps turns for, and whether it has turns outside them: both by what was drawn or credited. */
  strataOf(pool: Pool): { strata: string[]; hasOwn: boolean }
  /** The counter that a draw moved; where its pool took that along to another name, the one it draws from now. */
  keyOf(pool: Pool, draw: { counter: string | null; stratum: string | null; backfill: 0 | 1 }): string
  /**
   * Takes what a pool counted along when it is to draw from another counter. One that somebody draws from already keeps what it has; a
   * counter that others still share stays with them as well.
   */
  carry(from: Pool, to: Pool, pools: readonly Pool[]): void
  /** Writes what changed; called inside the transaction. */
  write(): void
  discard(): void
  /** Remembers the counters as they are, for `undo`. */
  mark(): void
  undo(): void
}

const empty: LiveCounter = { balances: {}, lastDrawn: {}, drawn: {} }
const [stratumMark, backfillMark] = ['#', '~backfill']

const nameOf = ({ counter, name }: Pool): string => counter ?? name

/** Names the counter that a draw moves. A name of a pool holds neither `#` nor `~`. */
export function counterKey(
  pool: Pool,
  { stratum, backfill }: { stratum: string | null; backfill: boolean },
): string {
  return `${nameOf(pool)}${stratum === null ? '' : `${stratumMark}${stratum}`}${backfill ? backfillMark : ''}`
}

export function createCounters(connection: Connection): Counters {
  const select = connection.prepare('SELECT key, balances, last_drawn AS lastDrawn, drawn FROM counters')
  const upsert = connection.prepare(
    `INSERT INTO counters (key, balances, last_drawn, drawn) VALUES (?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET balances = excluded.balances, last_drawn = excluded.last_drawn, drawn = excluded.drawn`,
  )
  const drop = connection.prepare('DELETE FROM counters WHERE key = ?')
  let counters = read()
  const changed = new Set<string>()
  /** Counters as they were before the present piece of work; null where there was none. */
  const before = new Map<string, LiveCounter | null>()

  function read(): Map<string, LiveCounter> {
    const found = select.all() as StoredCounter[]
    return new Map(
      found.map(({ key, balances, lastDrawn, drawn }) => [
        key,
        { balances: JSON.parse(balances), lastDrawn: JSON.parse(lastDrawn), drawn: JSON.parse(drawn) },
      ]),
    )
  }

  /** Null takes the counter away. */
  function set(key: string, next: LiveCounter | null): void {
    if (!before.has(key)) before.set(key, counters.get(key) ?? null)
    if (next === null) counters.delete(key)
    else counters.set(key, next)
    changed.add(key)
  }

  /** Every counter under a name: its own, its strata, and those of backfills. */
  const under = (name: string) =>
    [...counters].filter(
      ([key]) => key === name || (key.startsWith(name) && '#~'.includes(key.charAt(name.length))),
    )

  /** The counters of live leads under the name of a pool, with what stands behind it. */
  const live = (pool: Pool) =>
    under(nameOf(pool)).flatMap(([key, each]) =>
      key.endsWith(backfillMark) ? [] : [[key.slice(nameOf(pool).length), each] as const],
    )

  return {
    get: (key) => counters.get(key) ?? empty,
    put: set,
    ofPool: (pool) => live(pool).reduce((sum, [, each]) => sumOf(sum, each), empty),
    strataOf(pool) {
      const ends = live(pool).map(([end]) => end)
      const strata = ends.filter((end) => end !== '').map((end) => end.slice(stratumMark.length))
      return { strata: strata.sort(), hasOwn: ends.includes('') }
    },
    keyOf(pool, { counter, stratum, backfill }) {
      const moved = counter ?? pool.name
      return counters.has(moved) ? moved : counterKey(pool, { stratum, backfill: backfill === 1 })
    },
    carry(from, to, pools) {
      const [old, next] = [nameOf(from), nameOf(to)]
      if (old === next || under(next).length > 0) return
      const isShared = pools.some((pool) => pool.name !== from.name && nameOf(pool) === old)
      for (const [key, each] of under(old)) {
        set(`${next}${key.slice(old.length)}`, each)
        if (!isShared) set(key, null)
      }
    },
    write() {
      for (const key of changed) {
        const counter = counters.get(key)
        if (counter === undefined) {
          drop.run(key)
          continue
        }
        const { balances, lastDrawn, drawn } = counter
        upsert.run(key, JSON.stringify(balances), JSON.stringify(lastDrawn), JSON.stringify(drawn))
      }
      changed.clear()
    },
    discard() {
      changed.clear()
      before.clear()
      counters = read()
    },
    mark() {
      // Called for every piece of work, and most draw nothing: clearing a Map makes a new table, also when it is empty.
      if (before.size > 0) before.clear()
    },
    undo() {
      for (const [key, counter] of before) {
        if (counter === null) counters.delete(key)
        else counters.set(key, counter)
      }
      before.clear()
    },
  }
}

function sumOf(one: LiveCounter, other: LiveCounter): LiveCounter {
  return {
    balances: merged(one.balances, other.balances, (a, b) => a + b),
    lastDrawn: merged(one.lastDrawn, other.lastDrawn, Math.max),
    drawn: merged(one.drawn, other.drawn, (a, b) => a + b),
  }
}

function merged(
  one: Readonly<Record<string, number>>,
  other: Readonly<Record<string, number>>,
  combine: (a: number, b: number) => number,
): Record<string, number> {
  const all = { ...one }
  for (const [member, value] of Object.entries(other)) all[member] = combine(all[member] ?? 0, value)
  return all
}
