import type { LedgerEntry } from '../ledger.ts'
import type { Written } from './write.ts'

export type Effect = NonNullable<LedgerEntry['effect']>

/**
 * What a write changed, for the ledger: `record-created`, `owner-written` when the request set an owner or a rule took the
 * record, else `record-updated`. `owner` is the owner afterwards, `asked` the one in the request when a rule chose another.
 */
export function effectOf({ type, record, previous, askedOwner }: Written): Effect {
  const owner = record.OwnerId ?? null
  const overruled = askedOwner !== null && askedOwner !== owner ? { asked: askedOwner } : {}
  if (previous === null) {
    return {
      kind: 'record-created',
      type,
      record: record.Id,
      owner,
      externalId: record.Rota_Row_Id__c ?? null,
      ...overruled,
    }
  }
  if (askedOwner !== null || previous.OwnerId !== owner) {
    return {
      kind: 'owner-written',
      type,
      record: record.Id,
      owner,
      previous: previous.OwnerId ?? null,
      ...overruled,
    }
  }
  return { kind: 'record-updated', type, record: record.Id }
}
