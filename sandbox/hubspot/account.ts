import { createLinks, type Links } from './links.ts'
import { createObjectStore, type ObjectStore, type StoredObject } from './objects.ts'
import { type Enrolment, HubspotState, type Owner } from './state.ts'

export const objectTypes = ['contacts', 'companies', 'leads', 'tasks', 'calls', 'meetings', 'emails'] as const
export type ObjectType = (typeof objectTypes)[number]

/** Where the ids of new records start, so that an id shows its type. */
const firstIds: Record<ObjectType, number> = {
  contacts: 100_000_000_001,
  companies: 200_000_000_001,
  calls: 300_000_000_001,
  meetings: 400_000_000_001,
  emails: 500_000_000_001,
  leads: 600_000_000_001,
  tasks: 700_000_000_001,
}

/** The types a record's links are listed with in the state. One end is enough: links hold in both directions. */
const linkedTypes = { contact: 'contacts', company: 'companies', lead: 'leads' } as const
const listedLinks: Record<ObjectType, readonly (keyof typeof linkedTypes)[]> = {
  contacts: ['company'],
  companies: [],
  leads: ['contact', 'company'],
  tasks: ['contact', 'company', 'lead'],
  calls: ['contact', 'company', 'lead'],
  meetings: ['contact', 'company', 'lead'],
  emails: ['contact', 'company', 'lead'],
}

/** One HubSpot account in memory. */
export interface Account {
  now(): number
  settings: Omit<HubspotState, ObjectType | 'owners' | 'enrolments'>
  owners: Map<string, Owner & { userId: number }>
  objects: Record<ObjectType, ObjectStore>
  links: Links
  /** By contact: HubSpot lets a contact be in one sequence at a time. */
  enrolments: Map<string, Enrolment>
  /** When each of the last requests came, in milliseconds, and those to the search; how many came in all. */
  requests: { recent: number[]; searches: number[]; total: number }
  /** What is to happen in the middle of the next request that it concerns, by the name of the fault: how many times. */
  armed: Map<string, number>
}

/** Builds an account from a state; throws a `ZodError` on a state it does not understand. */
export function openAccount(input: unknown, now: () => number): Account {
  const state = HubspotState.parse(input)
  const store = (type: ObjectType) => createObjectStore(firstIds[type])
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
      contacts: store('contacts'),
      companies: store('companies'),
      leads: store('leads'),
      tasks: store('tasks'),
      calls: store('calls'),
      meetings: store('meetings'),
      emails: store('emails'),
    },
    links: createLinks(),
    enrolments: new Map(state.enrolments.map((enrolment) => [enrolment.contactId, enrolment])),
    requests: { recent: [], searches: [], total: 0 },
    armed: new Map(),
  }
  for (const type of objectTypes) for (const record of state[type]) place(account, type, record)
  return account
}

/** Switches a fault on for one more request. */
export function arm({ armed }: Account, name: string): void {
  armed.set(name, (armed.get(name) ?? 0) + 1)
}

/** Is the fault to happen now? Then it is used up by one. */
export function strikes({ armed }: Account, name: string): boolean {
  const times = armed.get(name) ?? 0
  if (times > 0) armed.set(name, times - 1)
  return times > 0
}

function place(account: Account, type: ObjectType, record: HubspotState[ObjectType][number]): void {
  const store = account.objects[type]
  const at = record.createdAt ?? new Date(account.now()).toISOString()
  const id = record.id ?? store.nextId()
  store.put({ id, properties: { createdate: at, ...record.properties }, createdAt: at, updatedAt: at })
  for (const name of ['contact', 'company', 'lead'] as const) {
    for (const each of record.associations?.[name] ?? []) {
      account.links.add({ type, id }, { type: linkedTypes[name], id: each })
    }
  }
}

/** The account as a state that can be loaded again. */
export function toState(account: Account): HubspotState {
  const { settings } = account
  const records = (type: ObjectType) =>
    Array.from(account.objects[type].all(), ({ id, properties, createdAt }) => {
      const associations = linksOf(account, type, id)
      return { id, properties, createdAt, ...(associations !== null && { associations }) }
    })
  return {
    ...settings,
    owners: [...account.owners.values()],
    contacts: records('contacts'),
    companies: records('companies'),
    leads: records('leads'),
    tasks: records('tasks'),
    calls: records('calls'),
    meetings: records('meetings'),
    emails: records('emails'),
    enrolments: [...account.enrolments.values()],
  }
}

function linksOf(account: Account, type: ObjectType, id: string) {
  const found = listedLinks[type].map(
    (name) => [name, account.links.of({ type, id }, linkedTypes[name])] as const,
  )
  if (found.every(([, ids]) => ids.length === 0)) return null
  const links = Object.fromEntries(found)
  return { contact: links.contact ?? [], company: links.company ?? [], lead: links.lead ?? [] }
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

/** The properties of a type whose values are unique, beside the id. */
export function uniqueProperties(account: Account, type: ObjectType): readonly string[] {
  if (type === 'contacts') return ['email', ...account.settings.uniqueProperties]
  return type === 'leads' ? account.settings.uniqueProperties : []
}

/** May records of this type be addressed by this property? */
export function isUnique(account: Account, type: ObjectType, idProperty: string | undefined): boolean {
  if (idProperty === undefined || idProperty === 'hs_object_id') return true
  return uniqueProperties(account, type).includes(idProperty)
}
