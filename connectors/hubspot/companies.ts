import { domainToASCII, domainToUnicode } from 'node:url'
import { FilterOperatorEnum } from '@hubspot/api-client/lib/codegen/crm/objects/index.js'
import type { CrmAccount } from '../../columns/ports.ts'
import { searchWords } from '../search-words.ts'
import { companyProperties, mergedIds, toAccounts } from './accounts.ts'
import { isId, refused } from './object-types.ts'
import type { OwnerDirectory } from './owners.ts'
import { orNull, readAs, type Session } from './session.ts'
import { HubspotObject, SearchPage } from './wire.ts'

const pageSize = 200
/** 1,000 companies with one domain are a broken CRM; more pages would only delay saying so. */
const maxPages = 5

type Filter = readonly [property: string, operator: 'Eq' | 'ContainsToken', value: string]

/**
 * The companies whose registrable domain is `domain`, their further domains included. HubSpot's search index is some seconds behind: two
 * leads of a new company may both find none, and it is the claim on the company, not this, that gives them one owner.
 */
export async function findCompanies(
  domain: string,
  owners: OwnerDirectory,
  session: Session,
): Promise<CrmAccount[]> {
  const asked = domain.trim().toLowerCase()
  const wanted = domainToASCII(asked) || asked
  if (wanted === '') {
    throw refused('a search for companies needs a domain')
  }
  // Portals hold international domains in either spelling. Five groups of filters are the most HubSpot takes.
  const written = domainToUnicode(wanted)
  const companies = await search(
    [
      ...[...new Set([wanted, written])].flatMap((each): Filter[][] => [
        [['domain', 'Eq', each]],
        [['domain', 'Eq', `www.${each}`]],
      ]),
      [['hs_additional_domains', 'ContainsToken', wanted]],
    ],
    session,
  )
  const accounts = await toAccounts(companies, owners, session)
  return accounts.filter((account) => account.domain === wanted || account.aliases.includes(wanted))
}

/** Companies whose name has every word of this one, or begins a word like one of them. */
export async function findCompaniesByName(
  name: string,
  owners: OwnerDirectory,
  session: Session,
): Promise<CrmAccount[]> {
  const words = searchWords(name)
  if (words.length === 0) return []
  const all = words.map((word): Filter => ['name', 'ContainsToken', word])
  const starts = words.map((word): Filter[] => [['name', 'ContainsToken', `${beginning(word)}*`]])
  // One page: what shares the beginning of a word with hundreds of companies tells nothing.
  return toAccounts(await search([all, ...starts], session, 1), owners, session)
}

/** The company that the contact with this address belongs to; HubSpot looks at a contact's further addresses too. */
export async function findContactCompanies(
  email: string,
  owners: OwnerDirectory,
  session: Session,
): Promise<CrmAccount[]> {
  const address = email.trim()
  if (address === '') return []
  const answer = session
    .objects()
    .getById('contacts', address, ['associatedcompanyid'], undefined, undefined, false, 'email')
  const companyId = (await orNull(readAs(HubspotObject, answer)))?.properties.associatedcompanyid
  const company = companyId ? await readCompany(companyId, owners, session) : null
  return company === null ? [] : [company]
}

/** The company, or the one that took it in: a merged one can be gone under its own id. */
export async function readCompany(
  id: string,
  owners: OwnerDirectory,
  session: Session,
): Promise<CrmAccount | null> {
  if (!isId(id)) throw refused(`"${id}" is no HubSpot record id`)
  const company = await orNull(
    readAs(HubspotObject, session.objects().getById('companies', id, companyProperties)),
  )
  const found =
    company ??
    (await search([[['hs_merged_object_ids', 'ContainsToken', id]]], session)).find((each) =>
      mergedIds(each).includes(id),
    )
  return found === undefined ? null : ((await toAccounts([found], owners, session))[0] ?? null)
}

/** Companies that fulfil every filter of one of the groups. */
async function search(
  groups: readonly (readonly Filter[])[],
  session: Session,
  pages = maxPages,
): Promise<HubspotObject[]> {
  const filterGroups = groups.map((filters) => ({
    filters: filters.map(([propertyName, operator, value]) => ({
      propertyName,
      operator: FilterOperatorEnum[operator],
      value,
    })),
  }))
  const found: HubspotObject[] = []
  let after: string | undefined
  for (let page = 0; page < pages; page += 1) {
    const request = {
      filterGroups,
      properties: companyProperties,
      limit: pageSize,
      ...(after !== undefined && { after }),
    }
    const { results, paging } = await readAs(SearchPage, session.search().doSearch('companies', request))
    found.push(...results)
    after = paging?.next?.after
    if (after === undefined) return found
  }
  return found
}

function beginning(word: string): string {
  return word.slice(0, Math.max(3, Math.ceil(word.length / 2)))
}
