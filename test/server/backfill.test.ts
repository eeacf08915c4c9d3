import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'

const rows = '/v1/tables/leads/rows'
let app: RunningApp
let serial = 0
const lead = () => {
  serial += 1
  return { company: `Company ${serial}`, email: `p${serial}@c${serial}.example`, employees: 50 }
}

beforeAll(async () => {
  app = await startApp()
})
afterAll(() => app.close())

describe('a backlog', () => {
  const backfill = { consumeDraws: false, notify: false, startClocks: false }
  const fairness = async () => (await ask(app, '/v1/pools/emea')).body.fairness
  const draws = () => app.runtime.draws({ pool: 'emea', limit: 10_000 })

  test('that consumes no draws gets its owners from a rotation of its own (trap 79)', async () => {
    const before = await fairness()
    const answer = await post(app, `${rows}?wait=done`, { rows: [lead(), lead(), lead()], backfill })
    expect(answer.status).toBe(200)
    const owners = answer.body.rows.map(
      (row: { cells: { owner: { value: { rep: string } } } }) => row.cells.owner.value.rep,
    )
    expect(owners.sort()).toEqual(['ana', 'ana', 'chloe'])
    expect(await fairness()).toEqual(before)
    expect((await draws()).slice(-3).map((draw) => draw.backfill)).toEqual([true, true, true])
  })

  test('that consumes draws takes them from the live rotation', async () => {
    const sum = (all: { draws: number }[]) => all.reduce((count, each) => count + each.draws, 0)
    const before = sum(await fairness())
    const given = { rows: [lead(), lead(), lead()], backfill: { ...backfill, consumeDraws: true } }
    await post(app, `${rows}?wait=done`, given)
    expect(sum(await fairness())).toBe(before + 3)
  })

  test.each([
    ['without a word about draws', { notify: false, startClocks: false }, 'backfill.consumeDraws'],
    ['without a word about people', { consumeDraws: false, startClocks: false }, 'backfill.notify'],
    ['with text for a switch', { ...backfill, startClocks: 'no' }, 'backfill.startClocks'],
    ['with a misspelt switch', { ...backfill, notifi: true }, 'backfill.notifi'],
    ['as a bare word', true, 'backfill'],
  ])('%s is refused whole', async (_, wish, field) => {
    const before = await app.runtime.count('leads')
    const answer = await post(app, rows, { rows: [lead()], backfill: wish })
    expect(answer.body).toMatchObject({ status: 422, code: 'request-invalid', field })
    expect(await app.runtime.count('leads')).toBe(before)
  })
})
