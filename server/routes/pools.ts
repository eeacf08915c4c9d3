import { createRoute } from '@hono/zod-openapi'
import type { Check } from '../../db/store.ts'
import { memberExclusion } from '../../routing/availability.ts'
import type { DecisionView } from '../../routing/decision.ts'
import { Pool } from '../../routing/pool.ts'
import type { PoolView as StoredPool } from '../../runtime/live-data.ts'
import { exclusionView, inHundredths } from '../availability.ts'
import { jsonAnswer, jsonBody, readJson } from '../body.ts'
import { NoQuery } from '../contract.ts'
import {
  PoolBody,
  PoolParams,
  PoolPatch,
  PoolPreviewAnswer,
  PoolsAnswer,
  PoolView,
  PreviewQuery,
} from '../contract-routing.ts'
import { changedFields, createQueue } from '../merge.ts'
import type { App, Parts } from '../parts.ts'
import { poolPath } from '../paths.ts'
import { previewPool } from '../pool-preview.ts'
import { EditHeaders, etagOf, otherThanMatched, preconditionOf, taggedAnswer } from '../precondition.ts'
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
  responses: { 200: taggedAnswer('the pool', PoolView) },
})

const putRoute = createRoute({
  method: 'put',
  path,
  tags: ['pools'],
  summary: 'Set members, weights and what happens when nobody is there',
  description:
    'A pool that is not there is created; rules ask it once their table names it, pools and territories can at once. Balances survive the change: a new member starts level, nobody is owed a burst. Leads that are held look again at once, and who changed what is kept.',
  middleware: [readJson] as const,
  request: { params: PoolParams, query: NoQuery, headers: EditHeaders, body: jsonBody(PoolBody) },
  responses: {
    200: taggedAnswer('the pool', PoolView),
    201: taggedAnswer('the new pool', PoolView),
    412: otherThanMatched,
  },
})

const patchRoute = createRoute({
  method: 'patch',
  path,
  tags: ['pools'],
  summary: 'Change some fields of a pool',
  description:
    'Each field that is named is replaced whole, members as well; all others stay. Checked and written down like PUT.',
  middleware: [readJson] as const,
  request: { params: PoolParams, query: NoQuery, headers: EditHeaders, body: jsonBody(PoolPatch) },
  responses: { 200: taggedAnswer('the pool', PoolView), 412: otherThanMatched },
})

const previewRoute = createRoute({
  method: 'get',
  path: `${path}/preview`,
  tags: ['pools'],
  summary: 'The next 20 turns with their reasons',
  description: 'Simulated from balances, availability and caps as they are now; nothing is drawn.',
  request: { params: PoolParams, query: PreviewQuery },
  responses: { 200: jsonAnswer('the turns', PoolPreviewAnswer) },
})

/** `/v1/pools`, one pool, and its next turns. */
export function poolRoutes(app: App, { runtime, who }: Parts): void {
  const inTurn = createQueue()

  async function save(given: unknown, check: Check<Pool | null>): Promise<StoredPool> {
    const pool = checked(Pool, given)
    await requireKnownIn(pool, runtime)
    return runtime.putPool(pool, who, check)
  }

  app.openapi(listRoute, async (c) => {
    const [view, pools] = await Promise.all([runtime.decisionView(), runtime.pools()])
    return c.json({ pools: pools.map((pool) => poolView(pool, view)) }, 200)
  })

  app.openapi(readRoute, async (c) => {
    const pool = await runtime.pool(c.req.valid('param').pool)
    const view = poolView(pool, await runtime.decisionView())
    return c.json(view, 200, { etag: view.etag })
  })

  app.openapi(putRoute, async (c) => {
    const name = c.req.valid('param').pool
    const { fairness, bound, url, etag, ...given } = checked(PoolBody, c.get('body'))
    requireSameName('name', given.name, name)
    const precondition = preconditionOf(c.req.valid('header'), `pool ${name}`)
    let isNew = false
    const saved = await inTurn(() =>
      save({ ...given, name }, (before) => {
        precondition(before)
        isNew = before === null
      }),
    )
    const view = poolView(saved, await runtime.decisionView())
    return c.json(view, isNew ? 201 : 200, { etag: view.etag })
  })

  app.openapi(patchRoute, async (c) => {
    const { pool } = c.req.valid('param')
    const { name, ...change } = changedFields(checked(PoolPatch, c.get('body')), Pool)
    if (typeof name === 'string') requireSameName('name', name, pool)
    const precondition = preconditionOf(c.req.valid('header'), `pool ${pool}`)
    const saved = await inTurn(async () => {
      const before = (await runtime.pool(pool)).state.pool
      // Here for what the change is merged into, and once more in the transaction.
      precondition(before)
      return save({ ...before, ...change }, precondition)
    })
    const view = poolView(saved, await runtime.decisionView())
    return c.json(view, 200, { etag: view.etag })
  })

  app.openapi(previewRoute, async (c) => {
    const { state } = await runtime.pool(c.req.valid('param').pool)
    const { stratum = null } = c.req.valid('query')
    return c.json(previewPool(state.pool, await runtime.decisionView(), stratum), 200)
  })
}

/** A pool as answers carry it: the document, and beside it what each member got, is owed, and is kept from. */
export function poolView({ state, counts }: StoredPool, view: DecisionView): PoolView {
  const { pool, balances } = state
  const sharing = pool.members.filter(({ rep, weight }) => weight > 0 && view.rep(rep)?.active).length
  return {
    ...pool,
    url: poolPath(pool.name),
    etag: etagOf(pool),
    bound: sharing < 2 ? 0 : inHundredths(1 - 1 / (2 * sharing - 2)),
    fairness: counts.map((each) => {
      const member = pool.members.find(({ rep }) => rep === each.member)
      const excluded =
        member === undefined
          ? ({ code: 'inactive', reason: 'no longer in the pool', until: null } as const)
          : memberExclusion(view, pool, member)
      return {
        ...each,
        name: view.rep(each.member)?.name ?? each.member,
        expected: inHundredths(each.expected),
        balance: inHundredths(balances[each.member] ?? 0),
        excluded: exclusionView(excluded),
      }
    }),
  }
}
