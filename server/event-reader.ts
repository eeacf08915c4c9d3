/** Bytes a slow reader may have waiting before it is dropped; it comes back and resumes by id. */
const maxWaitingBytes = 1024 * 1024

/** One open event stream, from the writing side. */
export interface EventReader {
  stream: ReadableStream<Uint8Array>
  /** Never waits. A reader who has too much waiting is dropped. */
  write(bytes: Uint8Array): void
  /** Resolves when half of what may wait is free, or when the reader is gone. */
  room(): Promise<void>
  end(): void
  /** Ends the stream and cuts its connection, which would otherwise stay until somebody has read what waits. */
  drop(): void
  /** Aborts when the stream is over, whoever ended it. */
  signal: AbortSignal
}

/** Opens a stream that ends when `signal` aborts. `cut` closes its connection. */
export function openReader(signal: AbortSignal, cut: () => void): EventReader {
  const over = new AbortController()
  let wake = () => {}
  let control: ReadableStreamDefaultController<Uint8Array> | null = null
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        control = controller
      },
      pull: () => wake(),
      cancel: () => leave(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: maxWaitingBytes }),
  )

  function leave(): void {
    over.abort()
    wake()
  }

  function end(): void {
    if (over.signal.aborted) return
    leave()
    control?.close()
  }

  function drop(): void {
    if (over.signal.aborted) return
    end()
    cut()
  }

  if (signal.aborted) end()
  else signal.addEventListener('abort', end, { once: true, signal: over.signal })
  return {
    stream,
    signal: over.signal,
    end,
    drop,
    write(bytes) {
      if (over.signal.aborted) return
      if ((control?.desiredSize ?? 0) > 0) control?.enqueue(bytes)
      else drop()
    },
    async room() {
      while (!over.signal.aborted && (control?.desiredSize ?? 0) < maxWaitingBytes / 2) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}
