import type { CallFailure } from '../columns/errors.ts'

/** One attempt under way. Plain data, since one is made for every attempt; the functions below are its only sense of abort. */
export interface Flight {
  timer: NodeJS.Timeout | null
  /** Ends the wait of the row, where the column has `withinMs`. */
  patience: NodeJS.Timeout | null
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
}

export function createFlight(): Flight {
  return {
    timer: null,
    patience: null,
    left: false,
    landed: null,
    admitted: false,
    probe: false,
    refused: null,
    controller: null,
    reason: null,
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

export function clearTimers(flight: Flight): void {
  if (flight.timer !== null) clearTimeout(flight.timer)
  if (flight.patience !== null) clearTimeout(flight.patience)
}
