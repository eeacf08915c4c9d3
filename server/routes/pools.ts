import { createRoute } from '@hono/zod-openapi'
import type { DecisionView } from '../../routing/decision.ts'
import { Pool } from '../../routing/pool.ts'
import type { PoolView as StoredPool } from '../../runtime/live-data.ts'
import { exclusionView, memberExclusion } from '../availability.ts'
import { jsonAnswer, jsonBody, readJson } from '../body.ts'
import { NoQuery } from '../contract.ts'
import { PoolBody, PoolParams, PoolPreviewAnswer, PoolsAnswer, PoolView } from '../contract-routing.ts'
import type { App, Parts } from '../parts.ts'
import { poolPath } from '../paths.ts'
import { previewPool } from '../pool-preview.ts'
import { checked, requireSameName } from '../problem.ts'
import { requireKnownIn } from '../references.ts'

const path = '/v1/pools/{pool}' as const

const listRoute = createRoute({
  method: 'get',
  path: '/v1/pools',
  tags: ['pools'],
  summary: 'Every pool, with draws against the expected share',
  request: { query: NoQuery },
  responses: { 200: jsonAnswer('the pools', PoolsAnswer) },
})

const readRoute = createRoute({
  method: 'get',
  path,
  tags: ['pools'],
  summary: 'One pool',
  request: { params: PoolParams, query: NoQuery },
  responses: { 200: jsonAnswer('the pool', PoolView) },
})

const putRoute = createRoute({
  method: 'put',
  path,
  tags: ['pools'],
  summary: 'Set members, weights and what happens when nobody is there',
  description:
    'Balances survive the change: a new member starts level, nobody is owed a burst. Leads that are held look again at once, and who changed what is kept.',
  middleware: [readJson] as const,
  request: { params: PoolParams, query: NoQuery, body: jsonBody(PoolBody) },
  responses: { 200: jsonAnswer('the pool', PoolView) },
})

const previewRoute = createRoute({
  method: 'get',
  path: `${path}/preview`,
  tags: ['pools'],
  summary: 'The next 20 turns with their reasons',
  description: 'Simulated from balances, availability and caps as they are now; nothing is drawn.',
  request: { params: PoolParams, query: NoQuery },
  responses: { 200: jsonAnswer('the turns', PoolPreviewAnswer) },
})

/** `/v1/pools`, one pool, and its next turns. */
export function poolRoutes(app: App, { runtime, who }: Parts): void {
  app.openapi(listRoute, async (c) => {
    const [view, pools] = await Promise.all([runtime.decisionView(), runtime.pools()])
    return c.json({ pools: pools.map((pool) => poolView(pool, view)) }, 200)
  })

  app.openapi(readRoute, async (c) => {
    const pool = await runtime.pool(c.req.valid('param').pool)
    return c.json(poolView(pool, await runtime.decisionView()), 200)
  })

  app.openapi(putRoute, async (c) => {
    const name = c.req.valid('param').pool
    const { fairness, bound, url, ...given } = checked(PoolBody, c.get('body'))
    requireSameName('name', given.name, name)
    await runtime.pool(name)
    const pool = checked(Pool, { ...given, name })
    await requireKnownIn(pool, runtime)
    const saved = await runtime.putPool(pool, who)
    return c.json(poolView(saved, await runtime.decisionView()), 200)
  })

  app.openapi(previewRoute, async (c) => {
    const { state } = await runtime.pool(c.req.valid('param').pool)
    return c.json(previewPool(state.pool, await runtime.decisionView()), 200)
  })
}

/** A pool as answers carry it: the document, and beside it what each member got, is owed, and is kept from. */
export function poolView({ state, counts }: StoredPool, view: DecisionView): PoolView {
  const { pool, balances } = state
  const sharing = pool.members.filter(({ rep, weight }) => weight > 0 && view.rep(rep)?.active).length
  return {
    ...pool,
    url: poolPath(pool.name),
    bound: sharing < 2 ? 0 : 1 - 1 / (2 * sharing - 2),
    fairness: counts.map((each) => {
      const member = pool.members.find(({ rep }) => rep === each.member)
      const excluded =
        member === undefined
          ? ({ code: 'inactive', reason: 'no longer in the pool', until: null } as const)
          : memberExclusion(view, pool, member)
      return {
        ...each,
        name: view.rep(each.member)?.name ?? each.member,
        balance: balances[each.member] ?? 0,
        excluded: exclusionView(excluded),
      }
    }),
  }
}
