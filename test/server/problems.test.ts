import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { buildColumn } from '../../columns/build.ts'
import { done } from '../../columns/column.ts'
import { compute } from '../../columns/compute.ts'
import { errorCodes } from '../../columns/errors.ts'
import { defineTable } from '../../columns/table.ts'
import { Problem } from '../../server/contract.ts'
import { leads } from '../support/lead-table.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'

const rows = '/v1/tables/leads/rows'
const json = { 'content-type': 'application/json' }
let app: RunningApp

/** A table whose column throws something of its own when it is told something, as a careless definition would. */
const careless = defineTable('careless', { input: z.object({ name: z.string() }) }).column(
  'length',
  buildColumn({
    kind: 'careless',
    output: z.number(),
    versionOf: [],
    signals: ['told'],
    refusal: () => {
      throw new Error('secret-in-an-exception')
    },
    work: { effect: 'none', run: () => done(1) },
  }),
)

const open = defineTable('open', { input: z.object({ more: z.unknown() }) }).column(
  'length',
  compute({ run: () => 1 }),
)

beforeAll(async () => {
  app = await startApp({ tables: [leads, careless, open] })
})
afterAll(() => app.close())

const send = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = json) =>
  ask(app, rows, { method: 'POST', body, headers })

describe('bodies', () => {
  test.each([
    ['cut off', '{"company":'],
    ['empty', ''],
    ['not JSON', 'company=Acme'],
  ])('%s', async (_, body) => {
    expect((await send(body)).body).toMatchObject({
      status: 400,
      code: 'json-invalid',
      wayOut: expect.any(String),
    })
  })

  test('not UTF-8', async () => {
    expect((await send(Uint8Array.of(0x22, 0xff, 0x22))).body).toMatchObject({
      status: 400,
      code: 'json-invalid',
    })
  })

  test.each(['[]', '"text"', '7', 'null', 'true'])('%s is JSON but not a row', async (body) => {
    expect((await send(body)).body).toMatchObject({ status: 422, code: 'request-invalid' })
  })

  test('64 levels are read, 65 are not', async () => {
    const nested = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`
    expect((await send(nested(64))).body.code).toBe('row-invalid')
    expect((await send(nested(65))).body).toMatchObject({ status: 400, code: 'json-invalid' })
    expect((await send('['.repeat(400_000))).body).toMatchObject({ status: 400, code: 'json-invalid' })
    expect((await send('['.repeat(400_000) + ']'.repeat(400_000))).body).toMatchObject({
      status: 400,
      code: 'json-invalid',
    })
  })

  test('a __proto__ key does not get in, however deep and however open the schema', async () => {
    const body = '{"__proto__":{"a":1},"more":[{"b":{"__proto__":{"polluted":1},"c":2}}]}'
    const answer = await ask(app, '/v1/tables/open/rows?wait=done', { method: 'POST', body, headers: json })
    expect(answer.text).not.toMatch(/__proto__|polluted/)
    expect(answer.body.rows[0].input).toEqual({ more: [{ b: { c: 2 } }] })
  })

  test('1,000 keys are read, 1,001 are not', async () => {
    const wide = (keys: number) =>
      Object.fromEntries(Array.from({ length: keys }, (_, index) => [`k${index}`, 1]))
    expect((await post(app, rows, wide(1_000))).body.code).toBe('row-invalid')
    expect((await post(app, rows, wide(1_001))).body).toMatchObject({ status: 400, code: 'json-invalid' })
    expect((await post(app, rows, { rows: [wide(1_001)] })).body).toMatchObject({
      status: 400,
      code: 'json-invalid',
    })
  })

  test('more than 1 MB is refused, with and without a length', async () => {
    const large = JSON.stringify({ company: 'x'.repeat(1024 * 1024), email: 'a@b.example' })
    expect((await send(large)).body).toMatchObject({ status: 413, code: 'body-too-large' })
    const init = { method: 'POST', headers: json, body: new Blob([large]).stream(), duplex: 'half' } as const
    expect((await ask(app, rows, init)).body).toMatchObject({ status: 413, code: 'body-too-large' })
  })

  test.each([undefined, 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'json'])(
    'content type %s is refused',
    async (type) => {
      const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
      const answer = await ask(app, rows, { method: 'POST', body: new TextEncoder().encode('{}'), headers })
      expect(answer.body).toMatchObject({
        status: 415,
        code: 'content-type-unsupported',
        field: 'Content-Type',
      })
    },
  )

  test.each(['application/json; charset=utf-8', 'application/vnd.acme+json', 'APPLICATION/JSON'])(
    'content type %s is read',
    async (type) => {
      expect((await send('{}', { 'content-type': type })).body.code).toBe('row-invalid')
    },
  )
})

describe('routes', () => {
  test('what is not there is a 404 problem', async () => {
    for (const path of ['/nothing', '/v1', '/v1/tables/leads/nothing', '/v1/tables/leads/rows/']) {
      expect((await ask(app, path)).body).toMatchObject({
        status: 404,
        code: 'route-unknown',
        instance: path,
      })
    }
  })

  test('a wrong method is told which ones are right', async () => {
    const answer = await ask(app, rows, { method: 'PUT', json: {} })
    expect(answer.body).toMatchObject({ status: 405, code: 'method-not-allowed' })
    expect(answer.headers.get('allow')?.split(', ').sort()).toEqual(['GET', 'HEAD', 'POST'])
    expect((await ask(app, '/v1/tables', { method: 'DELETE' })).status).toBe(405)
    expect((await ask(app, '/healthz', { method: 'POST' })).status).toBe(405)
  })

  test('HEAD answers like GET without a body', async () => {
    const answer = await ask(app, '/v1/tables', { method: 'HEAD' })
    expect([answer.status, answer.text]).toEqual([200, ''])
  })

  test('names with odd characters do no harm', async () => {
    for (const name of [
      '%',
      '%2e%2e',
      "'; drop table rows; --",
      '__proto__',
      'constructor',
      '\u0000',
      '🙂'.repeat(500),
    ]) {
      const answer = await ask(app, `/v1/tables/${encodeURIComponent(name)}/rows`)
      expect([name, answer.body.code]).toEqual([name, 'table-unknown'])
    }
    expect((await ask(app, '/v1/tables/%zz/rows')).status).toBe(404)
  })
})

describe('what nobody foresaw', () => {
  test('is a 500 that tells nothing, and stands in the log', async () => {
    const { body } = await post(app, '/v1/tables/careless/rows', { name: 'x' })
    const answer = await post(app, `${body.rows[0].url}/cells/length/signals`, { kind: 'told', by: 'ana' })
    expect(answer.body).toMatchObject({ status: 500, code: 'internal' })
    expect(answer.text).not.toMatch(/secret|Error|\.ts|node_modules/)
    expect(
      app.log.some(
        ({ level, fields }) =>
          level === 'error' && 'error' in fields && String(fields.error).includes('secret'),
      ),
    ).toBe(true)
  })
})

test('every problem has the shape of the contract and a code of the catalogue', async () => {
  const problems = [
    await ask(app, '/nothing'),
    await ask(app, rows, { method: 'PUT' }),
    await post(app, rows, {}),
    await post(app, `${rows}?wait=nope`, {}),
    await send('{'),
  ]
  for (const { body, headers, status } of problems) {
    const problem = Problem.strict().parse(body)
    expect(Object.keys(errorCodes)).toContain(problem.code)
    expect(problem.status).toBe(status)
    expect(headers.get('content-type')).toBe('application/problem+json')
  }
})

test('a refused value is shortened', async () => {
  const answer = await post(app, rows, { company: 'Acme', email: 'x'.repeat(10_000) })
  expect(answer.text.length).toBeLessThan(2_000)
})
