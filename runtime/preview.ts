import type { Run, Store, StoredRow } from '../db/store.ts'
import { staysQuiet } from './backfill.ts'
import { chooseCells, isOutThere, treatCell } from './choose.ts'
import { skipOf } from './conditions.ts'
import { inTimeSkip } from './in-time.ts'
import { ownersOf } from './owner-cell.ts'
import { mostPinned, type PinnedCell, pinnedCells } from './pinned.ts'
import { declaredValues, inputHash, type PlannedColumn, resultOf, type TablePlan } from './plan.ts'
import { dayPurse } from './purses.ts'

/** What a run would do to one column. */
export interface ColumnPreview {
  column: string
  run: number
  unchanged: number
  kept: number
  skipped: number
  /** Effects on the outside world, in words; null for a column that has none. */
  sideEffect: string | null
  draws: number
  /** Of those that run, how many ask again what is answered already: they cost nothing. */
  cached: number
  /** Highest cost in US dollars: as every call will be charged, with all attempts, and never over a limit. */
  costUsd: number
  /** What it will rather be: for the rows that are known to ask, one call each. */
  likelyUsd: number
  /** The limits of the column in US dollars; `spentToday` where there is one for a day. Null without limits. */
  spend: ColumnSpend | null
}

export interface ColumnSpend {
  perRow: number | null
  perRun: number | null
  perDay: number | null
  spentToday: number | null
}

export interface Preview {
  rows: number
  columns: ColumnPreview[]
  costUsd: number
  likelyUsd: number
  /** One sentence for each kind of side effect: `64 times: writes the owner to salesforce`. */
  sideEffects: string[]
  /** Owners whom a person decided, who keep the lead although the run draws anew: the first hundred. */
  pinned: PinnedCell[]
}

/** Rows of a column whose own values are looked at; for those behind them the highest price of any row is counted. */
const mostEstimated = 1_000

/**
 * Counts the most that a run would do, from the values the rows have now. A cell behind one that runs counts as running too, although its
 * values may turn out the same: nobody is surprised by an effect that was not announced.
 */
export function createPreview(
  plan: TablePlan,
  { store, now }: { store: Pick<Store, 'memo' | 'spent'>; now: number },
): {
  add(row: StoredRow, run: Run): Promise<boolean>
  result(): Promise<Preview>
} {
  let rows = 0
  const pinned: PinnedCell[] = []
  const columns: ColumnPreview[] = plan.columns.map(({ name, column: { work } }) => ({
    column: name,
    run: 0,
    unchanged: 0,
    kept: 0,
    skipped: 0,
    sideEffect: work.effect === 'write' ? work.sideEffect : null,
    draws: 0,
    cached: 0,
    costUsd: 0,
    likelyUsd: 0,
    spend: null,
  }))
  const estimated = plan.columns.map(() => 0)

  return {
    async add(row, run) {
      const chosen = chooseCells(plan, row, run)
      if (chosen.size === 0) return false
      rows += 1
      if (run.request !== null && pinned.length < mostPinned)
        pinned.push(...pinnedCells(plan, row, run.request))
      const moving = new Set<number>()
      const following = new Set<number>()
      for (const column of plan.columns) {
        const counted = columns[column.index]
        const follows = following.has(column.index)
        if (counted === undefined || !(follows || chosen.has(column.index))) continue
        const upstreamMoves = column.upstream.some((index) => moving.has(index))
        const verdict = upstreamMoves
          ? judgeMoving(plan, column, row, { run, follows, moving })
          : judge(plan, column, row, { run, moving })
        counted[verdict] += 1
        // A value that goes is another one for those behind it, as much as one that is worked out again.
        const isGoing = verdict === 'skipped' && resultOf(row.cells[column.name]) !== null
        if (verdict === 'run' || isGoing) moving.add(column.index)
        if (verdict !== 'run') continue
        const { memo } = row.cells[column.name] ?? {}
        const isSame = memo !== undefined && !upstreamMoves && asksTheSame(plan, column, row)
        if (isSame && (await store.memo(memo)) !== null) counted.cached += 1
        else {
          const isLookedAt = (estimated[column.index] ?? 0) < mostEstimated
          const { atMostUsd, likelyUsd } = priceOf(plan, column, isLookedAt ? row : null)
          // Other values may come from before, so that what is known now is only likely.
          counted.costUsd += upstreamMoves ? column.column.costUsd : atMostUsd
          counted.likelyUsd += likelyUsd
          if (isLookedAt) estimated[column.index] = (estimated[column.index] ?? 0) + 1
        }
        if (column.column.work.effect !== 'draw') continue
        counted.draws += 1
        for (const index of followers(plan, column, row, run)) following.add(index)
      }
      return true
    },
    async result() {
      for (const column of plan.columns) {
        const counted = columns[column.index]
        if (counted === undefined) continue
        counted.spend = await spendOf(store, column, { plan, now })
        counted.likelyUsd = extrapolated(counted, estimated[column.index] ?? 0)
        const most = mostAllowed(counted)
        counted.costUsd = Math.min(counted.costUsd, most)
        counted.likelyUsd = Math.min(counted.likelyUsd, counted.costUsd)
      }
      const touched = columns.filter((each) => each.run + each.unchanged + each.kept + each.skipped > 0)
      const effects = touched.filter((each) => each.run > 0 && each.sideEffect !== null)
      const draws = touched.reduce((sum, each) => sum + each.draws, 0)
      return {
        rows,
        columns: touched,
        costUsd: touched.reduce((sum, each) => sum + each.costUsd, 0),
        likelyUsd: touched.reduce((sum, each) => sum + each.likelyUsd, 0),
        pinned: pinned.slice(0, mostPinned),
        sideEffects: [
          ...effects.map((each) => `at most ${each.run} times: ${each.sideEffect}`),
          ...(draws > 0 ? [`at most ${draws} times: takes a turn of a rotation`] : []),
        ],
      }
    },
  }
}

