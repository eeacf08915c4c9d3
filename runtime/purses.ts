import type { Spend } from '../columns/column.ts'
import { CallFailure } from '../columns/errors.ts'
import type { Purse } from '../db/store.ts'
import type { Engine } from './engine.ts'
import type { PlannedColumn } from './plan.ts'
import type { Task } from './task.ts'

type Scope = keyof Spend

/** `leads.segment.day.2026-03-02`. */
export const dayPurse = (table: string, column: string, now: number): string =>
  `${table}.${column}.day.${new Date(now).toISOString().slice(0, 10)}`

const words: Record<Scope, string> = { perRow: 'a row', perRun: 'a run', perDay: 'a day (UTC)' }

/** The purses a call of this cell is paid from, by the limit they stand for. */
function pursesOf({ row, run }: Task, { name, column }: PlannedColumn, now: number): [Scope, Purse][] {
  const { perRow, perRun, perDay } = column.spend ?? {}
  const base = `${row.table}.${name}`
  const purses: [Scope, Purse][] = []
  if (perRow !== undefined) purses.push(['perRow', { key: `${base}.row.${row.id}`, limitUsd: perRow }])
  if (perRun !== undefined) purses.push(['perRun', { key: `${base}.run.${run.id}`, limitUsd: perRun }])
  if (perDay !== undefined) purses.push(['perDay', { key: dayPurse(row.table, name, now), limitUsd: perDay }])
  return purses
}

export interface Charge {
  task: Task
  column: PlannedColumn
  maxUsd: number
  /** Told what is taken, and what is given back as a negative amount. */
  paid(usd: number): void
}

/**
 * Takes the most that one call may cost out of the purses of its row, run and day, on disk before it answers: money that a killed process
 * had taken stays taken. What the call did not cost goes back when it is settled.
 *
 * @throws {CallFailure} `budget-exhausted`
 */
export async function charge(
  engine: Engine,
  { task, column, maxUsd, paid }: Charge,
): Promise<{ settle(usd: number): void }> {
  checkAmount(maxUsd)
  const purses = pursesOf(task, column, engine.world.now())
  const keys = purses.map(([, { key }]) => key)
  if (keys.length > 0) {
    const { refused } = await engine.store.charge(
      maxUsd,
      purses.map(([, purse]) => purse),
    )
    if (refused !== null) throw await exhausted(engine, purses, { refused, maxUsd })
  }
  paid(maxUsd)
  let open = true
  return {
    settle(usd) {
      checkAmount(usd)
      if (!open) return
      open = false
      paid(usd - maxUsd)
      if (keys.length === 0 || usd === maxUsd) return
      engine.store.refund(maxUsd - usd, keys).catch((error: unknown) => {
        if (!engine.stopping) engine.log.error({ error, purses: keys }, 'money could not be given back')
      })
    },
  }
}

async function exhausted(
  { store }: Engine,
  purses: readonly [Scope, Purse][],
  { refused, maxUsd }: { refused: Purse; maxUsd: number },
): Promise<CallFailure> {
  const scope = purses.find(([, { key }]) => key === refused.key)?.[0] ?? 'perRow'
  const spent = await store.spent(refused.key)
  const limit = `the limit of ${dollars(refused.limitUsd)} for ${words[scope]} (spend.${scope})`
  const why = `${dollars(spent)} of ${refused.key} are spent or reserved and the call may cost ${dollars(maxUsd)}`
  return new CallFailure('budget-exhausted', `${limit} leaves no room: ${why}`, { retryable: false })
}

/** Prices of single calls have many zeros behind the point, and no more digits than a billionth. */
const dollars = (usd: number) =>
  `$${Number(usd.toFixed(9)).toLocaleString('en', { maximumFractionDigits: 9 })}`

function checkAmount(usd: number): void {
  if (Number.isFinite(usd) && usd >= 0) return
  throw new TypeError(`${usd} is no amount of money: charge and settle take US dollars from 0`)
}
