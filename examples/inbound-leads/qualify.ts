import type { BranchAnswer } from '../../columns/branch.ts'
import type { CrmAccount, Firm } from '../../columns/ports.ts'
import type { RuleAnswer } from '../../columns/use-ai.ts'
import { segmentByRule } from '../../routing/segment/segment-by-rule.ts'
import type { Segmentation } from '../../routing/segment/segmentation.ts'
import type { Lead } from './lead.ts'
import { namedAccounts } from './team.ts'

export const exits = ['route', 'nurture', 'self-serve', 'disqualified'] as const
export type Exit = (typeof exits)[number]

type Nullable<Shape> = { [Key in keyof Shape]-?: NonNullable<Shape[Key]> | null }
type LeadFacts = Nullable<Pick<Lead, 'country' | 'headquarters' | 'employees'>> & {
  domain: string | null
  firm: Firm | null
}

/** Region and segment from facts alone: the form first, then enrichment. The model is asked only for what this leaves open. */
export function classifyByRule(lead: LeadFacts): RuleAnswer<Segmentation> {
  const { decidedBy, ...answer } = decide(lead)
  if (decidedBy.region !== null && decidedBy.segment !== null) return { complete: true, value: answer }
  return {
    complete: false,
    known: {
      ...(decidedBy.region !== null && { region: answer.region }),
      ...(decidedBy.segment !== null && { segment: answer.segment }),
    },
  }
}

const decide = ({ firm, country, headquarters, employees, domain }: LeadFacts) =>
  segmentByRule({
    country: country ?? firm?.country,
    headquarters,
    domain,
    employees: employees ?? firm?.employees,
  })

/** What stands when the model gives no valid answer: what the rule knows, and unknown for the rest. */
export const classifiedWithoutModel = (lead: LeadFacts): Segmentation => {
  const { decidedBy: _, ...answer } = decide(lead)
  return answer
}

interface Candidate {
  segment: Segmentation
  account: CrmAccount | null
  source: string | null
  message: string | null
  email: string | null
  domain: string | null
}

const notBuyers = /\b(job application|applicant|careers?|student|vendor|press|partner pitch)\b/i
const handRaisers = /\b(demo|contact sales|pricing|trial|referral|call)\b/i
const lowIntent = /\b(newsletter|webinar|ebook|content|download|event)\b/i

/**
 * Whom a rep should talk to. A named account, a customer or an open opportunity reaches its owner whatever the rest says; missing data
 * never disqualifies, only positive evidence does.
 */
export function qualify({ segment, account, source, email, domain }: Candidate): BranchAnswer<Exit> {
  const from = source ?? ''
  if (domain !== null && Object.hasOwn(namedAccounts, domain))
    return { exit: 'route', reason: `${domain} is a named account: its owner takes every lead of it` }
  if (account !== null && account.relationship !== 'prospect') {
    return {
      exit: 'route',
      reason: `${account.name} is a ${account.relationship.replace('-', ' ')}: its owner takes every lead of it`,
    }
  }
  if (email?.endsWith('@rota.example'))
    return { exit: 'disqualified', reason: 'the address is one of our own' }
  if (notBuyers.test(from)) return { exit: 'disqualified', reason: `source "${from}" is not a buyer` }
  if (handRaisers.test(from)) return { exit: 'route', reason: `source "${from}" asks for a conversation` }
  if (lowIntent.test(from)) {
    return segment.segment === 'SMB'
      ? { exit: 'self-serve', reason: `a small company from "${from}" can start by itself` }
      : { exit: 'nurture', reason: `source "${from}" shows interest, not intent` }
  }
  if (segment.region === 'unknown' && segment.segment === 'unknown') {
    return {
      exit: 'nurture',
      reason: 'neither region nor size is known, and nobody asked for a conversation',
    }
  }
  return { exit: 'route', reason: `${segment.segment} in ${segment.region} fits` }
}
