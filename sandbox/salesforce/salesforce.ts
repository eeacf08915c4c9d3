import { Hono } from 'hono'
import type { SandboxEnv, Vendor, VendorContext } from '../vendor.ts'
import { addAuthRoutes, organizationId } from './auth-routes.ts'
import { addCadenceRoutes } from './cadence-routes.ts'
import { addCollectionRoutes } from './collection-routes.ts'
import { errorBody, SalesforceError } from './errors.ts'
import { salesforceFaults } from './faults.ts'
import { addGuard } from './guard.ts'
import { createLateRule } from './late-rule.ts'
import { addQueryRoutes } from './query-routes.ts'
import { addRecordPage } from './record-page.ts'
import { addRecordRoutes, type OrgAccess } from './records-routes.ts'
import { seedState } from './seed.ts'
import { buildOrg, describeOrg, SalesforceState } from './state.ts'
import { createTokens } from './tokens.ts'
import { createTroubles } from './troubles.ts'

/** The Salesforce stand-in: one org with its REST API under `/services`. Sessions outlive a reset, as in a real org. */
export function createSalesforce(context: VendorContext): Vendor {
  let current = buildOrg(seedState, context.now())
  const org = () => current
  const tokens = createTokens(organizationId)
  const troubles = createTroubles()
  const lateRule = createLateRule(org, troubles)
  const app = new Hono<SandboxEnv>()
  const access: OrgAccess = {
    org,
    now: context.now,
    troubles,
    written: (write) => lateRule.written(write, context.now()),
  }

  app.use('*', async (_, next) => {
    lateRule.apply(context.now())
    await next()
  })
  addAuthRoutes(app, { org, tokens, context })
  addRecordPage(app, org)
  const guard = addGuard(app, { org, tokens, now: context.now })
  addQueryRoutes(app, access)
  addRecordRoutes(app, access)
  addCollectionRoutes(app, access)
  addCadenceRoutes(app, access)
  app.all('*', () => {
    throw new SalesforceError(404, 'NOT_FOUND', 'The requested resource does not exist')
  })
  app.onError((error) => {
    if (!(error instanceof SalesforceError)) throw error
    return Response.json(errorBody(error), { status: error.status })
  })

  const start = (state: SalesforceState) => {
    current = buildOrg(state, context.now())
    lateRule.clear()
    troubles.clear()
    guard.resetUsage()
  }
  return {
    name: 'salesforce',
    faults: salesforceFaults,
    app,
    state() {
      lateRule.apply(context.now())
      return describeOrg(current)
    },
    load: (state) => start(SalesforceState.parse(state)),
    reset: () => start(seedState),
    play: (name) => troubles.add(name),
  }
}
