import type { Hono } from 'hono'
import type { FaultInput } from './faults.ts'
import type { LedgerEntry } from './ledger.ts'

/** What a stand-in is built from; all of it is passed in, so a test can hold the clock. */
export interface VendorContext {
  now(): number
  /** The address of this stand-in as a client sees it, without a trailing slash. Known once the server listens. */
  baseUrl(): string
}

/** What a stand-in's route may set, for the ledger: the change it made, and whether it took the request. */
export type SandboxEnv = {
  Variables: {
    effect: LedgerEntry['effect']
    /** False where a refusal does not show in the status, as in Slack's `ok: false` with a 200. */
    accepted?: boolean
  }
}

/**
 * A fault of this vendor that can be switched on by its name: what it is, and how it is played. The kind `state` changes what
 * the stand-in keeps, through `play`.
 */
export interface NamedFault {
  about: string
  fault: Omit<FaultInput, 'vendor' | 'name'>
}

/**
 * One stand-in. Its routes call `c.set('effect', …)` when a request changed something; the server around it writes the ledger
 * and plays the faults.
 */
export interface Vendor {
  name: string
  /** The faults it can be told to play, by name. */
  faults: Readonly<Record<string, NamedFault>>
  /** Routes without the vendor's prefix; mounted once, so routes added later are not seen. */
  app: Hono<SandboxEnv>
  /** The state as JSON, for `GET /state/{vendor}`. */
  state(): unknown
  /** Replaces the state, for `PUT /state/{vendor}`. Throws a `ZodError` on anything it does not understand. */
  load(state: unknown): void
  /** Back to the state it was created with; what the sandbox was started with comes on top, see `startWith` there. */
  reset(): void
  /**
   * Plays a named fault of the kind `state`: once for each of its `times`, when it is switched on, or right before the next
   * request that its `path` and `method` match. `reset` undoes it.
   */
  play?(name: string): void
}
