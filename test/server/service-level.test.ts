import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { RowDetail } from '../../server/contract.ts'
import { LedgerAnswer, ServiceLevelAnswer, SignalAnswer } from '../../server/contract-routing.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'
import { deals } from './market-table.ts'
import { call, calls } from './service-level-table.ts'

const rows = '/v1/tables/calls/rows'
const report = '/v1/tables/calls/service-level'
let app: RunningApp
let url = ''
let owner = ''

beforeAll(async () => {
  app = await startApp({ tables: [calls, deals] })
})
afterAll(() => app.close())
beforeEach(async () => {
  const answer = await post(app, `${rows}?wait=done`, call())
  url = answer.body.rows[0].url
  owner = answer.body.rows[0].cells.owner.value.rep
})

const cells = async () => RowDetail.parse((await ask(app, url)).body).cells
const tell = async (path: string, json: object) => {
  const answer = await post(app, `${url}/${path}`, json)
  await app.runtime.idle()
  return answer
}

describe('what people do with a lead', () => {
  test('a clock runs until somebody gets in touch', async () => {
    expect((await cells()).firstTouch).toMatchObject({
      status: 'done',
      value: { state: 'open', touchedAt: null },
      again: expect.any(String),
    })
    const answer = await tell('touches', { by: owner, note: 'called' })
    expect(answer.status).toBe(202)
    expect(SignalAnswer.parse(answer.body)).toMatchObject({ kind: 'touched', columns: ['firstTouch'], url })
    expect((await cells()).firstTouch).toMatchObject({
      value: { state: 'met', touchedBy: owner },
      again: null,
    })
  })

  test('an automated touch stops no clock (trap 103)', async () => {
    await tell('touches', { by: 'sequencer', automated: true })
    expect((await cells()).firstTouch?.value).toMatchObject({ state: 'open', touchedAt: null })
  })

  test('a touch counts from when it happened', async () => {
    const at = new Date(Date.now() - 5).toISOString()
    await tell('touches', { by: owner, at })
    expect((await cells()).firstTouch?.value).toMatchObject({ state: 'met', touchedAt: expect.any(String) })
  })

  test('an acceptance is recorded and does not stop the clock', async () => {
    expect((await tell('acceptance', { by: owner })).status).toBe(202)
    expect((await cells()).firstTouch?.value).toMatchObject({ state: 'open', acceptedAt: expect.any(String) })
  })

  test('a rejection gives the turn back and the lead to somebody else (traps 81, 105)', async () => {
    expect((await tell('rejection', { by: owner, reason: 'a competitor' })).status).toBe(202)
    const after = await cells()
    expect(after.owner?.value).toMatchObject({ previous: [{ rep: owner }] })
    expect(after.owner?.value).not.toMatchObject({ rep: owner })
    expect(after.firstTouch?.value).toMatchObject({ hops: 1, state: 'open' })
    const { entries } = LedgerAnswer.parse((await ask(app, '/v1/pools/desk/ledger?limit=1000')).body)
    const row = url.split('/').at(-1)
    expect(entries.filter((entry) => entry.row === row && entry.kind === 'draw')).toMatchObject([
      { member: owner, state: 'released', reason: expect.stringContaining('a competitor') },
      { state: 'confirmed', reason: null },
    ])
    expect((await cells()).greeting?.value).not.toContain(owner === 'ana' ? 'Ana' : 'Bo')
  })

  test('any cell can be told what its column takes', async () => {
    const answer = await tell('cells/firstTouch/signals', { kind: 'touched', by: owner })
    expect(answer.body).toMatchObject({ columns: ['firstTouch'] })
    expect((await cells()).firstTouch?.value).toMatchObject({ state: 'met' })
  })

  test.each([
    ['touches', { note: 'called' }, 'by'],
    ['touches', { by: 'ana', at: 'yesterday' }, 'at'],
    ['touches', { by: 'ana', at: '2026-01-01' }, 'at'],
    ['touches', { by: 'ana', at: new Date(Date.now() + 3_600_000).toISOString() }, 'at'],
    ['touches', { by: 'ana', automatic: true }, 'automatic'],
    ['rejection', { by: 'ana' }, 'reason'],
    ['acceptance', { by: ' ' }, 'by'],
    ['cells/firstTouch/signals', { kind: 'sneezed', by: 'ana' }, 'kind'],
    ['cells/greeting/signals', { kind: 'touched', by: 'ana' }, 'kind'],
  ])('%s %j is refused, naming the field', async (path, json, field) => {
    const before = await cells()
    expect((await tell(path, json)).body).toMatchObject({ status: 422, code: 'request-invalid', field })
    expect(await cells()).toEqual(before)
  })

  test('only the present owner takes or refuses a lead: anybody else is a 409 that names the owner', async () => {
    for (const by of [owner === 'ana' ? 'bo' : 'ana', 'a stranger']) {
      const before = await cells()
      for (const [path, more] of [
        ['acceptance', {}],
        ['rejection', { reason: 'not mine' }],
      ] as const) {
        const answer = await tell(path, { by, ...more })
        expect(answer.body).toMatchObject({ status: 409, code: 'row-conflict', field: 'by', value: by })
        expect(answer.body.wayOut).toContain(owner)
      }
      expect(await cells()).toEqual(before)
    }
  })

  test('a touch from before the lead came is refused, naming the time', async () => {
    const at = new Date(Date.now() - 86_400_000).toISOString()
    const { body } = await tell('touches', { by: owner, at })
    expect(body).toMatchObject({ status: 422, code: 'request-invalid', field: 'at', value: at })
  })

  test('what each of these may be refused with stands in the OpenAPI document', async () => {
    const { paths } = (await ask(app, '/openapi.json')).body
    const below = '/v1/tables/{table}/rows/{row}'
    for (const path of ['touches', 'acceptance', 'rejection', 'cells/{column}/signals'])
      expect(Object.keys(paths[`${below}/${path}`].post.responses)).toEqual(
        expect.arrayContaining(['202', '409', '422']),
      )
    expect(Object.keys(paths[`${below}/owner`].put.responses)).toContain('409')
  })

  test('a row that is not there is a 404', async () => {
    const told = {
      touches: {},
      acceptance: {},
      rejection: { reason: 'x' },
      'cells/firstTouch/signals': { kind: 'touched' },
    }
    for (const [path, more] of Object.entries(told)) {
      const answer = await post(app, `${rows}/row_nope/${path}`, { by: 'ana', ...more })
      expect(answer.body).toMatchObject({ status: 404, code: 'row-unknown' })
    }
  })
})

