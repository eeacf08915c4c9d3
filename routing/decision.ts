import { z } from 'zod'
import type { Pool } from './pool.ts'

export const methods = [
  'existing_owner',
  'open_opportunity',
  'named_account',
  'sticky',
  'territory',
  'round_robin',
  'weighted_round_robin',
  'fallback_pool',
  'fallback_person',
  'manual_override',
  'no_eligible',
  'not_qualified',
  'error',
] as const
export type Method = (typeof methods)[number]

/** Whoever gets the lead: a rep of the roster, or a person who only the CRM knows. */
export const Owner = z.object({
  /** Rep id of the roster; null for an owner found in the CRM. */
  rep: z.string().nullable(),
  name: z.string(),
  email: z.string().nullable(),
  /** Ids by vendor, where known. */
  ids: z.record(z.string(), z.string()),
})
export type Owner = z.output<typeof Owner>

/** The value of an owner cell: who, by which rule, and the reason in one sentence. */
export const Assignment = Owner.extend({
  method: z.enum(methods),
  rule: z.string(),
  reason: z.string(),
  pool: z.string().nullable(),
})
export type Assignment = z.output<typeof Assignment>

/** Account key -> owner, with its provenance, so that one company has one rep. */
export interface Claim {
  account: string
  owner: Owner
  table: string
  row: string
  rule: string
  /** ISO time. */
  at: string
}

/** A pool as it stands: live members, and the balances its ledger adds up to. */
export interface PoolState {
  pool: Pool
  /** Draws owed (positive) or taken early (negative), by rep id. */
  balances: Readonly<Record<string, number>>
  /** Ordinal of the latest draw, by rep id. */
  lastDrawn: Readonly<Record<string, number>>
}

/** What a decision may see of the store. It is read inside the transaction that will write the draw and the claim. */
export interface RotationView {
  now: number
  claim: Claim | null
  /** Account key of the row; null when the company is not known. */
  account: string | null
  /** The rep whose draw is being given back: not drawn again while anybody else is there. */
  previous: string | null
  pool(name: string): PoolState | null
}

/** One rep as the rotation saw it. */
export interface Considered {
  member: string
  weight: number
  share: number
  balance: number
  excluded: string | null
}

/** One rule of the ladder and what became of it. */
export interface RuleTrace {
  rule: string
  matched: boolean
  reason: string
  pool?: string
  considered?: Considered[]
}

export interface Draw {
  pool: string
  member: string
  /** Balances and ordinals after the draw. */
  balances: Record<string, number>
  considered: Considered[]
}

/** The outcome of a ladder, complete: the answer, what it takes from the ledger, and the whole trace. */
export interface Decision {
  assignment: Assignment | null
  /** One sentence for people; also present when nobody was found. */
  reason: string
  draw: Draw | null
  /** The claim to write: the company of this row now has this owner. */
  claims: boolean
  trace: RuleTrace[]
}
