import { PassThrough } from 'node:stream'
import { Transport } from 'jsforce/lib/transport.js'
import { StreamPromise } from 'jsforce/lib/util/promise.js'
import { exchangeNow, type HttpAnswer, type RunningCall } from '../call.ts'

/** A transport for one request, which remembers the answer as it came. */
export interface RecordingTransport {
  transport: Transport
  answer(): HttpAnswer | null
}

/**
 * jsforce's own transport pipes the answer through a stream that nobody listens to: a connection that breaks in the middle of a
 * body kills the process. It also waits 30 minutes and retries by itself. This one buffers with `fetch`, once, under the
 * deadline of the call, which has its turn already.
 */
export function recordingTransport(write: boolean, call: RunningCall): RecordingTransport {
  let received: HttpAnswer | null = null
  const transport = new Transport()
  transport.httpRequest = (request) => {
    const promise = exchangeNow(
      {
        vendor: 'salesforce',
        method: request.method,
        url: request.url,
        headers: request.headers ?? {},
        ...(typeof request.body === 'string' && { body: request.body }),
        write,
      },
      call,
    ).then((answer) => {
      received = answer
      return { statusCode: answer.status, headers: answer.headers, body: answer.text }
    })
    return StreamPromise.create(() => ({ stream: new PassThrough(), promise }))
  }
  return { transport, answer: () => received }
}
