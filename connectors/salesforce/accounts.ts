import { domainToASCII, domainToUnicode } from 'node:url'
import { getDomain } from 'tldts'
import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import type { CrmAccount, CrmUser } from '../../columns/ports.ts'
import type { RunningCall } from '../call.ts'
import { query } from './query.ts'
import type { Session } from './session.ts'
import { like } from './soql.ts'
import { toCrmUser, User } from './users.ts'

const Account = z.object({
  Id: z.string(),
  Name: z.string(),
  Website: z.string().nullable(),
  Type: z.string().nullable(),
  CreatedDate: z.string(),
  LastActivityDate: z.string().nullable(),
  OwnerId: z.string().nullable(),
  Owner: User.omit({ Id: true }).nullable(),
  Opportunities: z.object({ records: z.array(z.object({ Id: z.string() })) }).nullable(),
})

const fields =
  'Id, Name, Website, Type, CreatedDate, LastActivityDate, OwnerId, ' +
  'Owner.Name, Owner.Email, Owner.IsActive, Owner.UserType, ' +
  '(SELECT Id FROM Opportunities WHERE IsClosed = FALSE LIMIT 1)'

/** Accounts whose website has this registrable domain, oldest first. */
export async function findAccounts(
  session: Session,
  domain: string,
  call: RunningCall,
): Promise<CrmAccount[]> {
  const wanted = registrableDomain(domain)
  if (wanted === null) return refuseOrNone(domain)
  const { userId } = await session.identity(call)
  const soql = `SELECT ${fields} FROM Account WHERE ${websiteFilter(wanted)} ORDER BY CreatedDate ASC, Id ASC`
  const candidates = await query(session, soql, { record: Account, call })
  return candidates
    .filter((account) => account.Website !== null && registrableDomain(account.Website) === wanted)
    .map((account) => ({
      id: account.Id,
      name: account.Name,
      domain: wanted,
      relationship: relationshipOf(account),
      owner: ownerOf(account, userId),
      lastActivityAt: account.LastActivityDate === null ? null : toIso(account.LastActivityDate),
      createdAt: toIso(account.CreatedDate),
    }))
}

/**
 * The registrable domain of a URL or host name in ASCII form; null when there is none. Private suffixes count, or every
 * customer of a web host would share the host's domain.
 */
function registrableDomain(text: string): string | null {
  const domain = getDomain(text.trim(), { allowPrivateDomains: true })
  if (domain === null) return null
  const ascii = domainToASCII(domain)
  return ascii === '' ? null : ascii
}

/** A public suffix such as `github.io` is nobody's own domain: no account can be told by it. Anything else is a mistake. */
function refuseOrNone(domain: string): CrmAccount[] {
  if (/^[^\s/@]+\.[^\s/@]+$/.test(domain.trim())) return []
  throw new CallFailure(
    'invalid-request',
    `salesforce: accounts cannot be looked up by the domain "${domain}"`,
    {
      retryable: false,
    },
  )
}

/** `Website` holds a URL in any form, so the domain may follow the start, a slash or a dot. Compared exactly afterwards. */
function websiteFilter(domain: string): string {
  const forms = [...new Set([domain, domainToUnicode(domain)])]
  const patterns = forms.flatMap((form) => [
    like('', form, '%'),
    like('%/', form, '%'),
    like('%.', form, '%'),
  ])
  return `(${patterns.map((pattern) => `Website LIKE ${pattern}`).join(' OR ')})`
}

function relationshipOf(account: z.output<typeof Account>): CrmAccount['relationship'] {
  // Salesforce ships the types "Customer - Direct" and "Customer - Channel"; orgs shorten them.
  if (/^customer\b/i.test(account.Type ?? '')) return 'customer'
  return (account.Opportunities?.records.length ?? 0) > 0 ? 'open-opportunity' : 'prospect'
}

function ownerOf({ OwnerId, Owner }: z.output<typeof Account>, ownUserId: string | null): CrmUser | null {
  if (OwnerId === null) return null
  if (OwnerId.startsWith('00G')) {
    return { id: OwnerId, name: Owner?.Name ?? OwnerId, email: null, active: true, kind: 'queue' }
  }
  // An owner we may not see is still an owner. Should they be inactive, the write says so.
  if (Owner === null) return { id: OwnerId, name: OwnerId, email: null, active: true, kind: 'person' }
  return toCrmUser({ Id: OwnerId, ...Owner }, ownUserId)
}

/** Salesforce writes the zone as `+0000`, and a date without a time for the last activity. */
function toIso(time: string): string {
  return new Date(time.replace(/([+-]\d{2})(\d{2})$/, '$1:$2')).toISOString()
}
