import type { Budget } from '../columns/budget.ts'
import { type Asking, createTurns, type Turns } from './limits/turns.ts'

/** How many attempts of the columns that name the same key are under way at once. Live rows go before bulk rows, and earlier rows before later ones. */
export interface Budgets {
  run<Result>(budget: Budget | null, asking: Asking, work: () => Promise<Result>): Promise<Result>
  stop(): void
}

export function createBudgets(elapsed: () => number): Budgets {
  const known = new Map<string, Turns>()

  function turnsOf(budget: Budget): Turns {
    const found = known.get(budget.key)
    if (found !== undefined) {
      found.narrow(budget)
      return found
    }
    const turns = createTurns(budget, elapsed)
    known.set(budget.key, turns)
    return turns
  }

  return {
    async run(budget, asking, work) {
      if (budget === null) return work()
      const giveBack = await turnsOf(budget).take(asking)
      try {
        return await work()
      } finally {
        giveBack()
      }
    },
    stop() {
      for (const turns of known.values()) turns.stop()
    },
  }
}
