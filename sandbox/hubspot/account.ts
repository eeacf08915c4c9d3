import { createObjectStore, type ObjectStore, type StoredObject } from './objects.ts'
import { type Enrolment, HubspotState, type Owner } from './state.ts'

export type ObjectType = 'contacts' | 'companies'

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
    objects: { contacts: createObjectStore(100_000_000_001), companies: createObjectStore(200_000_000_001) },
    enrolments: new Map(state.enrolments.map((enrolment) => [enrolment.contactId, enrolment])),
  }
  for (const type of ['contacts', 'companies'] as const) {
    const store = account.objects[type]
    for (const { id, properties, createdAt } of state[type]) {
      const at = createdAt ?? new Date(now()).toISOString()
      store.put({
        id: id ?? store.nextId(),
        properties: { createdate: at, ...properties },
        createdAt: at,
        updatedAt: at,
      })
    }
  }
  return account
}

/** The account as a state that can be loaded again. */
export function toState(account: Account): HubspotState {
  const { tokens, portalId, sequences, uniqueProperties, searchDelayMs } = account.settings
  const records = (type: ObjectType) =>
    Array.from(account.objects[type].all(), ({ id, properties, createdAt }) => ({
      id,
      properties,
      createdAt,
    }))
  return {
    tokens,
    portalId,
    owners: [...account.owners.values()],
    contacts: records('contacts'),
    companies: records('companies'),
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
