import { ask } from './api.js'

/**
 * Follows the events of a table and comes back by itself where it left off. Reads the stream with fetch, because EventSource
 * cannot send a key.
 */
export function follow(path, { onEvent, onState }) {
  const leaving = new AbortController()
  let lastId = null
  let pauseMs = 500

  async function once() {
    const headers = lastId === null ? {} : { 'last-event-id': lastId }
    const response = await ask(path, { signal: leaving.signal, headers })
    onState(true)
    pauseMs = 500
    for await (const message of messages(response.body.pipeThrough(new TextDecoderStream()))) {
      if (message.id !== undefined) lastId = message.id
      if (message.data !== undefined) onEvent(message.event ?? 'message', JSON.parse(message.data))
    }
  }

  async function forever() {
    while (!leaving.signal.aborted) {
      await once().catch(() => {})
      if (leaving.signal.aborted) return
      onState(false)
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      pauseMs = Math.min(10_000, pauseMs * 2)
    }
  }

  forever()
  return () => leaving.abort()
}

async function* messages(stream) {
  const reader = stream.getReader()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    text += value
    const parts = text.split('\n\n')
    text = parts.pop()
    for (const part of parts) yield parse(part)
  }
}

function parse(part) {
  const message = {}
  for (const line of part.split('\n')) {
    const at = line.indexOf(': ')
    // A line that starts with a colon is a sign of life.
    if (at > 0) message[line.slice(0, at)] = line.slice(at + 2)
  }
  return message
}
