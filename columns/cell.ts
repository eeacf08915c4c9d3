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
  on: 'upstream' | 'retry' | 'rate-limit' | 'callback' | 'hours' | 'human'
  until: number | null
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
  /** Hash of the declared inputs and the column version that gave this result. */
  hash?: string
  /** Number of the definition version under which the cell last ran. */
  definition?: number
  /** Ordinal of the run that last touched the cell. */
  run?: number
  startedAt?: number
  tookMs?: number
  /** The inputs or the column have changed since. */
  stale?: boolean
  /** Effects or draws this cell was told to make so far, absent for one: part of the send id. */
  intended?: number
  /** An effect whose bytes may have left and whose outcome is not recorded yet; `hash` is that of what was sent, absent in older files. */
  intent?: { sendId: string; attempt: number; at: number; hash?: string }
  /** The draw behind an owner. */
  draw?: number
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
