import { Hono } from 'hono'
import type { SandboxEnv } from '../vendor.ts'
import type { Account } from './account.ts'
import { invalid, notFound, refuse } from './answers.ts'
import { associationTypes, typeNamed } from './types.ts'
import { link } from './writes.ts'

/** HubSpot's greatest page of associations. */
const largestPage = 500

/** Associations of version 4: listing those of a record, adding the unlabelled one, and the types there are between two types. */
export function associationRoutes(account: () => Account) {
  const app = new Hono<SandboxEnv>()

  app.put('/objects/:from/:id/associations/default/:to/:other', (c) => {
    const from = typeNamed(c.req.param('from'))
    const to = typeNamed(c.req.param('to'))
    const { objects } = account()
    if (from === null || to === null) return refuse(c, invalid('Unable to infer object type'))
    const one = objects[from].get(c.req.param('id'))
    const other = objects[to].get(c.req.param('other'))
    if (one === null || other === null) return refuse(c, notFound)
    link(account(), { type: from, id: one.id }, { type: to, id: other.id })
    c.set('effect', { kind: 'associated', record: one.id, with: other.id })
    const [associationTypeId] = associationTypes(from, to)
    const between = { from: { id: one.id }, to: { id: other.id } }
    const spec = { associationCategory: 'HUBSPOT_DEFINED', associationTypeId }
    return c.json({ status: 'COMPLETE', results: [{ ...between, associationSpec: spec }] })
  })

  app.get('/objects/:from/:id/associations/:to', (c) => {
    const from = typeNamed(c.req.param('from'))
    const to = typeNamed(c.req.param('to'))
    const { objects, links } = account()
    if (from === null || to === null) return refuse(c, invalid('Unable to infer object type'))
    if (objects[from].get(c.req.param('id')) === null) return refuse(c, notFound)
    const start = Number(c.req.query('after') ?? 0)
    const end = start + Math.min(Number(c.req.query('limit') ?? largestPage), largestPage)
    const ids = links.of({ type: from, id: c.req.param('id') }, to)
    const types = associationTypes(from, to).map((typeId) => ({
      category: 'HUBSPOT_DEFINED',
      typeId,
      label: null,
    }))
    return c.json({
      results: ids.slice(start, end).map((toObjectId) => ({ toObjectId, associationTypes: types })),
      ...(end < ids.length && { paging: { next: { after: String(end) } } }),
    })
  })

  app.get('/associations/:from/:to/labels', (c) => {
    const from = typeNamed(c.req.param('from'))
    const to = typeNamed(c.req.param('to'))
    if (from === null || to === null) return refuse(c, invalid('Unable to infer object type'))
    return c.json({
      results: associationTypes(from, to).map((typeId, index) => ({
        category: 'HUBSPOT_DEFINED',
        typeId,
        label: index === 0 ? null : 'Primary',
      })),
    })
  })
  return app
}
