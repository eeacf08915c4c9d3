import { setTimeout as sleep } from 'node:timers/promises'
import type { CellContext } from '../../columns/column.ts'
import { CallFailure, TableError } from '../../columns/errors.ts'
import type { Budgets } from '../budgets.ts'
import type { World } from '../engine.ts'
import { abort, clearTimers, createFlight, type Flight, signalOf, startTime, waitForTurn } from '../flight.ts'
import type { Limits } from '../limits/limits.ts'
import type { PlannedColumn } from '../plan.ts'
import type { LabelledRow } from './labelled-row.ts'
import { createMemory } from './memory.ts'

/** Where columns are tried out: what the runtime hands to a cell, with nothing behind it that keeps anything. */
export interface Bench {
  world: Omit<World, 'id'>
  longestPauseMs: number
  /** One attempt, within the budget of the column and this deadline. Adds the requests it makes and what it is charged to `count`. */
  attempt<Result>(
    cell: BenchCell,
    count: Count,
    work: (context: CellContext) => Promise<Result>,
  ): Promise<Result>
  pause(ms: number): Promise<void>
}

export interface Count {
  calls: number
  /** US dollars that were taken and not given back. */
  paidUsd: number
}

export interface BenchCell {
  row: LabelledRow
  column: PlannedColumn
  attempt: number
  /** Milliseconds this attempt may take. */
  timeoutMs: number
}

export interface BenchOptions {
  world: Omit<World, 'id'>
  budgets: Budgets
  limits: Limits
  longestPauseMs: number
  table: string
}

export function createBench({ world, budgets, limits, longestPauseMs, table }: BenchOptions): Bench {
  const memory = createMemory()

  function contextOf({ row, column, attempt, timeoutMs }: BenchCell, flight: Flight, count: Count) {
    const name = `line-${row.line}`
    const now = new Date(world.now()).toISOString()
    const { occurredAt } = row.given
    const signal = signalOf(flight)
    const context: CellContext = {
      table,
      row: name,
      column: column.name,
      attempt,
      occurredAt: typeof occurredAt === 'string' ? occurredAt : now,
      receivedAt: now,
      sendId: `${name}.${column.name}.${attempt}`,
      earlier: null,
      mayRepeat: false,
      signals: [],
      signal,
      lane: 'live',
      limit: (budget, send) =>
        limits.request(budget, { lane: 'live', signal, waits: () => waitForTurn(flight) }, send),
      used: limits.used,
      timeoutMs,
      fetch: (input, init) => {
        count.calls += 1
        return world.fetch(input, init)
      },
      finishedAt: () => null,
      isPinned: () => false,
      now: world.now,
      random: world.random,
      memo: memory.memo,
      async charge(maxUsd) {
        const whose = { row: name, column: column.name, spend: column.column.spend }
        const charged = await memory.charge(whose, maxUsd)
        count.paidUsd += maxUsd
        let open = true
        return {
          settle(usd) {
            if (open) count.paidUsd += usd - maxUsd
            open = false
            charged.settle(usd)
          },
        }
      },
      lookup: (other) => Promise.reject(notServed(column.name, other)),
    }
    return context
  }
  return {
    world,
    longestPauseMs,
    attempt(cell, count, work) {
      return budgets.run(cell.column.column.budget, { lane: 'live' }, () => {
        const flight = createFlight()
        return withinDeadline(cell.timeoutMs, { flight, elapsed: world.elapsed }, () =>
          work(contextOf(cell, flight, count)),
        )
      })
    },
    pause: (ms) => sleep(ms),
  }
}

/** The deadline ends the attempt whatever the work does, as it does in a run. */
async function withinDeadline<Result>(
  timeoutMs: number,
  { flight, elapsed }: { flight: Flight; elapsed: () => number },
  work: () => Promise<Result>,
): Promise<Result> {
  const over = new Promise<never>((_, reject) => {
    const overdue = () => {
      abort(flight, new Error('deadline'))
      reject(new CallFailure('timeout', `no answer within ${timeoutMs} ms`, { retryable: true }))
    }
    startTime(flight, timeoutMs, { elapsed, overdue })
  })
  try {
    return await Promise.race([work(), over])
  } finally {
    clearTimers(flight)
  }
}

const notServed = (column: string, other: string) =>
  new TableError(
    'request-invalid',
    `column "${column}" looks up rows of "${other}", and an evaluation has none`,
    {
      field: 'column',
      value: column,
      wayOut: `give the column "${column}" a value in the file, or evaluate another one`,
    },
  )
