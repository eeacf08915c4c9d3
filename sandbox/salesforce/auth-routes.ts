import type { Hono } from 'hono'
import type { SandboxEnv, VendorContext } from '../vendor.ts'
import type { Org } from './state.ts'
import type { Tokens } from './tokens.ts'

export const organizationId = '00DSb0000000001EAA'

/** The token endpoint, for the client-credentials grant that a server uses. */
export function addAuthRoutes(
  app: Hono<SandboxEnv>,
  { org, tokens, context }: { org(): Org; tokens: Tokens; context: VendorContext },
): void {
  app.post('/services/oauth2/token', async (c) => {
    const form = new URLSearchParams(await c.req.text())
    if (form.get('grant_type') !== 'client_credentials') {
      return c.json({ error: 'unsupported_grant_type', error_description: 'grant type not supported' }, 400)
    }
    const id = form.get('client_id') ?? ''
    const secret = form.get('client_secret') ?? ''
    const { client } = org().settings
    if (id === '' || (client !== null && id !== client.id)) {
      return c.json({ error: 'invalid_client_id', error_description: 'client identifier invalid' }, 400)
    }
    if (secret === '' || (client !== null && secret !== client.secret)) {
      return c.json({ error: 'invalid_client', error_description: 'invalid client credentials' }, 400)
    }
    const now = context.now()
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
