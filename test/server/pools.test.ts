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
    const answer = await credit({ rep: 'chloe', leads: 2, reason: 'rejected', note: 'two were spam' })
    expect(answer.status).toBe(201)
    const { credit: made, pool: after } = CreditAnswer.parse(answer.body)
    expect(made).toMatchObject({ member: 'chloe', leads: 2, reason: 'rejected', who: 'local', pool: 'emea' })
    const balances = (view: typeof before) => view.fairness.map(({ balance }) => balance)
    const sum = (values: number[]) => values.reduce((all, each) => all + each, 0)
    // Each is told to two decimals.
    expect(sum(balances(after))).toBeCloseTo(sum(balances(before)), 1)
    const chloe = (view: typeof before) =>
      view.fairness.find(({ member }) => member === 'chloe')?.balance ?? 0
    // She has a third of the weight of those who can be drawn, and bears that part of each lead herself.
    expect(chloe(after) - chloe(before)).toBeCloseTo(2 - 2 / 3, 1)
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
    ['nobody of the pool', { rep: 'dev', leads: 1, reason: 'rejected' }, 'rep'],
    ['no leads', { rep: 'ana', leads: 0, reason: 'rejected' }, 'leads'],
    ['leads that are no number', { rep: 'ana', leads: '1', reason: 'rejected' }, 'leads'],
    ['too many leads', { rep: 'ana', leads: 1_001, reason: 'rejected' }, 'leads'],
    ['no reason', { rep: 'ana', leads: 1 }, 'reason'],
    ['a reason that is none', { rep: 'ana', leads: 1, reason: 'because' }, 'reason'],
    ['by hand without a note', { rep: 'ana', leads: 1, reason: 'manual' }, 'note'],
    ['about a row that is not there', { rep: 'ana', leads: 1, reason: 'rejected', row: 'row_nope' }, 'row'],
    ['the rep under another name', { member: 'ana', leads: 1, reason: 'rejected' }, 'rep'],
    ['a misspelt field', { rep: 'ana', leads: 1, reason: 'rejected', nota: 'x' }, 'nota'],
  ])('%s is refused, naming the field, and nothing is given back', async (_, json, field) => {
    const before = await ledger()
    const { body } = await credit(json)
    expect(body).toMatchObject({ status: 422, code: 'request-invalid', field })
    if (field === 'reason') expect(body.detail).toMatch(/rejected, .*manual/)
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

describe('changing single fields', () => {
  const patch = (name: string, json: unknown) => ask(app, `/v1/pools/${name}`, { method: 'PATCH', json })

  test('what is not named stays, balances as well, and the change is in the audit log', async () => {
    const before = await read()
    const members = before.members.map((each) => (each.rep === 'chloe' ? { ...each, weight: 0.5 } : each))
    const answer = await patch('emea', { members })
    expect(answer.status).toBe(200)
    const after = PoolView.parse(answer.body)
    expect(after).toMatchObject({ members, whenNobody: before.whenNobody, strategy: before.strategy })
    expect(after.fairness.map(({ balance }) => balance)).toEqual(
      before.fairness.map(({ balance }) => balance),
    )
    const { body } = await ask(app, '/v1/audit?subject=pool&name=emea')
    expect(body.audit[0]).toMatchObject({ before: { members: before.members }, after: { members } })
    expect((await patch('emea', { members: before.members })).status).toBe(200)
  })

  test('a wrong value is refused, naming the field, and a pool that is not there is a 404', async () => {
    const before = await read()
    for (const [json, field] of [
      [{ members: [{ rep: 'ana', weight: -1 }] }, 'members.0.weight'],
      [{ members: [{ rep: 'nobody' }] }, 'members.0.rep'],
      [{ whenNobdy: 'assign-anyway' }, 'whenNobdy'],
      [{ name: 'other', strategy: 'weighted' }, 'name'],
      [{}, ''],
    ] as const)
      expect((await patch('emea', json)).body).toMatchObject({
        status: 422,
        field,
        wayOut: expect.any(String),
      })
    expect(await read()).toEqual(before)
    expect((await patch('nope', { strategy: 'weighted' })).body).toMatchObject({ code: 'pool-unknown' })
  })
})

test('a pool that is not there is made by PUT, and can be handed over to at once', async () => {
  const json = { strategy: 'standard', members: [{ rep: 'dev' }], whenNobody: { person: 'ana' } }
  const made = await ask(app, '/v1/pools/apac', { method: 'PUT', json })
  expect(made.status).toBe(201)
  expect(PoolView.parse(made.body)).toMatchObject({
    name: 'apac',
    fairness: [{ member: 'dev', draws: 0, balance: 0 }],
  })
  expect((await ask(app, '/v1/pools/apac', { method: 'PUT', json })).status).toBe(200)
  expect((await ask(app, '/v1/pools/apac/preview')).body.draws[0]).toMatchObject({ member: 'dev' })
  expect((await ask(app, '/v1/audit?subject=pool&name=apac')).body.audit.at(-1)).toMatchObject({
    before: null,
  })
  const before = await read()
  const answer = await ask(app, pool, { method: 'PATCH', json: { whenNobody: { pool: 'apac' } } })
  expect(answer.status).toBe(200)
  const circle = await ask(app, '/v1/pools/apac', { method: 'PATCH', json: { whenNobody: { pool: 'emea' } } })
  expect(circle.body).toMatchObject({
    status: 422,
    field: 'whenNobody.pool',
    detail: expect.stringMatching(/apac -> emea -> apac/),
  })
  expect((await ask(app, pool, { method: 'PATCH', json: { whenNobody: before.whenNobody } })).status).toBe(
    200,
  )
})

test('numbers are told to two decimals', async () => {
  const { fairness, bound } = await read()
  for (const each of [bound, ...fairness.flatMap(({ expected, balance }) => [expected, balance])])
    expect(String(each)).toMatch(/^-?\d+(\.\d{1,2})?$/)
  expect(fairness.some(({ expected }) => !Number.isInteger(expected))).toBe(true)
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
  ['weights in a standard rotation', { ...good, members: [{ rep: 'ana', weight: 2 }] }, 'members.0.weight'],
  [
    'a weight beyond all measure',
    { ...good, strategy: 'weighted', members: [{ rep: 'ana', weight: 1e7 }] },
    'members.0.weight',
  ],
  ['an answer for nobody that is none', { ...good, whenNobody: { hold: 'for ever' } }, 'whenNobody'],
  ['a catch-up that is none', { ...good, catchUp: 'some' }, 'catchUp'],
])('%s is refused, naming the field, and nothing is saved (trap 72)', async (_, json, field) => {
  const before = await read()
  const log = (await ask(app, '/v1/audit')).body
  const answer = await ask(app, pool, { method: 'PUT', json })
  expect(answer.body).toMatchObject({ status: 422, code: 'request-invalid', wayOut: expect.any(String) })
  expect(answer.body.field).toBe(field)
  expect(answer.text).not.toContain('"Invalid input"')
  for (const each of answer.body.errors ?? []) expect(each.wayOut).toEqual(expect.stringMatching(/./))
  expect(await read()).toEqual(before)
  expect((await ask(app, '/v1/audit')).body).toEqual(log)
})

test('a pool that is not there is a 404', async () => {
  for (const path of ['/v1/pools/nope', '/v1/pools/nope/ledger', '/v1/pools/nope/preview']) {
    expect((await ask(app, path)).body).toMatchObject({ status: 404, code: 'pool-unknown', value: 'nope' })
  }
  const json = { rep: 'ana', leads: 1, reason: 'rejected' }
  expect((await post(app, '/v1/pools/nope/credits', json)).body).toMatchObject({ code: 'pool-unknown' })
})
