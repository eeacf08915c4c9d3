import { createRoute } from '@hono/zod-openapi'
import type { z } from 'zod'
import { TableError } from '../../columns/errors.ts'
import type { CreditRecord, DrawRecord } from '../../db/store.ts'
import { jsonAnswer, jsonBody, readJson } from '../body.ts'
import { NoQuery } from '../contract.ts'
import {
  CreditAnswer,
  CreditBody,
  type CreditView,
  LedgerAnswer,
  LedgerQuery,
  PoolParams,
} from '../contract-routing.ts'
import type { App, Parts } from '../parts.ts'
import { checked } from '../problem.ts'
import { poolView } from './pools.ts'

const ledgerRoute = createRoute({
  method: 'get',
  path: '/v1/pools/{pool}/ledger',
  tags: ['pools'],
  summary: 'Every draw and every credit, in order',
  request: { params: PoolParams, query: LedgerQuery },
  responses: { 200: jsonAnswer('a page of the ledger', LedgerAnswer) },
})

const creditRoute = createRoute({
  method: 'post',
  path: '/v1/pools/{pool}/credits',
  tags: ['pools'],
  summary: 'Give leads back to a member, or take them, with a reason',
  description: 'The others bear it by their shares, so that balances still add up to nothing.',
  middleware: [readJson] as const,
  request: { params: PoolParams, query: NoQuery, body: jsonBody(CreditBody) },
  responses: { 201: jsonAnswer('the credit, and the pool after it', CreditAnswer) },
})

/** `GET /v1/pools/{pool}/ledger` and `POST /v1/pools/{pool}/credits`. */
export function ledgerRoutes(app: App, { runtime, definitions, who }: Parts): void {
  app.openapi(ledgerRoute, async (c) => {
    const { pool } = c.req.valid('param')
    const { limit, after } = c.req.valid('query')
    const from = readCursor(after)
    await runtime.pool(pool)
    const [draws, credits] = await Promise.all([
      runtime.draws({ pool, limit, after: from.draw }),
      runtime.credits({ pool, limit, after: from.credit }),
    ])
    return c.json(merged(draws, credits, { from, limit }), 200)
  })

  app.openapi(creditRoute, async (c) => {
    const { pool } = c.req.valid('param')
    const { rep: member, stratum, ...given } = checked(CreditBody, c.get('body'))
    const { state } = await runtime.pool(pool)
    const members = state.pool.members.map(({ rep }) => rep)
    if (!members.includes(member)) throw noMember(pool, member, members)
    if (given.row !== null) await requireRow({ runtime, definitions }, given.row)
    const credit = await runtime.credit({
      ...given,
      ...(stratum !== undefined && { stratum }),
      member,
      pool,
      who,
    })
    const [after, view] = await Promise.all([runtime.pool(pool), runtime.decisionView()])
    return c.json({ credit: creditView(credit), pool: poolView(after, view) }, 201)
  })
}

interface Cursor {
  draw: number
  credit: number
}

/** Draws and credits count by themselves, so a place in their common order is a pair. */
function readCursor(after: string | undefined): Cursor {
  if (after === undefined) return { draw: 0, credit: 0 }
  const [, draw, credit] = /^(\d{1,15})\.(\d{1,15})$/.exec(after) ?? []
  if (draw !== undefined && credit !== undefined) return { draw: Number(draw), credit: Number(credit) }
  throw new TableError('request-invalid', 'after is not a place in the ledger', {
    field: 'after',
    value: after,
    wayOut: 'use `next` of the page before, or leave after out',
  })
}

function merged(
  draws: readonly DrawRecord[],
  credits: readonly CreditRecord[],
  { from, limit }: { from: Cursor; limit: number },
): z.output<typeof LedgerAnswer> {
  const entries: z.output<typeof LedgerAnswer>['entries'] = []
  let [draw, credit] = [0, 0]
  while (entries.length < limit) {
    const [nextDraw, nextCredit] = [draws[draw], credits[credit]]
    if (nextDraw !== undefined && (nextCredit === undefined || nextDraw.at <= nextCredit.at)) {
      entries.push({ kind: 'draw', ...nextDraw, at: new Date(nextDraw.at).toISOString() })
      draw += 1
    } else if (nextCredit !== undefined) {
      entries.push(creditView(nextCredit))
      credit += 1
    } else break
  }
  const last: Cursor = {
    draw: draws[draw - 1]?.id ?? from.draw,
    credit: credits[credit - 1]?.id ?? from.credit,
  }
  return { entries, next: entries.length < limit ? null : `${last.draw}.${last.credit}` }
}

const creditView = (credit: CreditRecord): z.output<typeof CreditView> => ({
  kind: 'credit',
  ...credit,
  at: new Date(credit.at).toISOString(),
})

const noMember = (pool: string, member: string, members: readonly string[]) =>
  new TableError('request-invalid', `pool ${pool} has no member "${member}"`, {
    field: 'rep',
    value: member,
    wayOut: `use one of: ${members.join(', ')}`,
  })

/** A credit says which row it is about; one that never was would make the ledger lie. */
async function requireRow(
  { runtime, definitions }: Pick<Parts, 'runtime' | 'definitions'>,
  id: string,
): Promise<void> {
  for (const name of await definitions.tables()) {
    const found = await runtime.row(name, id).catch((error: unknown) => {
      if (TableError.isInstance(error) && error.code === 'row-unknown') return null
      throw error
    })
    if (found !== null) return
  }
  throw new TableError('request-invalid', `no table has a row ${id}`, {
    field: 'row',
    value: id,
    wayOut: 'name a row by its id, or leave row out',
  })
}
