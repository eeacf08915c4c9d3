import type { RepLoad } from '../../routing/decision.ts'
import type { Clocks } from './clocks.ts'
import type { Connection } from './open.ts'

/** A standing draw of a live lead. */
export interface LoadingDraw {
  row: number
  column: string
  member: string
  at: number
}

/**
 * What is on the reps' plates. Every decision asks it of many reps, so what the file said is remembered and kept up with the draws;
 * nothing is read or remembered of reps without a cap.
 */
export interface Loads {
  of(rep: string): RepLoad
  drawn(draw: LoadingDraw): void
  returned(draw: LoadingDraw): void
  /** A draw that was given back counts again. */
  retaken(draw: LoadingDraw): void
  /** From here on the row's clock says who has the lead. */
  clocked(row: number, rep: string | null): void
  /** A row at rest without a clock is on nobody's plate. */
  rested(row: number): void
  /** Forgets what is remembered of the file. */
  forget(): void
}

const keptMs = 15 * 24 * 3_600_000

export function createLoads(connection: Connection, clocks: Clocks): Loads {
  const selectTimes = connection
    .prepare(
      `SELECT at FROM draws WHERE member = ? AND at >= ? AND state != 'released' AND backfill = 0 ORDER BY at`,
    )
    .pluck()
  // The cross join keeps the order: few rows are in flight, and draws are many.
  const selectInFlight = connection.prepare(
    `SELECT draws.row_seq AS row, draws."column", draws.member, draws.at FROM rows CROSS JOIN draws ON draws.row_seq = rows.seq
     WHERE rows.active IS NOT NULL AND draws.state != 'released' AND draws.backfill = 0
       AND NOT EXISTS (SELECT 1 FROM clocks WHERE clocks.row_seq = rows.seq AND clocks.rep = draws.member)`,
  )
  /** Times of draws by rep, in order, from a time on. */
  const recent = new Map<string, { from: number; times: number[] }>()
  /** Draws of rows in flight whose clock does not run yet, and how many each rep has of them; null while nobody asked. */
  let inFlight: { rows: Map<number, LoadingDraw[]>; counts: Map<string, number> } | null = null

  function timesSince(rep: string, at: number): number[] {
    const known = recent.get(rep)
    if (known !== undefined && known.from <= at) return known.times
    const times = selectTimes.all(rep, at) as number[]
    recent.set(rep, { from: at, times })
    return times
  }

  function inFlightOf(rep: string): number {
    if (inFlight === null) {
      inFlight = { rows: new Map(), counts: new Map() }
      for (const draw of selectInFlight.all() as LoadingDraw[]) takeOff(draw)
    }
    return inFlight.counts.get(rep) ?? 0
  }

  function takeOff(draw: LoadingDraw): void {
    if (inFlight === null) return
    const { rows, counts } = inFlight
    rows.set(draw.row, [...(rows.get(draw.row) ?? []), draw])
    counts.set(draw.member, (counts.get(draw.member) ?? 0) + 1)
  }

  function land(row: number, isGone: (draw: LoadingDraw) => boolean): void {
    if (inFlight === null) return
    const { rows, counts } = inFlight
    const [gone, left] = [[], []] as [LoadingDraw[], LoadingDraw[]]
    for (const each of rows.get(row) ?? []) (isGone(each) ? gone : left).push(each)
    for (const { member } of gone) counts.set(member, (counts.get(member) ?? 0) - 1)
    if (left.length === 0) rows.delete(row)
    else rows.set(row, left)
  }

  /** What answers for a rep: the same object every time, since it asks anew at every question. */
  const loads = new Map<string, RepLoad>()

  function loadOf(rep: string): RepLoad {
    const load: RepLoad = {
      drawnSince(at) {
        const times = timesSince(rep, at)
        return times.length - firstSince(times, at)
      },
      open: () => clocks.openOf(rep) + inFlightOf(rep),
    }
    loads.set(rep, load)
    return load
  }

  return {
    of: (rep) => loads.get(rep) ?? loadOf(rep),
    drawn(draw) {
      const known = recent.get(draw.member)
      if (known !== undefined) {
        // What is older than any cap looks back is read anew, from where it is asked for; so is everything after a clock went back.
        const isInOrder = (known.times.at(-1) ?? 0) <= draw.at
        if (isInOrder && draw.at - known.from < keptMs) known.times.push(draw.at)
        else recent.delete(draw.member)
      }
      takeOff(draw)
    },
    returned({ row, column, member }) {
      recent.delete(member)
      land(row, (each) => each.member === member && each.column === column)
    },
    retaken(draw) {
      recent.delete(draw.member)
      takeOff(draw)
    },
    clocked: (row, rep) => land(row, ({ member }) => member === rep),
    rested: (row) => land(row, () => true),
    forget() {
      recent.clear()
      inFlight = null
    },
  }
}

/** Index of the first of these ordered times that is not before `at`. */
function firstSince(times: readonly number[], at: number): number {
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[middle] ?? at) < at) low = middle + 1
    else high = middle
  }
  return low
}
