/** Failures to find the other side, or to get through to it. */
const unfound: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'])
/** The same while the connection was being made; on one that stood, the system names them as well, after bytes have left. */
const unconnected: ReadonlySet<string> = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'])

interface Cause {
  code: string
  /** What the system was asked to do; null where the error does not say. */
  syscall: string | null
}

/** What made a connection fail, however deep it lies in the error; null where there is nothing of the kind. */
function causeOf(error: unknown): Cause | null {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; depth += 1) {
    // One for each address that was tried, all while connecting: the error around them bears a code as well, and no more.
    if (current instanceof AggregateError) {
      current = current.errors[0]
    } else if ('code' in current && typeof current.code === 'string') {
      const syscall = 'syscall' in current && typeof current.syscall === 'string' ? current.syscall : null
      return { code: current.code, syscall }
    } else {
      current = current.cause
    }
  }
  return null
}

/** The code of what made a connection fail; null where there is none. */
export const causeCode = (error: unknown): string | null => causeOf(error)?.code ?? null

/** Whether a connection failed before the first byte of a request can have left. False for every other error. */
export function wasNeverSent(error: unknown): boolean {
  const cause = causeOf(error)
  if (cause === null) return false
  return unfound.has(cause.code) || (cause.syscall === 'connect' && unconnected.has(cause.code))
}
