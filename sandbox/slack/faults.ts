import type { NamedFault } from '../vendor.ts'

const posting = '/api/chat.postMessage'

/** What Slack is known to do to a client: docs/connectors.md says what becomes of each. */
export const slackFaults: Readonly<Record<string, NamedFault>> = {
  'rate-limited': {
    about: 'HTTP 429 with a Retry-After of two seconds',
    fault: {
      kind: 'status',
      status: 429,
      headers: { 'retry-after': '2' },
      body: { ok: false, error: 'ratelimited' },
    },
  },
  'rate-limited-without-a-time': {
    about: 'HTTP 429 that does not say how long to wait',
    fault: { kind: 'status', status: 429, body: { ok: false, error: 'ratelimited' } },
  },
  'channel-not-found': { about: 'the channel does not exist', fault: refusal('channel_not_found') },
  'not-in-channel': { about: 'the bot is not in the channel', fault: refusal('not_in_channel') },
  'channel-archived': { about: 'the channel is archived', fault: refusal('is_archived') },
  'token-revoked': {
    about: 'somebody took the token back: every method refuses',
    fault: { kind: 'status', status: 200, body: { ok: false, error: 'token_revoked' } },
  },
  'missing-scope': {
    about: 'the token lacks a scope',
    fault: refusal('missing_scope', { needed: 'chat:write', provided: 'users:read' }),
  },
  'person-unknown': {
    about: 'nobody has this e-mail address',
    fault: {
      kind: 'status',
      status: 200,
      path: '/api/users.lookupByEmail',
      body: { ok: false, error: 'users_not_found' },
    },
  },
  'person-deactivated': {
    about: 'the person was deactivated after they were looked up',
    fault: refusal('user_disabled'),
  },
  'error-after-posting': {
    about: 'the message is posted, and the answer is a 500',
    fault: { kind: 'status-after', status: 500, path: posting, body: '<html>Internal error</html>' },
  },
  hang: { about: 'the message is posted, and no answer comes', fault: { kind: 'hang', path: posting } },
  'cut-answer': {
    about: 'the message is posted, and the connection breaks in the middle of the answer',
    fault: { kind: 'half-body', path: posting },
  },
  'page-instead-of-answer': {
    about: 'a sign-in page with status 200',
    fault: { kind: 'status', status: 200, path: posting, body: '<html>Sign in</html>' },
  },
  'page-not-found': {
    about: 'a page with status 404',
    fault: { kind: 'status', status: 404, path: posting, body: '<html>Not found</html>' },
  },
  'fatal-error': {
    about: 'fatal_error: some aspect of the operation may have succeeded',
    fault: { kind: 'status-after', status: 200, path: posting, body: { ok: false, error: 'fatal_error' } },
  },
  'blocks-too-long': {
    about: 'the blocks are longer than Slack takes',
    fault: refusal('msg_blocks_too_long'),
  },
}

function refusal(error: string, more: Record<string, unknown> = {}): NamedFault['fault'] {
  return { kind: 'status', status: 200, path: posting, body: { ok: false, error, ...more } }
}
