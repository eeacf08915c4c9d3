import type { Json } from '../columns/json.ts'
import type { Store } from '../db/store.ts'

/** A question of one attempt, and whom the answer is kept for. */
export interface Question {
  key: string
  table: string
  row: string
  /** Aborted when the attempt no longer waits. */
  signal: AbortSignal
  ask(): Promise<{ value: Json; keep: boolean }>
  /** Is this failure due to the row that asked? Others that wait for the same answer then ask for themselves. */
  isOwn(error: unknown): boolean
  /** Is a kept answer still one? One that is not is asked anew and replaced. */
  accept?: ((value: Json) => boolean) | undefined
}

export interface Remembered {
  value: Json
  /** Nobody was asked for this row. */
  cached: boolean
  /** The store has it under its key. */
  kept: boolean
}

/** Answers by the hash of their question: asked once while rows wait for the same one, and kept in the store where the column says so. */
export interface Memos {
  get(question: Question): Promise<Remembered>
}

/** What the row that asked leaves to those that waited with it. A failure of its own is not theirs. */
type Shared = { value: Json; kept: boolean } | { error: unknown; own: boolean }

export function createMemos(store: Store): Memos {
  const asking = new Map<string, Promise<Shared>>()

  async function lead({ key, table, row, signal, ask, accept }: Question): Promise<Remembered> {
    const found = await store.memo(key)
    if (found !== null && accept?.(found) !== false) return { value: found, cached: true, kept: true }
    const { value, keep } = await Promise.race([ask(), aborted(signal)])
    if (keep) await store.remember({ key, value, row, table, replace: found !== null })
    return { value, cached: false, kept: keep }
  }

  return {
    async get(question) {
      const { key, signal } = question
      for (;;) {
        const ongoing = asking.get(key)
        if (ongoing === undefined) break
        const shared = await Promise.race([ongoing, aborted(signal)])
        if (!('value' in shared)) {
          if (!shared.own) throw shared.error
        } else if (question.accept?.(shared.value) !== false) return { ...shared, cached: true }
      }
      const { promise, resolve } = Promise.withResolvers<Shared>()
      asking.set(key, promise)
      try {
        const { value, cached, kept } = await lead(question)
        resolve({ value, kept })
        return { value, cached, kept }
      } catch (error) {
        resolve({ error, own: question.isOwn(error) })
        throw error
      } finally {
        asking.delete(key)
      }
    },
  }
}

/** Rejects with the reason of the abort, so that a question nobody answers holds up those behind it no longer than its own attempt. */
function aborted(signal: AbortSignal): Promise<never> {
  if (signal.aborted) return Promise.reject(signal.reason)
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
