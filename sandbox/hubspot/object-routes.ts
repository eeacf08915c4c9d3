import { Hono } from 'hono'
import { z } from 'zod'
import type { SandboxEnv } from '../vendor.ts'
import { type Account, findUnique, isUnique, type ObjectType } from './account.ts'
import { type Ask, invalid, jsonOf, notFound, Properties, refuse, shown } from './answers.ts'
import { batchRoutes } from './batch-routes.ts'
import type { Address } from './links.ts'
import { Search, search } from './search.ts'
import { associatedType } from './types.ts'
import { write } from './writes.ts'

const Association = z.object({
  to: z.object({ id: z.string() }),
  types: z
    .array(
      z.object({
        associationCategory: z.enum(['HUBSPOT_DEFINED', 'USER_DEFINED', 'INTEGRATOR_DEFINED']),
        associationTypeId: z.number().int(),
      }),
    )
    .min(1),
})
const Body = z.object({ properties: Properties, associations: z.array(Association).default([]) })

/** Reading, creating, changing, archiving and searching records of one type; the account is asked for anew on each request. */
export function objectRoutes(type: ObjectType, account: () => Account) {
  const app = new Hono<SandboxEnv>()

  app.post('/', async (c) => {
    const body = Body.safeParse(await jsonOf(c))
    if (!body.success) return refuse(c, invalid(`Invalid input JSON: ${body.error.message}`))
    const { properties, associations } = body.data
    const links: Address[] = []
    for (const { to, types } of associations) {
      for (const { associationTypeId } of types) {
        const linked = associatedType(type, associationTypeId)
        if (linked === null) return refuse(c, invalid(`${type} have no association ${associationTypeId}`))
        links.push({ type: linked, id: to.id })
      }
    }
    const written = write(account(), type, { existing: null, properties, links })
    if (!written.ok) return refuse(c, written.refusal)
    c.set('effect', written.effect)
    return c.json(shown(written.object, []), 201)
  })

  app.post('/search', async (c) => {
    const body = Search.safeParse(await jsonOf(c))
    if (!body.success) return refuse(c, invalid(`Invalid input JSON: ${body.error.message}`))
    const { limit, after, properties } = body.data
    const found = search(account(), type, body.data)
    const start = Number(after)
    const next = start + limit
    return c.json({
      total: found.length,
      results: found.slice(start, next).map((object) => shown(object, properties)),
      ...(next < found.length && { paging: { next: { after: String(next) } } }),
    })
  })

  app.route('/batch', batchRoutes(type, account))

  app.get('/:id', (c) => {
    const found = addressed(c, type, account())
    if (!found.ok) return found.response
    const wanted = (c.req.queries('properties') ?? []).flatMap((names) => names.split(','))
    return c.json(shown(found.object, wanted))
  })

  app.patch('/:id', async (c) => {
    const found = addressed(c, type, account())
    if (!found.ok) return found.response
    const body = Body.safeParse(await jsonOf(c))
    if (!body.success) return refuse(c, invalid(`Invalid input JSON: ${body.error.message}`))
    const written = write(account(), type, { existing: found.object, properties: body.data.properties })
    if (!written.ok) return refuse(c, written.refusal)
    c.set('effect', written.effect)
    return c.json(shown(written.object, Object.keys(body.data.properties)))
  })

  app.delete('/:id', (c) => {
    if (account().objects[type].delete(c.req.param('id'))) {
      account().links.forget({ type, id: c.req.param('id') })
      c.set('effect', { kind: 'record-archived', record: c.req.param('id') })
    }
    return c.body(null, 204)
  })
  return app
}

function addressed(c: Ask, type: ObjectType, account: Account) {
  const idProperty = c.req.query('idProperty')
  if (!isUnique(account, type, idProperty)) {
    const message = `Unable to address ${type} by ${idProperty}: no property with unique values has this name`
    return { ok: false as const, response: refuse(c, invalid(message)) }
  }
  const object = findUnique(account, type, { idProperty, value: c.req.param('id') ?? '' })
  return object === null
    ? { ok: false as const, response: refuse(c, notFound) }
    : { ok: true as const, object }
}
