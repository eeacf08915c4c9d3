import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import type { Finding } from '../../columns/ports.ts'
import type { Session } from './session.ts'

/** The kind of metadata our messages carry; `event_payload.send_id` is what they are found by. */
export const sendEvent = 'rota_send'

const HistoryPage = z.object({
  messages: z.array(
    z.object({
      ts: z.string(),
      metadata: z
        .object({
          event_type: z.string().nullish(),
          event_payload: z.record(z.string(), z.unknown()).nullish(),
        })
        .nullish(),
    }),
  ),
  has_more: z.boolean().nullish(),
  response_metadata: z.object({ next_cursor: z.string().nullish() }).nullish(),
})

/** Slack gives some apps only 15 messages a page and one page a minute; deeper than this we do not look. */
const pageSize = 200
const maxPages = 10

/** Looks in one channel, newest first, for the message with this send id; answers with its `ts`. */
export async function findInHistory(
  channel: string,
  sendId: string,
  session: Session,
): Promise<Finding<string>> {
  let cursor = ''
  let seen = 0
  try {
    for (let page = 0; page < maxPages; page += 1) {
      const answer = session.client.conversations.history({
        channel,
        include_all_metadata: true,
        limit: pageSize,
        ...(cursor !== '' && { cursor }),
      })
      const { messages, has_more, response_metadata } = await session.read(HistoryPage, answer)
      const found = messages.find(
        ({ metadata }) => metadata?.event_type === sendEvent && metadata.event_payload?.send_id === sendId,
      )
      if (found !== undefined) return { state: 'found', value: found.ts }
      seen += messages.length
      cursor = response_metadata?.next_cursor ?? ''
      if (has_more !== true || cursor === '') return { state: 'absent' }
    }
  } catch (error) {
    const unreadable =
      CallFailure.isInstance(error) && (error.kind === 'unauthorized' || error.kind === 'not-found')
    if (unreadable)
      return { state: 'unknown', reason: `the history of ${channel} cannot be read: ${error.message}` }
    throw error
  }
  return {
    state: 'unknown',
    reason: `not among the newest ${seen} messages of ${channel}; older ones were not read`,
  }
}
