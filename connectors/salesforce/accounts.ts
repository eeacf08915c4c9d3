import { domainToUnicode } from 'node:url'
import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import type { CrmAccount } from '../../columns/ports.ts'
import type { RunningCall } from '../call.ts'
import { searchWords } from '../search-words.ts'
import { Account, accountFields, registrableDomain, toCrmAccount } from './account-shape.ts'
import { requireId } from './ids.ts'
import { query } from './query.ts'
import type { Session } from './session.ts'
import { like, literal } from './soql.ts'

/** More accounts than this share a word of a name only by being common words. */
const maxByName = 200

/** Accounts whose website has this registrable domain, or that name it among their further domains; oldest first. */
export async function findAccounts(
  session: Session,
  domain: string,
  call: RunningCall,
): Promise<CrmAccount[]> {
  const wanted = registrableDomain(domain)
  if (wanted === null) return refuseOrNone(domain)
  const aliases = aliasField(session)
  const places = aliases === null ? ['Website'] : ['Website', aliases]
  const found = await findWhere(
    session,
    `(${places.map((each) => domainFilter(each, wanted)).join(' OR ')})`,
    { call },
  )
  return found.filter((account) => account.domain === wanted || account.aliases.includes(wanted))
}

/** Accounts whose name has every word of this one, or failing that any of them. */
export async function findAccountsByName(
  session: Session,
  name: string,
  call: RunningCall,
): Promise<CrmAccount[]> {
  const words = searchWords(name)
  if (words.length === 0) return []
  const has = (word: string) => `Name LIKE ${like('%', word, '%')}`
  const all = await findWhere(session, `(${words.map(has).join(' AND ')})`, { call, limit: maxByName })
  if (all.length > 0 && words.length > 1) return all
  // The start of a word is what typing errors leave right most often.
  const starts = words.flatMap((word) =>
    ['', '% '].map((before) => `Name LIKE ${like(before, beginning(word), '%')}`),
  )
  return findWhere(session, `(${starts.join(' OR ')})`, { call, limit: maxByName })
}

/** Accounts of the contacts with this address. */
export async function findContactAccounts(
  session: Session,
  email: string,
  call: RunningCall,
): Promise<CrmAccount[]> {
  const address = email.trim()
  if (address === '') return []
  const soql =
    `SELECT AccountId FROM Contact WHERE Email = ${literal(address)} AND AccountId != NULL ` +
    'ORDER BY CreatedDate ASC LIMIT 200'
  const contacts = await query(session, soql, { record: z.object({ AccountId: z.string() }), call })
  const ids = [...new Set(contacts.map(({ AccountId }) => AccountId))]
  return ids.length === 0 ? [] : findWhere(session, `Id IN (${ids.map(literal).join(', ')})`, { call })
}

/** The account, or the one that took it in: Salesforce keeps merged accounts as deleted ones that name their master. */
export async function readAccount(
  session: Session,
  id: string,
  call: RunningCall,
): Promise<CrmAccount | null> {
  let wanted = requireId(id, ['Account'])
  // Merges of merges happen; a handful is plenty.
  for (let step = 0; step < 5; step += 1) {
    const where = `Id = ${literal(wanted)}`
    const soql = `SELECT Id, IsDeleted, MasterRecordId FROM Account WHERE ${where} LIMIT 1`
    const [found] = await query(session, soql, { record: Tombstone, call, deleted: true })
    if (found === undefined) return null
    if (!found.IsDeleted) return (await findWhere(session, where, { call }))[0] ?? null
    if (found.MasterRecordId === null) return null
    wanted = found.MasterRecordId
  }
  return null
}

const Tombstone = z.object({ Id: z.string(), IsDeleted: z.boolean(), MasterRecordId: z.string().nullable() })

async function findWhere(
  session: Session,
  where: string,
  { call, limit }: { call: RunningCall; limit?: number },
): Promise<CrmAccount[]> {
  const aliases = aliasField(session)
  const soql =
    `SELECT ${aliases === null ? accountFields : `${accountFields}, ${aliases}`} FROM Account WHERE ${where} ` +
    `ORDER BY CreatedDate ASC, Id ASC${limit === undefined ? '' : ` LIMIT ${limit}`}`
  const found = await query(session, soql, { record: Account, call })
  const { userId } = await session.identity(call)
  return found.map((account) => toCrmAccount(account, { userId, aliases }))
}

/** The setting names a field that goes into the query as it stands. */
function aliasField({ settings }: Session): string | null {
  const field = settings.aliasField ?? null
  if (field === null || /^[A-Za-z]\w*$/.test(field)) return field
  throw new CallFailure('invalid-request', `salesforce: aliasField "${field}" is no field name`, {
    retryable: false,
  })
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

/** The field holds URLs or domains in any form, so the domain may follow the start, a separator, a slash or a dot. Compared exactly afterwards. */
function domainFilter(field: string, domain: string): string {
  const forms = [...new Set([domain, domainToUnicode(domain)])]
  const before = field === 'Website' ? ['', '%/', '%.'] : ['', '%/', '%.', '% ', '%,', '%;', '%|']
  const patterns = forms.flatMap((form) => before.map((start) => like(start, form, '%')))
  return `(${patterns.map((pattern) => `${field} LIKE ${pattern}`).join(' OR ')})`
}

function beginning(word: string): string {
  return word.slice(0, Math.max(3, Math.ceil(word.length / 2)))
}
