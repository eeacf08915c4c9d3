import { effectsOf, type LedgerEntry } from '../../sandbox/ledger.ts'

/** A server process from when it served until it was killed, in milliseconds since 1970. */
export interface Life {
  servedAt: number
  killedAt: number
}

/** What was under way at the stand-ins when the server was killed. */
export interface InFlight {
  crmWrite: number
  notify: number
}

export const writesOwner = (entry: LedgerEntry) =>
  effectsOf(entry).some(({ kind }) => kind === 'owner-written')

export const isCrmWrite = (entry: LedgerEntry) => writesOwner(entry) || isOwnerPath(entry)

/** One that never took effect counts as well. */
const isOwnerPath = ({ vendor, method, path }: LedgerEntry) =>
  vendor === 'salesforce' && method === 'PATCH' && /\/sobjects\/Lead\/00Q|\/composite\/sobjects$/.test(path)

export const isNotify = ({ vendor, path }: LedgerEntry) =>
  vendor === 'slack' && path.endsWith('/chat.postMessage')

/** Has no answer yet. One that a fault took the answer from never gets any, and is not under way for that. */
export const isUnanswered = ({ answeredAt, fault }: LedgerEntry) => answeredAt === null && fault === null

/**
 * Requests that had arrived when the server was killed and whose answer had not left, by the stand-ins' own clock. Those of an earlier life
 * were cut by its own kill: they stay without an answer for ever.
 */
export function openAt(ledger: readonly LedgerEntry[], { servedAt, killedAt }: Life): LedgerEntry[] {
  return ledger.filter((line) => {
    const receivedAt = Date.parse(line.receivedAt)
    if (receivedAt < servedAt || receivedAt > killedAt) return false
    return isUnanswered(line) || (line.answeredAt !== null && Date.parse(line.answeredAt) >= killedAt)
  })
}

export function inFlightAt(ledger: readonly LedgerEntry[], life: Life): InFlight {
  const open = openAt(ledger, life)
  return { crmWrite: open.filter(isCrmWrite).length, notify: open.filter(isNotify).length }
}
