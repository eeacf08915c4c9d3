import type { Call } from '../../columns/ports.ts'
import { startCall } from '../call.ts'
import { type Access, accessOf, type HubspotSettings } from './access.ts'
import { type RecordBatches, recordBatches } from './batches.ts'
import { type OwnerDirectory, ownerDirectory } from './owners.ts'
import { type RecordPages, recordPages, recordProperties } from './pages.ts'
import { openSession, type Session } from './session.ts'

/** What the parts of the connector share: how HubSpot is reached, what is remembered of it, and the batches that are being filled. */
export interface Hub {
  access: Access
  owners: OwnerDirectory
  pages: RecordPages
  batches: RecordBatches
  /** Starts a port call. */
  open(call: Call): Session
}

/** The shared parts for one token. */
export function createHub(settings: HubspotSettings): Hub {
  const access = accessOf(settings)
  const owners = ownerDirectory(access)
  return {
    access,
    owners,
    pages: recordPages(owners),
    batches: recordBatches(access, recordProperties),
    open: (call) => openSession(access, startCall(call, access.budget)),
  }
}
