import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { AuditAnswer, RepsAnswer, RepView } from '../../server/contract-routing.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'
import { deal, deals } from './market-table.ts'

let app: RunningApp

beforeAll(async () => {
  app = await startApp({ tables: [deals] })
})
afterAll(() => app.close())

const read = async (id: string) => RepView.parse((await ask(app, `/v1/reps/${id}`)).body)
const put = (id: string, json: object) => ask(app, `/v1/reps/${id}`, { method: 'PUT', json })
const nora = { name: 'Nora Berg', email: 'nora@reps.example', zone: 'Europe/Berlin' }
const dayMs = 86_400_000
const day = (offset: number) => new Date(Date.now() + offset * dayMs).toISOString().slice(0, 10)

beforeEach(async () => {
  expect((await put('nora', nora)).status).toBe(200)
})

describe('reading', () => {
  test('every rep of the definitions is there, with availability, load and pools', async () => {
    const { reps } = RepsAnswer.parse((await ask(app, '/v1/reps')).body)
    expect(reps.map(({ id }) => id).sort()).toEqual(['nora', 'omar', 'quinn'])
    await post(app, '/v1/tables/deals/rows?wait=done', { rows: [deal(), deal(), deal()] })
    const rep = await read('nora')
    expect(rep).toMatchObject({
      url: '/v1/reps/nora',
      availability: { excluded: null, opensAt: null },
      load: { today: 2, week: 2 },
      pools: [{ pool: 'north', weight: 2, excluded: null }],
    })
    expect((await read('omar')).pools.map(({ pool }) => pool)).toEqual(['north', 'south'])
  })

  test('a rep on leave says until when, and when the next opening is', async () => {
    await put('nora', { ...nora, leave: [{ from: day(-1), until: day(2) }] })
    const { availability, pools } = await read('nora')
    expect(availability.excluded).toMatchObject({
      code: 'leave',
      reason: expect.stringMatching(/^on leave until .*Europe\/Berlin$/),
    })
    expect(Date.parse(availability.opensAt ?? '')).toBeGreaterThan(Date.now() + dayMs)
    expect(availability.excluded?.until).toBe(availability.opensAt)
    expect(pools[0]?.excluded?.code).toBe('leave')
  })

  test('one that is not there is a 404 that lists none of the others', async () => {
    expect((await ask(app, '/v1/reps/nobody')).body).toMatchObject({
      status: 404,
      code: 'rep-unknown',
      field: 'rep',
      value: 'nobody',
    })
  })
})

describe('changing', () => {
  test('what GET answers can be changed and put back', async () => {
    const given = await read('nora')
    const answer = await put('nora', { ...given, caps: { perDay: 3 }, role: 'ae' })
    expect(answer.status).toBe(200)
    expect(RepView.parse(answer.body)).toMatchObject({
      caps: { perDay: 3 },
      role: 'ae',
      zone: 'Europe/Berlin',
    })
  })

  test('a new rep can be made and put into a pool', async () => {
    expect((await put('rosa', { name: 'Rosa Diaz', email: 'rosa@reps.example' })).status).toBe(201)
    const pool = (await ask(app, '/v1/pools/south')).body
    const members = [...pool.members, { rep: 'rosa', weight: 1 }]
    const answer = await ask(app, '/v1/pools/south', { method: 'PUT', json: { ...pool, members } })
    expect(answer.status).toBe(200)
    expect((await read('rosa')).pools.map(({ pool: name }) => name)).toEqual(['south'])
  })

  test('who changed what is in the audit log, the latest first, page by page', async () => {
    await put('nora', { ...nora, role: 'sdr' })
    const path = '/v1/audit?subject=rep&name=nora'
    const { audit } = AuditAnswer.parse((await ask(app, path)).body)
    expect(audit[0]).toMatchObject({
      subject: 'rep',
      name: 'nora',
      who: 'local',
      before: { role: null },
      after: { role: 'sdr' },
    })
    const first = AuditAnswer.parse((await ask(app, `${path}&limit=1`)).body)
    const second = AuditAnswer.parse((await ask(app, `${path}&limit=1&before=${first.next}`)).body)
    expect([...first.audit, ...second.audit]).toEqual(audit.slice(0, 2))
  })

  test('a rep who leaves is drawn no more, and the next one is (trap 74)', async () => {
    await put('nora', { ...nora, active: false, successor: 'omar' })
    const answer = await post(app, '/v1/tables/deals/rows?wait=done', { rows: [deal(), deal(), deal()] })
    const owners = answer.body.rows.map(
      (row: { cells: { owner: { value: { rep: string } } } }) => row.cells.owner.value.rep,
    )
    expect(owners).toEqual(['omar', 'omar', 'omar'])
    expect((await read('nora')).availability).toEqual({
      excluded: { code: 'inactive', reason: 'is not active', until: null },
      opensAt: null,
    })
  })
})

