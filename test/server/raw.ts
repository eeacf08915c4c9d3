import { Agent, request } from 'node:http'
import type { RunningApp } from '../support/start-app.ts'

export interface RawRequest {
  method: string
  /** Sent as it is: nothing is resolved or encoded again, as `fetch` would. */
  path: string
  headers: Readonly<Record<string, string>>
  body?: string | Uint8Array
}

export interface RawAnswer {
  status: number
  type: string
  /** Empty for a stream, which is left at once. */
  text: string
}

const agent = new Agent({ keepAlive: true, maxSockets: 4 })

/** Sends a request that `fetch` would mend or refuse. */
export function sendRaw(app: RunningApp, { method, path, headers, body }: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(app.url)
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers, agent }, (response) => {
      const answer = {
        status: response.statusCode ?? 0,
        type: response.headers['content-type'] ?? '',
        text: '',
      }
      if (answer.type.startsWith('text/event-stream')) {
        response.destroy()
        resolve(answer)
        return
      }
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        answer.text += text
      })
      response.on('end', () => resolve(answer))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
