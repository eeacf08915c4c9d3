import { z } from 'zod'
import { Iso } from './contract-words.ts'

/** One credential as it is used now. Its key names vendor and account, never a secret. */
export const CredentialView = z.object({
  key: z.string().describe('vendor and account; table and column for a column that makes calls by itself'),
  concurrency: z
    .number()
    .nullable()
    .describe('requests under way at once, at most; null where they are not counted'),
  inFlight: z.number().int(),
  waiting: z.number().int().describe('requests that wait for their turn'),
  restingUntil: Iso.nullable().describe(
    'no call is made before: the vendor asked for a pause, or a quota is used up',
  ),
  needsCredentials: z
    .object({ since: Iso, nextProbeAt: Iso })
    .nullable()
    .describe('the vendor does not take our key; rows wait, and one call tries now and then'),
  failing: z
    .object({ since: Iso, failures: z.number().int(), last: z.string() })
    .nullable()
    .describe('the last requests were not answered: since when, how many, and what the last one met'),
  reason: z.string().nullable().describe('what the vendor said'),
  allowance: z
    .object({ used: z.number(), limit: z.number(), at: Iso })
    .nullable()
    .describe('what the vendor said last of its own allowance'),
})
export const CredentialsAnswer = z.object({ credentials: z.array(CredentialView) })
