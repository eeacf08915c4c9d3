import { type Logger, LogLevel, WebClient } from '@slack/web-api'
import { z } from 'zod'
import type { Call } from '../../columns/ports.ts'
import { exchange, type HttpAnswer, startCall } from '../call.ts'
import { budgetOf, credentialName, type Limits } from '../limits.ts'
import { failureInAnswer, slackFailure } from './failure.ts'

export interface SlackSettings {
  /** `xoxb-…` with chat:write, im:write and users:read.email; im:history and channels:history to look a message up again. */
  botToken: string
  /** `https://slack.com/api/` unless told otherwise; a path is kept. */
  apiUrl?: string
  limits?: Limits
}

/** Slack's own tiers are per method, and a message a second per channel: what is beyond them is answered with a pause for all. */
export const slackBudget = ({ botToken, limits }: SlackSettings) =>
  budgetOf(credentialName('slack', botToken), { concurrency: 10, perSecond: 20 }, limits)

export type Session = ReturnType<typeof openSession>

/** The client only ever posts forms. */
const Init = z.object({ headers: z.record(z.string(), z.string()).optional(), body: z.string() })

/** The client logs bodies and warnings to the console; failures reach the user through the cell instead. */
const silent: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => LogLevel.ERROR,
  setName() {},
}

/**
 * One port call. The client is made anew (about 60 µs) because its fetch is fixed when it is made, while deadline, signal and
 * fetch belong to the call. It retries nothing: its default repeats a post after a 5xx for half an hour.
 */
export function openSession(settings: SlackSettings, call: Call) {
  const { botToken, apiUrl } = settings
  const running = startCall(call, slackBudget(settings))
  const client = new WebClient(botToken, {
    ...(apiUrl !== undefined && { slackApiUrl: apiUrl }),
    retryConfig: { retries: 0 },
    // The time of a request is kept by `exchange`, from when its turn has come.
    timeout: 0,
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    logger: silent,
    async fetch(url, init) {
      const asked = { vendor: 'Slack', write: String(url).endsWith('/chat.postMessage') }
      const { headers = {}, body } = Init.parse(init)
      const request = { ...asked, method: 'POST', url: String(url), headers, body }
      const failure = (answer: HttpAnswer) => failureInAnswer(answer, asked)
      const answer = await exchange({ ...request, failure }, running)
      return new Response(answer.text, { status: answer.status, headers: answer.headers })
    },
  })

  return {
    client,
    /** Awaits an answer of the client and checks its shape. Throws `CallFailure`. */
    async read<Shape extends z.ZodType>(
      shape: Shape,
      answer: Promise<unknown>,
      options: { write: boolean } = { write: false },
    ): Promise<z.output<Shape>> {
      try {
        return shape.parse(await answer)
      } catch (error) {
        throw slackFailure(error, { vendor: 'Slack', ...options })
      }
    },
  }
}
