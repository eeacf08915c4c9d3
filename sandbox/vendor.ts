import type { Hono } from 'hono'
import type { LedgerEntry } from './ledger.ts'

/** What a stand-in is built from; all of it is passed in, so a test can hold the clock. */
export interface VendorContext {
  now(): number
  /** The address of this stand-in as a client sees it, without a trailing slash. Known once the server listens. */
  baseUrl(): string
  /** Milliseconds every answer takes, to feel like a network. The server around the stand-ins waits; they need not. */
  latencyMs: number
}

/** What a stand-in's route may set: the change it made, for the ledger. */
export type SandboxEnv = { Variables: { effect: LedgerEntry['effect'] } }

/**
 * One stand-in. Its routes call `c.set('effect', …)` when a request changed something; the server around it writes the ledger
 * and plays the faults.
 */
export interface Vendor {
  name: string
  /** Routes without the vendor's prefix; mounted once, so routes added later are not seen. */
  app: Hono<SandboxEnv>
  /** The state as JSON, for `GET /state/{vendor}`. */
  state(): unknown
  /** Replaces the state, for `PUT /state/{vendor}`. Throws a `ZodError` on anything it does not understand. */
  load(state: unknown): void
  /** Back to the state it was created with. */
  reset(): void
}
