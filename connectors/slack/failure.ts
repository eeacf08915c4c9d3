import { ErrorCode } from '@slack/web-api'
import { z } from 'zod'
import { CallFailure, type FailureKind } from '../../columns/errors.ts'
import { type HttpAnswer, parseAnswer, retryAfterMs } from '../call.ts'
import { type Asked, failureOfStatus, unreadableAnswer, usualRestMs } from '../status.ts'

/** Slack's error words by what they mean to us; every other one says that the request is wrong. */
const words: readonly (readonly [FailureKind, readonly string[]])[] = [
  [
    'not-found',
    [
      'channel_not_found',
      'thread_not_found',
      'not_in_channel',
      'is_archived',
      'user_not_found',
      'users_not_found',
      'user_disabled',
      'user_not_visible',
      'cannot_dm_bot',
    ],
  ],
  // Only another token helps against these.
  ['needs-credentials', ['invalid_auth', 'not_authed', 'account_inactive', 'token_revoked', 'token_expired']],
  [
    'unauthorized',
    [
      'missing_scope',
      'no_permission',
      'restricted_action',
      'access_denied',
      'not_allowed_token_type',
      'org_login_required',
      'ekm_access_denied',
      'team_access_not_granted',
    ],
  ],
  ['rate-limited', ['ratelimited', 'rate_limited', 'message_limit_exceeded']],
  [
    'unavailable',
    ['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout', 'accesslimited'],
  ],
]
const kinds = new Map(words.flatMap(([kind, list]) => list.map((word) => [word, kind] as const)))

const Refusal = z.object({ ok: z.literal(false), error: z.string(), needed: z.string().optional() })
const PlatformError = z.object({
  code: z.literal(ErrorCode.PlatformError),
  data: z.object({ error: z.string(), needed: z.string().optional() }),
})
const RequestError = z.object({ code: z.literal(ErrorCode.RequestError), original: z.unknown() })
const Cause = z.object({ slackError: z.string() })

/** The failure that an answer stands for, null for none: another status, or a 200 in which Slack refuses. */
export function failureInAnswer(answer: HttpAnswer, asked: Asked): CallFailure | null {
  const refusal = Refusal.safeParse(parseAnswer(answer.text))
  if (answer.status !== 200) return failureOfStatus(answer, { ...asked, isOwn: () => refusal.success })
  if (!refusal.success || !isWord(refusal.data.error)) return null
  return refused(refusal.data, asked, retryAfterMs(answer.headers, Date.now()))
}

/** The failure behind whatever Slack's client threw. */
export function slackFailure(error: unknown, asked: Asked): CallFailure {
  if (CallFailure.isInstance(error)) return error
  const request = RequestError.safeParse(error)
  // The client wraps what our fetch threw.
  if (request.success && CallFailure.isInstance(request.data.original)) return request.data.original
  const platform = PlatformError.safeParse(error)
  // The client puts a page that is no JSON where the word should be.
  if (!platform.success || !isWord(platform.data.data.error)) return unreadableAnswer(asked, error)
  return refused(platform.data.data, asked, null)
}

const isWord = (error: string) => /^[a-z0-9_]+$/.test(error)

const worthAnother: ReadonlySet<FailureKind> = new Set(['unavailable', 'rate-limited', 'needs-credentials'])

function refused(
  { error: word, needed }: { error: string; needed?: string | undefined },
  asked: Asked,
  wait: number | null,
): CallFailure {
  const kind = kinds.get(word) ?? 'invalid-request'
  const message = `Slack answered ${word}${needed === undefined ? '' : ` (needs ${needed})`}`
  const restMs = wait ?? (kind === 'rate-limited' ? usualRestMs : null)
  return new CallFailure(kind, message, {
    retryable: worthAnother.has(kind),
    ...(restMs !== null && { retryAfterMs: restMs }),
    // Slack says of `fatal_error` that some aspect of the operation may have succeeded.
    outcomeUnknown: asked.write && kind === 'unavailable' && word !== 'request_timeout',
    cause: { slackError: word },
  })
}

/** Slack's error word behind a failure, '' when it was not Slack that refused. */
export function slackErrorOf(error: unknown): string {
  const cause = Cause.safeParse(CallFailure.isInstance(error) ? error.cause : null)
  return cause.success ? cause.data.slackError : ''
}
