import { createObjectStore, type ObjectStore, type StoredObject } from './objects.ts'
import { type Enrolment, HubspotState, type Owner } from './state.ts'

export const objectTypes = ['contacts', 'companies', 'calls', 'meetings', 'emails'] as const
export type ObjectType = (typeof objectTypes)[number]

/** One HubSpot account in memory. */
export interface Account {
  now(): number
  settings: Pick<HubspotState, 'tokens' | 'portalId' | 'sequences' | 'uniqueProperties' | 'searchDelayMs'>
  owners: Map<string, Owner & { userId: number }>
  objects: Record<ObjectType, ObjectStore>
  /** By contact: HubSpot lets a contact be in one sequence at a time. */
  enrolments: Map<string, Enrolment>
}

/** Builds an account from a state; throws a `ZodError` on a state it does not understand. */
export function openAccount(input: unknown, now: () => number): Account {
  const state = HubspotState.parse(input)
  const account: Account = {
    now,
    settings: state,
    owners: new Map(
      state.owners.map((owner) => [
        owner.id,
        { ...owner, userId: owner.userId ?? 9_000_000 + Number(owner.id) },
      ]),
    ),
    objects: {
      contacts: createObjectStore(100_000_000_001),
      companies: createObjectStore(200_000_000_001),
      calls: createObjectStore(300_000_000_001),
      meetings: createObjectStore(400_000_000_001),
      emails: createObjectStore(500_000_000_001),
    },
    enrolments: new Map(state.enrolments.map((enrolment) => [enrolment.contactId, enrolment])),
  }
  for (const type of objectTypes) {
    const store = account.objects[type]
    for (const record of state[type]) {
      const at = record.createdAt ?? new Date(now()).toISOString()
      store.put({
        id: record.id ?? store.nextId(),
        properties: { createdate: at, ...record.properties },
        createdAt: at,
        updatedAt: at,
        ...('associations' in record && { associations: record.associations }),
      })
    }
  }
  return account
}

/** The account as a state that can be loaded again. */
export function toState(account: Account): HubspotState {
  const { tokens, portalId, sequences, uniqueProperties, searchDelayMs } = account.settings
  const records = (type: 'contacts' | 'companies') =>
    Array.from(account.objects[type].all(), ({ id, properties, createdAt }) => ({
      id,
      properties,
      createdAt,
    }))
  const engagements = (type: 'calls' | 'meetings' | 'emails') =>
    Array.from(account.objects[type].all(), ({ id, properties, createdAt, associations }) => ({
      id,
      properties,
      createdAt,
      associations: { contact: [], company: [], ...associations },
    }))
  return {
    tokens,
    portalId,
    owners: [...account.owners.values()],
    contacts: records('contacts'),
    companies: records('companies'),
    calls: engagements('calls'),
    meetings: engagements('meetings'),
    emails: engagements('emails'),
    sequences,
    enrolments: [...account.enrolments.values()],
    uniqueProperties,
    searchDelayMs,
  }
}

/** The one record that has this value of a unique property, or this id. */
export function findUnique(
  account: Account,
  type: ObjectType,
  { idProperty, value }: { idProperty: string | undefined; value: string },
): StoredObject | null {
  const store = account.objects[type]
  if (idProperty === undefined || idProperty === 'hs_object_id') return store.get(value)
  const [id] = store.idsWith(idProperty, value)
  return id === undefined ? null : store.get(id)
}

/** May records of this type be addressed by this property? */
export function isUnique(account: Account, type: ObjectType, idProperty: string | undefined): boolean {
  if (idProperty === undefined || idProperty === 'hs_object_id') return true
  return (
    type === 'contacts' && (idProperty === 'email' || account.settings.uniqueProperties.includes(idProperty))
  )
}