describe('the report', () => {
  test('counts the touched and the never touched, with every link of the chain (trap 106)', async () => {
    await tell('touches', { by: owner })
    const answer = await ask(app, report)
    const found = ServiceLevelAnswer.parse(answer.body)
    expect(found.leads).toBe(found.met + found.open + found.ended)
    expect(found.met).toBeGreaterThan(0)
    expect(found.neverTouched).toBe(found.leads - found.met)
    expect(found.toTouch.wall.count).toBe(found.met)
    expect(found.links.capturedToDecided).toMatchObject({ count: found.leads, p50Ms: expect.any(Number) })
  })

  test('is about the span that is asked for', async () => {
    const until = new Date(Date.now() - 86_400_000).toISOString()
    const { body } = await ask(app, `${report}?until=${until}`)
    expect(ServiceLevelAnswer.parse(body)).toMatchObject({
      leads: 0,
      until,
      toTouch: { wall: { p50Ms: null } },
    })
  })

  test.each([
    ['from=2026-02-02T00:00:00Z&until=2026-02-01T00:00:00Z', 'from'],
    ['from=yesterday', 'from'],
    ['until=2026-02-01', 'until'],
    ['since=2026-02-01T00:00:00Z', 'since'],
  ])('%s is refused, naming the field', async (query, field) => {
    expect((await ask(app, `${report}?${query}`)).body).toMatchObject({ status: 422, field })
  })

  test('a table or column without a service level is told', async () => {
    const of = async (path: string) => (await ask(app, path)).body
    expect(await of('/v1/tables/deals/service-level')).toMatchObject({ status: 422, code: 'request-invalid' })
    expect(await of(`${report}?column=firstTouch`)).toMatchObject({ table: 'calls' })
    expect(await of(`${report}?column=greeting`)).toMatchObject({ status: 422, field: 'column' })
  })

  test('a table that is not there is a 404', async () => {
    expect((await ask(app, '/v1/tables/nope/service-level')).body).toMatchObject({ code: 'table-unknown' })
  })
})
