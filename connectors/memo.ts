/** A small memory of answers that change rarely, with one request per key however many ask at once. */
export interface Memo<Value> {
  /** The remembered value, or what `load` brings. A failed load is not remembered. */
  get(key: string, load: () => Promise<Value>): Promise<Value>
  forget(key: string): void
}

export interface MemoOptions<Value> {
  /** How long a value is remembered, in milliseconds. */
  ttlMs: (value: Value) => number
  /** The oldest entries beyond this are dropped. */
  maxEntries: number
}

interface Entry<Value> {
  pending: Promise<Value>
  /** Null while the value is on its way. */
  expiresAt: number | null
}

/** Creates an empty memo; it belongs to one connector and lives in memory only. */
export function createMemo<Value>({ ttlMs, maxEntries }: MemoOptions<Value>): Memo<Value> {
  const entries = new Map<string, Entry<Value>>()

  function start(key: string, load: () => Promise<Value>): Promise<Value> {
    const entry: Entry<Value> = { pending: load(), expiresAt: null }
    entries.delete(key)
    entries.set(key, entry)
    for (const oldest of entries.keys()) {
      if (entries.size <= maxEntries) break
      entries.delete(oldest)
    }
    entry.pending.then(
      (value) => {
        entry.expiresAt = performance.now() + ttlMs(value)
      },
      () => {
        if (entries.get(key) === entry) entries.delete(key)
      },
    )
    return entry.pending
  }

  return {
    async get(key, load) {
      const entry = entries.get(key)
      if (entry === undefined) return start(key, load)
      if (entry.expiresAt !== null)
        return entry.expiresAt > performance.now() ? entry.pending : start(key, load)
      // Somebody else's request is under way. When it fails it may be by their deadline or their cancelling: ask ourselves.
      return entry.pending.catch(() => {
        const current = entries.get(key)
        return current !== undefined && current !== entry ? current.pending : start(key, load)
      })
    },
    forget(key) {
      entries.delete(key)
    },
  }
}
