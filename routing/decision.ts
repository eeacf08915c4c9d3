import { z } from 'zod'
import type { Pool } from './pool.ts'
import type { Rep } from './rep.ts'
import type { Territory } from './territory.ts'

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

/** Whoever gets the lead: a rep of the roster, a queue, or a person who only the CRM knows. */
export const Owner = z.object({
  /** Rep id of the roster; null for an owner found in the CRM, and for a queue. */
  rep: z.string().nullable(),
  name: z.string(),
  email: z.string().nullable(),
  /** Ids by vendor, where known. */
  ids: z.record(z.string(), z.string()),
})
export type Owner = z.output<typeof Owner>

/** Who had the lead before. `barred` is one who let it lie, or refused it: they do not get it back. */
export const EarlierOwner = Owner.extend({ barred: z.literal(true).exactOptional() })
export type EarlierOwner = z.output<typeof EarlierOwner>

/** The value of an owner cell: who, by which rule, and the reason in one sentence. */
export const Assignment = Owner.extend({
  method: z.enum(methods),
  rule: z.string(),
  reason: z.string(),
  pool: z.string().nullable(),
  /** Somebody who is told as well: the backup of an owner on leave, the manager of one over cap. */
  alsoTell: Owner.nullable(),
  /** Who had the lead before, the latest first. Empty for a first assignment. */
  previous: z.array(EarlierOwner),
})
export type Assignment = z.output<typeof Assignment>

/** Account key -> owner, with its provenance, so that one company has one rep for each purpose: an SDR, say, and an AE. */
export interface Claim {
  account: string
  /** The purpose: `table.column` for a column's own claims, else the name that several columns share. */
  scope: string
  owner: Owner
  table: string
  column: string
  row: string
  rule: string
  method: Method
  /** ISO time. */
  at: string
  /** ISO time of the latest lead that went to the owner because of it; `at` when there was none yet. */
  renewedAt: string
}

/** What a rotation has done so far. Pools that share a counter share it; a backfill has one of its own. */
export interface Counter {
  /** Draws owed (positive) or taken early (negative), by rep id. */
  balances: Readonly<Record<string, number>>
  /** Ordinal of the latest draw, by rep id. */
  lastDrawn: Readonly<Record<string, number>>
}

/** A pool with its counter, as live data stand. */
export interface PoolState extends Counter {
  pool: Pool
}

/** What is on a rep's plate. Only standing draws of live leads count: an ownership match and a backfill do not. */
export interface RepLoad {
  /** Draws since this time (epoch ms), over all pools. */
  drawnSince(at: number): number
  /** Leads handed over and not touched yet. */
  open(): number
}

/** What a decision may see of the store. It is read inside the transaction that will write the draw and the claim. */
export interface DecisionView {
  /** Epoch ms. */
  now: number
  /** Account key of the row; null when the company is not known. */
  account: string | null
  /** The account's claim in the scope of this column, made by this row or another one. */
  claim: Claim | null
  row: string
  column: string
  /** Who had this lead before, the latest first: not drawn again while anybody else is there, and the barred ones not at all. */
  previous: readonly EarlierOwner[]
  /** What held the lead so far: a hold that had its time is over. */
  heldSince: HeldSince
  rep(id: string): Rep | null
  /** The rep with this id at a vendor, else with this e-mail (case does not count). */
  repOf(owner: { vendor: string; id: string; email: string | null }): Rep | null
  load(rep: string): RepLoad
  pool(name: string): Pool | null
  /** The counter a pool draws from; `stratum` keeps a counter of its own for leads of one tier. */
  counter(pool: Pool, stratum: string | null): Counter
  /** The version in force when the run began: leads in flight keep what they started with. */
  territory(name: string): Territory | null
}

export const exclusionCodes = [
  'inactive',
  'paused',
  'leave',
  'holiday',
  'hours',
  'cap',
  'previous',
  'unknown-rep',
] as const
export type ExclusionCode = (typeof exclusionCodes)[number]

/** Why a rep may not be drawn, for programs and for people, and when that may end (epoch ms, null: by nobody's clock). */
export interface Exclusion {
  code: ExclusionCode
  reason: string
  until: number | null
}

/** One rep as the rotation saw it. */
export interface Considered {
  /** Rep id. */
  member: string
  name: string
  weight: number
  share: number
  balance: number
  excluded: Exclusion | null
}

/** A condition with the value it saw. */
export interface ConditionTrace {
  field: string
  operator: string
  expected: unknown
  seen: unknown
  matched: boolean
}

/** One rule of the ladder and what became of it. */
export interface RuleTrace {
  rule: string
  matched: boolean
  reason: string
  conditions?: ConditionTrace[]
  /** Records that competed, the winner first, and the criterion that put it there. */
  candidates?: { name: string; owner: string | null; why: string }[]
  tieBreak?: string
  pool?: string
  considered?: Considered[]
  /** Rep id of the member who was drawn. */
  chosen?: string
}

/** The whole of a decision, kept as the detail of the cell; version and time stand beside it in the attempt. */
export interface DecisionTrace {
  method: Method | null
  rules: RuleTrace[]
  fallbackUsed: boolean
}

export interface Draw {
  pool: string
  /** Name of the counter within the pool's: null, or the stratum. */
  stratum: string | null
  member: string
  /** Balances after the draw. */
  balances: Record<string, number>
}

/** When each hold of a lead began (epoch ms), by kind and by what holds it: `human rule` or `hours pool`. */
export type HeldSince = Readonly<Record<string, number>>

/** Nobody gets the lead now: it is decided again at `until`, or as soon as live data or a person say more. */
export interface Hold {
  on: 'hours' | 'human'
  /** Epoch ms. */
  until: number
  /** This hold, and those before it that had their time. */
  since: HeldSince
}

/** The outcome of a ladder, complete: the answer, what it takes from the ledger, and the whole trace. */
export interface Decision {
  assignment: Assignment | null
  /** One sentence for people; also present when nobody was found. */
  reason: string
  hold: Hold | null
  draw: Draw | null
  /** The claim to write: the company of this row now has this owner. */
  claims: boolean
  trace: DecisionTrace
}
