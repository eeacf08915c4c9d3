import { SalesforceError } from './errors.ts'
import type { TypeName } from './schema.ts'
import { complete, type Org, toDateTime } from './state.ts'
import type { SalesforceRecord } from './store.ts'

/** What may befall the next record that is written, each once. */
export const troubleNames = [
  'row-lock',
  'inactive-owner',
  'record-deleted',
  'record-converted',
  'record-merged',
  'owner-overwritten',
  'taken-by-colleague',
  'duplicates',
] as const
export type Trouble = (typeof troubleNames)[number]

/** Troubles that are switched on and have not happened yet. */
export interface Troubles {
  add(name: string): void
  /** True when it is due: then it happens now, and is over. */
  take(trouble: Trouble): boolean
  clear(): void
}

export function createTroubles(): Troubles {
  let waiting: Trouble[] = []
  return {
    add(name) {
      const known = troubleNames.find((each) => each === name)
      if (known === undefined) throw new Error(`the org has no trouble called ${name}`)
      waiting.push(known)
    },
    take(trouble) {
      const index = waiting.indexOf(trouble)
      if (index === -1) return false
      waiting = waiting.toSpliced(index, 1)
      return true
    },
    clear() {
      waiting = []
    },
  }
}

export interface WrittenNow {
  type: TypeName
  id: string
  ownerId: unknown
  now: number
}

/** What somebody else does to a record, or to its new owner, between our last look and our write. */
export function befall(org: Org, troubles: Troubles, { type, id, ownerId, now }: WrittenNow): void {
  const { store } = org
  if (troubles.take('row-lock')) {
    const message = `unable to obtain exclusive access to this record or 1 records: ${id}`
    throw new SalesforceError(400, 'UNABLE_TO_LOCK_ROW', message)
  }
  const user = typeof ownerId === 'string' ? store.get('User', ownerId) : null
  if (user !== null && troubles.take('inactive-owner')) store.put('User', { ...user, IsActive: false })
  const record = store.get(type, id)
  if (record === null) return
  const around = { store, createdAt: toDateTime(now), ownerId: org.integrationUserId }
  if (troubles.take('record-deleted')) store.remove(type, record.Id)
  if (type === 'Lead' && troubles.take('record-converted')) {
    const { FirstName = null, LastName = null, Email = null, OwnerId = null } = record
    const owner = store.get('User', String(OwnerId)) === null ? org.integrationUserId : OwnerId
    const contact = complete('Contact', { FirstName, LastName, Email, OwnerId: owner }, around)
    store.put('Contact', contact)
    store.put('Lead', { ...record, IsConverted: true, ConvertedContactId: contact.Id })
  }
  if (typeof ownerId === 'string' && troubles.take('taken-by-colleague'))
    takeOver(org, type, { record, ownerId, now })
  if ('MasterRecordId' in record && troubles.take('record-merged')) {
    const { Id: _, ...values } = record
    const master = complete(type, { ...values, Rota_Row_Id__c: null }, around)
    store.put(type, master)
    store.put(type, { ...record, IsDeleted: true, MasterRecordId: master.Id, Rota_Row_Id__c: null })
  }
}

/** Somebody else owns it from now on. Salesforce compares whole seconds, so it is at least one later than the last change. */
function takeOver(
  { store, integrationUserId }: Org,
  type: TypeName,
  { record, ownerId, now }: { record: SalesforceRecord; ownerId: string; now: number },
): void {
  const taken = new Set([ownerId, record.OwnerId, integrationUserId])
  for (const user of store.all('User')) {
    if (user.IsActive !== true || user.UserType !== 'Standard' || taken.has(user.Id)) continue
    const changedAt = toDateTime(Math.max(now, Date.parse(String(record.LastModifiedDate)) + 1_000))
    store.put(type, { ...record, OwnerId: user.Id, LastModifiedDate: changedAt, SystemModstamp: changedAt })
    return
  }
}
