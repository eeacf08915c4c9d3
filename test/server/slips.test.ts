import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { compute } from '../../columns/compute.ts'
import { defineTable } from '../../columns/table.ts'
import { Problem } from '../../server/contract.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'
import { deal, deals } from './market-table.ts'

const tagged = defineTable('tagged', {
  input: z.object({ tags: z.array(z.string()) }),
}).column('count', compute({ needs: ['tags'], run: ({ tags }) => tags.length }))

let app: RunningApp
beforeAll(async () => {
  app = await startApp({ tables: [deals, tagged] })
})
afterAll(() => app.close())

const ones = (count: number) => Array.from({ length: count }, () => 1)
const names = (count: number, start: string) =>
  Array.from({ length: count }, (_, index) => `${start}${index}`)
const longest = 100_000

describe('large and wrong', () => {
  test('100,000 values are read, more are not', async () => {
    expect((await post(app, '/v1/tables/tagged/rows', { tags: ones(99_000) })).body.code).toBe('row-invalid')
    const answer = await post(app, '/v1/tables/tagged/rows', { tags: ones(100_001) })
    expect(answer.body).toMatchObject({ status: 400, code: 'json-invalid' })
  })

  test('a list of wrong values is answered with the first hundred', async () => {
    const row = await post(app, '/v1/tables/tagged/rows', { tags: ones(50_000) })
    expect([row.status, row.body.errors.length]).toEqual([422, 100])
    const json = { scope: { rows: ones(9_000) }, mode: 'all', columns: ones(400) }
    const run = await post(app, '/v1/tables/deals/runs', json)
    expect([run.status, run.body.errors.length]).toEqual([422, 100])
    const leave = await ask(app, '/v1/reps/nora', { method: 'PATCH', json: { leave: ones(90_000) } })
    expect(leave.status).toBe(422)
    expect(leave.text.length).toBeLessThan(longest)
    const right = ones(1_001).map(() => ({ from: '2026-01-01', until: '2026-01-01' }))
    const many = await ask(app, '/v1/reps/nora', { method: 'PATCH', json: { leave: right } })
    expect(many.body).toMatchObject({ status: 422, field: 'leave' })
  })

  test('a territory with thousands of wrong values is refused with a few of them', async () => {
    const { body } = await ask(app, '/v1/territories/market')
    const zip = { name: 'zip', values: names(10_000, 'v') }
    const entry = { match: { zip: names(10_000, 'w') }, to: { person: 'quinn' } }
    const json = { dimensions: [...body.dimensions, zip], entries: [entry, entry, entry] }
    const answer = await ask(app, '/v1/territories/market', { method: 'PUT', json })
    expect(answer.body).toMatchObject({ status: 422, field: 'entries.0.match.zip.0' })
    expect(answer.body.detail).toMatch(/w0 is not a value of zip; use one of: v0, .* and 9980 more$/)
    expect(answer.body.errors.length).toBe(50)
    const more = { dimensions: [{ name: 'zip', values: names(10_001, 'v') }], entries: [entry] }
    const refused = await ask(app, '/v1/territories/market', { method: 'PUT', json: more })
    expect(refused.body).toMatchObject({ status: 422, field: 'dimensions.0.values' })
  })

  test('a name as long as a body is told in short', async () => {
    const name = 'x'.repeat(900_000)
    const credit = { rep: name, leads: 1, reason: 'manual', note: 'a slip' }
    for (const { status, text } of [
      await post(app, '/v1/pools/north/credits', credit),
      await post(app, '/v1/pools/north/credits', { [name]: 1 }),
      await post(app, '/v1/tables/deals/runs', { scope: { rows: [name] }, mode: 'all' }),
    ]) {
      expect([404, 422]).toContain(status)
      expect(text.length).toBeLessThan(longest)
    }
  })
})

test.each(['constructor', 'toString', 'hasOwnProperty'])('nobody can be called %s', async (name) => {
  const json = { name: 'A Rep', email: 'rep@odd.example' }
  const rep = await ask(app, `/v1/reps/${name}`, { method: 'PUT', json })
  expect(rep.body).toMatchObject({
    status: 422,
    code: 'request-invalid',
    field: 'id',
    detail: expect.stringMatching(/every object has/),
  })
})

test.each(['', '0x10', '1e2', '5.0', ' 5'])('%o is not a whole number of a query', async (text) => {
  const value = encodeURIComponent(text)
  for (const query of [`after=${value}`, `limit=${value}`]) {
    const answer = await ask(app, `/v1/tables/deals/rows?${query}`)
    expect(answer.body).toMatchObject({ status: 422, code: 'request-invalid', field: query.split('=')[0] })
  }
})

test.each([',', ' ', ' , ,'])(
  'a run over the filter %o, which has no term, is not one over every row',
  async (filter) => {
    const row = await post(app, '/v1/tables/deals/rows?wait=done', deal())
    expect(row.status).toBe(200)
    const answer = await post(app, '/v1/tables/deals/runs', { scope: { filter }, mode: 'all', dryRun: true })
    expect(answer.body).toMatchObject({
      status: 422,
      field: 'scope.filter',
      detail: expect.stringMatching(/status:error/),
    })
  },
)

/** Sends these bytes and reads what comes until the other side, or we, hang up. */
async function exchange(text: string, hangUpAfterMs: number): Promise<string> {
  const { hostname, port } = new URL(app.url)
  const socket = connect(Number(port), hostname)
  let answer = ''
  socket.on('data', (data) => {
    answer += data.toString()
  })
  socket.write(text)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await Promise.race([closed, pause(hangUpAfterMs)])
  socket.destroy()
  await closed
  return answer
}

test.each(['', 'Host: two words\r\n'])('with Host %o a problem says what to send', async (host) => {
  const answer = await exchange(`GET /v1/tables HTTP/1.1\r\n${host}Connection: close\r\n\r\n`, 5_000)
  expect(answer).toMatch(/^HTTP\/1.1 400 .*\r\n(?:.*\r\n)*content-type: application\/problem\+json\r\n/i)
  const problem = Problem.parse(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))))
  expect(problem).toMatchObject({ status: 400, wayOut: expect.stringMatching(/Host/) })
})

test.each(['Content-Length: 50', 'Transfer-Encoding: chunked'])(
  'who hangs up in the middle of a body (%s) is no fault of the server',
  async (length) => {
    const before = app.log.length
    const body = length.startsWith('Content') ? '{"email"' : '8\r\n{"email"\r\n'
    const head = `POST /v1/tables/deals/rows HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${length}`
    await exchange(`${head}\r\n\r\n${body}`, 200)
    const counted = () =>
      ask(app, '/metrics').then(({ text }) => /tables\/:table\/rows",status="400"/.test(text))
    await expect.poll(counted).toBe(true)
    expect(app.log.slice(before)).toEqual([])
  },
)
