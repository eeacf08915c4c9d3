/** One request as a stand-in received it. `effect` says what it changed, null when it changed nothing. */
export interface LedgerEntry {
  seq: number
  /** ISO time at which the request was complete. */
  at: string
  vendor: string
  method: string
  path: string
  /** The parsed body, or the text when it could not be parsed. */
  body: unknown
  status: number
  /** A change of the outside world, e.g. `{ kind: 'owner-written', record: '00Q…', owner: '005…' }`. */
  effect: ({ kind: string } & Record<string, unknown>) | null
}

/** The record of everything the stand-ins received. Tests and the demo judge by it, never by our own counters. */
export interface Ledger {
  append(entry: Omit<LedgerEntry, 'seq' | 'at'>): LedgerEntry
  entries(filter?: { vendor?: string; effect?: string }): LedgerEntry[]
  clear(): void
}

export function createLedger(now: () => number): Ledger {
  let entries: LedgerEntry[] = []
  let seq = 0
  return {
    append(entry) {
      seq += 1
      const complete = { seq, at: new Date(now()).toISOString(), ...entry }
      entries.push(complete)
      return complete
    },
    entries(filter = {}) {
      return entries.filter(
        (entry) =>
          (filter.vendor === undefined || entry.vendor === filter.vendor) &&
          (filter.effect === undefined || entry.effect?.kind === filter.effect),
      )
    },
    clear() {
      entries = []
    },
  }
}
