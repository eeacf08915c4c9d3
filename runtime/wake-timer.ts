/** One timer for the earliest of many moments. */
export interface WakeTimer {
  /** Calls back at this moment, unless it does so earlier. */
  at(moment: number): void
  stop(): void
}

/** A timer this late was held up: the machine slept, or its clock was put forward. */
const lateMs = 1_000
/** A longer pause would overflow the timer and fire at once. */
const longestMs = 2 ** 31 - 1

/** `call` runs once for each time the timer fires; then a moment has to be named anew. */
export function createWakeTimer(now: () => number, call: () => void): WakeTimer {
  let timer: NodeJS.Timeout | null = null
  let firesAt = Number.POSITIVE_INFINITY
  let stopped = false

  return {
    at(moment) {
      const present = now()
      const isHeldUp = firesAt < present - lateMs
      if (stopped || (moment >= firesAt && !isHeldUp)) return
      if (timer !== null) clearTimeout(timer)
      firesAt = isHeldUp ? present : moment
      timer = setTimeout(
        () => {
          firesAt = Number.POSITIVE_INFINITY
          call()
        },
        Math.min(Math.max(1, firesAt - present), longestMs),
      )
    },
    stop() {
      stopped = true
      if (timer !== null) clearTimeout(timer)
    },
  }
}
