export type RunMode = 'missing' | 'errored' | 'stale' | 'all'

/** What a run was asked to do. */
export interface RunRequest {
  columns: string[] | null
  scope: { rows: string[] } | { filter: string } | { all: true }
  mode: RunMode
  limit: number | null
  downstream: boolean
  force: boolean
  includeEffects: boolean
  redraw: boolean
  /** Why: needed for a redraw and for an override. */
  reason: string | null
  /** Who asked. */
  who: string
  /** This rep gets the lead whatever the rules say; null for a run that decides by rules. */
  override: string | null
  /** Lets go of values that a person decided. */
  unpin: boolean
  /** Started by a clock or a signal: the named columns run although nothing changed, what follows from them runs as for a first time. */
  alarm: boolean
}

/** How rows of a backlog come in. */
export interface Backfill {
  /** True: draws come from the live rotation and count in caps. False: from a counter of the backfill's own. */
  consumeDraws: boolean
  /** False: cells of effects that reach people are skipped. */
  notify: boolean
  /** False: cells with a service-level clock are skipped. */
  startClocks: boolean
}

export interface NewRun {
  id: string
  table: string
  kind: 'insert' | 'rerun'
  lane: 'live' | 'bulk'
  definition: number
  request: RunRequest | null
  backfill: Backfill | null
  rows: number
  at: number
  /** Place of the newest row of the table when it was asked for: rows behind that are not its own. Left out of an insert. */
  lastRow?: number
}

export interface RunCounts {
  ran: number
  unchanged: number
  kept: number
  skipped: number
  failed: number
  cancelled: number
}

export interface Run extends NewRun {
  ordinal: number
  status: 'running' | 'done' | 'cancelled'
  /** Last row handed out. */
  cursor: number
  /** Rows handed out so far. */
  handedOut: number
  counts: RunCounts
  finishedAt: number | null
}

export type RunChange = Partial<
  Pick<Run, 'status' | 'cursor' | 'handedOut' | 'counts' | 'finishedAt' | 'rows'>
>
