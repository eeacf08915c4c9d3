import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import { type HttpAnswer, inTurn, parseAnswer, type RunningCall } from '../call.ts'
import { budgetOf, credentialName, type Limits } from '../limits.ts'
import { createLogins } from '../logins.ts'
import { createMemo } from '../memo.ts'
import { askNow, type RestAccount, type RestRequest } from '../rest.ts'
import { isRefusedLogin } from '../status.ts'
import { createRefreshToken, type KeptTokens } from './refresh-token.ts'

export interface OutreachSettings {
  clientId: string
  clientSecret: string
  /** Of the authorisation by a person. Outreach gives a new one with each access token, and the newest is used. */
  refreshToken: string
  /** Where the newest is kept for the next process. Left out: it is lost with this one. */
  kept?: KeptTokens
  /** `https://api.outreach.io` unless told otherwise. */
  baseUrl?: string
  limits?: Limits
}

/** 10,000 requests an hour for each user. */
export const outreachBudget = ({ clientId, refreshToken, limits }: OutreachSettings) =>
  budgetOf(
    credentialName('outreach', `${clientId} ${refreshToken}`),
    { concurrency: 5, perSecond: 2.7, burst: 60 },
    limits,
  )

export interface Outreach {
  ask<Shape extends z.ZodType>(request: RestRequest<Shape>, call: RunningCall): Promise<z.output<Shape>>
  /** The mailbox of a rep, remembered for five minutes; null where there is none that can send. */
  mailboxOf(email: string, call: RunningCall): Promise<string | null>
  emailOf(mailbox: string, call: RunningCall): Promise<string | null>
}

const Token = z.looseObject({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).optional(),
  expires_in: z.number().positive().default(7_200),
})
const Mailbox = z.looseObject({
  id: z.union([z.string(), z.int()]).transform(String),
  attributes: z.looseObject({ email: z.string().nullish(), sendDisabled: z.boolean().nullish() }),
})
const Mailboxes = z.looseObject({ data: z.array(Mailbox) })
const OneMailbox = z.looseObject({ data: Mailbox })
const OAuthError = z.looseObject({ error: z.string() })

interface Login {
  account: RestAccount
  expiresAt: number
}

/** Asks with the access token at hand, or a new one: one request for a token, however many wait, and once more when it was refused. */
export function createOutreach(settings: OutreachSettings): Outreach {
  const baseUrl = (settings.baseUrl ?? 'https://api.outreach.io').replace(/\/+$/, '')
  const refresh = createRefreshToken(settings)
  const logins = createLogins<Login>({
    vendor: 'Outreach',
    url: `${baseUrl}/oauth/token`,
    request: requestToken,
    isOver: ({ expiresAt }) => expiresAt <= performance.now(),
  })

  async function requestToken(call: RunningCall): Promise<Login> {
    const { clientId, clientSecret } = settings
    const token = await askNow(
      { vendor: 'Outreach', baseUrl, headers: {}, isOwn, failure: refusedLogin },
      {
        method: 'POST',
        path: '/oauth/token',
        body: {
          client_id: clientId,
          client_secret: clientSecret,
          grant_type: 'refresh_token',
          refresh_token: await refresh.newest(),
        },
        write: false,
        answer: Token,
      },
      call,
    )
    if (token.refresh_token !== undefined) await refresh.replace(token.refresh_token)
    const headers = {
      authorization: `Bearer ${token.access_token}`,
      'content-type': 'application/vnd.api+json',
      accept: 'application/vnd.api+json',
    }
    return {
      account: { vendor: 'Outreach', baseUrl: `${baseUrl}/api/v2`, headers, isOwn },
      // A minute early: a token that dies under way costs a request.
      expiresAt: performance.now() + (token.expires_in - 60) * 1_000,
    }
  }

  const mailboxes = createMemo<string | null>({
    ttlMs: (id) => (id === null ? 60_000 : 300_000),
    maxEntries: 10_000,
  })
  const emails = createMemo<string | null>({ ttlMs: () => 300_000, maxEntries: 10_000 })
  const session: Outreach = {
    // In one turn: a token that has run out is no dead credential, until a new one is refused as well.
    ask: (request, call) =>
      inTurn(call, () =>
        logins.use(call, async ({ account }) => {
          try {
            return { value: await askNow(account, request, call) }
          } catch (error) {
            if (CallFailure.isInstance(error) && error.kind === 'needs-credentials') return { expired: error }
            throw error
          }
        }),
      ),
    mailboxOf: (email, call) =>
      mailboxes.get(email.toLowerCase(), async () => {
        const query = { 'filter[email]': email.toLowerCase() }
        const request = {
          method: 'GET',
          path: '/mailboxes',
          query,
          write: false,
          answer: Mailboxes,
        } as const
        const { data } = await session.ask(request, call)
        const found = data.find(({ attributes }) => attributes.email?.toLowerCase() === email.toLowerCase())
        return found === undefined || found.attributes.sendDisabled ? null : found.id
      }),
    emailOf: (mailbox, call) =>
      emails.get(mailbox, async () => {
        const path = `/mailboxes/${encodeURIComponent(mailbox)}`
        const { data } = await session.ask({ method: 'GET', path, write: false, answer: OneMailbox }, call)
        return data.attributes.email ?? null
      }),
  }
  return session
}

/** A refresh token that is used up or taken back is refused with 400. */
function refusedLogin({ status, text }: HttpAnswer): CallFailure | null {
  if (!isRefusedLogin(status)) return null
  const error = OAuthError.safeParse(parseAnswer(text)).data?.error ?? `it answered ${status}`
  return new CallFailure('needs-credentials', `Outreach gives no access token: ${error}`, { retryable: true })
}

const Refusal = z.looseObject({ errors: z.array(z.looseObject({ id: z.string() })).min(1) })

/** JSON:API names what is wrong in a list. */
const isOwn = ({ text }: HttpAnswer) => Refusal.safeParse(parseAnswer(text)).success
