import type { Pool } from '../routing/pool.ts'
import type { Rep } from '../routing/rep.ts'
import type { ServiceLevelClock } from '../routing/service-level/policy.ts'
import type { Territory } from '../routing/territory.ts'

export interface DrawRecord {
  id: number
  pool: string
  member: string
  row: string
  table: string
  column: string
  generation: number
  state: 'reserved' | 'confirmed' | 'released'
  reason: string | null
  /** Tier whose counter it came from, null for the pool's own. */
  stratum: string | null
  backfill: boolean
  at: number
}

/** A draw given back without another in its place: the write that should have confirmed it failed for good, or its column is gone. */
export interface GivenBack {
  draw: number
  reason: string
  /** One that is confirmed stays so. */
  ifReserved?: true
}

export interface DrawCount {
  member: string
  draws: number
  expected: number
}

/** An adjustment of a balance beside the draws. */
export interface NewCredit {
  pool: string
  member: string
  /** Tier whose turns it is about, null for the pool's own. Left out, that of the draw of `row`. */
  stratum?: string | null
  /** Leads; below 0 the member owes them. */
  leads: number
  reason: CreditReason
  note: string | null
  /** Public id of the row it is about. */
  row: string | null
  who: string
}

export const creditReasons = [
  'rejected',
  'reassigned_from',
  'reassigned_to',
  'disqualified',
  'duplicate',
  'out_of_territory',
  'write_failed',
  'manual',
] as const
export type CreditReason = (typeof creditReasons)[number]

export interface CreditRecord extends NewCredit {
  id: number
  stratum: string | null
  at: number
}

export interface Seeds {
  reps: readonly Rep[]
  pools: readonly Pool[]
  territories: readonly Territory[]
}

export interface TerritoryVersion {
  territory: Territory
  /** Counts from 1. */
  version: number
  effectiveFrom: number
  savedAt: number
  who: string
  /** When it was taken back, before it came into force; null while it stands. */
  withdrawnAt: number | null
}

/** A territory, and from when it is to hold (epoch ms). */
export type PlannedTerritory = Pick<TerritoryVersion, 'territory' | 'effectiveFrom'>

/**
 * Looks at what an edit is about to replace, inside the transaction that writes: nothing comes between look and write. What it throws
 * refuses the edit. Pure; a rep or a pool that is not there yet is null, the versions of a territory come in order.
 */
export type Check<Before> = (before: Before) => void

export interface AuditQuery {
  subject?: 'rep' | 'pool' | 'territory' | 'credit' | 'row'
  name?: string
  /** Lines before this one. */
  before?: number
  limit: number
}

export interface AuditRecord {
  id: number
  subject: 'rep' | 'pool' | 'territory' | 'credit' | 'row'
  name: string
  who: string
  at: number
  before: unknown
  after: unknown
}

/** What a person did, for the audit log; the store says when. */
export type NewAuditRecord = Omit<AuditRecord, 'id' | 'at'>

export interface ClockRecord extends ServiceLevelClock {
  row: string
  column: string
}
