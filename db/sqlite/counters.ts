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
  /** Writes what changed; called inside the transaction. */
  write(): void
  discard(): void
  /** Remembers the counters as they are, for `undo`. */
  mark(): void
  undo(): void
}

const empty: LiveCounter = { balances: {}, lastDrawn: {}, drawn: {} }
const backfillMark = '~backfill'

/** Names the counter that a draw moves. A name of a pool holds neither `#` nor `~`. */
export function counterKey(
  pool: Pool,
  { stratum, backfill }: { stratum: string | null; backfill: boolean },
): string {
  return `${pool.counter ?? pool.name}${stratum === null ? '' : `#${stratum}`}${backfill ? backfillMark : ''}`
}

export function createCounters(connection: Connection): Counters {
  const select = connection.prepare('SELECT key, balances, last_drawn AS lastDrawn, drawn FROM counters')
  const upsert = connection.prepare(
    `INSERT INTO counters (key, balances, last_drawn, drawn) VALUES (?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET balances = excluded.balances, last_drawn = excluded.last_drawn, drawn = excluded.drawn`,
  )
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

  return {
    get: (key) => counters.get(key) ?? empty,
    put(key, next) {
      if (!before.has(key)) before.set(key, counters.get(key) ?? null)
      counters.set(key, next)
      changed.add(key)
    },
    ofPool(pool) {
      const own = counterKey(pool, { stratum: null, backfill: false })
      let sum = counters.get(own) ?? empty
      for (const [key, each] of counters) {
        if (key.startsWith(`${own}#`) && !key.endsWith(backfillMark)) sum = sumOf(sum, each)
      }
      return sum
    },
    write() {
      for (const key of changed) {
        const counter = counters.get(key)
        if (counter === undefined) continue
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
    mark: () => before.clear(),
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
