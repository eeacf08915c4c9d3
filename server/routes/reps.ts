import { createRoute } from '@hono/zod-openapi'
import { TableError } from '../../columns/errors.ts'
import type { DecisionView } from '../../routing/decision.ts'
import type { Pool } from '../../routing/pool.ts'
import { Rep } from '../../routing/rep.ts'
import { availabilityOf, loadOf } from '../availability.ts'
import { jsonAnswer, jsonBody, readJson } from '../body.ts'
import { NoQuery } from '../contract.ts'
import { RepBody, RepParams, RepsAnswer, RepView } from '../contract-routing.ts'
import type { App, Parts } from '../parts.ts'
import { repPath } from '../paths.ts'
import { checked, requireSameName } from '../problem.ts'
import { requireKnownFor } from '../references.ts'

const path = '/v1/reps/{rep}' as const

const listRoute = createRoute({
  method: 'get',
  path: '/v1/reps',
  tags: ['reps'],
  summary: 'Every rep, with availability and load',
  request: { query: NoQuery },
  responses: { 200: jsonAnswer('the reps', RepsAnswer) },
})

const readRoute = createRoute({
  method: 'get',
  path,
  tags: ['reps'],
  summary: 'One rep: may be drawn now or not, why, and when next',
  request: { params: RepParams, query: NoQuery },
  responses: { 200: jsonAnswer('the rep', RepView) },
})

const putRoute = createRoute({
  method: 'put',
  path,
  tags: ['reps'],
  summary: 'Set a rep: hours, leave, caps, who takes over',
  description:
    'A rep who is not there is created. Nobody is deleted: a rep who left becomes inactive, so that the ledger stays true. Leads that are held look again at once, and who changed what is kept.',
  middleware: [readJson] as const,
  request: { params: RepParams, query: NoQuery, body: jsonBody(RepBody) },
  responses: { 200: jsonAnswer('the rep', RepView) },
})

/** `/v1/reps` and everything below it. */
export function repRoutes(app: App, { runtime, who }: Parts): void {
  async function views(reps: readonly Rep[]): Promise<RepView[]> {
    const [view, pools] = await Promise.all([runtime.decisionView(), runtime.pools()])
    const all = pools.map(({ state }) => state.pool)
    return reps.map((rep) => repView(rep, view, all))
  }

  async function one(id: string): Promise<RepView> {
    const reps = await runtime.reps()
    const [found] = await views(reps.filter((rep) => rep.id === id))
    if (found !== undefined) return found
    throw new TableError('rep-unknown', `there is no rep "${id}"`, {
      field: 'rep',
      value: id,
      wayOut: 'GET /v1/reps lists them, PUT makes a new one',
    })
  }

  app.openapi(listRoute, async (c) => c.json({ reps: await views(await runtime.reps()) }, 200))
  app.openapi(readRoute, async (c) => c.json(await one(c.req.valid('param').rep), 200))

  app.openapi(putRoute, async (c) => {
    const id = c.req.valid('param').rep
    const { url, availability, load, pools, ...given } = checked(RepBody, c.get('body'))
    requireSameName('id', given.id, id)
    const rep = checked(Rep, { ...given, id })
    await requireKnownFor(rep, runtime)
    await runtime.putRep(rep, who)
    return c.json(await one(id), 200)
  })
}

function repView(rep: Rep, view: DecisionView, pools: readonly Pool[]): RepView {
  return {
    ...rep,
    url: repPath(rep.id),
    availability: availabilityOf(view, rep.id),
    load: loadOf(rep, view),
    pools: pools.flatMap((pool) =>
      pool.members.flatMap((member) =>
        member.rep === rep.id
          ? [
              {
                pool: pool.name,
                weight: member.weight,
                ...availabilityOf(view, rep.id, { pool, weight: member.weight }),
              },
            ]
          : [],
      ),
    ),
  }
}
