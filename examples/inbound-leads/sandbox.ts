import type { HubspotState } from '../../sandbox/hubspot/state.ts'
import type { SalesforceStateInput } from '../../sandbox/salesforce/state.ts'
import { idOf } from '../../sandbox/salesforce/store.ts'
import { formerRep as gone, reps } from './team.ts'

const people = Object.values(reps)

/** Companies the CRM knows already: a customer, an open opportunity, one whose owner has left, and one nobody owns. */
const companies = [
  { name: 'Fjordline Ferries', domain: 'fjordline-ferries.example', owner: 5, relationship: 'customer' },
  { name: 'Kestrel Analytics', domain: 'kestrel-analytics.example', owner: 0, relationship: 'opportunity' },
  {
    name: 'Old Harbour Foods',
    domain: 'oldharbourfoods.example',
    owner: people.length,
    relationship: 'customer',
  },
  { name: 'Juniper Mills', domain: 'junipermills.example', owner: null, relationship: 'prospect' },
  { name: 'Tamarind Hotels', domain: 'tamarindhotels.example', owner: 8, relationship: 'customer' },
] as const

/** What enrichment knows of the companies in `leads.csv`. */
const directory = [
  {
    domain: 'brightwell-energy.example',
    name: 'Brightwell Energy',
    country: 'United States',
    industry: 'Energy',
    employees: 2400,
  },
  {
    domain: 'lumenstack.example',
    name: 'Lumenstack',
    country: 'Germany',
    industry: 'Software',
    employees: '201-500',
  },
  {
    domain: 'nordicfreight.example',
    name: 'Nordic Freight',
    country: 'Sweden',
    industry: 'Logistics',
    employees: 640,
  },
  {
    domain: 'sakura-robotics.example',
    name: 'Sakura Robotics',
    country: 'Japan',
    industry: 'Manufacturing',
    employees: 1500,
  },
  {
    domain: 'pampas-agro.example',
    name: 'Pampas Agro',
    country: 'Argentina',
    industry: 'Agriculture',
    employees: 320,
  },
  {
    domain: 'quartzbank.example',
    name: 'Quartz Bank',
    country: 'United Kingdom',
    industry: 'Banking',
    employees: 5200,
  },
  {
    domain: 'maplecare.example',
    name: 'Maple Care',
    country: 'Canada',
    industry: 'Healthcare',
    employees: 180,
  },
]

const userId = (index: number) => idOf('User', index + 1)

function salesforce(): SalesforceStateInput {
  return {
    users: [
      ...people.map((rep, index) => ({ Id: userId(index), Name: rep.name, Email: rep.email })),
      { Id: userId(people.length), Name: gone.name, Email: gone.email, IsActive: false },
      { Id: userId(people.length + 1), Name: 'Rota Integration', Email: 'integration@rota.example' },
    ],
    queues: [{ Id: idOf('Group', 1), Name: 'Lead Triage' }],
    accounts: companies.map(({ name, domain, owner, relationship }, index) => ({
      Id: idOf('Account', index + 1),
      Name: name,
      Website: `https://www.${domain}`,
      OwnerId: owner === null ? idOf('Group', 1) : userId(owner),
      ...(relationship === 'customer' && { Type: 'Customer' }),
    })),
    opportunities: companies.flatMap(({ name, relationship }, index) =>
      relationship === 'opportunity'
        ? [
            {
              Name: `${name} rollout`,
              StageName: 'Negotiation/Review',
              AccountId: idOf('Account', index + 1),
            },
          ]
        : [],
    ),
    cadences: [{ Name: 'Inbound Enterprise' }, { Name: 'Inbound Mid-Market' }, { Name: 'Inbound SMB' }],
    settings: { assignLeadsTo: idOf('Group', 1) },
  }
}

const ownerId = (index: number) => String(77_001 + index)

function hubspot(): Partial<HubspotState> {
  const owner = (index: number, name: string, email: string, archived: boolean) => {
    const [firstName = '', ...rest] = name.split(' ')
    return {
      id: ownerId(index),
      email,
      firstName,
      lastName: rest.join(' '),
      type: 'PERSON' as const,
      archived,
    }
  }
  return {
    owners: [
      ...people.map((rep, index) => owner(index, rep.name, rep.email, false)),
      owner(people.length, gone.name, gone.email, true),
    ],
    companies: companies.map((company, index) => ({
      id: String(9_001 + index),
      properties: {
        name: company.name,
        domain: company.domain,
        lifecyclestage: company.relationship === 'prospect' ? 'lead' : company.relationship,
        ...(company.owner !== null && { hubspot_owner_id: ownerId(company.owner) }),
      },
    })),
    sequences: ['301', '302', '303'],
  }
}

/** What the stand-ins know when the example runs on the sandbox: the team, a few accounts, a company directory. */
export const sandboxState = (): Record<string, unknown> => ({
  salesforce: salesforce(),
  hubspot: hubspot(),
  // Where a message goes whose rep Slack does not know, and where it is looked for after a crash.
  slack: { channels: [{ name: 'general' }, { name: 'leads' }] },
  // The first provider does not know everybody, so that the second is asked too.
  apollo: { companies: directory.slice(0, 4) },
  'people-data-labs': { companies: directory },
  enrichment: { companies: directory },
})
