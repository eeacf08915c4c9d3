import { domainToASCII } from 'node:url'
import { getDomain } from 'tldts'
import { z } from 'zod'
import type { CrmAccount, CrmUser } from '../../columns/ports.ts'
import { toCrmUser, User } from './users.ts'

const OwnerFields = User.omit({ Id: true })

/** An account as our queries read it; further fields are those the settings name. */
export const Account = z.looseObject({
  Id: z.string(),
  Name: z.string(),
  Website: z.string().nullable(),
  Type: z.string().nullable(),
  CreatedDate: z.string(),
  LastActivityDate: z.string().nullable(),
  OwnerId: z.string().nullable(),
  Owner: OwnerFields.nullable(),
  ParentId: z.string().nullable(),
  Parent: z
    .object({ Name: z.string(), OwnerId: z.string().nullable(), Owner: OwnerFields.nullable() })
    .nullable(),
  MasterRecordId: z.string().nullable(),
  Opportunities: z.object({ records: z.array(z.object({ Id: z.string() })) }).nullable(),
})
export type Account = z.output<typeof Account>

const ownerFields = (path: string) =>
  ['Name', 'Email', 'IsActive', 'UserType'].map((field) => `${path}.${field}`).join(', ')
/** What is selected of an account. */
export const accountFields =
  'Id, Name, Website, Type, CreatedDate, LastActivityDate, MasterRecordId, ' +
  `OwnerId, ${ownerFields('Owner')}, ParentId, Parent.Name, Parent.OwnerId, ${ownerFields('Parent.Owner')}, ` +
  '(SELECT Id FROM Opportunities WHERE IsClosed = FALSE LIMIT 1)'

/** An account in Rota's words; `aliases` names the field with its further domains. */
export function toCrmAccount(
  account: Account,
  { userId, aliases }: { userId: string | null; aliases: string | null },
): CrmAccount {
  const { ParentId, Parent, Website } = account
  return {
    id: account.Id,
    name: account.Name,
    domain: Website === null ? null : registrableDomain(Website),
    website: Website,
    aliases: aliases === null ? [] : domainsIn(account[aliases]),
    relationship: relationshipOf(account),
    owner: ownerOf(account, userId),
    parent:
      ParentId === null || Parent === null
        ? null
        : { id: ParentId, name: Parent.Name, ownerId: Parent.OwnerId, owner: ownerOf(Parent, userId) },
    mergedInto: account.MasterRecordId,
    lastActivityAt: account.LastActivityDate === null ? null : toIso(account.LastActivityDate),
    createdAt: toIso(account.CreatedDate),
  }
}

function domainsIn(text: unknown): string[] {
  if (typeof text !== 'string') return []
  const domains = text.split(/[\s,;|]+/).map((each) => (each === '' ? null : registrableDomain(each)))
  return [...new Set(domains.filter((each) => each !== null))]
}

/**
 * The registrable domain of a URL or host name in ASCII form; null when there is none. Private suffixes count, or every
 * customer of a web host would share the host's domain.
 */
export function registrableDomain(text: string): string | null {
  const domain = getDomain(text.trim(), { allowPrivateDomains: true })
  if (domain === null) return null
  const ascii = domainToASCII(domain)
  return ascii === '' ? null : ascii
}

function relationshipOf(account: Account): CrmAccount['relationship'] {
  // Salesforce ships the types "Customer - Direct" and "Customer - Channel"; orgs shorten them.
  if (/^customer\b/i.test(account.Type ?? '')) return 'customer'
  return (account.Opportunities?.records.length ?? 0) > 0 ? 'open-opportunity' : 'prospect'
}

/** Who owns a record, from its `OwnerId` and what the owner relation shows. */
export function ownerOf(record: OwnedBy, ownUserId: string | null): CrmUser | null {
  const { OwnerId, Owner } = record
  if (OwnerId === null) return null
  if (OwnerId.startsWith('00G')) {
    return { id: OwnerId, name: Owner?.Name ?? OwnerId, email: null, active: true, kind: 'queue' }
  }
  // An owner we may not see is still an owner. Should they be inactive, the write says so.
  if (Owner === null) return { id: OwnerId, name: OwnerId, email: null, active: true, kind: 'person' }
  const user = { ...Owner, Id: OwnerId, Email: Owner.Email ?? null, IsActive: Owner.IsActive ?? true }
  return toCrmUser(user, ownUserId)
}

interface OwnedBy {
  OwnerId: string | null
  Owner: {
    Name: string
    Email?: string | null | undefined
    IsActive?: boolean | null | undefined
    UserType?: string | null | undefined
  } | null
}

/** A time of Salesforce's as ISO: it writes the zone as `+0000`, and a date without a time for the last activity. */
export function toIso(time: string): string {
  return new Date(time.replace(/([+-]\d{2})(\d{2})$/, '$1:$2')).toISOString()
}
