import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import {
  CreditAnswer,
  LedgerAnswer,
  PoolPreviewAnswer,
  PoolsAnswer,
  PoolView,
} from '../../server/contract-routing.ts'
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

const read = async () => PoolView.parse((await ask(app, pool)).body)
const ledger = async (query = 'limit=1000') =>
  LedgerAnswer.parse((await ask(app, `${pool}/ledger?${query}`)).body)
const credit = (json: object) => post(app, `${pool}/credits`, json)
const setRep = async (id: string, change: object) => {
  const before = (await ask(app, `/v1/reps/${id}`)).body
  const answer = await ask(app, `/v1/reps/${id}`, { method: 'PUT', json: { ...before, ...change } })
  expect(answer.status).toBe(200)
}

test('a pool shows its members by name, and draws against the expected share', async () => {
  await draw(9)
  const { pools } = PoolsAnswer.parse((await ask(app, '/v1/pools')).body)
  expect(pools.map(({ name, url }) => [name, url])).toEqual([['emea', pool]])
  const { fairness, members, bound } = await read()
  expect(members.map(({ rep, weight }) => [rep, weight])).toEqual([
    ['ana', 2],
    ['chloe', 1],
    ['ben', 1],
  ])
  expect(fairness.map(({ name, draws, excluded }) => [name, draws, excluded?.code])).toEqual([
    ['Ana Ruiz', 6, undefined],
    ['Chloe Lin', 3, undefined],
    ['Ben Okafor', 0, 'inactive'],
  ])
  expect(bound).toBe(0.5)
  for (const { draws, expected } of fairness) expect(Math.abs(draws - expected)).toBeLessThanOrEqual(bound)
  for (const { draws, expected, balance } of fairness) expect(draws + balance).toBeCloseTo(expected)
})

test('the preview tells the turns that then come, and draws nothing', async () => {
  const before = (await ledger()).entries.length
  const { draws, nobody } = PoolPreviewAnswer.parse((await ask(app, `${pool}/preview`)).body)
  expect(draws).toHaveLength(20)
  expect(nobody).toBeNull()
  expect(draws[0]).toMatchObject({ turn: 1, reason: expect.stringMatching(/^\w+ \w+ is next: share/) })
  expect((await ledger()).entries).toHaveLength(before)
  // One at a time: the order in which rows of a batch draw is not the point here.
  for (const { member } of draws.slice(0, 6)) expect(await draw(1)).toEqual([member])
})

test('a preview counts the turns it tells against the caps (trap 77)', async () => {
  await setRep('ana', { caps: { perDay: 12 } })
  const { today } = (await ask(app, '/v1/reps/ana')).body.load
  const { draws } = PoolPreviewAnswer.parse((await ask(app, `${pool}/preview`)).body)
  expect(draws.filter(({ member }) => member === 'ana')).toHaveLength(12 - today)
  expect(draws).toHaveLength(20)
  await setRep('ana', { caps: {} })
})

describe('credits', () => {
  test('a lead given back makes the member be drawn earlier, and the balances still add up to nothing (trap 81)', async () => {
    const before = await read()
    const answer = await credit({ member: 'chloe', leads: 2, reason: 'rejected', note: 'two were spam' })
    expect(answer.status).toBe(201)
    const { credit: made, pool: after } = CreditAnswer.parse(answer.body)
    expect(made).toMatchObject({ member: 'chloe', leads: 2, reason: 'rejected', who: 'local', pool: 'emea' })
    const balances = (view: typeof before) => view.fairness.map(({ balance }) => balance)
    const sum = (values: number[]) => values.reduce((all, each) => all + each, 0)
    expect(sum(balances(after))).toBeCloseTo(sum(balances(before)))
    const chloe = (view: typeof before) =>
      view.fairness.find(({ member }) => member === 'chloe')?.balance ?? 0
    // She has a third of the weight of those who can be drawn, and bears that part of each lead herself.
    expect(chloe(after) - chloe(before)).toBeCloseTo(2 - 2 / 3)
    for (const { draws, expected, balance } of after.fairness) expect(draws + balance).toBeCloseTo(expected)
    expect(await draw(1)).toEqual(['chloe'])
  })

  test('is in the audit log', async () => {
    const { body } = await ask(app, '/v1/audit?subject=credit')
    expect(body.audit[0]).toMatchObject({
      subject: 'credit',
      who: 'local',
      after: { member: 'chloe', leads: 2 },
    })
  })

  test.each([
    ['nobody of the pool', { member: 'dev', leads: 1, reason: 'rejected' }, 'member'],
    ['no leads', { member: 'ana', leads: 0, reason: 'rejected' }, 'leads'],
    ['leads that are no number', { member: 'ana', leads: '1', reason: 'rejected' }, 'leads'],
    ['too many leads', { member: 'ana', leads: 1_001, reason: 'rejected' }, 'leads'],
    ['no reason', { member: 'ana', leads: 1 }, 'reason'],
    ['a reason that is none', { member: 'ana', leads: 1, reason: 'because' }, 'reason'],
    ['by hand without a note', { member: 'ana', leads: 1, reason: 'manual' }, 'note'],
    [
      'about a row that is not there',
      { member: 'ana', leads: 1, reason: 'rejected', row: 'row_nope' },
      'row',
    ],
    ['a misspelt field', { member: 'ana', leads: 1, reason: 'rejected', nota: 'x' }, 'nota'],
  ])('%s is refused, naming the field, and nothing is given back', async (_, json, field) => {
    const before = await ledger()
    expect((await credit(json)).body).toMatchObject({ status: 422, code: 'request-invalid', field })
    expect(await ledger()).toEqual(before)
  })
})

