import { z } from 'zod'
import type { Messenger } from '../columns/ports.ts'
import { exchange, type HttpAnswer, parseAnswer, startCall } from './call.ts'
import { budgetOf, credentialName, type Limits } from './limits.ts'
import { failureOfStatus } from './status.ts'
import { toCardMessage } from './teams/card.ts'

export interface TeamsSettings {
  /** Of a Workflows trigger "When a Teams webhook request is received". Its `sig` is the secret: it is never shown. */
  webhookUrl: string
  limits?: Limits
}

/** How the service behind Workflows refuses a request. */
const Problem = z.object({ error: z.object({ code: z.string() }) })

/**
 * Microsoft Teams through a Workflows webhook. One webhook posts to one place, so `to` is only named on the card, and an
 * accepted message cannot be read back: `find` always answers `unknown`.
 */
export function teams(settings: TeamsSettings): Messenger {
  const isOwn = ({ text }: HttpAnswer) => Problem.safeParse(parseAnswer(text)).success
  const asked = { vendor: 'Teams', write: true }
  // More than four requests in any one second are throttled, says the documentation of incoming webhooks.
  const budget = budgetOf(
    credentialName('teams', settings.webhookUrl),
    { concurrency: 4, perSecond: 3, burst: 1 },
    settings.limits,
  )
  const failure = (answer: HttpAnswer) => {
    const { status } = answer
    if (status < 200 || status > 299) return failureOfStatus(answer, { ...asked, isOwn })
    const inner = innerStatus(answer.text)
    return inner === null ? null : failureOfStatus({ ...answer, status: inner }, asked, 'inside a 200')
  }
  return {
    vendor: 'teams',
    budget,
    target: 'blind',
    async send(message, sendId, call) {
      const request = {
        ...asked,
        method: 'POST',
        url: settings.webhookUrl,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(toCardMessage(message, sendId)),
        failure,
      }
      const answer = await exchange(request, startCall(call, budget))
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
