import type { CellContext, Spend } from '../../columns/column.ts'
import { CallFailure } from '../../columns/errors.ts'

/** What an evaluation remembers of answers and money: as a run does, for as long as it lasts. */
export interface Memory {
  memo: CellContext['memo']
  /** Money for one row of a column, within its limits; the evaluation counts as one run on one day. */
  charge(
    of: { row: string; column: string; spend: Spend | null },
    maxUsd: number,
  ): ReturnType<CellContext['charge']>
}

export function createMemory(): Memory {
  const asked = new Map<string, ReturnType<Parameters<CellContext['memo']>[1]>>()
  const spent = new Map<string, number>()
  const add = (scope: string, usd: number) => spent.set(scope, (spent.get(scope) ?? 0) + usd)
  return {
    async memo(key, ask, accept) {
      const ongoing = asked.get(key)
      if (ongoing !== undefined) {
        const { value } = await ongoing
        if (accept?.(value) !== false) return { value, cached: true }
      }
      const asking = ask()
      asked.set(key, asking)
      try {
        const { value, keep } = await asking
        if (!keep) asked.delete(key)
        return { value, cached: false }
      } catch (error) {
        asked.delete(key)
        throw error
      }
    },
    async charge({ row, column, spend }, maxUsd) {
      const scopes = [
        [`row ${row} ${column}`, spend?.perRow, 'a row'],
        [`all ${column}`, spend?.perRun, 'a run'],
        [`all ${column}`, spend?.perDay, 'a day'],
      ] as const
      for (const [scope, limit, name] of scopes) {
        if (limit === undefined || (spent.get(scope) ?? 0) + maxUsd <= limit) continue
        const message = `${column} may spend $${limit} for ${name}, and one more call could cost $${maxUsd}`
        throw new CallFailure('budget-exhausted', message, { retryable: false })
      }
      const taken = new Set(scopes.map(([scope]) => scope))
      for (const scope of taken) add(scope, maxUsd)
      let settled = false
      return {
        settle(usd) {
          if (settled) return
          settled = true
          for (const scope of taken) add(scope, usd - maxUsd)
        },
      }
    },
  }
}
