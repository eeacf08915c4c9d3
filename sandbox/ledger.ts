/** One request as a stand-in received it. It is listed as soon as it was received, and completed as it is answered. */
export interface LedgerEntry {
  seq: number
  /** ISO time at which the request was complete. */
  receivedAt: string
  /** ISO time at which the whole answer was handed to the network; null before that, and for ever where it was cut or kept back. */
  answeredAt: string | null
  /** Number of the TCP connection it came on, from 1. */
  connection: number
  vendor: string
  method: string
  /** With its query; secrets in it are left out. */
  path: string
  /** Length of the request body. */
  bytes: number
  /** The parsed body, or the text when it could not be parsed; secrets in it are left out. */
  body: unknown
  /** Status of the answer, also of one that was then cut; 0 when there was none. */
  status: number
  /** Whether the stand-in took the request; false when it refused it, and when a fault kept it from it. */
  accepted: boolean
  /** A change of the outside world, e.g. `{ kind: 'owner-written', record: '00Q…', owner: '005…' }`; null when nothing changed. */
  effect: ({ kind: string; effects?: readonly Effect[] } & Record<string, unknown>) | null
  /** The fault that was played on it: its name, or its kind when it has none. */
  fault: string | null
  /** What is wrong with the request by the vendor's contract, where the sandbox was told to look. */
  problems: readonly string[]
}

export type Effect = NonNullable<LedgerEntry['effect']>

/** What a request changed, one by one: that of a batch is `collection-written`, with the `effects` on its records. */
export function effectsOf({ effect }: Pick<LedgerEntry, 'effect'>): Effect[] {
  if (effect === null) return []
  return Array.isArray(effect.effects) ? effect.effects : [effect]
}

/** What is known of a request when it arrives. */
export type Received = Pick<
  LedgerEntry,
  'connection' | 'vendor' | 'method' | 'path' | 'bytes' | 'body' | 'problems'
>

/** `after` and `limit` page: lines with a greater `seq`, at most so many of them. */
export interface LedgerFilter {
  vendor?: string
  effect?: string
  after?: number
  limit?: number
}

/** The record of everything the stand-ins received. Tests and the demo judge by it, never by our own counters. */
export interface Ledger {
  /** Writes the line of a request. What is not known yet is set on the line that comes back. */
  open(received: Received): LedgerEntry
  /** Copies of the lines, in the order in which the requests were received. */
  entries(filter?: LedgerFilter): LedgerEntry[]
  /** The present time as lines carry it. */
  time(): string
  /** How many lines are kept, and how many were let go to make room. */
  size(): { lines: number; dropped: number }
  clear(): void
}

/** An empty ledger. It keeps the last `maxLines` lines, and all of them where that is not given. */
export function createLedger(now: () => number, maxLines = Number.POSITIVE_INFINITY): Ledger {
  let entries: LedgerEntry[] = []
  let seq = 0
  let dropped = 0
  const time = () => new Date(now()).toISOString()

  /** Lets old lines go by the hundred at least: moving all the others for each new line would be slow. */
  function makeRoom(): void {
    const surplus = entries.length - maxLines
    if (surplus <= Math.max(100, maxLines / 10)) return
    entries = entries.slice(surplus)
    dropped += surplus
  }

  return {
    open(received) {
      makeRoom()
      seq += 1
      const line: LedgerEntry = {
        seq,
        receivedAt: time(),
        answeredAt: null,
        ...received,
        status: 0,
        accepted: false,
        effect: null,
        fault: null,
      }
      entries.push(line)
      return line
    },
    entries({ vendor, effect, after = 0, limit } = {}) {
      const found = entries.filter(
        (entry) =>
          entry.seq > after &&
          (vendor === undefined || entry.vendor === vendor) &&
          (effect === undefined || effectsOf(entry).some(({ kind }) => kind === effect)),
      )
      return found.slice(0, limit).map((entry) => ({ ...entry }))
    },
    time,
    size: () => ({ lines: entries.length, dropped }),
    clear() {
      entries = []
      dropped = 0
    },
  }
}
