/** Failures that happen before the first byte of a request can have left. */
const codes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** The code of what made a connection fail, however deep it lies in the error; null where there is none. */
export function causeCode(error: unknown): string | null {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; depth += 1) {
    if ('code' in current && typeof current.code === 'string') return current.code
    current = current instanceof AggregateError ? current.errors[0] : current.cause
  }
  return null
}

/** Whether a connection failed before anything of the request can have left. */
export const isNeverSent = (code: string | null): boolean => code !== null && codes.has(code)

/** The same of an error: false for every other one. */
export const wasNeverSent = (error: unknown): boolean => isNeverSent(causeCode(error))
