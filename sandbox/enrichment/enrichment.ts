import { Hono } from 'hono'
import { z } from 'zod'
import { restFaults } from '../rest-faults.ts'
import type { SandboxEnv, Vendor, VendorContext } from '../vendor.ts'
import { directory } from './directory.ts'

/** A company as the provider answers it. Null is what it does not know; head-counts come as a number or a range. */
export const Company = z.strictObject({
  domain: z.string().min(1).toLowerCase(),
  name: z.string().nullable().default(null),
  country: z.string().nullable().default(null),
  industry: z.string().nullable().default(null),
  employees: z
    .union([z.number().int().min(0), z.string()])
    .nullable()
    .default(null),
})

/** What `PUT /state/enrichment` takes. */
export const EnrichmentState = z.strictObject({
  companies: z.array(Company),
  /** The key a request must carry; null asks for none. */
  apiKey: z.string().nullable().default(null),
})
type EnrichmentState = z.output<typeof EnrichmentState>

/** The enrichment stand-in: `GET /companies?domain=`, 404 for a domain that is not in its directory. */
export function createEnrichment(_: VendorContext): Vendor {
  let state = indexed(EnrichmentState.parse({ companies: directory }))
  const app = new Hono<SandboxEnv>()
  app.get('/companies', (c) => {
    if (state.apiKey !== null && c.req.header('authorization') !== `Bearer ${state.apiKey}`) {
      return c.json({ error: 'invalid_api_key' }, 401)
    }
    const domain = c.req.query('domain')?.trim().toLowerCase() ?? ''
    if (domain === '') return c.json({ error: 'domain_missing' }, 400)
    const company = state.companies.get(domain)
    return company === undefined ? c.json({ error: 'no_match' }, 404) : c.json(company)
  })
  return {
    name: 'enrichment',
    faults: {
      ...restFaults('/companies'),
      'credits-used-up': {
        about: 'HTTP 402: no credits are left',
        fault: { kind: 'status', status: 402, body: { error: 'payment_required' } },
      },
      'not-yet': {
        about: 'HTTP 202: it has only begun to look',
        fault: { kind: 'status', status: 202, body: { status: 'pending' } },
      },
    },
    app,
    state: () => ({ companies: [...state.companies.values()], apiKey: state.apiKey }),
    load(given) {
      state = indexed(EnrichmentState.parse(given))
    },
    reset() {
      state = indexed(EnrichmentState.parse({ companies: directory }))
    },
  }
}

function indexed({ companies, apiKey }: EnrichmentState) {
  return { companies: new Map(companies.map((company) => [company.domain, company])), apiKey }
}
