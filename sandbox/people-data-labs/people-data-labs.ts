import { Hono } from 'hono'
import { z } from 'zod'
import { Company } from '../enrichment/enrichment.ts'
import { restFaults } from '../rest-faults.ts'
import type { SandboxEnv, Vendor, VendorContext } from '../vendor.ts'

/** What `PUT /state/people-data-labs` takes. */
const State = z.strictObject({
  companies: z.array(Company).default([]),
  /** The key a request must carry; null accepts any. */
  apiKey: z.string().nullable().default(null),
  /** Matches that are still paid for; null counts none. */
  credits: z.number().int().min(0).nullable().default(null),
})
type State = z.output<typeof State>

/** `GET /v5/company/enrich?website=`: 404 for a company that it does not know, 402 when the credits are used up. */
export function createPeopleDataLabs(_: VendorContext): Vendor {
  let state: State = State.parse({})
  const app = new Hono<SandboxEnv>()

  app.get('/v5/company/enrich', (c) => {
    const key = c.req.header('x-api-key')
    if (key === undefined || (state.apiKey !== null && key !== state.apiKey))
      return c.json(problem(401, 'authentication_error'), 401)
    const { website, name } = c.req.query()
    if (!website && !name) return c.json(problem(400, 'invalid_request_error'), 400)
    const company = state.companies.find((each) => each.domain === website?.toLowerCase())
    if (company === undefined) return c.json(problem(404, 'not_found'), 404)
    if (state.credits === 0) return c.json(problem(402, 'payment_required'), 402)
    if (state.credits !== null) state = { ...state, credits: state.credits - 1 }
    const { domain, employees, industry, country } = company
    return c.json({
      status: 200,
      likelihood: 6,
      name: company.name?.toLowerCase() ?? null,
      display_name: company.name,
      website: domain,
      industry,
      ...(typeof employees === 'number' ? { employee_count: employees } : { size: employees }),
      location: { country: country?.toLowerCase() ?? null },
    })
  })

  return {
    name: 'people-data-labs',
    faults: {
      ...restFaults('/company/enrich', problem),
      'credits-used-up': {
        about: 'HTTP 402: no credits are left',
        fault: { kind: 'status', status: 402, body: problem(402, 'payment_required') },
      },
    },
    app,
    state: () => state,
    load(given) {
      state = State.parse(given)
    },
    reset() {
      state = State.parse({})
    },
  }
}

const problem = (status: number, type: string) => ({ status, error: { type, message: type } })
