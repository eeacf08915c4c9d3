import { z } from 'zod'
import type { BranchAnswer } from '../../columns/branch.ts'
import type { CrmAccount, Firm } from '../../columns/ports.ts'
import type { RuleAnswer } from '../../columns/use-ai.ts'
import { readHeadcount } from '../../routing/segment/headcount.ts'
import { present } from '../../routing/segment/missing.ts'
import { holdsNumber, holdsSpelledNumber } from '../../routing/segment/number-words.ts'
import { segmentByRule } from '../../routing/segment/segment-by-rule.ts'
import { CompanySegment, SalesRegion, type Segmentation } from '../../routing/segment/segmentation.ts'
import type { Lead } from './lead.ts'
import { namedAccounts } from './team.ts'

export const exits = ['route', 'nurture', 'self-serve', 'disqualified'] as const
export type Exit = (typeof exits)[number]

type Nullable<Shape> = { [Key in keyof Shape]-?: NonNullable<Shape[Key]> | null }
type LeadFacts = Nullable<Pick<Lead, 'country' | 'headquarters' | 'employees' | 'description'>> & {
  domain: string | null
  firm: Firm | null
}

/** What a lead is classified as. The descriptions are the rules that the model is told; its answer is checked against the same schema. */
export const Classification = z.object({
  region: SalesRegion.describe(
    'From the country, else the headquarters, else a true country-code domain. NA is the United States and Canada; LATAM is Mexico and everything south of it; EMEA is Europe, Africa and the Middle East; APAC is the rest of Asia and Oceania.',
  ),
  segment: CompanySegment.describe(
    'From the number of employees. SMB is under 200, Mid-Market 200 to 1000, Enterprise over 1000. Customers, offices and years are no employees.',
  ),
  reason: z.string().min(1).max(500).describe('One sentence for people that names what decided.'),
  decidingFields: z
    .array(z.string())
    .max(8)
    .describe('Names of the values that decided region and segment, as they stand in the list of values.'),
})
export type Classification = z.output<typeof Classification>

/**
 * Region and segment from facts alone: the form first, then enrichment. The model is asked only for what this leaves open. A count that
 * can be read decides, also when it lies across two segments; and where no text holds a number that could tell the size, it is unknown:
 * nobody is asked to guess it.
 */
export function classifyByRule(lead: LeadFacts): RuleAnswer<Classification> {
  const { value, settled, because, detail } = decide(lead)
  if (settled.region && settled.segment) return { complete: true, value, detail }
  const known = {
    ...(settled.region && { region: value.region }),
    ...(settled.segment && { segment: value.segment }),
  }
  const reasons = [
    ...(settled.region ? [`Region ${because.region}`] : []),
    ...(settled.segment ? [`segment ${because.segment}`] : []),
  ]
  const explain = {
    reason: `${reasons.join('; ').slice(0, 470)}. The model said otherwise.`,
    decidingFields: value.decidingFields,
  }
  return { complete: false, known, detail, ...(reasons.length > 0 && { explain }) }
}

/** What stands when the model gives no valid answer: what the rule knows, and unknown for the rest. */
export const classifiedWithoutModel = (lead: LeadFacts): Classification => decide(lead).value

function decide({ firm, country, headquarters, employees, domain, description }: LeadFacts) {
  const sizes = [
    ['employees', present(employees)] as const,
    ['firm.employees', present(firm?.employees)] as const,
  ]
  // A count that can be read, whoever gave it; the form before the provider.
  const read = sizes.find(([, text]) => text !== null && readHeadcount(text) !== null)
  const { decidedBy, ...answer } = segmentByRule({
    country: present(country) ?? firm?.country,
    headquarters,
    domain,
    employees: read?.[1] ?? employees,
  })
  const place =
    decidedBy.region === 'country' && present(country) === null ? 'firm.country' : decidedBy.region
  const size = decidedBy.segment === null ? null : (read?.[0] ?? null)
  // Digits that no count could be read from are none: a zero, a minus, "#250". Words may still be one.
  const mayTell =
    sizes.some(([, text]) => text !== null && holdsSpelledNumber(text)) ||
    holdsNumber(present(description) ?? '')
  const { because, regionTable } = decidedBy
  return {
    value: { ...answer, decidingFields: [place, size].filter((field) => field !== null) },
    settled: { region: place !== null, segment: read !== undefined || !mayTell },
    because,
    detail: { regionTable, decidedBy: { region: place, segment: size } },
  }
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
