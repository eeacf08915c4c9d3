import { createRoute } from '@hono/zod-openapi'
import type { z } from 'zod'
import type { CredentialState } from '../../runtime/limits/limits.ts'
import { jsonAnswer } from '../body.ts'
import { NoQuery } from '../contract.ts'
import { CredentialsAnswer, type CredentialView } from '../contract-credentials.ts'
import type { App, Parts } from '../parts.ts'

const credentialsRoute = createRoute({
  method: 'get',
  path: '/v1/credentials',
  tags: ['credentials'],
  summary:
    'Every credential that was used since the start: what is under way, what rests, what needs another key, what is not answered',
  request: { query: NoQuery },
  responses: { 200: jsonAnswer('the credentials', CredentialsAnswer) },
})

/** `GET /v1/credentials`. */
export function credentialRoutes(app: App, { runtime }: Parts): void {
  app.openapi(credentialsRoute, (c) =>
    c.json({ credentials: runtime.credentials().map(credentialView) }, 200),
  )
}

const iso = (at: number) => new Date(at).toISOString()

function credentialView(state: CredentialState): z.output<typeof CredentialView> {
  const { key, concurrency, inFlight, waiting, rest, failing, allowance } = state
  const isDead = rest?.kind === 'needs-credentials'
  return {
    key,
    concurrency,
    inFlight,
    waiting,
    restingUntil: rest === null || isDead ? null : iso(rest.until),
    needsCredentials: isDead ? { since: iso(rest.since), nextProbeAt: iso(rest.until) } : null,
    failing: failing === null ? null : { ...failing, since: iso(failing.since) },
    reason: rest?.message ?? null,
    allowance: allowance === null ? null : { ...allowance, at: iso(allowance.at) },
  }
}
