import type { EventRecord } from '../db/store.ts'
import type { Parts } from './parts.ts'

/** Bytes a slow reader may have waiting before it is dropped; it comes back and resumes by id. */
const maxWaitingBytes = 1024 * 1024
const replayPage = 500

export interface StreamOptions {
  table: string
  /** Id of the last event the reader has seen; null: only what comes from now on. */
  after: number | null
  /** Ends the stream: the reader left, or the server closes. */
  signal: AbortSignal
}

/** Hands the change feed to any number of readers; each event is written out once. */
export interface EventHub {
  open(options: StreamOptions): Promise<ReadableStream<Uint8Array>>
  readers(): number
}

interface Reader {
  table: string
  /** Id of the last event written. */
  sent: number
  /** Live events that came while the reader is still being told the past. */
  held: EventRecord[] | null
  write(bytes: Uint8Array): void
}

export function createEventHub({ runtime, definitions, heartbeatMs }: Parts): EventHub {
  const readers = new Set<Reader>()
  const encoder = new TextEncoder()
  let stop: (() => void) | null = null

  /** One subscription and one timer for all readers, and none without readers. */
  function listen(): void {
    if (stop !== null) return
    const unsubscribe = runtime.onEvents((events) => {
      for (const event of events) spread(event)
    })
    const beat = encoder.encode(': still here\n\n')
    const timer = setInterval(() => {
      for (const reader of readers) reader.write(beat)
    }, heartbeatMs)
    timer.unref()
    stop = () => {
      unsubscribe()
      clearInterval(timer)
      stop = null
    }
  }

  function spread(event: EventRecord): void {
    let bytes: Uint8Array | null = null
    for (const reader of readers) {
      if (reader.table !== event.table) continue
      if (reader.held !== null) reader.held.push(event)
      else if (event.id > reader.sent) {
        bytes ??= encoder.encode(changeText(event))
        reader.sent = event.id
        reader.write(bytes)
      }
    }
  }

  async function replay(reader: Reader): Promise<void> {
    for (;;) {
      const events = await runtime.events(reader.table, reader.sent, replayPage)
      for (const event of events) {
        reader.sent = event.id
        reader.write(encoder.encode(changeText(event)))
      }
      if (events.length < replayPage) break
    }
    const held = reader.held ?? []
    reader.held = null
    for (const event of held) {
      if (event.id <= reader.sent) continue
      reader.sent = event.id
      reader.write(encoder.encode(changeText(event)))
    }
  }

  /** True when events behind `after` are no longer kept, or when the id is from another store. */
  async function hasGap(after: number, last: number): Promise<boolean> {
    if (after > last) return true
    if (after === last) return false
    // Ids are counted over all tables, without holes, and the oldest are dropped first.
    const firsts = await Promise.all(
      (await definitions.tables()).map(async (name) => (await runtime.events(name, 0, 1))[0]?.id ?? null),
    )
    const kept = firsts.filter((id) => id !== null)
    return kept.length > 0 && after < Math.min(...kept) - 1
  }

  return {
    readers: () => readers.size,
    async open({ table, after, signal }) {
      await definitions.of(table)
      let leave = () => {}
      let end = () => {}
      const stream = new ReadableStream<Uint8Array>(
        {
          async start(controller) {
            const reader: Reader = {
              table,
              sent: 0,
              held: [],
              write(bytes) {
                controller.enqueue(bytes)
                if ((controller.desiredSize ?? 0) <= 0) end()
              },
            }
            leave = () => {
              readers.delete(reader)
              reader.write = () => {}
              if (readers.size === 0) stop?.()
            }
            end = () => {
              if (!readers.has(reader)) return
              leave()
              controller.close()
            }
            readers.add(reader)
            listen()
            const last = await runtime.lastEvent(table)
            const gap = after !== null && (await hasGap(after, last))
            reader.sent = after === null || gap ? last : after
            reader.write(encoder.encode(greeting(gap ? 'reset' : 'ready', reader.sent)))
            await replay(reader)
            if (signal.aborted) end()
            else signal.addEventListener('abort', () => end(), { once: true })
          },
          cancel: () => leave(),
        },
        new ByteLengthQueuingStrategy({ highWaterMark: maxWaitingBytes }),
      )
      return stream
    },
  }
}

/** `reset`: read the table anew, what came between is gone. Both carry the id to resume from. */
const greeting = (event: 'ready' | 'reset', id: number) =>
  `retry: 1000\nevent: ${event}\nid: ${id}\ndata: ${JSON.stringify({ id })}\n\n`

const changeText = ({ id, table, at, changes }: EventRecord) =>
  `id: ${id}\ndata: ${JSON.stringify({ id, table, at: new Date(at).toISOString(), changes })}\n\n`
