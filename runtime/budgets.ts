import PQueue from 'p-queue'
import type { Budget } from '../columns/column.ts'

/** Limits shared by every column that names the same key. Live rows go before bulk rows. */
export interface Budgets {
  run<Result>(budget: Budget | null, lane: 'live' | 'bulk', work: () => Promise<Result>): Promise<Result>
}

export function createBudgets(): Budgets {
  const queues = new Map<string, PQueue>()

  function queueFor(budget: Budget): PQueue {
    const known = queues.get(budget.key)
    if (known !== undefined) return known
    const queue = new PQueue({
      concurrency: budget.concurrency,
      ...(budget.perSecond !== undefined && { interval: 1_000, intervalCap: budget.perSecond }),
    })
    queues.set(budget.key, queue)
    return queue
  }

  return {
    run(budget, lane, work) {
      if (budget === null) return work()
      return queueFor(budget).add(work, { priority: lane === 'live' ? 1 : 0 })
    },
  }
}
