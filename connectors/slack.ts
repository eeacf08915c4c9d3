import { z } from 'zod'
import { CallFailure } from '../columns/errors.ts'
import type { Finding, Message, Messenger, SentMessage } from '../columns/ports.ts'
import { fallbackText, toBlocks } from './slack/blocks.ts'
import { type Directory, workspaceDirectory } from './slack/directory.ts'
import { slackErrorOf } from './slack/failure.ts'
import { findInHistory, findInThread, sendEvent } from './slack/history.ts'
import { openSession, type Session, type SlackSettings, slackBudget } from './slack/session.ts'

export type { SlackSettings } from './slack/session.ts'

const Posted = z.object({ ts: z.string(), channel: z.string() })

/**
 * Slack, as a direct message or in a channel. Slack keeps no idempotency key: the send id travels in the message's metadata
 * and `find` looks for it in the channel's history, which needs the history scopes.
 */
export function slack(settings: SlackSettings): Messenger {
  const directory = workspaceDirectory()
  return {
    vendor: 'slack',
    budget: slackBudget(settings),
    target: 'readable',
    async send(message, sendId, call) {
      const session = openSession(settings, call)
      const answered = await reply(message, sendId, session)
      if (answered !== null) return answered
      const target = await targetOf(message, directory, session)
      try {
        return await post({ message, sendId, target }, session)
      } catch (error) {
        // Slack refused, so nothing was posted: what we remember of the person may be out of date.
        if (!('email' in message.to) || target.fallback || !isGone(error)) throw error
        directory.forgetPerson(message.to.email)
        return sendAgain({ message, sendId, directory }, session)
      }
    },
    find: (message, sendId, call) =>
      findSent({ message, sendId }, { directory, session: openSession(settings, call) }),
  }
}

/** Answers under the earlier message; null when there is none, or it is gone: then the message stands by itself. */
async function reply(message: Message, sendId: string, session: Session): Promise<SentMessage | null> {
  if (message.replyTo === undefined) return null
  const { channel, id } = message.replyTo
  try {
    return await post({ message, sendId, target: { channel, fallback: false, thread: id } }, session)
  } catch (error) {
    if (isGone(error)) return null
    throw error
  }
}

async function sendAgain(
  { message, sendId, directory }: { message: Message; sendId: string; directory: Directory },
  session: Session,
): Promise<SentMessage> {
  const target = await targetOf(message, directory, session)
  try {
    return await post({ message, sendId, target }, session)
  } catch (error) {
    if (target.fallback || !isGone(error)) throw error
    const fallback = fallbackOf(message, 'the person cannot be written to')
    return post({ message, sendId, target: fallback }, session)
  }
}

interface Target {
  channel: string
  fallback: boolean
  /** `ts` of the message that is answered. */
  thread?: string
}

async function targetOf(message: Message, directory: Directory, session: Session): Promise<Target> {
  if ('channel' in message.to) return { channel: message.to.channel, fallback: false }
  const person = await directory.person(message.to.email, session)
  return person.found ? { channel: person.channel, fallback: false } : fallbackOf(message, person.why)
}

function fallbackOf(message: Message, why: string): Target {
  if (message.fallbackChannel) return { channel: message.fallbackChannel, fallback: true }
  throw new CallFailure('not-found', `${why}, and the message names no fallback channel`, {
    retryable: false,
  })
}

async function post(
  { message, sendId, target }: { message: Message; sendId: string; target: Target },
  session: Session,
): Promise<SentMessage> {
  const answer = session.client.chat.postMessage({
    channel: target.channel,
    text: fallbackText(message),
    blocks: toBlocks(message),
    metadata: { event_type: sendEvent, event_payload: { send_id: sendId } },
    ...(target.thread !== undefined && { thread_ts: target.thread }),
    mrkdwn: false,
    unfurl_links: false,
    unfurl_media: false,
  })
  const posted = await session.read(Posted, answer, { write: true })
  return { id: posted.ts, channel: posted.channel, fallback: target.fallback }
}

/** Looks wherever `send` may have put it: the thread it answers in, the direct channel, then the fallback channel. */
async function findSent(
  { message, sendId }: { message: Message; sendId: string },
  { directory, session }: { directory: Directory; session: Session },
): Promise<Finding<SentMessage>> {
  const targets: Target[] = []
  let unknown: Finding<SentMessage> | null = null
  const { replyTo } = message
  if (replyTo !== undefined) targets.push({ channel: replyTo.channel, fallback: false, thread: replyTo.id })
  if ('channel' in message.to) targets.push({ channel: message.to.channel, fallback: false })
  else {
    const person = await directory.person(message.to.email, session)
    if (person.found) targets.push({ channel: person.channel, fallback: false })
    // The message may have reached them before they left, where nobody can look any more.
    else unknown = { state: 'unknown', reason: `${person.why}, so their direct messages cannot be read` }
    if (message.fallbackChannel) targets.push({ channel: message.fallbackChannel, fallback: true })
  }
  let isAbsentDirectly = false
  for (const { channel, fallback, thread } of targets) {
    const id = await directory.channelId(channel, session)
    const found: Finding<string> =
      id === null
        ? { state: 'unknown', reason: `the bot sees no channel ${channel}` }
        : thread === undefined
          ? await findInHistory(id, sendId, session)
          : await findInThread({ channel: id, thread }, sendId, session)
    if (found.state === 'found') {
      return { state: 'found', value: { id: found.value, channel: id ?? channel, fallback } }
    }
    // The fallback is for people who cannot be written to. One who can be, and has no such message, got none.
    if (found.state === 'unknown' && !(fallback && isAbsentDirectly)) unknown = found
    if (found.state === 'absent' && !fallback && thread === undefined) isAbsentDirectly = true
  }
  return unknown ?? { state: 'absent' }
}

function isGone(error: unknown): boolean {
  return CallFailure.isInstance(error) && error.kind === 'not-found' && slackErrorOf(error) !== ''
}
