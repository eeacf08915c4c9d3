import type { EnrichmentProvider } from '../columns/ports.ts'
import { apolloEnrichment } from '../connectors/apollo.ts'
import { enrichment } from '../connectors/enrichment.ts'
import { peopleDataLabs } from '../connectors/people-data-labs.ts'
import { paceOf } from './pace.ts'
import type { Settings } from './settings.ts'

/** The providers by their name in `ROTA_ENRICHMENT`; null where their variable is not set. */
const providers: Record<Settings['ROTA_ENRICHMENT'][number], (from: Settings) => EnrichmentProvider | null> =
  {
    apollo(settings) {
      const { APOLLO_API_KEY: apiKey, APOLLO_BASE_URL: baseUrl, APOLLO_COST_USD: costUsd } = settings
      if (apiKey === undefined) return null
      return apolloEnrichment({ apiKey, ...paceOf(settings), ...given({ baseUrl, costUsd }) })
    },
    'people-data-labs'(settings) {
      const { PEOPLE_DATA_LABS_API_KEY: apiKey, PEOPLE_DATA_LABS_BASE_URL: baseUrl } = settings
      if (apiKey === undefined) return null
      const costUsd = settings.PEOPLE_DATA_LABS_COST_USD
      return peopleDataLabs({ apiKey, ...paceOf(settings), ...given({ baseUrl, costUsd }) })
    },
    http({ ENRICHMENT_URL: baseUrl, ENRICHMENT_API_KEY: apiKey, ENRICHMENT_COST_USD: costUsd }) {
      if (baseUrl === undefined) return null
      return enrichment({ baseUrl, ...given({ costUsd }), ...(apiKey !== undefined && { apiKey }) })
    },
  }

/** What is set, and no more. */
const given = ({ baseUrl, costUsd }: { baseUrl?: string | undefined; costUsd: number | undefined }) => ({
  ...(baseUrl !== undefined && { baseUrl }),
  ...(costUsd !== undefined && { costUsd }),
})

/** The providers that are configured, in the order in which they are to be asked. */
export const enrichmentsOf = (settings: Settings): EnrichmentProvider[] =>
  settings.ROTA_ENRICHMENT.flatMap((name) => providers[name](settings) ?? [])
