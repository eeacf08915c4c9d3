/** One attempt under way. */
export interface Flight {
  timer: NodeJS.Timeout | null
  /** False while it waits for its budget: nothing has been sent yet, and it can be withdrawn. */
  left: boolean
  /** Called instead of recording what came back, once the work on the row has ended under it. */
  landed: (() => void) | null
  /** Aborted at the deadline and on cancel. Made on first use, because it costs more than a whole step of most rows. */
  signal(): AbortSignal
  abort(reason: Error): void
}

export function createFlight(): Flight {
  let controller: AbortController | null = null
  let reason: Error | null = null
  return {
    timer: null,
    left: false,
    landed: null,
    signal() {
      controller ??= new AbortController()
      if (reason !== null) controller.abort(reason)
      return controller.signal
    },
    abort(given) {
      reason = given
      controller?.abort(given)
    },
  }
}