test('the ledger tells every draw and every credit in order, page by page', async () => {
  const whole = await ledger()
  expect(whole.entries.filter(({ kind }) => kind === 'credit')).toHaveLength(1)
  expect(whole.entries.at(-1)).toMatchObject({ kind: 'draw', member: 'chloe' })
  const times = whole.entries.map(({ at }) => at)
  expect(times).toEqual([...times].sort())
  for (const size of [1, 4, 7]) {
    const entries: unknown[] = []
    let next: string | null = null
    do {
      const page: z.output<typeof LedgerAnswer> = await ledger(
        `limit=${size}${next === null ? '' : `&after=${next}`}`,
      )
      entries.push(...page.entries)
      next = page.next
    } while (next !== null)
    expect(entries).toEqual(whole.entries)
  }
  expect(whole.next).toBeNull()
  expect((await ask(app, `${pool}/ledger?after=7`)).body).toMatchObject({ status: 422, field: 'after' })
})

test('weight 0 pauses a member, and what GET answers can be put back (trap 72)', async () => {
  const given = await read()
  await setRep('ben', { active: true })
  const members = given.members.map((each) => (each.rep === 'ana' ? { ...each, weight: 0 } : each))
  const put = await ask(app, pool, { method: 'PUT', json: { ...given, members } })
  expect(put.status).toBe(200)
  expect(PoolView.parse(put.body).fairness.map(({ excluded }) => excluded?.code)).toEqual([
    'paused',
    undefined,
    undefined,
  ])
  const drawn = await draw(4)
  expect(drawn).not.toContain('ana')
  expect(drawn).toContain('ben')
})

test('when nobody can be drawn the preview says so, and when that ends (trap 71)', async () => {
  const until = new Date(Date.now() + 3_600_000)
  const leave = [{ from: new Date(Date.now() - 1_000).toISOString(), until: until.toISOString() }]
  for (const id of ['ana', 'ben', 'chloe']) await setRep(id, { leave })
  const { draws, nobody, opensAt, whenNobody } = PoolPreviewAnswer.parse(
    (await ask(app, `${pool}/preview`)).body,
  )
  expect(draws).toEqual([])
  expect(nobody).toMatch(/nobody can be drawn: .*Ben Okafor \(on leave until/)
  expect(opensAt).toBe(until.toISOString())
  expect(whenNobody).toEqual({ person: 'dev' })
  for (const id of ['ana', 'ben', 'chloe']) await setRep(id, { leave: [] })
})

const good = { strategy: 'standard', members: [{ rep: 'ana' }], whenNobody: 'assign-anyway' }
const held = (otherwise: unknown) => ({ ...good, whenNobody: { hold: 'until-opening', otherwise } })

test.each([
  ['a negative weight', { ...good, members: [{ rep: 'ana', weight: -1 }] }, 'members.0.weight'],
  ['a weight that is no number', { ...good, members: [{ rep: 'ana', weight: null }] }, 'members.0.weight'],
  ['a misspelt weight', { ...good, members: [{ rep: 'ana', wieght: 2 }] }, 'members.0.wieght'],
  ['a rep twice', { ...good, members: [{ rep: 'ana' }, { rep: 'ana' }] }, 'members.1.rep'],
  ['a rep who is not there', { ...good, members: [{ rep: 'ana' }, { rep: 'nobody' }] }, 'members.1.rep'],
  ['no member', { ...good, members: [] }, 'members'],
  ['nobody with a weight', { ...good, members: [{ rep: 'ana', weight: 0 }] }, 'members'],
  ['a catch-up below 0', { ...good, catchUp: { bounded: -1 } }, 'catchUp.bounded'],
  [
    'a leave buffer of half a day',
    { ...good, leaveBuffer: { stopDaysBefore: 0.5 } },
    'leaveBuffer.stopDaysBefore',
  ],
  ['no answer for nobody', { ...good, whenNobody: undefined }, 'whenNobody'],
  ['handing over to itself', { ...good, whenNobody: { pool: 'emea' } }, 'whenNobody.pool'],
  ['handing over to a pool that is not there', { ...good, whenNobody: { pool: 'nope' } }, 'whenNobody.pool'],
  [
    'handing over to a rep who is not there',
    { ...good, whenNobody: { person: 'nobody' } },
    'whenNobody.person',
  ],
  [
    'handing over after a hold to a rep who is not there',
    held({ person: 'nobody' }),
    'whenNobody.otherwise.person',
  ],
  ['a hold without an end', held(undefined), 'whenNobody'],
  ['the name of another pool', { ...good, name: 'apac' }, 'name'],
])('%s is refused, naming the field, and nothing is saved (trap 72)', async (_, json, field) => {
  const before = await read()
  const log = (await ask(app, '/v1/audit')).body
  const answer = await ask(app, pool, { method: 'PUT', json })
  expect(answer.body).toMatchObject({ status: 422, code: 'request-invalid', wayOut: expect.any(String) })
  expect(answer.body.field).toBe(field)
  expect(await read()).toEqual(before)
  expect((await ask(app, '/v1/audit')).body).toEqual(log)
})

test('a pool that is not there is a 404', async () => {
  for (const path of ['/v1/pools/nope', '/v1/pools/nope/ledger', '/v1/pools/nope/preview']) {
    expect((await ask(app, path)).body).toMatchObject({ status: 404, code: 'pool-unknown', value: 'nope' })
  }
  const json = { member: 'ana', leads: 1, reason: 'rejected' }
  expect((await post(app, '/v1/pools/nope/credits', json)).body).toMatchObject({ code: 'pool-unknown' })
})
