import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import type { Finding } from '../../columns/ports.ts'
import { slackErrorOf } from './failure.ts'
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

interface Page {
  include_all_metadata: true
  limit: number
  cursor?: string
}

/** Looks in one channel, newest first, for the message with this send id; answers with its `ts`. */
export const findInHistory = (channel: string, sendId: string, session: Session): Promise<Finding<string>> =>
  findInPages(`the history of ${channel}`, sendId, (page) =>
    session.read(HistoryPage, session.client.conversations.history({ channel, ...page })),
  )

/** The same among the answers to one message. One that is gone has none. */
export const findInThread = (
  { channel, thread }: { channel: string; thread: string },
  sendId: string,
  session: Session,
): Promise<Finding<string>> =>
  findInPages(`the answers in ${channel}`, sendId, (page) =>
    session.read(HistoryPage, session.client.conversations.replies({ channel, ts: thread, ...page })),
  )

async function findInPages(
  where: string,
  sendId: string,
  read: (page: Page) => Promise<z.output<typeof HistoryPage>>,
): Promise<Finding<string>> {
  let cursor = ''
  let seen = 0
  try {
    for (let page = 0; page < maxPages; page += 1) {
      const answer = read({
        include_all_metadata: true,
        limit: pageSize,
        ...(cursor !== '' && { cursor }),
      })
      const { messages, has_more, response_metadata } = await answer
      const found = messages.find(
        ({ metadata }) => metadata?.event_type === sendEvent && metadata.event_payload?.send_id === sendId,
      )
      if (found !== undefined) return { state: 'found', value: found.ts }
      seen += messages.length
      cursor = response_metadata?.next_cursor ?? ''
      if (has_more !== true || cursor === '') return { state: 'absent' }
    }
  } catch (error) {
    if (slackErrorOf(error) === 'thread_not_found') return { state: 'absent' }
    const unreadable =
      CallFailure.isInstance(error) && (error.kind === 'unauthorized' || error.kind === 'not-found')
    if (unreadable) return { state: 'unknown', reason: `${where} cannot be read: ${error.message}` }
    throw error
  }
  return {
    state: 'unknown',
    reason: `not among the ${seen} messages of ${where} that were read; there are more`,
  }
}
