/** Failures that happen before the first byte of a request can have left. */
const codes: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Whether a connection failed before anything of the request can have left: false for every other error. */
export function wasNeverSent(error: unknown): boolean {
  let current = error
  for (let depth = 0; current instanceof Error && depth < 5; depth += 1) {
    if ('code' in current && codes.has(current.code)) return true
    current = current instanceof AggregateError ? current.errors[0] : current.cause
  }
  return false
}
