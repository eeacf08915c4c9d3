import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { AuditAnswer, TerritoryVersionsAnswer, TerritoryView } from '../../server/contract-routing.ts'
import { territoryEtag } from '../../server/territory-versions.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { type Answer, ask, post } from './http.ts'
import { deal, deals, market, nora, north } from './market-table.ts'

const apps: RunningApp[] = []
let app: RunningApp

beforeEach(async () => {
  app = await startApp({ tables: [deals] })
  apps.push(app)
})
afterAll(async () => {
  for (const each of apps) await each.close()
})

const edit = (method: string, path: string, json: unknown, headers: Record<string, string> = {}) =>
  ask(app, path, { method, json, headers })
const etagOf = async (path: string) => (await ask(app, path)).headers.get('etag') ?? ''
const lines = async () => AuditAnswer.parse((await ask(app, '/v1/audit')).body).audit
const { dimensions } = market
const everythingTo = (person: string) => ({ dimensions, entries: [{ match: {}, to: { person } }] })

/** A document of each kind with two edits that do not go together. */
const documents = [
  ['a rep', '/v1/reps/nora', { ...nora, role: 'ae' }, { ...nora, role: 'sdr' }],
  [
    'a pool',
    '/v1/pools/north',
    { strategy: 'weighted', members: [{ rep: 'nora', weight: 5 }], whenNobody: north.whenNobody },
    { strategy: 'weighted', members: [{ rep: 'omar', weight: 5 }], whenNobody: north.whenNobody },
  ],
  ['a territory', '/v1/territories/market', everythingTo('nora'), everythingTo('omar')],
] as const

