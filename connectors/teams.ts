import type { Messenger } from '../columns/ports.ts'
import { exchange, startCall } from './call.ts'
import { failureOfStatus } from './status.ts'
import { toCardMessage } from './teams/card.ts'

export interface TeamsSettings {
  /** Of a Workflows trigger "When a Teams webhook request is received". Its `sig` is the secret: it is never shown. */
  webhookUrl: string
}

/**
 * Microsoft Teams through a Workflows webhook. One webhook posts to one place, so `to` is only named on the card, and an
 * accepted message cannot be read back: `find` always answers `unknown`.
 */
export function teams(settings: TeamsSettings): Messenger {
  const asked = { vendor: 'Teams', write: true }
  return {
    vendor: 'teams',
    async send(message, sendId, call) {
      const request = {
        ...asked,
        method: 'POST',
        url: settings.webhookUrl,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(toCardMessage(message, sendId)),
      }
      const answer = await exchange(request, startCall(call))
      const { status } = answer
      if (status < 200 || status > 299) throw failureOfStatus(answer, asked)
      const inner = innerStatus(answer.text)
      if (inner !== null) throw failureOfStatus({ ...answer, status: inner }, asked, 'inside a 200')
      const run = answer.headers['x-ms-workflow-run-id']
      return { id: run ?? sendId, channel: 'workflow', fallback: false }
    },
    find: async () => ({
      state: 'unknown',
      reason: 'Teams webhooks accept messages but cannot be asked about them',
    }),
  }
}

/** The older webhooks wrote a refusal into the body of a 200. */
function innerStatus(text: string): number | null {
  const match = /endpoint returned HTTP error (\d{3})/i.exec(text)
  return match ? Number(match[1]) : null
}
