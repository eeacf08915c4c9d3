import { FilterOperatorEnum } from '@hubspot/api-client/lib/codegen/crm/companies/index.js'
import { getDomain } from 'tldts'
import { CallFailure } from '../../columns/errors.ts'
import type { CrmAccount } from '../../columns/ports.ts'
import { type OwnerDirectory, toCrmUser } from './owners.ts'
import { readAs, type Session } from './session.ts'
import { type HubspotObject, SearchPage } from './wire.ts'

const properties = [
  'name',
  'domain',
  'hubspot_owner_id',
  'lifecyclestage',
  'notes_last_updated',
  'createdate',
]
const pageSize = 200
/** 1,000 companies with one domain are a broken CRM; more pages would only delay saying so. */
const maxPages = 5

/** The companies whose registrable domain is `domain`, with their owners. The search index may be some seconds behind. */
export async function findCompanies(
  domain: string,
  owners: OwnerDirectory,
  session: Session,
): Promise<CrmAccount[]> {
  const wanted = domain.trim().toLowerCase()
  if (wanted === '') {
    throw new CallFailure('invalid-request', 'a search for companies needs a domain', { retryable: false })
  }
  const companies = await search(wanted, session)
  return Promise.all(
    companies
      .filter((company) => registrable(company.properties.domain) === wanted)
      .map(async (company) => {
        const ownerId = company.properties.hubspot_owner_id
        const owner = ownerId ? await owners.findById(ownerId, session) : null
        return {
          id: company.id,
          name: company.properties.name ?? '',
          domain: wanted,
          relationship: relationshipOf(company.properties.lifecyclestage ?? null),
          owner: owner === null ? null : toCrmUser(owner),
          lastActivityAt: isoTime(company.properties.notes_last_updated),
          createdAt: isoTime(company.properties.createdate ?? company.createdAt) ?? new Date(0).toISOString(),
        }
      }),
  )
}

async function search(domain: string, session: Session): Promise<HubspotObject[]> {
  const values = [domain, `www.${domain}`]
  const filterGroups = values.map((value) => ({
    filters: [{ propertyName: 'domain', operator: FilterOperatorEnum.Eq, value }],
  }))
  const found: HubspotObject[] = []
  let after: string | undefined
  for (let page = 0; page < maxPages; page += 1) {
    const request = { filterGroups, properties, limit: pageSize, ...(after !== undefined && { after }) }
    const { results, paging } = await readAs(SearchPage, session.companySearch().doSearch(request))
    found.push(...results)
    after = paging?.next?.after
    if (after === undefined) return found
  }
  return found
}

/** People type whole addresses into the domain field; compare what can be registered. */
function registrable(value: string | null | undefined): string | null {
  return value ? (getDomain(value, { allowPrivateDomains: false }) ?? value.trim().toLowerCase()) : null
}

function relationshipOf(stage: string | null): CrmAccount['relationship'] {
  if (stage === 'customer') return 'customer'
  return stage === 'opportunity' ? 'open-opportunity' : 'prospect'
}

function isoTime(value: string | Date | null | undefined): string | null {
  if (!value) return null
  const time = new Date(value)
  return Number.isNaN(time.getTime()) ? null : time.toISOString()
}
