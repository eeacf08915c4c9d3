import { Hono } from 'hono'
import { type Account, arm, objectTypes, openAccount, toState } from './hubspot/account.ts'
import { refuse } from './hubspot/answers.ts'
import { associationRoutes } from './hubspot/association-routes.ts'
import { hubspotFaults } from './hubspot/faults.ts'
import { overLimit } from './hubspot/limits.ts'
import { objectRoutes } from './hubspot/object-routes.ts'
import { ownerRoutes } from './hubspot/owner-routes.ts'
import { missingScope } from './hubspot/scopes.ts'
import { sequenceRoutes } from './hubspot/sequence-routes.ts'
import type { SandboxEnv, Vendor, VendorContext } from './vendor.ts'

/** A HubSpot account: owners, contacts, companies, leads, tasks and engagements with search, batches and associations, and sequences. It starts empty. */
export function createHubspot({ now }: VendorContext): Vendor {
  let account: Account = openAccount({}, now)
  const current = () => account
  const app = new Hono<SandboxEnv>()

  app.use('*', async (c, next) => {
    const token = /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1]
    const { tokens } = account.settings
    if (token === undefined || (tokens !== null && !tokens.includes(token))) {
      const message = 'Authentication credentials not found or expired.'
      return refuse(c, { status: 401, category: 'INVALID_AUTHENTICATION', message })
    }
    const refused = overLimit(c, account) ?? missingScope(c, account)
    return refused ?? next()
  })
  app.get('/account-info/v3/details', (c) =>
    c.json({ portalId: account.settings.portalId, uiDomain: 'app.hubspot.com', timeZone: 'UTC' }),
  )
  // The client asks with a slash at the end.
  for (const path of ['/crm/v3/owners', '/crm/v3/owners/']) app.route(path, ownerRoutes(current))
  for (const type of objectTypes) app.route(`/crm/v3/objects/${type}`, objectRoutes(type, current))
  app.route('/crm/v4', associationRoutes(current))
  app.route('/automation/v4/sequences/enrollments', sequenceRoutes(current))

  return {
    name: 'hubspot',
    faults: hubspotFaults,
    play: (name) => arm(account, name),
    app,
    state: () => toState(account),
    load(state) {
      account = openAccount(state, now)
    },
    reset() {
      account = openAccount({}, now)
    },
  }
}
