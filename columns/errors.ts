/** Every error code Rota answers with, and the HTTP status it maps to. Codes are stable: people write code against them. */
export const errorCodes = {
  'definition-invalid': 500,
  'table-unknown': 404,
  'row-unknown': 404,
  'run-unknown': 404,
  'pool-unknown': 404,
  'rep-unknown': 404,
  'territory-unknown': 404,
  'version-unknown': 404,
  'version-in-force': 409,
  'column-unknown': 422,
  'cell-unknown': 404,
  'row-invalid': 422,
  'row-conflict': 409,
  'precondition-failed': 412,
  'request-invalid': 422,
  'json-invalid': 400,
  'body-too-large': 413,
  'batch-too-large': 413,
  'content-type-unsupported': 415,
  'method-not-allowed': 405,
  'route-unknown': 404,
  unauthorized: 401,
  'host-forbidden': 403,
  'origin-forbidden': 403,
  'idempotency-mismatch': 422,
  'wait-timeout': 504,
  'settings-invalid': 500,
  'store-locked': 500,
  'store-unsafe': 500,
  'store-newer': 500,
  'store-closed': 503,
  'store-full': 507,
  'store-broken': 503,
  internal: 500,
} as const

export type ErrorCode = keyof typeof errorCodes

const marker = Symbol.for('rota.TableError')

export interface ErrorDetails {
  cause?: unknown
  /** The field of the request or definition that is wrong, as a path: `rows[2].email`. */
  field?: string
  /** The value that was refused. */
  value?: unknown
  /** What the reader can do about it. */
  wayOut?: string
}

/** An error that names the thing, the value and the way out. */
export class TableError extends Error {
  readonly [marker] = true
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'TableError'
    this.code = code
    this.details = details
  }

  static isInstance(error: unknown): error is TableError {
    return typeof error === 'object' && error !== null && marker in error
  }
}

export type FailureKind =
  | 'invalid-output'
  | 'invalid-request'
  /** The other side refuses this one request to us: a scope or a right that is missing. */
  | 'unauthorized'
  /** The credential itself is dead: expired, revoked, wrong. No call with it can succeed until somebody gives another one. */
  | 'needs-credentials'
  | 'rate-limited'
  | 'timeout'
  | 'unavailable'
  | 'not-found'
  | 'inactive-owner'
  | 'quota-exhausted'
  /** A limit of the column's own `spend` would be passed. */
  | 'budget-exhausted'
  | 'crashed'

export interface FailureOptions {
  /** May the same call succeed later? */
  retryable: boolean
  /** Wait at least this long before the next attempt, in milliseconds. */
  retryAfterMs?: number
  /** Did the request perhaps take effect outside? Then it is reconciled, never simply sent again. */
  outcomeUnknown?: boolean
  cause?: unknown
}

const failureMarker = Symbol.for('rota.CallFailure')

/** What a connector or a column throws when a call did not work out. The runtime decides by these fields alone. */
export class CallFailure extends Error {
  readonly [failureMarker] = true
  readonly kind: FailureKind
  readonly retryable: boolean
  readonly retryAfterMs: number | null
  readonly outcomeUnknown: boolean

  constructor(kind: FailureKind, message: string, options: FailureOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'CallFailure'
    this.kind = kind
    this.retryable = options.retryable
    this.retryAfterMs = options.retryAfterMs ?? null
    this.outcomeUnknown = options.outcomeUnknown ?? false
  }

  static isInstance(error: unknown): error is CallFailure {
    return typeof error === 'object' && error !== null && failureMarker in error
  }
}

/** Throw this in a column of your own when trying again cannot help. */
export class NonRetriableError extends CallFailure {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('invalid-request', message, { retryable: false, ...options })
    this.name = 'NonRetriableError'
  }
}

/** Throw this in a column of your own to be run again after `retryAfterMs` milliseconds. */
export class RetryAfterError extends CallFailure {
  constructor(message: string, retryAfterMs: number, options: { cause?: unknown } = {}) {
    super('rate-limited', message, { retryable: true, retryAfterMs, ...options })
    this.name = 'RetryAfterError'
  }
}
