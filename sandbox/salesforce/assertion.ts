import { verify } from 'node:crypto'
import { z } from 'zod'
import type { OrgSettings } from './state.ts'

/** No assertion may be valid for longer, in seconds. */
const longestSeconds = 300

const Header = z.object({ alg: z.literal('RS256') })
const Claims = z.object({ iss: z.string(), sub: z.string(), aud: z.string(), exp: z.number() })

/** What is wrong with a signed statement of the JWT bearer flow, in Salesforce's words; null for nothing. */
export function assertionProblem(
  assertion: string,
  { client, certificate }: OrgSettings,
  now: number,
): string | null {
  const [header = '', payload = '', signature = ''] = assertion.split('.')
  const claims = Claims.safeParse(partOf(payload))
  if (!Header.safeParse(partOf(header)).success || !claims.success || signature === '')
    return 'invalid assertion'
  const { iss, sub, aud, exp } = claims.data
  if (!['https://login.salesforce.com', 'https://test.salesforce.com'].includes(aud))
    return 'audience is invalid'
  const seconds = now / 1000
  if (exp <= seconds || exp > seconds + longestSeconds) return 'expired authorization code'
  if (client !== null && iss !== client.id) return 'invalid client credentials'
  if (certificate === null) return null
  if (sub !== certificate.username) return "user hasn't approved this consumer"
  const isSigned = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    certificate.publicKey,
    Buffer.from(signature, 'base64url'),
  )
  return isSigned ? null : 'invalid assertion'
}

function partOf(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    return null
  }
}
