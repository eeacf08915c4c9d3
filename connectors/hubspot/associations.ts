import { CallFailure } from '../../columns/errors.ts'
import { createMemo } from '../memo.ts'
import { associationLabels } from './addresses.ts'
import { type NewObject, readAs, type Session } from './session.ts'
import { AssociationLabels, AssociationPage } from './wire.ts'

/** HubSpot's numbers of the associations we make when we create a record. */
export const associationTypes = {
  contactToCompany: 279,
  leadToPrimaryContact: 578,
  taskToContact: 204,
  taskToCompany: 192,
} as const

/** The link to a record, by the number of the association. */
export function linkTo(id: string, associationTypeId: number): NewObject['associations'][number] {
  return { to: { id }, associationTypeId }
}

const pageSize = 500
/** A record with 5,000 associations of one type is found out about no further. */
const maxPages = 10

/** Ids of the records of type `to` that a record is linked with. Associations can be read as soon as they are made; no index lags. */
export async function associatedIds(
  from: { path: string; id: string },
  to: string,
  session: Session,
): Promise<string[]> {
  const ids: string[] = []
  let after: string | undefined
  for (let page = 0; page < maxPages; page += 1) {
    const answer = session.associations().getPage(from.path, from.id, to, after, pageSize)
    const { results, paging } = await readAs(AssociationPage, answer)
    ids.push(...results.map(({ toObjectId }) => toObjectId))
    after = paging?.next?.after
    if (after === undefined) return ids
  }
  return ids
}

/** The number of the unlabelled association between two types, from the account itself; asked for once. */
export function associationNumbers() {
  const known = createMemo<number>({ ttlMs: () => Number.POSITIVE_INFINITY, maxEntries: 20 })
  return (from: string, to: string, session: Session): Promise<number> =>
    known.get(`${from} ${to}`, async () => {
      const { results } = await readAs(AssociationLabels, session.json('GET', associationLabels(from, to)))
      const own = results.filter(({ category }) => category === 'HUBSPOT_DEFINED')
      const found = own.find(({ label }) => label === null || label === undefined) ?? own[0]
      if (found !== undefined) return found.typeId
      throw new CallFailure('invalid-request', `HubSpot has no association of ${from} with ${to}`, {
        retryable: false,
      })
    })
}
