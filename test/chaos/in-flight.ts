import { effectsOf, type LedgerEntry } from '../../sandbox/ledger.ts'

/** What was under way at the stand-ins when the server was killed. */
export interface InFlight {
  crmWrite: number
  notify: number
}

export const isCrmWrite = (entry: LedgerEntry) =>
  effectsOf(entry).some(({ kind }) => kind === 'owner-written') || isOwnerPath(entry)

/** One that never took effect counts as well. */
const isOwnerPath = ({ vendor, method, path }: LedgerEntry) =>
  vendor === 'salesforce' && method === 'PATCH' && /\/sobjects\/Lead\/00Q|\/composite\/sobjects$/.test(path)

export const isNotify = ({ vendor, path }: LedgerEntry) =>
  vendor === 'slack' && path.endsWith('/chat.postMessage')

/** Requests that had arrived when the server was killed and whose answer had not left, by the stand-ins' own clock. */
export function inFlightAt(ledger: readonly LedgerEntry[], killedAt: number): InFlight {
  const open = ledger.filter(
    ({ receivedAt, answeredAt }) =>
      Date.parse(receivedAt) <= killedAt && (answeredAt === null || Date.parse(answeredAt) >= killedAt),
  )
  return { crmWrite: open.filter(isCrmWrite).length, notify: open.filter(isNotify).length }
}
