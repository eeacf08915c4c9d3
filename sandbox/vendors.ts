import { createEnrichment } from './enrichment/enrichment.ts'
import { createHubspot } from './hubspot.ts'
import { createOpenai } from './openai/openai.ts'
import { createSalesforce } from './salesforce/salesforce.ts'
import { createSlack } from './slack.ts'
import { createTeams } from './teams.ts'
import type { Vendor, VendorContext } from './vendor.ts'

/** Every stand-in the sandbox serves, by the name it has in the address. */
export const vendors: Record<string, (context: VendorContext) => Vendor> = {
  salesforce: createSalesforce,
  hubspot: createHubspot,
  slack: createSlack,
  teams: createTeams,
  enrichment: createEnrichment,
  openai: createOpenai,
}