describe.each(documents)('%s', (_, path, one, other) => {
  test('has an ETag, which stays until it is edited, whatever happens beside it', async () => {
    const first = await ask(app, path)
    const etag = first.headers.get('etag')
    expect(etag).toMatch(/^"[\w-]{22}"$/)
    expect(first.body.etag).toBe(etag)
    await post(app, '/v1/tables/deals/rows?wait=done', { rows: [deal(), deal()] })
    expect(await etagOf(path)).toBe(etag)
    const edited = await edit('PUT', path, one)
    expect(edited.status).toBe(200)
    expect(edited.headers.get('etag')).not.toBe(etag)
    expect(await etagOf(path)).toBe(edited.headers.get('etag'))
  })

  test('is listed with the same ETag', async () => {
    const list = (await ask(app, path.slice(0, path.lastIndexOf('/')))).body
    const [all = []] = Object.values<{ url: string; etag: string }[]>(list)
    expect(all.find(({ url }) => url === path)?.etag).toBe(await etagOf(path))
  })

  test('of two edits made from the same one the second is refused, with what is there and the way out', async () => {
    const etag = await etagOf(path)
    const answers = await Promise.all([
      edit('PUT', path, one, { 'if-match': etag }),
      edit('PUT', path, other, { 'if-match': etag }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412])
    const refused = answers.find(({ status }) => status === 412) as Answer
    const present = await etagOf(path)
    expect(refused.headers.get('etag')).toBe(present)
    expect(refused.headers.get('content-type')).toBe('application/problem+json')
    expect(refused.body).toMatchObject({ code: 'precondition-failed', field: 'If-Match', value: etag })
    expect(refused.body.detail).toContain(present)
    expect(refused.body.wayOut).toContain(`If-Match: ${present}`)
    expect(await lines()).toHaveLength(1)
    const again = await edit('PUT', path, other, { 'if-match': present })
    expect(again.status).toBe(200)
  })

  test('without the header the last edit wins', async () => {
    expect((await edit('PUT', path, one)).status).toBe(200)
    expect((await edit('PUT', path, other)).status).toBe(200)
    expect((await ask(app, path)).body).toMatchObject(other)
  })

  test.each([
    ['the ETag among others', (etag: string) => `"x", ${etag}`, 200],
    ['any', () => '*', 200],
    ['a weak one', (etag: string) => `W/${etag}`, 412],
    ['one without its quotes', (etag: string) => etag.slice(1, -1), 412],
    ['of another document', () => '"x"', 412],
  ])('If-Match with %s', async (_words, header, status) => {
    const answer = await edit('PUT', path, one, { 'if-match': header(await etagOf(path)) })
    expect(answer.status).toBe(status)
  })

  test('that is there is not created with If-None-Match', async () => {
    const before = (await ask(app, path)).body
    const answer = await edit('PUT', path, one, { 'if-none-match': '*' })
    expect(answer.body).toMatchObject({
      status: 412,
      code: 'precondition-failed',
      field: 'If-None-Match',
      value: '*',
      detail: expect.stringContaining(before.etag),
    })
    expect(answer.headers.get('etag')).toBe(before.etag)
    expect((await ask(app, path)).body).toEqual(before)
  })
})

test('the headers and their refusal are in the OpenAPI document', async () => {
  const { paths } = (await ask(app, '/openapi.json')).body
  const [rep, pool, territory] = ['/v1/reps/{rep}', '/v1/pools/{pool}', '/v1/territories/{territory}'].map(
    (path) => paths[path],
  )
  for (const { get } of [rep, pool, territory]) expect(get.responses[200].headers).toHaveProperty('ETag')
  const withdraw = paths['/v1/territories/{territory}/versions/{version}'].delete
  expect(withdraw.responses).toHaveProperty('409')
  for (const operation of [rep.put, rep.patch, pool.put, pool.patch, territory.put, withdraw]) {
    const named = operation.parameters.map((each: { name: string }) => each.name)
    expect(named).toEqual(expect.arrayContaining(['if-match', 'if-none-match']))
    expect(operation.responses).toHaveProperty('412')
    expect(operation.responses[200].headers).toHaveProperty('ETag')
  }
})

describe.each([
  ['a rep', '/v1/reps/nora', { role: 'ae' }, { caps: { perDay: 3 } }],
  ['a pool', '/v1/pools/north', { catchUp: 'full' }, { leaveBuffer: { stopDaysBefore: 1 } }],
])('single fields of %s', (_, path, one, other) => {
  test('are changed once by two who saw the same', async () => {
    const etag = await etagOf(path)
    const answers = await Promise.all([
      edit('PATCH', path, one, { 'if-match': etag }),
      edit('PATCH', path, other, { 'if-match': etag }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412])
    expect(answers[1]?.headers.get('etag')).toBe(answers[0]?.headers.get('etag'))
    const after = (await ask(app, path)).body
    const [kept, lost] = answers[0]?.status === 200 ? [one, other] : [other, one]
    expect(after).toMatchObject(kept)
    expect(after).not.toMatchObject(lost)
  })

  test('are changed by both where neither asks', async () => {
    await Promise.all([edit('PATCH', path, one), edit('PATCH', path, other)])
    expect((await ask(app, path)).body).toMatchObject({ ...one, ...other })
  })

  test('are not changed where If-None-Match says that it should not be there', async () => {
    expect((await edit('PATCH', path, one, { 'if-none-match': '*' })).status).toBe(412)
    expect((await ask(app, path)).body).not.toMatchObject(one)
  })
})

describe('what is not there yet', () => {
  const rosa = { name: 'Rosa Diaz', email: 'rosa@reps.example' }

  test('is created once with If-None-Match: *', async () => {
    const answers = await Promise.all([
      edit('PUT', '/v1/reps/rosa', { ...rosa, role: 'sdr' }, { 'if-none-match': '*' }),
      edit('PUT', '/v1/reps/rosa', { ...rosa, role: 'ae' }, { 'if-none-match': '*' }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 412])
    const role = answers[0]?.status === 201 ? 'sdr' : 'ae'
    expect((await ask(app, '/v1/reps/rosa')).body).toMatchObject({ role })
  })

  test('is not created with If-Match', async () => {
    for (const header of ['*', '"x"']) {
      const { body, headers } = await edit('PUT', '/v1/reps/rosa', rosa, { 'if-match': header })
      expect(body).toMatchObject({ status: 412, code: 'precondition-failed', field: 'If-Match' })
      expect(body.wayOut).toContain('leave If-Match out')
      expect(headers.get('etag')).toBeNull()
    }
    expect((await ask(app, '/v1/reps/rosa')).status).toBe(404)
  })

  test('of two who put the same id without a header one is told that it is new', async () => {
    const answers = await Promise.all([
      edit('PUT', '/v1/reps/rosa', rosa),
      edit('PUT', '/v1/reps/rosa', rosa),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 201])
  })
})

describe('a version of a territory', () => {
  const path = '/v1/territories/market'
  const dayMs = 86_400_000
  const plan = async (person: string, days: number) =>
    TerritoryView.parse(
      (
        await edit('PUT', path, {
          ...everythingTo(person),
          effectiveFrom: new Date(Date.now() + days * dayMs).toISOString(),
        })
      ).body,
    )
  const withdraw = (version: number | string, headers: Record<string, string> = {}) =>
    ask(app, `${path}/versions/${version}`, { method: 'DELETE', headers })
  const versions = async () =>
    TerritoryVersionsAnswer.parse((await ask(app, `${path}/versions`)).body).versions
  const inDays = (days: number) => encodeURIComponent(new Date(Date.now() + days * dayMs).toISOString())
  const whoseIn = async (days: number) =>
    (await ask(app, `${path}/lookup?region=north&size=small&at=${inDays(days)}`)).body.version

  test('that is still to come can be withdrawn, and never decides', async () => {
    await plan('omar', 1)
    const { etag } = await plan('quinn', 2)
    expect(await whoseIn(3)).toBe(3)
    const answer = await withdraw(3)
    expect(answer.status).toBe(200)
    const gone = TerritoryView.parse(answer.body)
    expect(gone).toMatchObject({ version: 3, inForce: false, withdrawnAt: expect.any(String) })
    expect(answer.headers.get('etag')).toBe(await etagOf(path))
    expect(gone.etag).not.toBe(etag)
    expect(await whoseIn(3)).toBe(2)
    expect((await versions()).map((each) => [each.version, each.withdrawnAt !== null])).toEqual([
      [3, true],
      [2, false],
      [1, false],
    ])
    expect((await plan('nora', 4)).version).toBe(4)
    const [, line] = await lines()
    expect(line).toMatchObject({
      subject: 'territory',
      name: 'market',
      who: 'local',
      before: { version: 3, effectiveFrom: expect.any(Number) },
      after: null,
    })
  })

  test('that is or was in force is not withdrawn', async () => {
    await edit('PUT', path, everythingTo('quinn'))
    const before = await versions()
    for (const version of [1, 2]) {
      const { body } = await withdraw(version)
      expect(body).toMatchObject({
        status: 409,
        code: 'version-in-force',
        field: 'version',
        value: version,
        wayOut: expect.stringContaining('save a new version'),
      })
    }
    expect(await versions()).toEqual(before)
    expect(await lines()).toHaveLength(1)
  })

  test.each([
    [7, 404, 'version-unknown'],
    [0, 422, 'request-invalid'],
    ['last', 422, 'request-invalid'],
  ])('%s is none', async (version, status, code) => {
    expect((await withdraw(version)).body).toMatchObject({ status, code, field: 'version' })
  })

  test('of a territory that is not there is none', async () => {
    const { body } = await ask(app, '/v1/territories/nope/versions/2', { method: 'DELETE' })
    expect(body).toMatchObject({ status: 404, code: 'territory-unknown', value: 'nope' })
  })

  test('is withdrawn from what was seen, where If-Match says so', async () => {
    const { etag } = await plan('omar', 1)
    await plan('quinn', 2)
    const refused = await withdraw(2, { 'if-match': etag })
    expect(refused.body).toMatchObject({ status: 412, code: 'precondition-failed', value: etag })
    expect(await whoseIn(1.5)).toBe(2)
    expect((await withdraw(2, { 'if-match': await etagOf(path) })).status).toBe(200)
    expect(await whoseIn(1.5)).toBe(1)
  })

  test('that comes into force by the clock changes the ETag, so that nobody undoes it unseen', () => {
    const saved = { territory: market, savedAt: 0, who: 'mia', withdrawnAt: null }
    const both = [
      { ...saved, version: 1, effectiveFrom: 0 },
      { ...saved, version: 2, effectiveFrom: 100 },
    ]
    expect(territoryEtag(both, 99)).toBe(territoryEtag(both.toReversed(), 50))
    expect(territoryEtag(both, 100)).not.toBe(territoryEtag(both, 99))
  })
})
