import { afterAll, beforeAll, expect, test } from 'vitest'
import { LedgerAnswer, PoolPreviewAnswer, PoolsAnswer, PoolView } from '../../server/contract.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'

const pool = '/v1/pools/emea'
let app: RunningApp
let serial = 0

beforeAll(async () => {
  app = await startApp()
})
afterAll(() => app.close())

async function draw(times: number): Promise<string[]> {
  const rows = Array.from({ length: times }, () => {
    serial += 1
    return { company: 'Acme', email: `p@c${serial}.example`, employees: 50 }
  })
  const answer = await post(app, '/v1/tables/leads/rows?wait=done', { rows })
  return answer.body.rows.map(
    (row: { cells: { owner: { value: { rep: string } } } }) => row.cells.owner.value.rep,
  )
}

test('a pool shows its members, and draws against the expected share', async () => {
  await draw(9)
  const { pools } = PoolsAnswer.parse((await ask(app, '/v1/pools')).body)
  expect(pools.map(({ name, url }) => [name, url])).toEqual([['emea', pool]])
  const { fairness } = PoolView.parse((await ask(app, pool)).body)
  expect(fairness.map(({ member, draws, excluded }) => [member, draws, excluded])).toEqual([
    ['ana', 6, null],
    ['chloe', 3, null],
    ['ben', 0, 'not active'],
  ])
  for (const { draws, expected } of fairness) expect(Math.abs(draws - expected)).toBeLessThan(1)
})

test('the preview tells the turns that then come, and draws nothing', async () => {
  const before = (await ask(app, `${pool}/ledger?limit=1000`)).body.draws.length
  const { draws, nobody } = PoolPreviewAnswer.parse((await ask(app, `${pool}/preview`)).body)
  expect(draws).toHaveLength(20)
  expect(nobody).toBeNull()
  expect(draws[0]).toMatchObject({ turn: 1, reason: expect.stringContaining('is next') })
  expect((await ask(app, `${pool}/ledger?limit=1000`)).body.draws).toHaveLength(before)
  // One at a time: the order in which rows of a batch draw is not the point here.
  for (const { member } of draws.slice(0, 6)) expect(await draw(1)).toEqual([member])
})

test('the ledger tells every draw in order, page by page', async () => {
  const whole = LedgerAnswer.parse((await ask(app, `${pool}/ledger?limit=1000`)).body)
  const first = LedgerAnswer.parse((await ask(app, `${pool}/ledger?limit=4`)).body)
  const second = LedgerAnswer.parse((await ask(app, `${pool}/ledger?limit=1000&after=${first.next}`)).body)
  expect([...first.draws, ...second.draws]).toEqual(whole.draws)
  expect(whole.next).toBeNull()
})

test('what GET answers can be changed and put back', async () => {
  const given = (await ask(app, pool)).body
  given.members[0].weight = 0
  given.members[2].active = true
  const put = await ask(app, pool, { method: 'PUT', json: given })
  expect(put.status).toBe(200)
  expect(PoolView.parse(put.body).fairness.map(({ excluded }) => excluded)).toEqual([
    'paused with weight 0',
    null,
    null,
  ])
  const drawn = await draw(4)
  expect(drawn).not.toContain('ana')
  expect(drawn).toContain('ben')
})

test('when nobody can be drawn the preview says so', async () => {
  const given = (await ask(app, pool)).body
  for (const member of given.members) member.active = false
  expect((await ask(app, pool, { method: 'PUT', json: given })).status).toBe(200)
  const { draws, nobody, whenNobody } = PoolPreviewAnswer.parse((await ask(app, `${pool}/preview`)).body)
  expect(draws).toEqual([])
  expect(nobody).toContain('nobody can be drawn')
  expect(whenNobody).toMatchObject({ person: { id: 'dev' } })
})

const rep = { id: 'ana', name: 'Ana', email: 'ana@reps.example' }
const good = { strategy: 'standard', members: [{ rep }], whenNobody: 'assign-anyway' }

test.each([
  ['a negative weight', { ...good, members: [{ rep, weight: -1 }] }, 'members.0.weight'],
  ['a misspelt weight', { ...good, members: [{ rep, wieght: 2 }] }, 'members.0.wieght'],
  ['a rep twice', { ...good, members: [{ rep }, { rep }] }, 'members.1.rep.id'],
  [
    'an absence that ends before it starts',
    { ...good, members: [{ rep, away: [{ from: '2026-02-02T00:00:00Z', until: '2026-02-01T00:00:00Z' }] }] },
    'members.0.away.0.until',
  ],
  ['no answer for nobody', { ...good, whenNobody: undefined }, 'whenNobody'],
  ['handing over to itself', { ...good, whenNobody: { pool: 'emea' } }, 'whenNobody.pool'],
  ['handing over to a pool that is not there', { ...good, whenNobody: { pool: 'nope' } }, 'whenNobody.pool'],
  ['the name of another pool', { ...good, name: 'apac' }, 'name'],
])('%s is refused, naming the field', async (_, json, field) => {
  const before = (await ask(app, pool)).body
  expect((await ask(app, pool, { method: 'PUT', json })).body).toMatchObject({
    status: 422,
    code: 'request-invalid',
    field,
  })
  expect((await ask(app, pool)).body).toEqual(before)
})

test('a pool that is not there is a 404', async () => {
  for (const path of ['/v1/pools/nope', '/v1/pools/nope/ledger', '/v1/pools/nope/preview']) {
    expect((await ask(app, path)).body).toMatchObject({ status: 404, code: 'pool-unknown', value: 'nope' })
  }
})
