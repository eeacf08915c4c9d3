import { CallFailure } from '../../columns/errors.ts'

/** The types of records that have an owner whom we set: our name, HubSpot's in addresses, and its number in the addresses of pages. */
const objectTypes = {
  contact: { path: 'contacts', number: '0-1' },
  company: { path: 'companies', number: '0-2' },
  lead: { path: 'leads', number: '0-136' },
} as const
export type ObjectType = keyof typeof objectTypes

/** A type's name in addresses: `contacts`. */
export function pathOf(type: ObjectType): (typeof objectTypes)[ObjectType]['path'] {
  return objectTypes[type].path
}

/** A type's number in the addresses of pages: `0-1`. */
export function numberOf(type: ObjectType): string {
  return objectTypes[type].number
}

/** The type that a record names, in any of HubSpot's ways, or a failure for types whose owner we never set. */
export function objectType(named: string): ObjectType {
  for (const type of ['contact', 'company', 'lead'] as const) {
    const { path, number } = objectTypes[type]
    if (named === type || named === path || named === number) return type
  }
  throw refused(`HubSpot records are "contact", "company" or "lead", not "${named}"`)
}

/** Ids come from rows that strangers filled in. */
export function isId(value: string): boolean {
  return /^\d{1,20}$/.test(value)
}

/** A request that HubSpot would refuse, or worse understand as another one. */
export function refused(message: string): CallFailure {
  return new CallFailure('invalid-request', message, { retryable: false })
}
