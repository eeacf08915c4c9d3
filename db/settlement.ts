import type { Decision, DecisionView, EarlierOwner, HeldSince } from '../routing/decision.ts'

/** What a decision is made for. */
export interface ViewOf {
  row: string
  column: string
  account: string | null
  /** Whose claims count: `table.column`, or the name that several columns share. */
  claimScope: string
  /** When the run began: territories are read as they stood then. */
  startedAt: number
  /** A backfill that draws from counters of its own, and counts in nobody's caps. */
  backfill: boolean
  /** Who had the lead before, the latest first. */
  previous: readonly EarlierOwner[]
  heldSince: HeldSince
}

/** A draw asked for inside a step. */
export interface Settlement extends Omit<ViewOf, 'row' | 'account'> {
  /** Set when an earlier draw of this cell is given back first; `who` asked for it, where somebody did. */
  release: { draw: number; reason: string; who?: string } | null
  /** How often this cell was told to draw: part of the ledger's key. */
  generation: number
  /** Pure. */
  decide(view: DecisionView): Decision
}

export interface Settled {
  decision: Decision
  /** Ledger id, null without a draw. */
  draw: number | null
}

/** Decides with the ledger as it stands in the transaction, and writes draw and claim into the same transaction. */
export interface Settle {
  (settlement: Settlement): Settled
  /** The same view without a decision: for asking a standing answer again. */
  view(of: Omit<ViewOf, 'row' | 'account'>): DecisionView
}
