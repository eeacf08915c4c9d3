import { ErrorCode } from '@slack/web-api'
import { z } from 'zod'
import { CallFailure, type FailureKind } from '../../columns/errors.ts'
import { type Asked, unreadableAnswer } from '../status.ts'

/** Slack's error words by what they mean to us; every other one says that the request is wrong. */
const words: readonly (readonly [FailureKind, readonly string[]])[] = [
  [
    'not-found',
    [
      'channel_not_found',
      'not_in_channel',
      'is_archived',
      'user_not_found',
      'users_not_found',
      'user_disabled',
      'user_not_visible',
      'cannot_dm_bot',
    ],
  ],
  [
    'unauthorized',
    [
      'invalid_auth',
      'not_authed',
      'account_inactive',
      'token_revoked',
      'token_expired',
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

const PlatformError = z.object({
  code: z.literal(ErrorCode.PlatformError),
  data: z.object({ error: z.string(), needed: z.string().optional() }),
})
const RequestError = z.object({ code: z.literal(ErrorCode.RequestError), original: z.unknown() })
const Cause = z.object({ slackError: z.string() })

/** The failure behind whatever Slack's client threw. */
export function slackFailure(error: unknown, asked: Asked): CallFailure {
  if (CallFailure.isInstance(error)) return error
  const request = RequestError.safeParse(error)
  // The client wraps what our fetch threw.
  if (request.success && CallFailure.isInstance(request.data.original)) return request.data.original
  const platform = PlatformError.safeParse(error)
  // The client puts a page that is no JSON where the word should be.
  if (!platform.success || !/^[a-z0-9_]+$/.test(platform.data.data.error))
    return unreadableAnswer(asked, error)

  const { error: word, needed } = platform.data.data
  const kind = kinds.get(word) ?? 'invalid-request'
  const message = `Slack answered ${word}${needed === undefined ? '' : ` (needs ${needed})`}`
  return new CallFailure(kind, message, {
    retryable: kind === 'unavailable' || kind === 'rate-limited',
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
