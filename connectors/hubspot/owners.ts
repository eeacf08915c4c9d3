import type { CrmUser } from '../../columns/ports.ts'
import { createGatherer, type Result } from '../gather.ts'
import { createMemo } from '../memo.ts'
import type { Access } from './access.ts'
import { openSession, orNull, readAs, type Session } from './session.ts'
import { HubspotOwner, OwnerPage } from './wire.ts'

/** Long enough for a burst of leads of one company, short enough that a deactivated owner is noticed. */
const ttlMs = 60_000
const pageSize = 100
/** 10,000 owners are more than any account has; a list without an end must still end. */
const maxPages = 100

/** Finds HubSpot's owners; the ones found by id are remembered for a minute. */
export function ownerDirectory(access: Access) {
  const byId = createMemo<HubspotOwner | null>({ ttlMs: () => ttlMs, maxEntries: 10_000 })
  // Owners cannot be read in batches: who asks for several reads the list.
  const gatherer = createGatherer<string, HubspotOwner | null>({
    request: { vendor: 'HubSpot', method: 'GET', url: `${access.baseUrl}/crm/v3/owners/`, write: false },
    max: 10_000,
    one: (id, call) => ownerById(id, openSession(access, call)),
    many: (ids, call) => ownersListed(ids, openSession(access, call)),
  })

  return {
    /** The owner with this id, deactivated ones included; null when HubSpot has none. */
    findById: (id: string, session: Session): Promise<HubspotOwner | null> =>
      /^\d{1,15}$/.test(id) ? byId.get(id, () => gatherer.ask(id, session.running)) : Promise.resolve(null),

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
async function ownerById(id: string, session: Session): Promise<HubspotOwner | null> {
  const read = (archived: boolean) =>
    orNull(readAs(HubspotOwner, session.owners().getById(Number(id), 'id', archived)))
  return (await read(false)) ?? read(true)
}

async function ownersListed(
  ids: readonly string[],
  session: Session,
): Promise<Result<HubspotOwner | null>[]> {
  const found = new Map<string, HubspotOwner>()
  for (const archived of [false, true]) {
    let after: string | undefined
    for (let page = 0; page < maxPages && ids.some((id) => !found.has(id)); page += 1) {
      const answer = session.owners().getPage(undefined, after, pageSize, archived)
      const { results, paging } = await readAs(OwnerPage, answer)
      for (const owner of results) found.set(owner.id, owner)
      after = paging?.next?.after
      if (after === undefined) break
    }
  }
  return ids.map((id) => ({ value: found.get(id) ?? null }))
}

async function ownerByEmail(
  email: string,
  archived: boolean,
  session: Session,
): Promise<HubspotOwner | null> {
  const { results } = await readAs(OwnerPage, session.owners().getPage(email, undefined, pageSize, archived))
  return results.find((owner) => owner.email?.toLowerCase() === email.toLowerCase()) ?? null
}
