import type { CrmRecord } from '../../columns/ports.ts'
import { createMemo } from '../memo.ts'
import { accountDetails } from './addresses.ts'
import { numberOf, type ObjectType, pathOf } from './object-types.ts'
import { type OwnerDirectory, toCrmUser } from './owners.ts'
import { readAs, type Session } from './session.ts'
import { AccountDetails, type HubspotObject, isoTime } from './wire.ts'

/** The properties that a record is made of. A type without one of them answers with null for it. */
export const recordProperties = ['hubspot_owner_id', 'email', 'notes_last_updated', 'createdate']

/** Makes records: knows the account's number, and with it where their pages are, and who their owners are. */
export function recordPages(owners: OwnerDirectory) {
  const account = createMemo<AccountDetails | null>({
    ttlMs: (details) => (details === null ? 300_000 : Number.POSITIVE_INFINITY),
    maxEntries: 1,
  })

  /** The page of a record. Without the account's number it has no address, but an address must not cost us a result. */
  async function pageOf(type: ObjectType, id: string, session: Session): Promise<string> {
    const details = await account.get('', () =>
      readAs(AccountDetails, session.json('GET', accountDetails)).catch(() => null),
    )
    if (details !== null) {
      return `https://${details.uiDomain}/contacts/${details.portalId}/record/${numberOf(type)}/${id}`
    }
    return `${session.baseUrl}/crm/v3/objects/${pathOf(type)}/${id}`
  }

  return {
    pageOf,

    /** HubSpot's object as Rota's record. */
    async toRecord(type: ObjectType, object: HubspotObject, session: Session): Promise<CrmRecord> {
      const { hubspot_owner_id, notes_last_updated, createdate } = object.properties
      const ownerId = hubspot_owner_id || null
      const [owner, url] = await Promise.all([
        ownerId === null ? null : owners.findById(ownerId, session),
        pageOf(type, object.id, session),
      ])
      return {
        type,
        id: object.id,
        ownerId,
        owner: owner === null ? null : toCrmUser(owner),
        url,
        lastActivityAt: isoTime(notes_last_updated),
        createdAt: isoTime(createdate ?? object.createdAt),
      }
    },
  }
}

export type RecordPages = ReturnType<typeof recordPages>
