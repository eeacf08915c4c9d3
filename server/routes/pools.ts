import { createRoute } from '@hono/zod-openapi'
import type { z } from 'zod'
import { TableError } from '../../columns/errors.ts'
import { exclusionOf, Pool } from '../../routing/pool.ts'
import type { PoolView as StoredPool } from '../../runtime/reader.ts'
import { jsonBody, readJson } from '../body.ts'
import {
  LedgerAnswer,
  LedgerQuery,
  NoQuery,
  PoolBody,
  PoolParams,
  PoolPreviewAnswer,
  PoolsAnswer,
  PoolView,
} from '../contract.ts'
import type { App, Parts } from '../parts.ts'
import { poolPath } from '../paths.ts'
import { previewPool } from '../pool-preview.ts'
import { checked } from '../problem.ts'

const path = '/v1/pools/{pool}' as const
const json = <Schema>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
})

const listRoute = createRoute({
  method: 'get',
  path: '/v1/pools',
  tags: ['pools'],
  summary: 'Every pool, with draws against the expected share',
  request: { query: NoQuery },
  responses: { 200: json('the pools', PoolsAnswer) },
})

const readRoute = createRoute({
  method: 'get',
  path,
  tags: ['pools'],
  summary: 'One pool',
  request: { params: PoolParams, query: NoQuery },
  responses: { 200: json('the pool', PoolView) },
})

const putRoute = createRoute({
  method: 'put',
  path,
  tags: ['pools'],
  summary: 'Set members, weights and availability',
  description: 'Balances survive the change, and who changed what is kept.',
  middleware: [readJson] as const,
  request: { params: PoolParams, query: NoQuery, body: jsonBody(PoolBody) },
  responses: { 200: json('the pool', PoolView) },
})

const ledgerRoute = createRoute({
  method: 'get',
  path: `${path}/ledger`,
  tags: ['pools'],
  summary: 'Every draw, in order',
  request: { params: PoolParams, query: LedgerQuery },
  responses: { 200: json('a page of draws', LedgerAnswer) },
})

const previewRoute = createRoute({
  method: 'get',
  path: `${path}/preview`,
  tags: ['pools'],
  summary: 'The next 20 turns with their reasons',
  description: 'Simulated from the present balances; nothing is drawn.',
  request: { params: PoolParams, query: NoQuery },
  responses: { 200: json('the turns', PoolPreviewAnswer) },
})

/** `/v1/pools` and everything below it. */
export function poolRoutes(app: App, { runtime, now, who }: Parts): void {
  const view = ({ state, counts }: StoredPool) => ({
    ...state.pool,
    url: poolPath(state.pool.name),
    fairness: counts.map((each) => ({
      ...each,
      balance: state.balances[each.member] ?? 0,
      excluded: excludedFrom(state.pool, each.member, now()),
    })),
  })

  app.openapi(listRoute, async (c) => c.json({ pools: (await runtime.pools()).map(view) }, 200))
  app.openapi(readRoute, async (c) => c.json(view(await runtime.pool(c.req.valid('param').pool)), 200))

  app.openapi(putRoute, async (c) => {
    const name = c.req.valid('param').pool
    const { fairness, url, ...given } = checked(PoolBody, c.get('body'))
    if (given.name !== undefined && given.name !== name) {
      throw new TableError(
        'request-invalid',
        `the body is about pool "${given.name}", the path about "${name}"`,
        {
          field: 'name',
          value: given.name,
          wayOut: 'leave name out, or make it the one of the path',
        },
      )
    }
    const pool = checked(Pool, { ...given, name })
    // A pool that hands over to nobody would be found out only when the first lead is stuck.
    if (typeof pool.whenNobody === 'object' && 'pool' in pool.whenNobody)
      await knownPool(pool.whenNobody.pool)
    return c.json(view(await runtime.putPool(pool, who)), 200)
  })

  app.openapi(ledgerRoute, async (c) => {
    const { pool } = c.req.valid('param')
    const { limit, after } = c.req.valid('query')
    await runtime.pool(pool)
    const found = await runtime.draws({ pool, limit, ...(after !== undefined && { after }) })
    const page: z.output<typeof LedgerAnswer> = {
      draws: found.map((draw) => ({ ...draw, at: new Date(draw.at).toISOString() })),
      next: found.length < limit ? null : (found.at(-1)?.id ?? null),
    }
    return c.json(page, 200)
  })

  app.openapi(previewRoute, async (c) => {
    const { state } = await runtime.pool(c.req.valid('param').pool)
    return c.json(previewPool(state, now()), 200)
  })

  async function knownPool(name: string): Promise<void> {
    const names = (await runtime.pools()).map(({ state }) => state.pool.name)
    if (names.includes(name)) return
    throw new TableError('request-invalid', `there is no pool "${name}" to hand over to`, {
      field: 'whenNobody.pool',
      value: name,
      wayOut: `use one of: ${names.join(', ')}`,
    })
  }
}

function excludedFrom(pool: Pool, id: string, now: number): string | null {
  const member = pool.members.find(({ rep }) => rep.id === id)
  return member === undefined ? 'no longer in the pool' : exclusionOf(member, now)
}
