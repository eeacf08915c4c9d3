import { z } from 'zod'

/** The four sales regions, and `unknown` for what the fields do not tell. */
export const SalesRegion = z.enum(['NA', 'EMEA', 'APAC', 'LATAM', 'unknown'])
export type SalesRegion = z.output<typeof SalesRegion>

/** Company size: SMB under 200 employees, Mid-Market 200 to 1000, Enterprise over 1000. */
export const CompanySegment = z.enum(['Enterprise', 'Mid-Market', 'SMB', 'unknown'])
export type CompanySegment = z.output<typeof CompanySegment>

/** What classification yields, by rule or by model. The reason is one sentence for people and is never parsed. */
export const Segmentation = z.object({
  region: SalesRegion,
  segment: CompanySegment,
  reason: z.string().min(1).max(500),
})
export type Segmentation = z.output<typeof Segmentation>
