import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { ZodError, z } from 'zod'
import type { FaultRequest } from './faults.ts'
import { faultNames, SandboxError, unknownVendor } from './named-faults.ts'
import type { Sandbox } from './sandbox.ts'

/** States of tens of thousands of records are loaded in one request. */
const maxStateBytes = 256 * 1024 * 1024

/** Any object with a vendor: the switchboard says what is wrong with the rest of it. */
const FaultBody = z.custom<FaultRequest>(
  (value) => typeof value === 'object' && value !== null && 'vendor' in value,
  'a fault is an object with a vendor and a name or a kind',
)

/** An empty parameter is one that was left out. */
const Page = z.object({
  vendor: z.string().optional(),
  effect: z.string().optional(),
  after: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).optional(),
})

/**
 * The sandbox's own routes. `/ledger?vendor=&effect=&after=&limit=` reads what was received; `/state/{vendor}` reads and
 * replaces a state; `/faults` lists, adds (by name, or all that it does) and clears faults, `GET /faults/names` lists the
 * names, `POST /faults/script` adds faults to be played one after the other; `POST /reset` takes everything back to the start.
 */
export function adminRoutes({
  vendors,
  ledger,
  faults,
  reset,
}: Pick<Sandbox, 'vendors' | 'ledger' | 'faults' | 'reset'>) {
  const app = new Hono()
  app.onError((error, c) => {
    if (error instanceof ZodError) return c.json({ error: z.prettifyError(error) }, 422)
    if (error instanceof SandboxError) return c.json({ error: error.message }, 422)
    if (error instanceof SyntaxError) return c.json({ error: `the body is no JSON: ${error.message}` }, 400)
    throw error
  })
  app.get('/', (c) => c.json({ sandbox: true, vendors: Object.keys(vendors), ledger: ledger.size() }))
  app.get('/ledger', (c) => {
    const given = Object.entries(c.req.query()).filter(([, value]) => value !== '')
    const { vendor, effect, after, limit } = Page.parse(Object.fromEntries(given))
    if (vendor !== undefined && vendors[vendor] === undefined)
      return c.json({ error: unknownVendor(vendor, vendors) }, 404)
    const lines = ledger.entries({
      ...(vendor !== undefined && { vendor }),
      ...(effect !== undefined && { effect }),
      ...(after !== undefined && { after }),
      ...(limit !== undefined && { limit }),
    })
    return c.body(JSON.stringify(lines), 200, { 'content-type': 'application/json' })
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
  app.get('/faults/names', (c) => c.json(faultNames(vendors)))
  app.post('/faults', async (c) => c.json(faults.add(FaultBody.parse(await c.req.json())), 201))
  app.post('/faults/script', async (c) =>
    c.json(faults.script(z.array(FaultBody).parse(await c.req.json())), 201),
  )
  app.delete('/faults', (c) => {
    faults.clear()
    return c.body(null, 204)
  })

  app.post('/reset', (c) => {
    reset()
    return c.body(null, 204)
  })
  return app
}
