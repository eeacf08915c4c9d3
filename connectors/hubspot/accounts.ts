import { domainToASCII } from 'node:url'
import { getDomain } from 'tldts'
import type { CrmAccount, ParentAccount } from '../../columns/ports.ts'
import { batchSize } from './batch-writer.ts'
import { type OwnerDirectory, toCrmUser } from './owners.ts'
import { readAs, type Session } from './session.ts'
import { BatchAnswer, type HubspotObject, isoTime } from './wire.ts'

/** What is read of a company. */
export const companyProperties = [
  'name',
  'domain',
  'website',
  'hs_additional_domains',
  'hs_parent_company_id',
  'hs_merged_object_ids',
  'hubspot_owner_id',
  'lifecyclestage',
  'notes_last_updated',
  'createdate',
]

/** Companies as accounts, with their owners and parents. */
export async function toAccounts(
  companies: readonly HubspotObject[],
  owners: OwnerDirectory,
  session: Session,
): Promise<CrmAccount[]> {
  const parents = await readParents(companies, owners, session)
  const survivors = new Map(companies.flatMap((company) => mergedIds(company).map((id) => [id, company.id])))
  return Promise.all(
    companies.map(async (company) => {
      const { name, domain, website, lifecyclestage, createdate, notes_last_updated } = company.properties
      return {
        id: company.id,
        name: name ?? '',
        domain: registrable(domain),
        website: website || domain || null,
        aliases: listed(company.properties.hs_additional_domains).flatMap((each) => registrable(each) ?? []),
        relationship: relationshipOf(lifecyclestage ?? null),
        owner: await ownerOf(company, owners, session),
        parent: parents.get(company.properties.hs_parent_company_id ?? '') ?? null,
        // The index may still show a company some seconds after it was merged into another one.
        mergedInto: survivors.get(company.id) ?? null,
        lastActivityAt: isoTime(notes_last_updated),
        createdAt: isoTime(createdate ?? company.createdAt) ?? new Date(0).toISOString(),
      }
    }),
  )
}

/** Ids of the companies that were merged into this one. */
export function mergedIds(company: HubspotObject): string[] {
  return listed(company.properties.hs_merged_object_ids)
}

async function readParents(
  companies: readonly HubspotObject[],
  owners: OwnerDirectory,
  session: Session,
): Promise<Map<string, ParentAccount>> {
  const ids = new Set(companies.flatMap(({ properties }) => properties.hs_parent_company_id || []))
  const parents = new Map<string, ParentAccount>()
  const wanted = [...ids]
  for (let start = 0; start < wanted.length; start += batchSize) {
    const inputs = wanted.slice(start, start + batchSize).map((id) => ({ id }))
    const request = { inputs, properties: ['name', 'hubspot_owner_id'], propertiesWithHistory: [] }
    const { results } = await readAs(BatchAnswer, session.batches().read('companies', request))
    for (const parent of results) {
      parents.set(parent.id, {
        id: parent.id,
        name: parent.properties.name ?? '',
        ownerId: parent.properties.hubspot_owner_id || null,
        owner: await ownerOf(parent, owners, session),
      })
    }
  }
  return parents
}

async function ownerOf(company: HubspotObject, owners: OwnerDirectory, session: Session) {
  const ownerId = company.properties.hubspot_owner_id
  const owner = ownerId ? await owners.findById(ownerId, session) : null
  return owner === null ? null : toCrmUser(owner)
}

/** People type whole addresses into the domain field; compare what can be registered, in ASCII. Tenants of a shared host stay apart. */
function registrable(value: string | null | undefined): string | null {
  if (!value) return null
  const domain = getDomain(value, { allowPrivateDomains: true }) ?? value.trim().toLowerCase()
  return domainToASCII(domain) || domain
}

function listed(value: string | null | undefined): string[] {
  return (value ?? '')
    .split(';')
    .map((each) => each.trim())
    .filter((each) => each !== '')
}

function relationshipOf(stage: string | null): CrmAccount['relationship'] {
  if (stage === 'customer') return 'customer'
  return stage === 'opportunity' ? 'open-opportunity' : 'prospect'
}
