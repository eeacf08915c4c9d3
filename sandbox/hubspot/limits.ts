import { randomUUID } from 'node:crypto'
import type { Account } from './account.ts'
import type { Ask } from './answers.ts'

/**
 * Counts a request against the account's limits. The answer when one of them is reached, null otherwise. Refused requests count as well,
 * and the search has a limit of its own.
 */
export function overLimit(c: Ask, account: Account): Response | null {
  const { requests, settings } = account
  const now = account.now()
  requests.total += 1
  const isSearch = c.req.method === 'POST' && c.req.path.endsWith('/search')
  const { tenSecondly, searchSecondly, daily } = settings.limits
  if (tenSecondly !== null) requests.recent = [...requests.recent.filter((at) => at > now - 10_000), now]
  if (isSearch) requests.searches = [...requests.searches.filter((at) => at > now - 1_000), now]
  c.header('x-hubspot-ratelimit-daily', String(daily))
  c.header('x-hubspot-ratelimit-daily-remaining', String(Math.max(0, daily - requests.total)))
  if (tenSecondly !== null && !isSearch) {
    c.header('x-hubspot-ratelimit-max', String(tenSecondly))
    c.header('x-hubspot-ratelimit-remaining', String(Math.max(0, tenSecondly - requests.recent.length)))
    c.header('x-hubspot-ratelimit-interval-milliseconds', '10000')
  }
  if (requests.total > daily) return tooMany(c, 'DAILY')
  if (isSearch && searchSecondly !== null && requests.searches.length > searchSecondly)
    return tooMany(c, 'SECONDLY')
  if (tenSecondly !== null && requests.recent.length > tenSecondly) return tooMany(c, 'TEN_SECONDLY_ROLLING')
  return null
}

type Policy = 'DAILY' | 'SECONDLY' | 'TEN_SECONDLY_ROLLING'

/** The body of a 429, as HubSpot writes it. */
export function limitReached(policyName: Policy) {
  return {
    status: 'error',
    message: `You have reached your ${policyName.toLowerCase()} limit.`,
    errorType: 'RATE_LIMIT',
    correlationId: randomUUID(),
    policyName,
  }
}

function tooMany(c: Ask, policy: Policy): Response {
  return c.json(limitReached(policy), 429)
}
