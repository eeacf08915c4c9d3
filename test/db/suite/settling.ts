import type { Settled, Settlement, StoredRow } from '../../../db/store.ts'
import { at, attempt, type Bench, done, settlement } from './bench.ts'
import { draw } from './live.ts'

/** Draws for one row in a step of its own, as the runtime does. */
export type SettleOne = (row: StoredRow, options?: Partial<Settlement>) => Promise<Settled>

export function settleWith(bench: Bench): SettleOne {
  return async (row, options = {}) => {
    const asked = settlement({ decide: draw, ...options })
    let answer: Settled | null = null
    await bench.build(row, (settle) => {
      const settled = settle(asked)
      answer = settled
      const { assignment } = settled.decision
      const cell = done(
        assignment === null ? null : { ...assignment },
        settled.draw === null ? {} : { draw: settled.draw },
      )
      return { at, position: row.entries, entries: [attempt(asked.column, cell)], confirm: [] }
    })
    if (answer === null) throw new Error('the step was fenced')
    return answer
  }
}

/** Balances always add up to nothing: what one is owed the others had. */
export function sumOf(balances: Readonly<Record<string, number>> | undefined): number {
  return Object.values(balances ?? {}).reduce((sum, each) => sum + each, 0)
}
