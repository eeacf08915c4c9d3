import type { CallFailure } from '../columns/errors.ts'

/** One attempt under way. Plain data, since one is made for every attempt; the functions below are its only sense of abort. */
export interface Flight {
  timer: NodeJS.Timeout | null
  /** Called when the time of the attempt is over; null before it began and once it has ended. */
  overdue: (() => void) | null
  /** What is left of that time, in milliseconds, and since when it runs. */
  leftMs: number
  runsSince: number
  /** The clock it runs by. */
  elapsed: () => number
  /** Requests that wait for their turn. As long as one does, the time stands still. */
  waiting: number
  /** Requests that wait no longer: some of them may have left. */
  begun: number
  /** Requests under way. */
  sending: number
  /** Some request went through the limits of a credential. */
  limited: boolean
  /** Ends the wait of the row, where the column has `withinMs`. */
  patience: NodeJS.Timeout | null
  giveUp: (() => void) | null
  /** False while it waits for its budget: nothing has been sent yet, and it can be withdrawn. */
  left: boolean
  /** Called instead of recording what came back, once the work on the row has ended under it. */
  landed: (() => void) | null
  /** The other side takes calls: asked once for all calls of an attempt. */
  admitted: boolean
  /** Why it does not; stands for whatever the column made of it. */
  refused: CallFailure | null
  /** It tries on behalf of all others whether the other side takes calls again. */
  probe: boolean
  /** Made when the signal is first asked for, because it costs more than a whole step of most rows. */
  controller: AbortController | null
  /** Why it was aborted, null as long as it was not. */
  reason: Error | null
  /** It was aborted while nothing of it was under way, so that what it says of itself is true. */
  calledOff: boolean
}

const noTime = () => 0

export function createFlight(): Flight {
  return {
    timer: null,
    overdue: null,
    leftMs: 0,
    runsSince: 0,
    elapsed: noTime,
    waiting: 0,
    begun: 0,
    sending: 0,
    limited: false,
    patience: null,
    giveUp: null,
    left: false,
    landed: null,
    admitted: false,
    probe: false,
    refused: null,
    controller: null,
    reason: null,
    calledOff: false,
  }
}

/** Aborted at the deadline and on cancel. */
export function signalOf(flight: Flight): AbortSignal {
  flight.controller ??= new AbortController()
  if (flight.reason !== null) flight.controller.abort(flight.reason)
  return flight.controller.signal
}

export function abort(flight: Flight, reason: Error): void {
  flight.reason = reason
  flight.controller?.abort(reason)
}

/** Starts the time of the attempt. */
export function startTime(
  flight: Flight,
  timeoutMs: number,
  { elapsed, overdue }: { elapsed: () => number; overdue: () => void },
): void {
  flight.elapsed = elapsed
  flight.overdue = overdue
  flight.leftMs = timeoutMs
  runTime(flight)
}

function runTime(flight: Flight): void {
  if (flight.overdue === null) return
  flight.runsSince = flight.elapsed()
  flight.timer = setTimeout(flight.overdue, flight.leftMs)
}

/** A request waits for its turn from now on, until what this returns is called: that much longer may the attempt take. */
export function waitForTurn(flight: Flight): () => void {
  flight.waiting += 1
  if (flight.waiting === 1 && flight.timer !== null) {
    clearTimeout(flight.timer)
    flight.timer = null
    flight.leftMs = Math.max(0, flight.leftMs - (flight.elapsed() - flight.runsSince))
  }
  return () => {
    flight.waiting -= 1
    if (flight.waiting === 0) runTime(flight)
  }
}

/** It waits for a turn, and no other request of it is under way. */
export const onlyWaits = ({ waiting, sending }: Flight): boolean => waiting > 0 && sending === 0

/** Ends the waiting of an attempt that is at rest. It lands as ever, and what it says decides. */
export function callOff(flight: Flight, reason: Error): void {
  flight.calledOff = true
  abort(flight, reason)
}

/** Has something of it gone out, or perhaps? Not while its first request still waits for its turn. */
export const isOut = ({ left, waiting, begun }: Flight): boolean => left && (waiting === 0 || begun > 0)

export function clearTimers(flight: Flight): void {
  flight.overdue = null
  flight.giveUp = null
  if (flight.timer !== null) clearTimeout(flight.timer)
  if (flight.patience !== null) clearTimeout(flight.patience)
}
