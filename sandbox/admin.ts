import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { ZodError } from 'zod'
import { Fault, type Faults } from './faults.ts'
import type { Ledger } from './ledger.ts'
import type { Vendor } from './vendor.ts'

/** States of tens of thousands of records are loaded in one request. */
const maxStateBytes = 256 * 1024 * 1024

/**
 * The sandbox's own routes: `/ledger?vendor=&effect=` reads what was received, `/state/{vendor}` reads and replaces a state,
 * `/faults` lists, adds and clears faults, `POST /reset` forgets everything.
 */
export function adminRoutes(vendors: Record<string, Vendor>, ledger: Ledger, faults: Faults) {
  const app = new Hono()
  app.onError((error, c) => {
    if (error instanceof ZodError) return c.json({ error: error.message }, 422)
    if (error instanceof SyntaxError) return c.json({ error: `the body is no JSON: ${error.message}` }, 400)
    throw error
  })
  app.get('/', (c) => c.json({ sandbox: true, vendors: Object.keys(vendors) }))
  app.get('/ledger', (c) => {
    const { vendor, effect } = c.req.query()
    return c.json(ledger.entries({ ...(vendor && { vendor }), ...(effect && { effect }) }))
  })
  app.delete('/ledger', (c) => {
    ledger.clear()
    return c.body(null, 204)
  })

  app.get('/state/:vendor', (c) => {
    const vendor = vendors[c.req.param('vendor')]
    if (vendor === undefined) return c.json({ error: unknownVendor(c.req.param('vendor'), vendors) }, 404)
    return c.body(JSON.stringify(vendor.state()), 200, { 'content-type': 'application/json' })
  })
  app.put('/state/:vendor', bodyLimit({ maxSize: maxStateBytes }), async (c) => {
    const vendor = vendors[c.req.param('vendor')]
    if (vendor === undefined) return c.json({ error: unknownVendor(c.req.param('vendor'), vendors) }, 404)
    const state: unknown = await c.req.json()
    vendor.load(state)
    return c.body(null, 204)
  })

  app.get('/faults', (c) => c.json(faults.list()))
  app.post('/faults', async (c) => {
    const fault = Fault.parse(await c.req.json())
    faults.add(fault)
    return c.json(fault, 201)
  })
  app.delete('/faults', (c) => {
    faults.clear()
    return c.body(null, 204)
  })

  app.post('/reset', (c) => {
    ledger.clear()
    faults.clear()
    for (const vendor of Object.values(vendors)) vendor.reset()
    return c.body(null, 204)
  })
  return app
}

function unknownVendor(name: string, vendors: Record<string, Vendor>): string {
  return `no stand-in is called "${name}"; there are ${Object.keys(vendors).join(', ') || 'none'}`
}
