import { once } from 'node:events'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'

/**
 * What tells the server to write nothing. A clone, since the constant may be one of the server's own light responses, which it would write
 * without looking at their headers.
 */
const alreadySent = (): Response => RESPONSE_ALREADY_SENT.clone()

/** Destroys the connection without an answer. */
export function cutConnection({ incoming }: HttpBindings): Response {
  incoming.socket.destroy()
  return alreadySent()
}

/** Answers nothing until the client gives up or the sandbox closes. */
export async function silence({ incoming }: HttpBindings): Promise<Response> {
  if (!incoming.socket.destroyed) await once(incoming.socket, 'close')
  return alreadySent()
}

/** Sends the status line and half of the body, then destroys the connection. */
export async function halfThenCut(connection: HttpBindings, response: Response): Promise<Response> {
  await sendHalf(connection, response)
  return cutConnection(connection)
}

/** Sends the status line and half of the body, then nothing more. */
export async function halfThenStall(connection: HttpBindings, response: Response): Promise<Response> {
  await sendHalf(connection, response)
  return silence(connection)
}

async function sendHalf({ outgoing, incoming }: HttpBindings, response: Response): Promise<void> {
  const bytes = Buffer.from(await response.arrayBuffer())
  if (bytes.length === 0) {
    // Half of an answer without a body, such as a 204, is half of its head.
    await new Promise<void>((resolve) =>
      incoming.socket.write(`HTTP/1.1 ${response.status} `, () => resolve()),
    )
    return
  }
  outgoing.writeHead(response.status, {
    ...Object.fromEntries(response.headers),
    'content-length': bytes.length,
  })
  const half = bytes.subarray(0, Math.floor(bytes.length / 2))
  await new Promise<void>((resolve) => outgoing.write(half, () => resolve()))
}
