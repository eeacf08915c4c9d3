import type { CrmUser } from '../../columns/ports.ts'
import { createMemo } from '../memo.ts'
import { orNull, readAs, type Session } from './session.ts'
import { HubspotOwner, OwnerPage } from './wire.ts'

/** Long enough for a burst of leads of one company, short enough that a deactivated owner is noticed. */
const ttlMs = 60_000

/** Finds HubSpot's owners; the ones found by id are remembered for a minute. */
export function ownerDirectory() {
  const byId = createMemo<HubspotOwner | null>({ ttlMs: () => ttlMs, maxEntries: 10_000 })

  return {
    /** The owner with this id, deactivated ones included; null when HubSpot has none. */
    findById: (id: string, session: Session): Promise<HubspotOwner | null> =>
      byId.get(id, async () => (await ownerById(id, false, session)) ?? ownerById(id, true, session)),

    /** The owner with this e-mail, an active one before a deactivated one. */
    findByEmail: async (email: string, session: Session): Promise<HubspotOwner | null> =>
      (await ownerByEmail(email, false, session)) ?? ownerByEmail(email, true, session),
  }
}

export type OwnerDirectory = ReturnType<typeof ownerDirectory>

/** An owner in Rota's words. The id is the owner id, the one that `hubspot_owner_id` holds. */
export function toCrmUser(owner: HubspotOwner): CrmUser {
  const name = [owner.firstName, owner.lastName].filter(Boolean).join(' ')
  return {
    id: owner.id,
    name: name || owner.email || `owner ${owner.id}`,
    email: owner.email ?? null,
    active: !owner.archived,
    kind: owner.type === 'QUEUE' ? 'queue' : 'person',
  }
}

/** HubSpot keeps deactivated users apart: one request sees either those or the others. */
function ownerById(id: string, archived: boolean, session: Session): Promise<HubspotOwner | null> {
  if (!/^\d+$/.test(id)) return Promise.resolve(null)
  return orNull(readAs(HubspotOwner, session.owners().getById(Number(id), 'id', archived)))
}

async function ownerByEmail(
  email: string,
  archived: boolean,
  session: Session,
): Promise<HubspotOwner | null> {
  const { results } = await readAs(OwnerPage, session.owners().getPage(email, undefined, 100, archived))
  return results.find((owner) => owner.email?.toLowerCase() === email.toLowerCase()) ?? null
}
