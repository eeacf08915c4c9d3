import type { HttpBindings } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Log } from '../runtime/engine.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Definitions } from './definitions.ts'

/** Who may reach the server. */
export interface ServerSettings {
  /** Address the server listens on. */
  host: string
  /** Bearer key with full scope; null: no key, loopback only. */
  apiKey: string | null
}

export interface AppOptions {
  runtime: Runtime
  settings: ServerSettings
  log: Log
  version: string
  /** Set while the vendors are stand-ins, so that every answer says so. */
  sandbox?: { url: string }
  now?: () => number
  /** Pause between two signs of life of an event stream, in milliseconds. */
  heartbeatMs?: number
}

/** What a route needs besides the request. */
export interface Parts {
  runtime: Runtime
  definitions: Definitions
  log: Log
  version: string
  sandbox: { url: string } | null
  now: () => number
  heartbeatMs: number
  /** Who a change is written down for. */
  who: string
}

export interface AppEnv {
  Bindings: Partial<HttpBindings> & {
    /** Aborts when the server closes: streams end. */
    closing?: AbortSignal
  }
  Variables: {
    /** The JSON body, read and measured, not yet checked against a schema. */
    body: unknown
  }
}

export type App = OpenAPIHono<AppEnv>
