import { type Logger, LogLevel, WebClient } from '@slack/web-api'
import { z } from 'zod'
import type { Call } from '../../columns/ports.ts'
import { exchange, startCall } from '../call.ts'
import { failureOfStatus } from '../status.ts'
import { slackFailure } from './failure.ts'

export interface SlackSettings {
  /** `xoxb-…` with chat:write, im:write and users:read.email; im:history and channels:history to look a message up again. */
  botToken: string
  /** `https://slack.com/api/` unless told otherwise; a path is kept. */
  apiUrl?: string
}

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
export function openSession({ botToken, apiUrl }: SlackSettings, call: Call) {
  const running = startCall(call)
  const client = new WebClient(botToken, {
    ...(apiUrl !== undefined && { slackApiUrl: apiUrl }),
    retryConfig: { retries: 0 },
    timeout: call.timeoutMs,
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    logger: silent,
    async fetch(url, init) {
      const asked = { vendor: 'Slack', write: String(url).endsWith('/chat.postMessage') }
      const { headers = {}, body } = Init.parse(init)
      const answer = await exchange({ ...asked, method: 'POST', url: String(url), headers, body }, running)
      if (answer.status !== 200) throw failureOfStatus(answer, asked)
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
