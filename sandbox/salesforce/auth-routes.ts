import type { Hono } from 'hono'
import type { SandboxEnv, VendorContext } from '../vendor.ts'
import { assertionProblem } from './assertion.ts'
import type { Org } from './state.ts'
import type { Tokens } from './tokens.ts'

export const organizationId = '00DSb0000000001EAA'

interface OAuthError {
  error: string
  error_description: string
}

/** The token endpoint, for the two grants that a server uses: client credentials and the JWT bearer flow. */
export function addAuthRoutes(
  app: Hono<SandboxEnv>,
  { org, tokens, context }: { org(): Org; tokens: Tokens; context: VendorContext },
): void {
  app.post('/services/oauth2/token', async (c) => {
    const form = new URLSearchParams(await c.req.text())
    const now = context.now()
    const problem = problemOf(form, org(), now)
    if (problem !== null) return c.json(problem, 400)
    return c.json({
      access_token: tokens.issue(now),
      instance_url: context.baseUrl(),
      id: `${context.baseUrl()}/id/${organizationId}/${org().integrationUserId}`,
      token_type: 'Bearer',
      scope: 'api',
      issued_at: String(now),
    })
  })
}

function problemOf(form: URLSearchParams, { settings }: Org, now: number): OAuthError | null {
  const grant = form.get('grant_type')
  if (grant === 'urn:ietf:params:oauth:grant-type:jwt-bearer') {
    const problem = assertionProblem(form.get('assertion') ?? '', settings, now)
    return problem === null ? null : { error: 'invalid_grant', error_description: problem }
  }
  if (grant !== 'client_credentials')
    return { error: 'unsupported_grant_type', error_description: 'grant type not supported' }
  const id = form.get('client_id') ?? ''
  const secret = form.get('client_secret') ?? ''
  const { client } = settings
  if (id === '' || (client !== null && id !== client.id))
    return { error: 'invalid_client_id', error_description: 'client identifier invalid' }
  if (secret === '' || (client !== null && secret !== client.secret))
    return { error: 'invalid_client', error_description: 'invalid client credentials' }
  return null
}
