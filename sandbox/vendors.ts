import { createApollo } from './apollo/apollo.ts'
import { createEnrichment } from './enrichment/enrichment.ts'
import { createHubspot } from './hubspot.ts'
import { createOpenai } from './openai/openai.ts'
import { createOutreach } from './outreach/outreach.ts'
import { createPeopleDataLabs } from './people-data-labs/people-data-labs.ts'
import { createSalesforce } from './salesforce/salesforce.ts'
import { createSalesloft } from './salesloft/salesloft.ts'
import { createSlack } from './slack.ts'
import { createTeams } from './teams.ts'
import type { Vendor, VendorContext } from './vendor.ts'

/** Every stand-in the sandbox serves, by the name it has in the address. */
export const vendors: Record<string, (context: VendorContext) => Vendor> = {
  salesforce: createSalesforce,
  hubspot: createHubspot,
  slack: createSlack,
  teams: createTeams,
  salesloft: createSalesloft,
  outreach: createOutreach,
  apollo: createApollo,
  'people-data-labs': createPeopleDataLabs,
  enrichment: createEnrichment,
  openai: createOpenai,
}
