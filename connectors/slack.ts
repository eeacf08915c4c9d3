import { z } from 'zod'
import { CallFailure } from '../columns/errors.ts'
import type { Finding, Message, Messenger, SentMessage } from '../columns/ports.ts'
import { fallbackText, toBlocks } from './slack/blocks.ts'
import { type Directory, workspaceDirectory } from './slack/directory.ts'
import { slackErrorOf } from './slack/failure.ts'
import { findInHistory, sendEvent } from './slack/history.ts'
import { openSession, type Session, type SlackSettings } from './slack/session.ts'

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
    async send(message, sendId, call) {
      const session = openSession(settings, call)
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
    mrkdwn: false,
    unfurl_links: false,
    unfurl_media: false,
  })
  const posted = await session.read(Posted, answer, { write: true })
  return { id: posted.ts, channel: posted.channel, fallback: target.fallback }
}

/** Looks wherever `send` may have put it: the direct channel, then the fallback channel. */
async function findSent(
  { message, sendId }: { message: Message; sendId: string },
  { directory, session }: { directory: Directory; session: Session },
): Promise<Finding<SentMessage>> {
  const targets: Target[] = []
  if ('channel' in message.to) targets.push({ channel: message.to.channel, fallback: false })
  else {
    const person = await directory.person(message.to.email, session)
    if (person.found) targets.push({ channel: person.channel, fallback: false })
    if (message.fallbackChannel) targets.push({ channel: message.fallbackChannel, fallback: true })
  }
  let unknown: Finding<SentMessage> | null = null
  for (const { channel, fallback } of targets) {
    const id = await directory.channelId(channel, session)
    const found: Finding<string> =
      id === null
        ? { state: 'unknown', reason: `the bot sees no channel ${channel}` }
        : await findInHistory(id, sendId, session)
    if (found.state === 'found') {
      return { state: 'found', value: { id: found.value, channel: id ?? channel, fallback } }
    }
    if (found.state === 'unknown') unknown = found
  }
  return unknown ?? { state: 'absent' }
}

function isGone(error: unknown): boolean {
  return CallFailure.isInstance(error) && error.kind === 'not-found' && slackErrorOf(error) !== ''
}
