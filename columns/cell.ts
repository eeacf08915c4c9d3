import type { EarlierOwner, HeldSince } from '../routing/decision.ts'
import type { Signal } from './column.ts'
import type { FailureKind } from './errors.ts'
import type { Json } from './json.ts'

export const cellStatuses = [
  'idle',
  'queued',
  'running',
  'waiting',
  'done',
  'no-result',
  'skipped',
  'error',
  'cancelled',
  'unknown',
] as const
export type CellStatus = (typeof cellStatuses)[number]

/** What a waiting cell waits for; `until` is in epoch milliseconds, null when nobody knows. */
export interface Waiting {
  on: 'upstream' | 'retry' | 'rate-limit' | 'credentials' | 'callback' | 'hours' | 'human'
  until: number | null
  /** When a hold began, in epoch milliseconds. */
  since?: number
  /** The same of every hold that counts for this draw. */
  holds?: HeldSince
  /** Key of the credential whose account takes no calls with it. */
  credential?: string
}

export interface CellError {
  kind: FailureKind
  message: string
  retryable: boolean
}

/** The current state of one cell. Times are epoch milliseconds. */
export interface CellState {
  status: CellStatus
  value?: Json
  /** One sentence: why no result, why unknown, why kept. */
  reason?: string
  /** Which declared condition kept the cell from running, and the values it saw. */
  skipped?: { rule: string; values: Record<string, Json> }
  waiting?: Waiting
  error?: CellError
  /** Executions so far, over all runs. */
  attempts: number
  /** Failed attempts of the present run: what the retry policy counts. */
  tries?: number
  /** Epoch ms of the first attempt of the present run, while the row waits for another one and something counts from it. */
  firstTryAt?: number
  /** Key of the kept answer behind the value: asked again unchanged, it costs nothing. */
  memo?: string
  /** Hash of the declared inputs and the column version that gave this result. */
  hash?: string
  /** Number of the definition version under which the cell last ran. */
  definition?: number
  /** Ordinal of the run that last touched the cell. */
  run?: number
  startedAt?: number
  tookMs?: number
  /** The inputs or the column have changed since, or the value stands in for an answer that did not come. */
  stale?: boolean
  /** Effects or draws this cell was told to make so far, absent for one: part of the send id. */
  intended?: number
  /** An effect whose bytes may have left and whose outcome is not recorded yet; `hash` is that of what was sent, absent in older files. */
  intent?: { sendId: string; attempt: number; at: number; hash?: string }
  /** What an effect put out there before, while its cell has no value of its own. */
  earlier?: Json
  /** Nobody knows whether this effect happened, and it is made once more. */
  mayRepeat?: true
  /** The draw behind an owner. */
  draw?: number
  /** What people or other systems told the cell. */
  signals?: Signal[]
  /** Epoch ms at which the cell runs again by itself. */
  again?: number
  /** A person decided this value: no run changes it until it is let go. */
  pinned?: { who: string; reason: string; at: number }
  /**
   * The draw is to be given back for this reason and made anew, or given to this rep. Who had it does not get it again, unless
   * `mayReturn`.
   */
  redraw?: { reason: string; to?: string; mayReturn?: true }
  /** Generation of the draw before this cell that it has to follow: it runs in any run, effect included. */
  due?: number
  /** When the draw first gave an owner (epoch ms), once it was made anew. */
  firstAt?: number
  /** Who had the lead before, the latest first, while a draw anew is held or has failed. A result carries its own. */
  previous?: readonly EarlierOwner[]
  /** The draw came with a backfill that takes no turns of the live rotation, whichever run makes it. */
  backfill?: true
}

/** The draw is held: nobody could be drawn, or a person is asked. */
export const isHeld = (cell: CellState | undefined): boolean =>
  cell?.status === 'waiting' && (cell.waiting?.on === 'hours' || cell.waiting?.on === 'human')

/** When the last execution of a cell ended, in epoch milliseconds; null while it has none. */
export const finishOf = (cell: CellState | undefined): number | null =>
  cell?.startedAt === undefined || cell.tookMs === undefined ? null : cell.startedAt + cell.tookMs

/** The value stands in for an answer that did not come: the question is still open. */
export const isStandIn = ({ status, hash, stale }: CellState): boolean =>
  stale === true && hash === undefined && (status === 'done' || status === 'no-result')

/** The rule by which a backfill keeps a cell quiet. */
export const backfillRule = 'backfill'

/** Skipped because of a backfill. */
export const isQuiet = (cell: CellState): boolean =>
  cell.status === 'skipped' && cell.skipped?.rule === backfillRule

/**
 * Number of the definition version that the cell stands on: a later one may make it stale. Null where none can, since it has not
 * settled, stays quiet after a backfill, or has no result of its own.
 */
export function standsOn(cell: CellState): number | null {
  if (!isSettled(cell) || isQuiet(cell)) return null
  return cell.hash === undefined && cell.status !== 'skipped' ? null : (cell.definition ?? null)
}

/** Settled: nothing more will happen to the cell in this run. */
export function isSettled(cell: CellState | undefined): boolean {
  switch (cell?.status) {
    case undefined:
    case 'idle':
    case 'queued':
    case 'running':
    case 'waiting':
      return false
    default:
      return true
  }
}

/** A cell that is not plainly done or skipped is kept in the side table for filters and restarts. */
export function isOpen(cell: CellState): boolean {
  return (
    cell.stale === true ||
    (cell.status !== 'done' && cell.status !== 'skipped' && cell.status !== 'no-result')
  )
}