describe('changing single fields', () => {
  const patch = (id: string, json: unknown) => ask(app, `/v1/reps/${id}`, { method: 'PATCH', json })

  test('what is not named stays, and the change is in the audit log', async () => {
    await put('nora', { ...nora, role: 'ae', caps: { perDay: 3 } })
    const before = await read('nora')
    const leave = [{ from: day(10), until: day(12), note: 'holiday' }]
    const answer = await patch('nora', { leave })
    expect(answer.status).toBe(200)
    const changed = RepView.parse(answer.body)
    expect(changed).toEqual({ ...before, leave, etag: changed.etag })
    expect(await read('nora')).toEqual(changed)
    const { audit } = AuditAnswer.parse((await ask(app, '/v1/audit?subject=rep&name=nora')).body)
    expect(audit[0]).toMatchObject({
      who: 'local',
      before: { leave: [], role: 'ae' },
      after: { leave, role: 'ae' },
    })
  })

  test('two changes at once are both kept', async () => {
    const answers = await Promise.all([
      patch('nora', { caps: { perDay: 7 } }),
      patch('nora', { role: 'sdr' }),
      patch('nora', { manager: 'quinn' }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(await read('nora')).toMatchObject({ caps: { perDay: 7 }, role: 'sdr', manager: 'quinn' })
  })

  test.each([
    ['a misspelt field', { leav: [] }, 'leav'],
    ['a wrong value', { caps: { perDay: -1 } }, 'caps.perDay'],
    ['somebody who is not there', { successor: 'nobody' }, 'successor'],
    ['the id of another rep', { id: 'omar', role: 'ae' }, 'id'],
    ['nothing', {}, ''],
    ['only what an answer carries', { url: '/v1/reps/nora' }, ''],
    ['a list', [], ''],
  ])('%s is refused, naming the field and the way out, and nothing is saved', async (_, json, field) => {
    const before = await read('nora')
    const answer = await patch('nora', json)
    expect(answer.body).toMatchObject({
      status: 422,
      code: 'request-invalid',
      field,
      wayOut: expect.any(String),
    })
    expect(await read('nora')).toEqual(before)
  })

  test('a rep who is not there is not made by it', async () => {
    expect((await patch('nobody', { role: 'ae' })).body).toMatchObject({ status: 404, code: 'rep-unknown' })
  })
})

const hours = (...monday: { from: string; until: string }[]) => ({ ...nora, hours: { monday } })

test.each([
  ['no name', { ...nora, name: ' ' }, 'name'],
  ['an e-mail that is none', { ...nora, email: 'nora' }, 'email'],
  ['a misspelt field', { ...nora, hourz: null }, 'hourz'],
  ['a zone that does not exist', { ...nora, zone: 'Europe/Atlantis' }, 'zone'],
  ['an offset for a zone', { ...nora, zone: '+02:00' }, 'zone'],
  [
    'overlapping hours',
    hours({ from: '09:00', until: '13:00' }, { from: '12:00', until: '17:00' }),
    'hours.monday.1',
  ],
  ['hours that end before they start', hours({ from: '17:00', until: '09:00' }), 'hours.monday.0.until'],
  ['a weekday that is none', { ...nora, hours: { mo: [] } }, 'hours.mo'],
  [
    'a leave that ends before it starts',
    { ...nora, leave: [{ from: '2026-12-24', until: '2026-12-01' }] },
    'leave.0.until',
  ],
  ['a negative cap', { ...nora, caps: { perDay: -1 } }, 'caps.perDay'],
  ['a successor who is not there', { ...nora, successor: 'nobody' }, 'successor'],
  ['being one’s own backup', { ...nora, backup: 'nora' }, 'backup'],
  ['holidays of no country', { ...nora, holidays: { country: 'ZZ' } }, 'holidays'],
  [
    'holidays of a state that is not there',
    { ...nora, holidays: { country: 'DE', state: 'XX' } },
    'holidays',
  ],
  ['the id of another rep', { ...nora, id: 'omar' }, 'id'],
  ['the e-mail of another rep', { ...nora, email: 'Omar@reps.example' }, 'email'],
  ['hours without any', { ...nora, hours: {} }, 'hours'],
  ['a zone without its region', { ...nora, zone: 'EST' }, 'zone'],
  ['a leave of one day', { ...nora, leave: [{ from: '2026-12-24' }] }, 'leave.0'],
])('%s is refused with field, value and way out, and nothing is saved', async (_, json, field) => {
  const before = await read('nora')
  const changes = (await ask(app, '/v1/audit?subject=rep')).body
  const answer = await put('nora', json)
  expect(answer.body).toMatchObject({
    status: 422,
    code: 'request-invalid',
    field,
    wayOut: expect.any(String),
  })
  expect(answer.body).toHaveProperty('value')
  expect(answer.text).not.toContain('"Invalid input"')
  for (const each of answer.body.errors ?? []) expect(each.wayOut).toEqual(expect.stringMatching(/./))
  expect(await read('nora')).toEqual(before)
  expect((await ask(app, '/v1/audit?subject=rep')).body).toEqual(changes)
})

test.each(['a b', '-x', 'x'.repeat(65), '%00'])('%j is no id', async (id) => {
  expect((await put(encodeURIComponent(id), nora)).body).toMatchObject({ status: 422, field: 'id' })
})
