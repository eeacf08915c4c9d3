import { z } from 'zod'
import { messageProblem } from './message-rules.ts'
import { flag, json, method, page } from './method.ts'
import { Metadata, type StoredMessage } from './state.ts'
import type { Conversation, Workspace } from './workspace.ts'

/** `chat.postMessage`: to a channel, a direct channel or a person. */
export const postMessage = method({
  arguments: z.strictObject({
    channel: z.string(),
    text: z.string().default(''),
    blocks: json(z.array(z.looseObject({ type: z.string() }))).default([]),
    metadata: json(Metadata).nullable().default(null),
    thread_ts: z.string().optional(),
    reply_broadcast: flag.optional(),
    mrkdwn: flag.optional(),
    parse: z.string().optional(),
    link_names: flag.optional(),
    unfurl_links: flag.optional(),
    unfurl_media: flag.optional(),
    username: z.string().optional(),
    icon_emoji: z.string().optional(),
    icon_url: z.string().optional(),
  }),
  run({ channel, text, blocks, metadata, thread_ts: thread = null }, workspace) {
    const conversation = workspace.conversation(channel)
    const problem = refusal(conversation) ?? messageProblem(text, blocks)
    if (conversation === null || problem !== null) return { ok: false, error: problem ?? 'channel_not_found' }
    if (thread !== null && !workspace.messages(conversation).some(({ ts }) => ts === thread))
      return { ok: false, error: 'thread_not_found' }
    const posted = workspace.post(conversation, { text, blocks, metadata, thread })
    const user = conversation.user?.email ?? null
    const sendId = metadata?.event_payload.send_id ?? null
    return {
      ok: true,
      body: { channel: conversation.id, ts: posted.ts, message: shownMessage(posted, true) },
      effect: { kind: 'message-posted', channel: conversation.id, user, sendId, text, thread },
    }
  },
})

/** `conversations.history`, newest first. */
export const history = method({
  arguments: z.strictObject({
    channel: z.string(),
    oldest: z.string().default('0'),
    latest: z.string().optional(),
    inclusive: flag.default(false),
    include_all_metadata: flag.default(false),
    ...page,
  }),
  run({ channel, oldest, latest, inclusive, include_all_metadata, limit, cursor }, workspace) {
    const conversation = readable(channel, workspace)
    if (typeof conversation === 'string') return { ok: false, error: conversation }
    const until = cursor === '' ? latest : cursor
    const inRange = workspace
      .messages(conversation)
      .filter(
        ({ ts, thread }) =>
          thread === null &&
          (ts > oldest || (inclusive && ts === oldest)) &&
          (until === undefined || ts < until),
      )
    const messages = inRange.slice(Math.max(0, inRange.length - Math.min(limit, 999))).reverse()
    const hasMore = messages.length < inRange.length
    return {
      ok: true,
      body: {
        messages: messages.map((message) => shownMessage(message, include_all_metadata)),
        has_more: hasMore,
        ...(hasMore && { response_metadata: { next_cursor: messages.at(-1)?.ts ?? '' } }),
      },
    }
  },
})

/** `conversations.replies`: the message and its answers, oldest first. */
export const replies = method({
  arguments: z.strictObject({
    channel: z.string(),
    ts: z.string(),
    include_all_metadata: flag.default(false),
    ...page,
  }),
  run({ channel, ts, include_all_metadata, limit, cursor }, workspace) {
    const conversation = readable(channel, workspace)
    if (typeof conversation === 'string') return { ok: false, error: conversation }
    const all = workspace.messages(conversation).filter((each) => each.ts === ts || each.thread === ts)
    if (!all.some((each) => each.ts === ts)) return { ok: false, error: 'thread_not_found' }
    const start = Number(cursor || 0)
    const next = start + Math.min(limit, 999)
    const hasMore = next < all.length
    return {
      ok: true,
      body: {
        messages: all.slice(start, next).map((message) => shownMessage(message, include_all_metadata)),
        has_more: hasMore,
        ...(hasMore && { response_metadata: { next_cursor: String(next) } }),
      },
    }
  },
})

/** Reading takes ids only, and needs the bot to be in the channel. */
function readable(channel: string, workspace: Workspace): Conversation | string {
  const conversation = workspace.conversation(channel)
  if (conversation === null || conversation.id !== channel) return 'channel_not_found'
  return conversation.member ? conversation : 'not_in_channel'
}

function refusal(conversation: Conversation | null): string | null {
  if (conversation === null) return 'channel_not_found'
  if (conversation.archived) return 'is_archived'
  if (!conversation.member) return 'not_in_channel'
  return conversation.user?.deleted ? 'user_disabled' : null
}

function shownMessage({ ts, text, blocks, metadata, thread }: StoredMessage, withMetadata: boolean) {
  return {
    type: 'message',
    user: 'U0ROTABOT',
    bot_id: 'B0ROTABOT',
    ts,
    text,
    blocks,
    ...(thread !== null && { thread_ts: thread }),
    ...(withMetadata && metadata !== null && { metadata }),
  }
}
