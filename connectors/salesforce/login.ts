import { createPrivateKey, sign } from 'node:crypto'
import { OAuth2 } from 'jsforce/lib/oauth2.js'
import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import { type HttpAnswer, type RunningCall, transportFailure } from '../call.ts'
import { loginFailure } from './failures.ts'
import { normalizeId } from './ids.ts'
import type { JwtBearer, SalesforceSettings } from './settings.ts'
import { recordingTransport } from './transport.ts'

/** An assertion is used at once; Salesforce takes none that is valid for longer than a few minutes. */
const assertionSeconds = 180

const what = 'POST /services/oauth2/token'

const Token = z.object({
  access_token: z.string().min(1),
  instance_url: z.url({ protocol: /^https?$/ }),
  id: z.string().nullish(),
})

/** What a login gives: the token, where the org lives, and as whom we act. */
export interface Login {
  accessToken: string
  instanceUrl: string
  userId: string | null
}

/** Asks for a token, once. Whatever Salesforce has against the credentials is a failure of kind `needs-credentials`. */
export async function requestToken(settings: SalesforceSettings, call: RunningCall): Promise<Login> {
  const { transport, answer } = recordingTransport(false, call)
  const oauth = new OAuth2(settings)
  Object.assign(oauth, { _transport: transport })
  let body: unknown
  try {
    body = await oauth.requestToken(grantOf(settings))
  } catch (error) {
    const received = answer()
    if (received !== null) throw loginFailure(received, what, Date.now())
    const asked = { vendor: 'salesforce', method: 'POST', url: settings.loginUrl, write: false }
    throw transportFailure(error, asked, call)
  }
  const received = answer()
  if (received !== null && received.status >= 300) throw redirectedLogin(received)
  const token = Token.safeParse(body)
  if (!token.success) {
    const message = `salesforce: ${what} at ${settings.loginUrl} gave no usable token`
    throw new CallFailure('invalid-output', message, { retryable: true, cause: token.error })
  }
  return {
    accessToken: token.data.access_token,
    instanceUrl: token.data.instance_url.replace(/\/+$/, ''),
    userId: normalizeId(token.data.id?.split('/').at(-1) ?? ''),
  }
}

function grantOf(settings: SalesforceSettings): { grant_type: string; assertion?: string } {
  if ('clientSecret' in settings) return { grant_type: 'client_credentials' }
  return {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: assertionOf(settings, Math.floor(Date.now() / 1000)),
  }
}

/** The signed statement that we may act for the user; RFC 7523 with RS256, the one algorithm Salesforce takes. `now` in seconds. */
export function assertionOf(
  settings: JwtBearer & Pick<SalesforceSettings, 'loginUrl' | 'clientId'>,
  now: number,
): string {
  const claims = {
    iss: settings.clientId,
    sub: settings.username,
    aud: settings.audience ?? audienceOf(settings.loginUrl),
    exp: now + assertionSeconds,
  }
  const unsigned = [{ alg: 'RS256', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${unsigned}.${sign('sha256', Buffer.from(unsigned), keyOf(settings)).toString('base64url')}`
}

function keyOf({ privateKey }: JwtBearer) {
  try {
    // A key in one line of an environment file has its line breaks written out.
    return createPrivateKey(privateKey.replaceAll('\\n', '\n'))
  } catch {
    // Without the cause: what the parser says may quote the key.
    const message =
      'salesforce: the private key for the JWT login cannot be read; it must be in PEM, unencrypted'
    throw new CallFailure('needs-credentials', message, { retryable: true })
  }
}

function audienceOf(loginUrl: string): string {
  const host = URL.parse(loginUrl)?.host ?? ''
  const isSandbox = host.includes('.sandbox.') || host === 'test.salesforce.com'
  return `https://${isSandbox ? 'test' : 'login'}.salesforce.com`
}

/** Not followed: it would carry the secret elsewhere. */
function redirectedLogin({ status, headers }: HttpAnswer): CallFailure {
  const to = headers.location === undefined ? '' : ` to ${headers.location}`
  return new CallFailure(
    'needs-credentials',
    `salesforce: ${what} answered ${status}${to}; set the login URL to the org's My Domain address`,
    { retryable: true },
  )
}
