import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LedgerAnswer, PoolView } from '../../server/contract-routing.ts'
import { ask, post } from '../server/http.ts'
import { deals } from '../server/market-table.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'

const rows = '/v1/tables/deals/rows'
const companies = 100
const peoplePerCompany = 10
let app: RunningApp
/** Person by person, so that the leads of one company are as far apart, and as much at once, as can be. */
const leads = Array.from({ length: companies * peoplePerCompany }, (_, index) => ({
  email: `person${Math.floor(index / companies)}@company${index % companies}.example`,
  region: 'north',
  size: 'small',
}))

beforeAll(async () => {
  app = await startApp({ tables: [deals] })
})
afterAll(() => app.close())

interface Row {
  id: string
  input: { email: string }
  cells: { owner: { status: string; value: { rep: string; method: string } } }
}

/** All of them in requests of 20 rows, none waiting for another. */
async function insertAll(): Promise<void> {
  const batches = Array.from({ length: leads.length / 20 }, (_, at) => leads.slice(at * 20, at * 20 + 20))
  const answers = await Promise.all(batches.map((batch) => post(app, rows, { rows: batch })))
  expect(answers.map(({ status }) => status)).toEqual(batches.map(() => 202))
  await app.runtime.idle()
}

async function all(): Promise<Row[]> {
  const { body } = await ask(app, `${rows}?limit=1000`)
  return body.rows
}

async function ownersByCompany(): Promise<Map<string, Set<string>>> {
  const owners = new Map<string, Set<string>>()
  for (const { input, cells } of await all()) {
    const company = input.email.split('@')[1] ?? ''
    owners.set(company, (owners.get(company) ?? new Set()).add(cells.owner.value.rep))
  }
  return owners
}

async function ledger() {
  const { entries } = LedgerAnswer.parse((await ask(app, '/v1/pools/north/ledger?limit=1000')).body)
  return entries
}

// One story, told in order.
describe('1,000 leads of 100 companies, inserted at once over HTTP', { shuffle: false }, () => {
  test('give each company exactly one owner, by exactly one draw, within the bound at every prefix (traps 51, 52)', async () => {
    await insertAll()
    const found = await all()
    expect(found).toHaveLength(1_000)
    expect(new Set(found.map(({ cells }) => cells.owner.status))).toEqual(new Set(['done']))
    const owners = await ownersByCompany()
    expect(owners.size).toBe(companies)
    expect([...owners.values()].filter(({ size }) => size !== 1)).toEqual([])
    const entries = await ledger()
    expect(entries).toHaveLength(companies)
    const { fairness, bound, members } = PoolView.parse((await ask(app, '/v1/pools/north')).body)
    expect(bound).toBe(0.5)
    const whole = members.reduce((sum, { weight }) => sum + weight, 0)
    for (const { rep, weight } of members) {
      let drawn = 0
      for (const [index, { member }] of entries.entries()) {
        if (member === rep) drawn += 1
        expect(Math.abs(drawn - ((index + 1) * weight) / whole)).toBeLessThanOrEqual(bound + 1e-9)
      }
    }
    expect(fairness.map(({ draws }) => draws).sort()).toEqual([33, 67])
    for (const { draws, expected } of fairness)
      expect(Math.abs(draws - expected)).toBeLessThanOrEqual(bound + 1e-9)
    expect(fairness.reduce((sum, { expected }) => sum + expected, 0)).toBeCloseTo(companies)
    const methods = Map.groupBy(found, ({ cells }) => cells.owner.value.method)
    expect(methods.get('sticky')).toHaveLength(900)
    expect(methods.get('territory')?.length ?? methods.get('weighted_round_robin')?.length).toBe(100)
  })

  test('and again, as touches and as runs with force: no draw more, no owner changed (traps 67, 68)', async () => {
    const before = await all()
    const drawn = await ledger()
    await insertAll()
    for (const wish of [{}, { force: true }, { force: true, includeEffects: true, downstream: true }]) {
      const run = { scope: { all: true }, mode: 'all', ...wish }
      expect((await post(app, '/v1/tables/deals/runs', run)).status).toBe(202)
      await app.runtime.idle()
    }
    const owner = ({ id, cells }: Row) => [id, cells.owner.value]
    expect((await all()).map(owner)).toEqual(before.map(owner))
    expect(await ledger()).toEqual(drawn)
  })
})
