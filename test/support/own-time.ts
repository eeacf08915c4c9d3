import { setImmediate as turn } from 'node:timers/promises'

const tickMs = 20

/**
 * A clock that goes on only while this process comes to its turn. A machine that is busy, or stands still for a while, makes a span
 * shorter and never longer; a timer that is waited for shows in full. For waits inside this process, not for work.
 */
export function ownClock(): { now(): number; stop(): void } {
  let ticks = 0
  const timer = setInterval(() => {
    ticks += 1
  }, tickMs)
  return { now: () => ticks * tickMs, stop: () => clearInterval(timer) }
}

/** What some work answers, and how long it took by a clock of that kind, in milliseconds. */
export async function timed<Answer>(work: () => Promise<Answer>): Promise<{ answer: Answer; ownMs: number }> {
  const clock = ownClock()
  try {
    return { answer: await work(), ownMs: clock.now() }
  } finally {
    clock.stop()
  }
}

/** Turns of the event loop until this holds. The shortest timer is hundreds of them; a busy machine makes them longer, and no more. */
export async function turnsUntil(holds: () => boolean): Promise<number> {
  let turns = 0
  for (; !holds(); turns += 1) await turn()
  return turns
}

/** Processor time of some work in milliseconds, the best of three: what others do on the machine does not count. */
export async function workMs(work: () => unknown): Promise<number> {
  const took: number[] = []
  for (let time = 0; time < 3; time += 1) {
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    took.push((user + system) / 1_000)
  }
  return Math.min(...took)
}
