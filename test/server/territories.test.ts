import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  LookUpAnswer,
  TerritoriesAnswer,
  TerritoryVersionsAnswer,
  TerritoryView,
} from '../../server/contract-routing.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'
import { deal, deals, market } from './market-table.ts'

const path = '/v1/territories/market'
let app: RunningApp

beforeAll(async () => {
  app = await startApp({ tables: [deals] })
})
afterAll(() => app.close())

const put = (json: object) => ask(app, path, { method: 'PUT', json })
const read = async () => TerritoryView.parse((await ask(app, path)).body)
const lookUp = async (query: string) => ask(app, `${path}/lookup?${query}`)
const { dimensions } = market

/** Everything to one rep, but for what stands before it. */
const entries = (...first: object[]) => [...first, { match: {}, to: { person: 'quinn' } }]

describe('reading', () => {
  test('the territory of the definition is there as version 1', async () => {
    const { territories } = TerritoriesAnswer.parse((await ask(app, '/v1/territories')).body)
    expect(territories).toEqual([await read()])
    expect(territories[0]).toMatchObject({ name: 'market', version: 1, inForce: true, dimensions })
  })

  test('a look-up says whose a combination is, and by which entry', async () => {
    const { body } = await lookUp('region=south&size=small')
    expect(LookUpAnswer.parse(body)).toMatchObject({
      destination: { pool: 'south' },
      path: 'south x small',
      key: { region: 'south', size: 'small' },
      entry: { to: { pool: 'south' } },
    })
  })

  test.each([
    ['region=south', 'size', 'missing'],
    ['region=south&size=huge', 'size', 'huge'],
    ['region=south&size=small&tier=1', 'tier', '1'],
  ])('%s has no place, and says why', async (query, field, value) => {
    const { body } = await lookUp(query)
    expect(body).toMatchObject({ status: 422, code: 'request-invalid', field, value })
    expect(body.wayOut).toContain('region')
  })

  test('one that is not there is a 404', async () => {
    for (const below of ['', '/versions', '/lookup?region=north']) {
      expect((await ask(app, `/v1/territories/nope${below}`)).body).toMatchObject({
        status: 404,
        code: 'territory-unknown',
        value: 'nope',
      })
    }
  })
})

describe('saving', () => {
  test('a new version is in force at once, and rows that come now follow it (trap 63)', async () => {
    const given = await read()
    const answer = await put({ ...given, effectiveFrom: undefined, entries: entries() })
    expect(answer.status).toBe(200)
    expect(TerritoryView.parse(answer.body)).toMatchObject({ version: 2, inForce: true, who: 'local' })
    const inserted = await post(app, '/v1/tables/deals/rows?wait=done', deal({ region: 'north' }))
    expect(inserted.body.rows[0].cells.owner.value).toMatchObject({ rep: 'quinn', method: 'territory' })
    expect((await lookUp('region=north&size=small')).body).toMatchObject({ version: 2 })
  })

  test('a version for a day to come waits for its day (trap 63)', async () => {
    const effectiveFrom = new Date(Date.now() + 86_400_000).toISOString()
    const north = { match: { region: ['north'] }, to: { pool: 'north' } }
    const answer = await put({ dimensions, entries: entries(north), effectiveFrom })
    expect(TerritoryView.parse(answer.body)).toMatchObject({ version: 3, inForce: false, effectiveFrom })
    expect((await read()).version).toBe(2)
    const { versions } = TerritoryVersionsAnswer.parse((await ask(app, `${path}/versions`)).body)
    expect(versions.map(({ version, inForce }) => [version, inForce])).toEqual([
      [3, false],
      [2, true],
      [1, false],
    ])
  })

  test('a look-up answers for another time as well', async () => {
    const key = 'region=north&size=small'
    const at = (offset: number) => encodeURIComponent(new Date(Date.now() + offset).toISOString())
    expect((await lookUp(key)).body).toMatchObject({ version: 2, destination: { person: 'quinn' } })
    expect((await lookUp(`${key}&at=${at(2 * 86_400_000)}`)).body).toMatchObject({
      version: 3,
      destination: { pool: 'north' },
      key: { region: 'north', size: 'small' },
    })
    expect((await lookUp(`${key}&at=${at(-3_600_000)}`)).body).toMatchObject({ version: 1 })
    expect((await lookUp(`${key}&at=tomorrow`)).body).toMatchObject({
      status: 422,
      field: 'at',
      value: 'tomorrow',
    })
  })

  test('a version that began before the one in force is refused, naming both times', async () => {
    const began = (await read()).effectiveFrom
    const effectiveFrom = new Date(Date.parse(began) - 60_000).toISOString()
    const { body } = await put({ dimensions, entries: entries(), effectiveFrom })
    expect(body).toMatchObject({
      status: 422,
      code: 'request-invalid',
      field: 'effectiveFrom',
      value: effectiveFrom,
    })
    expect(body.detail).toContain(began)
    expect(body.detail).toContain(effectiveFrom)
    expect(body.wayOut).toContain(began)
    expect((await read()).version).toBe(2)
  })

  test('who saved what is in the audit log', async () => {
    const { body } = await ask(app, '/v1/audit?subject=territory&name=market')
    expect(body.audit[0]).toMatchObject({ who: 'local', subject: 'territory', name: 'market' })
  })
})

const small = { match: { size: ['small'] }, to: { pool: 'south' } }
const south = { match: { region: ['south'] }, to: { pool: 'north' } }

test.each([
  ['a gap', { entries: [small] }, 'entries', /large/],
  ['an overlap without a rank', { entries: entries(small, south) }, 'entries.1', /south.*small/],
  [
    'an entry that is never reached',
    { entries: entries({ match: {}, to: { pool: 'north' } }) },
    'entries.1',
    /./,
  ],
  [
    'an unknown value',
    { entries: entries({ match: { size: ['huge'] }, to: { pool: 'north' } }) },
    'entries.0.match.size.0',
    /huge/,
  ],
  [
    'an unknown dimension',
    { entries: entries({ match: { tier: ['1'] }, to: { pool: 'north' } }) },
    'entries.0.match.tier',
    /tier/,
  ],
  [
    'a pool that is not there',
    { entries: entries({ match: { size: ['small'] }, to: { pool: 'nope' } }) },
    'entries.0.to.pool',
    /nope/,
  ],
  [
    'a rep who is not there',
    { entries: entries({ match: { size: ['small'] }, to: { person: 'nope' } }) },
    'entries.0.to.person',
    /nope/,
  ],
  [
    'a dimension that tables ask with gone',
    { dimensions: dimensions.slice(0, 1), entries: entries() },
    'dimensions',
    /size/,
  ],
  [
    'a value that tables ask with gone',
    { dimensions: [dimensions[0], { name: 'size', values: ['small'] }], entries: entries() },
    'dimensions.1.values',
    /large/,
  ],
  ['a day that is none', { entries: entries(), effectiveFrom: '2026-13-01' }, 'effectiveFrom', /./],
  ['the name of another', { entries: entries(), name: 'other' }, 'name', /other/],
  ['a misspelt field', { entries: entries(), effectivFrom: 'now' }, 'effectivFrom', /./],
])(
  '%s is refused, naming the combination, and no version is made (traps 60, 61, 65)',
  async (_, json, field, words) => {
    const before = (await ask(app, `${path}/versions`)).body
    const { body } = await put({ dimensions, ...json })
    expect(body).toMatchObject({ status: 422, code: 'request-invalid', field, wayOut: expect.any(String) })
    expect(body.detail).toMatch(words)
    expect((await ask(app, `${path}/versions`)).body).toEqual(before)
  },
)
