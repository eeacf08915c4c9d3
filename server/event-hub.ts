import type { EventRecord } from '../db/store.ts'
import { type EventReader, openReader } from './event-reader.ts'
import type { Parts } from './parts.ts'

const replayPage = 100
const maxHeld = 1_000

export interface StreamOptions {
  table: string
  /** Id of the last event the reader has seen; null: only what comes from now on. */
  after: number | null
  /** Ends the stream: the reader left, or the server closes. */
  signal: AbortSignal
  /** Closes the connection of a reader who does not read. */
  cut: () => void
}

/** Hands the change feed to any number of readers; each live event is written out once. */
export interface EventHub {
  open(options: StreamOptions): Promise<ReadableStream<Uint8Array>>
  readers(): number
}

interface Follower {
  table: string
  reader: EventReader
  /** Id of the last event written. */
  sent: number
  /** Live events that came while the reader is still being told the past. */
  held: EventRecord[] | null
}

export function createEventHub({ runtime, definitions, heartbeatMs, log }: Parts): EventHub {
  const followers = new Set<Follower>()
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
      for (const { reader } of followers) reader.write(beat)
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
    for (const follower of followers) {
      if (follower.table !== event.table) continue
      if (follower.held !== null) {
        follower.held.push(event)
        // A reader who is slow to hear the past comes back for the rest; memory does not wait for it.
        if (follower.held.length > maxHeld) follower.reader.drop()
      } else if (event.id > follower.sent) {
        bytes ??= encoder.encode(changeText(event))
        follower.sent = event.id
        follower.reader.write(bytes)
      }
    }
  }

  function tell(follower: Follower, event: EventRecord): void {
    if (event.id <= follower.sent) return
    follower.sent = event.id
    follower.reader.write(encoder.encode(changeText(event)))
  }

  /** Tells the past at the pace of the reader, then goes over to the present without a gap. */
  async function begin(follower: Follower, after: number | null): Promise<void> {
    const { table, reader } = follower
    const last = await runtime.lastEvent(table)
    const gap = after !== null && (await hasGap(after, last))
    follower.sent = after === null || gap ? last : after
    reader.write(encoder.encode(greeting(gap ? 'reset' : 'ready', follower.sent)))
    for (;;) {
      // What is committed from here on may be in the page too, and is told once.
      follower.held = []
      const events = await runtime.events(table, follower.sent, replayPage)
      for (const event of events) {
        await reader.room()
        tell(follower, event)
      }
      if (events.length < replayPage || reader.signal.aborted) break
    }
    for (const event of follower.held) tell(follower, event)
    follower.held = null
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
    readers: () => followers.size,
    async open({ table, after, signal, cut }) {
      await definitions.of(table)
      const reader = openReader(signal, cut)
      const follower: Follower = { table, reader, sent: 0, held: [] }
      followers.add(follower)
      listen()
      reader.signal.addEventListener('abort', () => {
        followers.delete(follower)
        if (followers.size === 0) stop?.()
      })
      begin(follower, after).catch((error: unknown) => {
        log.error({ table, error }, 'a reader could not be told what it missed')
        reader.end()
      })
      return reader.stream
    },
  }
}

/** `reset`: read the table anew, what came between is gone. Both carry the id to resume from. */
const greeting = (event: 'ready' | 'reset', id: number) =>
  `retry: 1000\nevent: ${event}\nid: ${id}\ndata: ${JSON.stringify({ id })}\n\n`

const changeText = ({ id, table, at, changes }: EventRecord) =>
  `id: ${id}\ndata: ${JSON.stringify({ id, table, at: new Date(at).toISOString(), changes })}\n\n`
