import type { Hono } from 'hono'
import type { SandboxEnv } from '../vendor.ts'
import { SalesforceError } from './errors.ts'
import type { Org } from './state.ts'
import type { Tokens } from './tokens.ts'

/** API versions the org speaks. */
const versions = [60, 62, 64, 66].map((version) => `${version}.0`)

/** What stands before every REST request: session, daily limit, version. Gives back how to start counting anew. */
export function addGuard(
  app: Hono<SandboxEnv>,
  { org, tokens, now }: { org(): Org; tokens: Tokens; now(): number },
): { resetUsage(): void } {
  let used = 0
  app.get('/services/data', (c) =>
    c.json(versions.map((version) => ({ label: version, url: `/services/data/v${version}`, version }))),
  )
  app.use('/services/data/:version/*', async (c, next) => {
    const bearer = /^Bearer (.+)$/.exec(c.req.header('authorization') ?? '')?.[1]
    if (bearer === undefined || !tokens.isValid(bearer, now())) {
      throw new SalesforceError(401, 'INVALID_SESSION_ID', 'Session expired or invalid')
    }
    const limit = org().settings.dailyApiRequests
    if (used >= limit)
      throw new SalesforceError(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.')
    used += 1
    if (!versions.includes(c.req.param('version').slice(1))) {
      throw new SalesforceError(404, 'NOT_FOUND', 'The requested resource does not exist')
    }
    await next()
    c.header('Sforce-Limit-Info', `api-usage=${used}/${limit}`)
  })
  app.get('/services/data/:version/limits', (c) => {
    const max = org().settings.dailyApiRequests
    return c.json({ DailyApiRequests: { Max: max, Remaining: Math.max(0, max - used) } })
  })
  return {
    resetUsage() {
      used = 0
    },
  }
}