/** What this row costs. Without a row, or where the column's own code fails on it, the most of any row, and nothing that is likely. */
function priceOf(
  plan: TablePlan,
  column: PlannedColumn,
  row: StoredRow | null,
): { atMostUsd: number; likelyUsd: number } {
  const { costUsd, estimate } = column.column
  if (estimate === undefined) return { atMostUsd: costUsd, likelyUsd: row === null ? 0 : costUsd }
  if (row !== null) {
    try {
      return estimate(declaredValues(plan, column, row))
    } catch {
      // An error of its cell when the run gets there, not of the preview.
    }
  }
  return { atMostUsd: costUsd, likelyUsd: 0 }
}

/** The rows behind those that were looked at are taken to be like them. */
const extrapolated = ({ run, cached, likelyUsd }: ColumnPreview, lookedAt: number): number =>
  lookedAt === 0 ? likelyUsd : (likelyUsd / lookedAt) * Math.max(lookedAt, run - cached)

function mostAllowed({ run, spend }: ColumnPreview): number {
  const { perRow = null, perRun = null, perDay = null, spentToday = null } = spend ?? {}
  return Math.min(
    perRow === null ? Number.POSITIVE_INFINITY : perRow * run,
    perRun ?? Number.POSITIVE_INFINITY,
    perDay === null ? Number.POSITIVE_INFINITY : Math.max(0, perDay - (spentToday ?? 0)),
  )
}

const asksTheSame = (plan: TablePlan, column: PlannedColumn, row: StoredRow): boolean =>
  row.cells[column.name]?.hash === inputHash(column, declaredValues(plan, column, row))

async function spendOf(
  store: Pick<Store, 'spent'>,
  { name, column: { spend } }: PlannedColumn,
  { plan, now }: { plan: TablePlan; now: number },
): Promise<ColumnSpend | null> {
  if (spend === null) return null
  const { perRow = null, perRun = null, perDay = null } = spend
  const spentToday = perDay === null ? null : await store.spent(dayPurse(plan.table.name, name, now))
  return { perRow, perRun, perDay, spentToday }
}

/** What the run would do with one cell: the same questions in the same order as the run asks them. */
function judge(
  plan: TablePlan,
  column: PlannedColumn,
  row: StoredRow,
  { run, moving }: { run: Run; moving: ReadonlySet<number> },
): 'run' | 'unchanged' | 'kept' | 'skipped' {
  const cell = row.cells[column.name]
  if (cell?.intent === undefined && isSkipped(plan, column, row)) {
    return cell !== undefined && isOutThere(column, cell) ? 'kept' : 'skipped'
  }
  const hash = inputHash(column, declaredValues(plan, column, row))
  const treatment = treatCell(column, cell, hash, run)
  if (treatment.do === 'unchanged') return 'unchanged'
  if (treatment.do === 'keep') return 'kept'
  // What it stands in for may come late only where that runs too.
  const isAwaited = column.awaits !== null && moving.has(column.awaits)
  if (treatment.do === 'reconcile' || isAwaited || inTimeSkip(column, row.cells) === null) return 'run'
  return cell !== undefined && isOutThere(column, cell) ? 'kept' : 'skipped'
}

/** A cell behind one that runs: its values may turn out otherwise, so the most that can happen is counted. */
function judgeMoving(
  plan: TablePlan,
  column: PlannedColumn,
  row: StoredRow,
  { run, follows, moving }: { run: Run; follows: boolean; moving: ReadonlySet<number> },
): 'run' | 'kept' | 'skipped' {
  const cell = row.cells[column.name]
  if (cell?.intent === undefined && isSkipped(plan, onWhatStays(plan, column, moving), row)) {
    return cell !== undefined && isOutThere(column, cell) ? 'kept' : 'skipped'
  }
  const due = follows && cell !== undefined ? { ...cell, due: cell.due ?? 1 } : cell
  return treatCell(column, due, 'not known yet', run).do === 'keep' ? 'kept' : 'run'
}

/** The column with its conditions on values that stay as they are: what these keep from running does not run. */
function onWhatStays(plan: TablePlan, planned: PlannedColumn, moving: ReadonlySet<number>): PlannedColumn {
  const stays = (name: string) => !moving.has(plan.byName.get(name)?.index ?? -1)
  const { when, column } = planned
  return {
    ...planned,
    when: Object.fromEntries(Object.entries(when).filter(([name]) => stays(name))),
    column: { ...column, needs: column.needs.filter(stays) },
  }
}

/** What follows a draw that may give the lead to somebody else, whatever was asked for. */
function followers(plan: TablePlan, column: PlannedColumn, row: StoredRow, run: Run): number[] {
  const before = row.cells[column.name]
  if (ownersOf(before).length === 0 && before?.status !== 'no-result') return []
  return column.downstream.filter((index) => {
    const behind = plan.columns[index]
    return behind !== undefined && !staysQuiet(behind, row.cells[behind.name], run.request)
  })
}

/** A condition that throws is an error of its cell when the run gets there, not of the preview. */
function isSkipped(plan: TablePlan, column: PlannedColumn, row: StoredRow): boolean {
  try {
    return skipOf(plan, column, row) !== null
  } catch {
    return false
  }
}
