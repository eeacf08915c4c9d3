import { z } from 'zod'
import type { AccountFacts } from '../accounts.ts'

/** What an account can be recognised by, the surest first. */
export const matchers = ['account-id', 'contact', 'domain', 'alias-domain', 'name', 'fuzzy-name'] as const
export type Matcher = (typeof matchers)[number]

/** When accounts are matched by domain: not at all, only where nothing surer matches, or together with the contact's account. */
export const domainPolicies = ['never', 'fallback', 'always'] as const
export type DomainPolicy = (typeof domainPolicies)[number]

type Owner = NonNullable<AccountFacts['owner']> & { id: string; name: string }

/** An account as matching sees it. */
export interface MatchableAccount extends AccountFacts {
  name: string
  domain: string | null
  aliases: readonly string[]
  owner: Owner | null
  parent: { id: string; name: string; owner: Owner | null } | null
  /** The account that goes on after a merge. */
  mergedInto: string | null
}

/** What is known of a lead's company. Null: nothing usable. */
export interface CompanyFacts {
  /** The account the lead names itself. */
  accountId: string | null
  /** Domain of the e-mail address, unless it is a mailbox provider's. */
  emailDomain: string | null
  /** The company's registrable domain. */
  domain: string | null
  name: string | null
}

/** One account that competed, in the words of a rule's trace and with the evidence for it. */
export const MatchCandidate = z.object({
  id: z.string(),
  name: z.string(),
  /** Name of the owner. */
  owner: z.string().nullable(),
  by: z.enum(matchers),
  score: z.number(),
  why: z.string(),
})
export type MatchCandidate = z.output<typeof MatchCandidate>

/** Why an account is the lead's, kept with it. */
export const AccountMatch = z.object({
  by: z.enum(matchers),
  /** From 0 to 1. */
  score: z.number(),
  reason: z.string(),
  /** All that competed, the account itself first. */
  candidates: z.array(MatchCandidate),
  /** The criterion that put it before the next one; null where there was no choice. */
  tieBreak: z.string().nullable(),
  /** Two people have a right to the lead: said in one sentence. */
  conflict: z.string().nullable(),
  /** A person has to decide, between these. */
  review: z.object({ reason: z.string(), candidates: z.array(MatchCandidate) }).nullable(),
})
export type AccountMatch = z.output<typeof AccountMatch>
