import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { assignOwner } from '../../columns/assign-owner.ts'
import { defineTable } from '../../columns/table.ts'
import { definePool } from '../../routing/pool.ts'
import { LedgerAnswer, PoolPreviewAnswer } from '../../server/contract-routing.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'

const team = definePool('team', {
  strategy: 'standard',
  members: ['ana', 'bo', 'cy'].map((id) => ({ rep: { id, name: id, email: `${id}@reps.example` } })),
  whenNobody: 'assign-anyway',
})
const tiers = defineTable('tiers', { input: z.object({ tier: z.enum(['gold', 'silver']) }) }).column(
  'owner',
  assignOwner({
    needs: ['tier'],
    pools: [team],
    rules: [{ name: 'tier', decide: ({ tier }, by) => by.rotate('team', { stratum: tier }) }],
    otherwise: { pool: 'team' },
  }),
)

let app: RunningApp
beforeAll(async () => {
  app = await startApp({ tables: [tiers] })
})
afterAll(() => app.close())

async function lead(tier: string): Promise<{ id: string; rep: string }> {
  const { body } = await post(app, '/v1/tables/tiers/rows?wait=done', { tier })
  return { id: body.rows[0].id, rep: body.rows[0].cells.owner.value.rep }
}
const credit = (json: object) =>
  post(app, '/v1/pools/team/credits', { reason: 'rejected', leads: 2, ...json })
const preview = async (query = '') =>
  PoolPreviewAnswer.parse((await ask(app, `/v1/pools/team/preview${query}`)).body)

test('a credit and the preview know the strata that a pool is drawn by', async () => {
  const first = await lead('gold')
  expect(first.rep).toBe('ana')
  expect((await credit({ rep: 'ana', stratum: 'gold', leads: 4 })).body.credit).toMatchObject({
    stratum: 'gold',
  })
  const { draws, stratum } = await preview('?stratum=gold')
  expect(stratum).toBe('gold')
  // Four leads of gold more, and the turn she had: ana has the next three. Silver has its own turns.
  expect(draws.slice(0, 3).map(({ member }) => member)).toEqual(['ana', 'ana', 'ana'])
  for (const { member } of draws.slice(0, 6)) expect((await lead('gold')).rep).toBe(member)
  expect((await lead('silver')).rep).toBe('ana')
  expect((await preview()).stratum).toBeNull()
  expect((await credit({ rep: 'bo', row: first.id })).body.credit).toMatchObject({ stratum: 'gold' })
  const { entries } = LedgerAnswer.parse((await ask(app, '/v1/pools/team/ledger')).body)
  expect(entries.flatMap((each) => (each.kind === 'credit' ? [each.stratum] : []))).toEqual(['gold', 'gold'])
})

test('a credit that no draw would ever see is refused, naming the strata there are', async () => {
  for (const stratum of [undefined, 'glod']) {
    expect((await credit({ rep: 'ana', stratum })).body).toMatchObject({
      status: 422,
      code: 'request-invalid',
      field: 'stratum',
      wayOut: 'name one of: gold, silver',
    })
  }
})
